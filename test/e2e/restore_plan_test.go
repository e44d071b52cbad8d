//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// planned is a restore's plan, as far as it is looked at.
type planned struct {
	restore.Plan
	Manifest json.RawMessage `json:"manifest"`
}

// planOf is `restore --dry-run=server -o json`.
func planOf(t *testing.T, namespace string, more ...string) (planned, run) {
	t.Helper()
	r := plugin(t, append([]string{"restore", "-n", namespace, "--dry-run=server", "-o", "json"}, more...)...)
	return decode[planned](t, r), r
}

// databaseNow is the database's clock.
func databaseNow(t *testing.T, at leased) time.Time {
	t.Helper()
	now, err := time.Parse(time.RFC3339, psql(t, at.namespace, at.cluster, at.database, `select to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`))
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// cluster objects, volumes and jobs of a namespace: what a plan must not change.
func madeOf(t *testing.T, namespace string) string {
	t.Helper()
	return kubectl(t, "-n", namespace, "get", "clusters.postgresql.cnpg.io,persistentvolumeclaims,jobs,leases.coordination.k8s.io,backups.postgresql.cnpg.io", "-o", "name")
}

// withBackup waits until a namespace has a backup to restore from.
func withBackup(t *testing.T, namespace string) {
	t.Helper()
	until(t, namespace, "the first backup is done", 3*time.Minute, func(r status.Report) error {
		if r.Databases[0].Backups.LastSuccessful == nil {
			return errors.New("no backup yet")
		}
		return nil
	})
}

// A good target: what it is restored from, and exactly as many leases forgotten as the database has of later ones.
func TestRestorePlan(t *testing.T) {
	claims(t, "network", "campus")
	for _, at := range leasedInSQL()[:2] {
		t.Run(at.namespace, func(t *testing.T) {
			withBackup(t, at.namespace)
			target := databaseNow(t, at)
			time.Sleep(2 * time.Second) // leases are of whole seconds
			// New clients: one that asks again soon is answered from Kea 3.0 on without a change of its lease.
			if m := underLoad(t, func() {}, at.scenario, "-rate", "20", "-duration", "3s", "-seed", strconv.FormatInt(target.Unix(), 10)); m.Lost > m.Started/2 {
				t.Fatalf("clients: %+v", m)
			}
			before := madeOf(t, at.namespace)
			p, r := planOf(t, at.namespace, "--to-time", target.Format(time.RFC3339), "--name", at.cluster+"-plan")
			if r.code != 0 || p.Blocked() || !p.Target.Time.Equal(target) || p.Source != at.cluster || p.Name != at.cluster+"-plan" || !p.Stable || p.Service != "kea-database" {
				t.Fatalf("exit %d: %s%s", r.code, r.out, r.err)
			}
			if b := p.Chosen.Base; b == nil || b.Stopped == nil || b.Stopped.After(target) || p.Chosen.Span.Archive.ServerName != at.cluster {
				t.Errorf("restored from %+v", p.Chosen)
			}
			want := []string{}
			for _, family := range []string{"4", "6"} {
				rows := psql(t, at.namespace, at.cluster, at.database, fmt.Sprintf(`select 'dhcp%s', subnet_id, count(*) from lease%s where state in (0,1) and expire > now() and expire - valid_lifetime * interval '1 s' > '%s' group by 2`,
					family, family, target.Format(time.RFC3339)))
				want = append(want, strings.Fields(rows)...)
			}
			got := []string{}
			for _, l := range p.Lost {
				got = append(got, fmt.Sprintf("%s|%d|%d", l.Service, l.SubnetID, l.Leases))
				if l.VLAN == 0 || l.Subnet == "" {
					t.Errorf("nobody knows where this is: %+v", l)
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if len(want) == 0 || !slices.Equal(want, got) || !p.SourceAnswers {
				t.Errorf("forgotten are %v, the database says %v", got, want)
			}
			if after := madeOf(t, at.namespace); after != before {
				t.Errorf("a plan changed what there is:\n%s\nwas\n%s", after, before)
			}
		})
	}
}

// The manifest alone is accepted by the API server and the operator.
func TestRestoreManifest(t *testing.T) {
	claims(t, "network", "campus")
	for _, at := range leasedInSQL()[:2] {
		withBackup(t, at.namespace)
		r := plugin(t, "restore", "-n", at.namespace, "--to-time", databaseNow(t, at).Format(time.RFC3339), "--dry-run=client", "-o", "yaml")
		if r.code != 0 || !strings.HasPrefix(r.out, "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\n") {
			t.Fatalf("%s: exit %d: %s\n%s", at.namespace, r.code, r.err, r.out)
		}
		file := filepath.Join(t.TempDir(), "cluster.yaml")
		if err := os.WriteFile(file, []byte(r.out), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := kubectl(t, "create", "--dry-run=server", "-f", file); !strings.Contains(out, "created (server dry run)") {
			t.Error(out)
		}
	}
}

// A target that is no good is refused with the reason, the nearest that is good, and nothing is changed.
func TestRestoreRefusesBadTargets(t *testing.T) {
	claims(t, "network", "campus")
	for _, at := range leasedInSQL()[:2] {
		withBackup(t, at.namespace)
		before := madeOf(t, at.namespace)
		soon := time.Now().UTC().Add(10 * time.Minute)
		later := time.Now().Add(30 * time.Minute).Format("15:04")
		if time.Now().Format("15:04") > later {
			later = "23:59"
		}
		for name, test := range map[string]struct {
			args []string
			code int
			want string
		}{
			"before the first backup":  {[]string{"--to-time", "300d ago"}, 1, "it is before the end of the first base backup; the nearest that can be restored to: "},
			"in the future":            {[]string{"--to-time", soon.Format(time.RFC3339)}, 1, "it is in the future; the nearest that can be restored to: "},
			"later today":              {[]string{"--to-time", later}, 2, `write "yesterday ` + later + `"`},
			"nonsense":                 {[]string{"--to-time", "before lunch"}, 2, "no form that is known fits"},
			"a zone of many places":    {[]string{"--to-time", "2026-01-02 10:00 CST"}, 2, `"CST" is no zone that means the same everywhere`},
			"a zone of no place":       {[]string{"--to-time", "2026-01-02 10:00+19:00"}, 2, "no form that is known fits"},
			"an unknown backup":        {[]string{"--to-backup", at.cluster + "-2026"}, 1, "there is no backup of this name; there is " + at.cluster + "-"},
			"a position to come":       {[]string{"--to-lsn", "FFFF/0"}, 1, "the database has written its log to "},
			"a position long past":     {[]string{"--to-lsn", "0/1"}, 1, "the first base backup of cluster " + at.cluster + " ends at "},
			"no position":              {[]string{"--to-lsn", "12"}, 2, "is not a position in the write-ahead log"},
			"two targets":              {[]string{"--latest", "--to-time", "-1m"}, 2, "are several targets"},
			"no target":                {nil, 2, "restore to which moment?"},
			"the name of the source":   {[]string{"--latest", "--name", at.cluster}, 1, "cluster " + at.cluster + " exists"},
			"a name that is too long":  {[]string{"--latest", "--name", strings.Repeat("x", 51)}, 1, "it has 51 characters; CNPG allows 50"},
			"no name":                  {[]string{"--latest", "--name", "Kea_2"}, 1, "lower-case letters"},
			"nobody to answer":         {[]string{"--latest"}, 1, "there is no terminal to ask on"},
			"nobody to give the name":  {[]string{"--latest", "--cutover"}, 1, "--confirm " + at.cluster + "-20"},
			"no such cluster":          {[]string{"--latest", "--cluster", "nosuch"}, 4, "nosuch"},
			"several reasons together": {[]string{"--to-time", "300d ago", "--name", at.cluster}, 1, "cluster " + at.cluster + " exists"},
		} {
			t.Run(at.namespace+"/"+name, func(t *testing.T) {
				r := plugin(t, append([]string{"restore", "-n", at.namespace}, test.args...)...)
				said := strings.Join(strings.Fields(r.out+r.err), " ")
				if r.code != test.code || !strings.Contains(said, test.want) {
					t.Errorf("exit %d, want %d and %q:\n%s%s", r.code, test.code, test.want, r.out, r.err)
				}
				if r.took > 5*time.Second {
					t.Errorf("it took %s", r.took)
				}
			})
		}
		if after := madeOf(t, at.namespace); after != before {
			t.Errorf("%s: something was made:\n%s\nwas\n%s", at.namespace, after, before)
		}
	}
}

// With --clamp the nearest moment is taken, and said.
func TestRestoreClamps(t *testing.T) {
	claims(t, "network")
	withBackup(t, "network")
	p, r := planOf(t, "network", "--to-time", "300d ago", "--clamp")
	if r.code != 0 || p.Clamped == nil || p.Window.Spans[0].First == nil || !p.Target.Time.After(*p.Window.Spans[0].First) {
		t.Errorf("exit %d: clamped from %v to %v: %+v\n%s", r.code, p.Clamped, p.Target.Time, p.Problems, r.err)
	}
	screen := plugin(t, "restore", "-n", "network", "--to-time", "300d ago", "--clamp", "--dry-run=server").out
	if !strings.Contains(screen, "which cannot be restored to") {
		t.Error(screen)
	}
}

// Who may not do it is told every permission that is missing at once.
func TestRestoreNamesAllPermissions(t *testing.T) {
	claims(t, "network")
	r := plugin(t, "restore", "-n", "network", "--latest", "--dry-run=server", "--as", "lab-nobody")
	said := strings.Join(strings.Fields(r.out), " ")
	for _, want := range []string{
		"get,list,watch,create,patch,delete clusters.postgresql.cnpg.io", "get,list,create,patch backups.postgresql.cnpg.io", "get objectstores.barmancloud.cnpg.io", "get,list,watch pods", "create pods/exec",
		"create pods/portforward", "get,list,patch services", "get,patch secrets", "get,list,create,update,delete leases.coordination.k8s.io",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not named:\n%s", want, r.out)
		}
	}
	if r.code != 1 || !strings.Contains(r.err, "nothing was changed") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
}
