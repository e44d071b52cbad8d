package cmd

import (
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func goodVerdict() backup.Verdict {
	return backup.Verdict{
		Backup: "kea-database-20260310020000", OK: true, At: restoreNow(), RecoverySeconds: 41.4, DataAgeSeconds: 52512,
		Newest: *before(14 * time.Hour), Leases: 1616, Rows: 1620,
		Checks: []backup.Check{
			{Name: "recovery", OK: true, Text: "restored and promoted to timeline 2, 4 segments of write-ahead log replayed"},
			{Name: "login", OK: true, Text: "kea logs in with the password that is valid now, and may write"},
			{Name: "schema", OK: true, Text: "version 22.2, as in service"},
		},
		VLANs: []backup.VLANCount{
			{Service: "dhcp4", SubnetID: 77, Leases: 1, Rows: 1},
			{Service: "dhcp4", VLAN: 10, VLANName: "users \x1b[2J", Subnet: "10.10.0.0/16", SubnetID: 10, Leases: 1203, Rows: 1207},
			{Service: "dhcp6", VLAN: 10, VLANName: "users", Subnet: "2001:db8:10::/64", SubnetID: 10, Leases: 412, Rows: 412},
		},
	}
}

func badVerdict() backup.Verdict {
	return backup.Verdict{
		Backup: "kea-database-20260310020000", At: restoreNow(), Next: "kubectl kea backup list -n network",
		Checks: []backup.Check{{Name: "recovery", Text: "the base backup, or the log that belongs to it, is damaged or incomplete: Barman cloud restore exception: not a gzip file"}},
	}
}

func TestBackupVerifyScreens(t *testing.T) {
	goldenScreens(t, "backup-verify-", map[string]func(printer.Canvas) printer.Page{
		"good":   func(printer.Canvas) printer.Page { return verdictPage(goodVerdict()) },
		"broken": func(printer.Canvas) printer.Page { return verdictPage(badVerdict()) },
		"plan": func(printer.Canvas) printer.Page {
			var p printer.Page
			b := cnpg.Backup{Name: "kea-database-20260310020000", Cluster: "kea-database", Stopped: before(14 * time.Hour)}
			p.Text(verifyPlanLine(&backup.Verification{Source: "kea-database", Name: "kea-verify-x7k2p", Backup: b}, restoreNow()))
			return p
		},
	})
}
