package status

import (
	"context"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

func clock() time.Time { return time.Date(2026, 11, 22, 22, 0, 0, 0, time.UTC) }

// healthy is a database of which nothing bad can be said.
func healthy() Database {
	yesterday := clock().Add(-20 * time.Hour)
	return Database{
		Host: "kea-database", Port: 5432, Name: "kea", User: "kea", Servers: []string{"kea-0/dhcp4"}, Role: cnpg.RolePrimary,
		Leads: "service kea-database selects the primary of cluster kea-database",
		Cluster: &cnpg.Summary{
			Namespace: "network", Name: "kea-database", Phase: "Cluster in healthy state", Healthy: true, Serving: true, Instances: 3, ReadyInstances: 3,
			Archiving:    cnpg.Archiving{Configured: true, Condition: cnpg.Condition{Working: new(true)}},
			Certificates: []cnpg.Certificate{{Secret: "kea-database-server", Expires: clock().Add(60 * 24 * time.Hour)}},
		},
		Primary: &cnpg.Instance{Pod: "kea-database-1", Primary: true, Replicas: []cnpg.Replication{{Name: "kea-database-2"}}},
		Backups: &cnpg.BackupState{LastSuccessful: &cnpg.Backup{Name: "b", Created: yesterday, Stopped: &yesterday}},
		Look:    Look{Tried: true, Pod: "kea-database-1", Schema: "22.2"},
	}
}

func TestDatabaseProblems(t *testing.T) {
	failed := func(err error) func(*Database) {
		return func(d *Database) {
			d.Look = Look{Tried: true, Err: fmt.Errorf("log in: %w", err), Error: "log in: " + err.Error()}
		}
	}
	viewing := func(err error) func(*Database) {
		return func(d *Database) {
			if err != nil {
				failed(err)(d)
			}
			d.Look.Viewer, d.Look.Why = "kea-viewer", inventory.NoPassword
		}
	}
	for _, test := range []struct {
		name   string
		change func(*Database)
		want   []string // "severity code"
	}{
		{"healthy", func(*Database) {}, nil},
		{"fenced while the phase says healthy", func(d *Database) {
			d.Cluster.Fenced, d.Cluster.Serving, d.Cluster.Healthy = []string{"*"}, false, false
		}, []string{"critical cluster-fenced"}},
		{"a replica is fenced", func(d *Database) {
			d.Cluster.Fenced, d.Cluster.Healthy, d.Cluster.Reasons = []string{"kea-database-2"}, false, []string{"fenced: kea-database-2"}
		}, []string{"warning cluster-unhealthy"}},
		{"hibernated", func(d *Database) { d.Cluster.Hibernated, d.Cluster.Serving = true, false }, []string{"critical cluster-hibernated"}},
		{"no primary", func(d *Database) { d.Cluster.Serving, d.Cluster.Healthy = false, false }, []string{"critical no-primary"}},
		{"one instance short", func(d *Database) { d.Cluster.Healthy, d.Cluster.ReadyInstances = false, 2 }, []string{"warning cluster-unhealthy"}},
		{"a replica lags", func(d *Database) { d.Primary.Replicas[0].Lag.Bytes = 65 << 20 }, []string{"warning replica-lags"}},
		{"a replica lags a little", func(d *Database) { d.Primary.Replicas[0].Lag.Bytes = 64 << 20 }, nil},
		{"the primary was not asked", func(d *Database) { d.Primary = nil }, nil},

		{"the Service selects a replica", func(d *Database) { d.Role, d.Look.InRecovery = cnpg.RoleReplica, true }, []string{"critical service-selects-replica", "critical database-in-recovery"}},
		{"the Service selects any instance", func(d *Database) { d.Role = cnpg.RoleAny }, []string{"critical service-selects-any"}},
		{"the Service selects one instance", func(d *Database) { d.Role = cnpg.RoleInstance }, []string{"warning service-selects-instance"}},
		{"the cluster does not exist", func(d *Database) { d.Cluster, d.Look, d.missing = nil, Look{}, true }, []string{"critical no-cluster"}},
		{"the cluster could not be read", func(d *Database) { d.Cluster, d.Look = nil, Look{} }, nil},
		{"the Service selects something else", func(d *Database) {
			d.Cluster, d.Look, d.Role, d.Leads = nil, Look{}, "", "service x selects no CNPG cluster"
		}, []string{"info no-cnpg"}},
		{"no Service", func(d *Database) { d.Cluster, d.Look, d.Role, d.Leads = nil, Look{}, "", "host x is no Service" }, nil},
		{"no pod behind the Service", func(d *Database) { d.Look = Look{Why: "the Service selects no pod"} }, []string{"critical service-without-pods"}},

		{"read-only", func(d *Database) { d.Look.ReadOnly = true }, []string{"critical database-read-only"}},
		{"in recovery", func(d *Database) { d.Look.InRecovery = true }, []string{"critical database-in-recovery"}},
		{"login refused", failed(keadb.ErrAuth), []string{"critical login-refused"}},
		{"certificate refused", failed(keadb.ErrTLS), []string{"warning certificate-refused"}},
		{"unreachable", failed(keadb.ErrUnreachable), []string{"critical no-login"}},
		{"shutting down", failed(keadb.ErrShuttingDown), []string{"critical no-login"}},
		{"too many sessions", failed(keadb.ErrTooManyConnections), []string{"critical no-login"}},
		{"too slow", failed(context.DeadlineExceeded), []string{"critical no-login"}},
		{"no schema for this role", failed(keadb.ErrPermission), []string{"critical schema-unreadable"}},
		{"something else", failed(fmt.Errorf("%s", "what")), []string{"warning look-failed"}},
		{"a history", func(d *Database) { d.Look.History = &History{} }, nil},
		{"a history without a trigger", func(d *Database) { d.Look.History = &History{Missing: []string{"lease6"}} }, []string{"warning history-incomplete"}},
		{"a history without its table", func(d *Database) { d.Look.History = &History{Lost: true, Missing: []string{"lease4"}} }, []string{"warning history-incomplete"}},
		{"a history with holes", func(d *Database) { d.Look.History = &History{Missed: 3} }, []string{"info history-missed-events"}},
		{"no schema", func(d *Database) { d.Look.Schema = "" }, []string{"critical no-schema"}},
		{"another schema", func(d *Database) { d.Look.Schema = "21.0" }, []string{"warning schema-version"}},

		{"a password file without a password for Kea", func(d *Database) { d.noPassword = "secret s, key pgpass has no line" }, []string{"critical no-password"}},
		{"the read-only login", viewing(nil), nil},
		{"the read-only login is refused", viewing(keadb.ErrAuth), []string{"warning viewer-login-failed"}},
		{"the read-only login lacks a right", viewing(keadb.ErrPermission), []string{"warning viewer-login-failed"}},
		{"the read-only login has too many sessions", viewing(keadb.ErrTooManyConnections), []string{"warning viewer-login-failed"}},
		{"shutting down, seen by the read-only login", viewing(keadb.ErrShuttingDown), []string{"critical no-login"}},
		{"a certificate refused, seen by the read-only login", viewing(keadb.ErrTLS), []string{"warning certificate-refused"}},
		{"in recovery, seen by the read-only login", func(d *Database) { viewing(nil)(d); d.Look.InRecovery = true }, []string{"critical database-in-recovery"}},
		{"no schema, seen by the read-only login", func(d *Database) { viewing(nil)(d); d.Look.Schema = "" }, []string{"warning schema-not-seen"}},
		{"another schema, seen by the read-only login", func(d *Database) { viewing(nil)(d); d.Look.Schema = "21.0" }, []string{"warning schema-version"}},

		{"archiving fails", func(d *Database) { d.Cluster.Archiving.Working = new(false) }, []string{"warning archiving-fails"}},
		{"archiving not yet known", func(d *Database) { d.Cluster.Archiving.Working = nil }, nil},
		{"no archive, with backups", func(d *Database) { d.Cluster.Archiving = cnpg.Archiving{} }, []string{"warning no-archive"}},
		{"neither archive nor backups", func(d *Database) { d.Cluster.Archiving, d.Backups = cnpg.Archiving{}, &cnpg.BackupState{} }, []string{"warning no-backups"}},
		{"no backup", func(d *Database) { d.Backups = &cnpg.BackupState{} }, []string{"warning no-backup"}},
		{"the first backup runs", func(d *Database) { d.Backups = &cnpg.BackupState{Running: []cnpg.Backup{{}}} }, []string{"info first-backup-runs"}},
		{"backups not read", func(d *Database) { d.Backups = nil }, nil},
		{"backups refused", func(d *Database) { d.Backups = &cnpg.BackupState{Unread: []cnpg.Unread{{Source: "backups"}}} }, nil},
		{"an old backup", func(d *Database) { d.Backups.LastSuccessful.Stopped = new(clock().Add(-49 * time.Hour)) }, []string{"warning backup-old"}},
		{"an old object, a new backup in the archive", func(d *Database) {
			d.Backups.LastSuccessful.Stopped, d.Backups.Window.LastBackup = new(clock().Add(-49*time.Hour)), new(clock().Add(-time.Hour))
		}, nil},
		{"the newest backup failed", func(d *Database) { d.Backups.LastFailed = &cnpg.Backup{Name: "f", Created: clock()} }, []string{"warning backup-failed"}},
		{"an older backup failed", func(d *Database) {
			d.Backups.LastFailed = &cnpg.Backup{Name: "f", Created: clock().Add(-72 * time.Hour)}
		}, nil},
		{"a suspended schedule", func(d *Database) { d.Backups.Schedules = []cnpg.Schedule{{Suspended: true}} }, []string{"info schedule-suspended"}},

		{"a certificate ends in six days", func(d *Database) { d.Cluster.Certificates[0].Expires = clock().Add(6 * 24 * time.Hour) }, []string{"warning certificate-expires"}},
		{"a certificate has ended", func(d *Database) { d.Cluster.Certificates[0].Expires = clock().Add(-time.Hour) }, []string{"critical certificate-expired"}},
		{"slow failover", func(d *Database) { d.Cluster.SmartShutdownTimeout = 180 }, []string{"info slow-failover"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := healthy()
			test.change(&d)
			observations := []ha.Observation{{
				Server:  inventory.Server{Pod: "kea-0", Service: kea.DHCP4},
				Version: &kea.Version{Number: "2.6.3", PostgreSQLSchema: &kea.SchemaVersion{Major: 22, Minor: 2}},
			}}
			var got []string
			for _, p := range d.problems("network", observations, clock()) {
				got = append(got, string(p.Severity)+" "+p.Code)
				if p.Text == "" || strings.Contains(p.Text, "%!") || (!strings.HasPrefix(p.Next, "kubectl -n network ") && !strings.HasSuffix(p.Next, " -n network")) || !strings.Contains(p.Subject, "kea-database") {
					t.Errorf("%+v", p)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "db"}}
	target := func(cluster string, role cnpg.Role) *cnpg.Target {
		found := &cnpg.Target{Role: role, Instance: "c-1", Pooler: "p"}
		found.Cluster.Name = cluster
		return found
	}
	for _, test := range []struct {
		name    string
		from    inventory.Database
		unread  string
		want    string
		missing bool
	}{
		{"primary", inventory.Database{Service: service, Target: target("c", cnpg.RolePrimary), Cluster: &cnpgv1.Cluster{}}, "", "service db selects the primary of cluster c", false},
		{"any", inventory.Database{Service: service, Target: target("c", cnpg.RoleAny), Cluster: &cnpgv1.Cluster{}}, "", "service db selects any instance of cluster c", false},
		{"instance", inventory.Database{Service: service, Target: target("c", cnpg.RoleInstance), Cluster: &cnpgv1.Cluster{}}, "", "service db selects the one instance c-1 of cluster c", false},
		{"pooler", inventory.Database{Service: service, Target: target("", cnpg.RolePooler)}, "", "service db selects pooler p", false},
		{"gone", inventory.Database{Service: service, Target: target("c", cnpg.RolePrimary)}, "", "service db selects the primary of cluster c, which does not exist", true},
		{"forbidden", inventory.Database{Service: service, Target: target("c", cnpg.RolePrimary)}, clustersSource, "service db selects the primary of cluster c, which could not be read", false},
		{"no CNPG", inventory.Database{Service: service}, "", "service db selects no CNPG cluster", false},
		{"no Service", inventory.Database{Host: "h"}, "", "host h is no Service of this namespace; it was followed no further", false},
		{"Services forbidden", inventory.Database{Host: "h"}, "services", "host h was followed no further: Services could not be read", false},
	} {
		in, d := &inventory.Inventory{}, Database{}
		if test.unread != "" {
			in.Unread = []problem.Unread{{Source: test.unread}}
		}
		d.follow(in, test.from)
		if d.Leads != test.want || d.missing != test.missing {
			t.Errorf("%s: %q, missing %v", test.name, d.Leads, d.missing)
		}
	}
}

// observed is a server with one subnet a line, as "id cidr pool vlan".
func observed(pod string, service kea.Service, subnets ...kea.Subnet) ha.Observation {
	return ha.Observation{Server: inventory.Server{Pod: pod, Service: service}, Config: &kea.Config{Service: service, Subnets: subnets}}
}

func subnet(id uint32, cidr, pool string, vlan any) kea.Subnet {
	s := kea.Subnet{ID: id, UserContext: map[string]any{"vlan": vlan}}
	s.CIDR, _ = netip.ParsePrefix(cidr)
	if p, ok := kea.ParsePool(pool); ok {
		s.Pools = []kea.Pool{p}
	}
	return s
}

func counting(o ha.Observation, scopes []string, assigned ...uint64) ha.Observation {
	o.Heartbeat, o.Leases = &kea.Heartbeat{Scopes: scopes}, &kea.LeaseStats{}
	for i, n := range assigned {
		o.Leases.Subnets = append(o.Leases.Subnets, kea.SubnetStats{SubnetID: o.Config.Subnets[i].ID, Addresses: kea.Addresses{Assigned: kea.CountOf(n)}})
	}
	return o
}

func TestVLANs(t *testing.T) {
	ten, twenty := subnet(10, "10.10.0.0/24", "10.10.0.0/25", int64(10)), subnet(20, "10.20.0.0/24", "10.20.0.0/25", int64(20))
	tenToo, alone := subnet(11, "10.11.0.0/24", "10.11.0.0/25", "10"), subnet(5, "10.5.0.0/24", "10.5.0.0/25", nil)
	broken := subnet(6, "", "", int64(6))
	a := observed("a", kea.DHCP4, twenty, alone, ten, tenToo, broken)
	short := func(all []VLAN) []string {
		found := []string{}
		for _, v := range all {
			found = append(found, fmt.Sprintf("%s %s %s %s of %s by %q", v.Label(), v.Service, strings.Join(v.Subnets, ","), v.Assigned, v.Total, v.CountedBy))
		}
		return found
	}
	rows := func(service kea.Service, ids ...uint32) map[kea.Service][]keadb.LeaseCount {
		found := []keadb.LeaseCount{}
		for _, id := range ids {
			found = append(found, keadb.LeaseCount{SubnetID: id, Assigned: uint64(id)})
		}
		return map[kea.Service][]keadb.LeaseCount{service: found}
	}
	for _, test := range []struct {
		name         string
		observations []ha.Observation
		databases    []Database
		want         []string
	}{
		{"peers are counted once, by the one that serves", []ha.Observation{counting(a, nil, 9, 9, 9, 9), counting(observed("b", kea.DHCP4, a.Config.Subnets...), []string{"b"}, 1, 2, 3, 4)}, nil, []string{
			`VLAN 10 dhcp4 10.10.0.0/24,10.11.0.0/24 7 of 256 by "b/dhcp4"`, `VLAN 20 dhcp4 10.20.0.0/24 1 of 128 by "b/dhcp4"`, `10.5.0.0/24 dhcp4 10.5.0.0/24 2 of 128 by "b/dhcp4"`,
		}},
		{"one that counts before one that does not", []ha.Observation{observed("b", kea.DHCP4, ten), counting(observed("a", kea.DHCP4, ten), nil, 9)}, nil, []string{
			`VLAN 10 dhcp4 10.10.0.0/24 9 of 128 by "a/dhcp4"`,
		}},
		{"the database where no server counts", []ha.Observation{a}, []Database{{Servers: []string{"a/dhcp4"}, counts: rows(kea.DHCP4, 10, 20)}}, []string{
			`VLAN 10 dhcp4 10.10.0.0/24,10.11.0.0/24 10 of 256 by "database"`, `VLAN 20 dhcp4 10.20.0.0/24 20 of 128 by "database"`, `10.5.0.0/24 dhcp4 10.5.0.0/24 0 of 128 by "database"`,
		}},
		{"another server's database does not count", []ha.Observation{observed("a", kea.DHCP4, ten)}, []Database{{Servers: []string{"x/dhcp4"}, counts: rows(kea.DHCP4, 10)}}, []string{
			`VLAN 10 dhcp4 10.10.0.0/24 0 of 128 by ""`,
		}},
		{"a VLAN of which a part is not known is not known", []ha.Observation{counting(observed("a", kea.DHCP4, ten, tenToo), []string{"a"}, 5)}, nil, []string{
			`VLAN 10 dhcp4 10.10.0.0/24,10.11.0.0/24 5 of 256 by ""`,
		}},
		{"the families apart", []ha.Observation{observed("a", kea.DHCP6, subnet(10, "2001:db8::/64", "2001:db8::/112", int64(10))), observed("a", kea.DHCP4, ten)}, nil, []string{
			`VLAN 10 dhcp4 10.10.0.0/24 0 of 128 by ""`, `VLAN 10 dhcp6 2001:db8::/64 0 of 65536 by ""`,
		}},
		{"nothing is known", []ha.Observation{{}}, nil, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, short(vlans(test.observations, test.databases, inventory.VLANRules{}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	huge := vlans([]ha.Observation{observed("a", kea.DHCP6, subnet(1, "2001:db8::/64", "2001:db8::/64", int64(1)))}, nil, inventory.VLANRules{})
	if want := new(big.Int).Lsh(big.NewInt(1), 64); huge[0].Total.Big().Cmp(want) != 0 {
		t.Errorf("a /64 holds %s", huge[0].Total)
	}
}

func TestVLANProblems(t *testing.T) {
	for _, test := range []struct {
		assigned, total, declined uint64
		by                        string
		want                      []string
	}{
		{89, 100, 0, "a", nil},
		{90, 100, 0, "a", []string{"warning vlan-nearly-full"}},
		{100, 100, 0, "a", []string{"warning vlan-full"}},
		{101, 100, 0, "a", []string{"warning vlan-full"}},
		{100, 100, 0, "", nil},
		{0, 0, 0, "a", nil},
		{1, 100, 2, "a", []string{"info declined-addresses"}},
	} {
		var got []string
		v := VLAN{ID: 10, Service: kea.DHCP4, Assigned: kea.CountOf(test.assigned), Total: kea.CountOf(test.total), Declined: kea.CountOf(test.declined), CountedBy: test.by}
		for _, p := range vlanProblems([]VLAN{v}, "network") {
			got = append(got, string(p.Severity)+" "+p.Code)
			if p.Subject != "VLAN 10 dhcp4" {
				t.Errorf("%+v", p)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test, diff)
		}
	}
}

// What an unfinished move does is not told as somebody's doing, and its next command is the move's.
func TestPauseOfAMove(t *testing.T) {
	r := Report{
		Operations: []inventory.Operation{{Kind: "cutover", Continue: "kubectl kea restore cutover kea-r1 -n network"}},
		Problems: []problem.Problem{
			{Severity: problem.Critical, Code: ha.CodeDisabled, Text: "nobody serves: it was disabled by a user (dhcp-disable)", Next: "kubectl logs"},
			{Severity: problem.Warning, Code: "other", Text: "other", Next: "kubectl logs"},
		},
	}
	r.finish()
	want := []problem.Problem{
		{
			Severity: problem.Critical, Code: ha.CodeDisabled, Next: "kubectl kea restore cutover kea-r1 -n network",
			Text: "nobody serves: it was disabled by a user (dhcp-disable); the unfinished cutover does that, and it ends by itself within seconds when nobody works on it any more",
		},
		{Severity: problem.Warning, Code: "other", Text: "other", Next: "kubectl logs"},
	}
	if diff := cmp.Diff(want, r.Problems); diff != "" {
		t.Error(diff)
	}
	r = Report{Operations: []inventory.Operation{{Kind: "install"}}, Problems: []problem.Problem{{Code: ha.CodeDisabled, Text: "by a user"}}}
	r.finish()
	if r.Problems[0].Text != "by a user" {
		t.Errorf("an install pauses nobody: %+v", r.Problems)
	}
}

// A cluster without a backup of its own can be restored to the moments of its predecessors.
func TestRestorable(t *testing.T) {
	d := Database{Cluster: &cnpg.Summary{}}
	if got := d.restorable(); got != "nothing can be restored" {
		t.Error(got)
	}
	d.Cluster.Lineage = []cnpg.Ancestor{{Cluster: "kea"}, {Cluster: "kea-r1", Until: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)}}
	if got := d.restorable(); got != "only moments up to 2026-03-10 14:00:00 UTC can be restored, when the service came to it" {
		t.Error(got)
	}
}

func TestFinish(t *testing.T) {
	r := Report{
		Problems: []problem.Problem{{Severity: problem.Info, Code: "a"}, {Severity: problem.Warning, Code: "b"}},
		Unread:   []problem.Unread{{Source: "z", Error: "one\n"}, {Source: "a", Error: "two"}, {Source: "z", Error: "again"}},
	}
	r.finish()
	if r.Worst != problem.Warning || r.Problems[0].Code != "b" || r.Complete {
		t.Errorf("%+v", r)
	}
	if diff := cmp.Diff([]problem.Unread{{Source: "a", Error: "two"}, {Source: "z", Error: "one"}}, r.Unread); diff != "" {
		t.Error(diff)
	}
	r = Report{}
	r.finish()
	if !r.Complete || r.Worst != "" || r.Operations == nil || r.Problems == nil || r.Unread == nil {
		t.Errorf("%+v", r)
	}
	r = Report{Problems: []problem.Problem{{Severity: problem.Warning, Code: "not-reached"}}}
	r.finish()
	if r.Complete {
		t.Error("complete without a server")
	}
}

func TestLastWritten(t *testing.T) {
	entry := func(fields string, at int) metav1.ManagedFieldsEntry {
		when := metav1.NewTime(clock().Add(time.Duration(at) * time.Minute))
		return metav1.ManagedFieldsEntry{Time: &when, FieldsV1: metav1.NewFieldsV1(fields)}
	}
	for _, test := range []struct {
		name    string
		entries []metav1.ManagedFieldsEntry
		want    *time.Time
	}{
		{"nobody", nil, nil},
		{"labels only", []metav1.ManagedFieldsEntry{entry(`{"f:metadata":{"f:labels":{}}}`, 1)}, nil},
		{"the last that wrote data", []metav1.ManagedFieldsEntry{
			entry(`{"f:data":{"f:password":{}}}`, 1), entry(`{"f:data":{}}`, 3), entry(`{"f:metadata":{}}`, 9), entry(`{"f:data":{}}`, 2),
		}, new(clock().Add(3 * time.Minute))},
		{"applied as text", []metav1.ManagedFieldsEntry{entry(`{"f:stringData":{"f:password":{}}}`, 4)}, new(clock().Add(4 * time.Minute))},
		{"no time", []metav1.ManagedFieldsEntry{{FieldsV1: metav1.NewFieldsV1(`{"f:data":{}}`)}}, nil},
	} {
		if diff := cmp.Diff(test.want, lastWritten(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{ManagedFields: test.entries}})); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
