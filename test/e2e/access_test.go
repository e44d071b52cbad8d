//go:build e2e

package e2e

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// TestReadOnlyUser: a person who may look at objects and reach pods, and may not read Secrets, still sees the servers.
func TestReadOnlyUser(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	until(t, "network", "the first backup is done", 3*time.Minute, func(r status.Report) error {
		if r.Databases[0].Backups.LastSuccessful == nil {
			return errors.New("no backup yet")
		}
		return nil
	})
	const who = "lab-viewer"
	kubectl(t, "-n", "network", "create", "role", who, "--verb=get,list", "--resource=pods,services,configmaps,statefulsets.apps,deployments.apps,clusters.postgresql.cnpg.io,backups.postgresql.cnpg.io,scheduledbackups.postgresql.cnpg.io,objectstores.barmancloud.cnpg.io")
	kubectl(t, "-n", "network", "create", "role", who+"-ways", "--verb=get,create", "--resource=pods/portforward,pods/proxy")
	for _, role := range []string{who, who + "-ways"} {
		kubectl(t, "-n", "network", "create", "rolebinding", role, "--role="+role, "--user="+who)
		t.Cleanup(func() { kubectl(t, "-n", "network", "delete", "role,rolebinding", role) })
	}
	r := look(t, "network", "--as", who)
	if r.Complete || len(r.Unread) == 0 {
		t.Error("what may not be read is not named")
	}
	for _, u := range r.Unread {
		if !strings.HasPrefix(u.Source, "secret ") || !strings.Contains(u.Error, "may not get secrets") && !strings.Contains(u.Error, "forbidden") {
			t.Errorf("unread: %s: %s", u.Source, u.Error)
		}
	}
	for _, server := range []string{"kea-dhcp-0/dhcp4", "kea-dhcp-1/dhcp4", "kea-dhcp-0/dhcp6", "kea-dhcp-1/dhcp6"} {
		if p := peer(r, server); !p.Reached || p.State != "hot-standby" {
			t.Errorf("%s: reached %v, state %q, %s", server, p.Reached, p.State, p.Why)
		}
	}
	if len(r.VLANs) != 6 || len(r.Databases) != 1 || r.Databases[0].Cluster == nil || r.Databases[0].Backups.LastSuccessful == nil {
		t.Errorf("%d VLANs, databases %+v", len(r.VLANs), r.Databases)
	}
	if slices.ContainsFunc(codes(r), func(c string) bool { return strings.HasPrefix(c, "critical/") }) {
		t.Errorf("not knowing is no critical problem: %v", codes(r))
	}
}

func TestUserWithoutAnyRole(t *testing.T) {
	r := plugin(t, "status", "-n", "network", "--as", "lab-nobody")
	if r.code != 1 || r.out != "" {
		t.Errorf("exit %d, output %q", r.code, r.out)
	}
	for _, want := range []string{"list pods", "network", "hint: "} {
		if !strings.Contains(r.err, want) {
			t.Errorf("the error does not say %q:\n%s", want, r.err)
		}
	}
}

func TestUnfinishedOperationComesFirst(t *testing.T) {
	kubectl(t, "-n", "branch", "annotate", "statefulset", "kea-dhcp", `kea.fos1.io/operation-state={"kind":"rotation","step":"update secret","started":"2026-11-22T10:00:00Z","by":"anna","continue":"kubectl kea credentials rotate","abort":"kubectl kea credentials rotate --abort"}`)
	t.Cleanup(func() {
		kubectl(t, "-n", "branch", "annotate", "statefulset", "kea-dhcp", "kea.fos1.io/operation-state-")
	})
	r := plugin(t, "status", "-n", "branch")
	lines := strings.Split(r.out, "\n")
	if len(lines) < 6 || lines[2] != "Unfinished operations" || !strings.Contains(lines[3], `rotation on statefulset kea-dhcp, at step "update secret"`) ||
		!strings.Contains(lines[4], "continue: kubectl kea credentials rotate") || !strings.Contains(lines[5], "abort: kubectl kea credentials rotate --abort") {
		t.Errorf("the screen begins with:\n%s", strings.Join(lines[:min(8, len(lines))], "\n"))
	}
}

// Completion offers what is there: the namespaces with Kea servers.
func TestNamespacesAreCompleted(t *testing.T) {
	r := plugin(t, "__complete", "status", "-n", "")
	names := slices.DeleteFunc(strings.Fields(r.out), notOurs)
	if want := []string{"branch", "campus", "foreign", "network"}; !slices.Equal(want, names) {
		t.Errorf("offered %q, want %q", names, want)
	}
}

// Who is bound to the role viewer that install made sees everything, with a login that cannot write, and Kea's password
// stays closed to them.
func TestViewer(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	const who = "lab-reader"
	kubectl(t, "-n", "network", "create", "rolebinding", who, "--role=kea-dhcp-viewer", "--user="+who)
	t.Cleanup(func() { kubectl(t, "-n", "network", "delete", "rolebinding", who) })
	if out, err := tryKubectl("-n", "network", "--as", who, "get", "secret", "kea-db-credentials"); err == nil {
		t.Errorf("a viewer may read Kea's password: %s", out)
	}
	r := look(t, "network", "--as", who)
	if len(r.Databases) != 1 || r.Databases[0].Look.Viewer != "kea_viewer" || r.Databases[0].Look.Schema != "22.2" {
		t.Fatalf("%+v, unread %v", r.Databases, r.Unread)
	}
	if err := healthy(r); err != nil {
		t.Error(err)
	}
	mine := look(t, "network")
	for i, v := range mine.VLANs {
		if got := r.VLANs[i]; got.Label() != v.Label() || got.Assigned.String() != v.Assigned.String() {
			t.Errorf("a viewer sees %s with %s leases, I see %s with %s", got.Label(), got.Assigned, v.Label(), v.Assigned)
		}
	}
	secret := kubectl(t, "-n", "network", "get", "secret", "kea-db-viewer", "-o", "jsonpath={.data.username}")
	if secret == "" {
		t.Error("no login for viewers")
	}
	for _, sql := range []string{"delete from lease4", "update lease4 set state = 1", "create table x ()"} {
		out, err := tryPsql(t, "network", "kea-database", "kea", "set role kea_viewer; "+sql)
		if err == nil || !strings.Contains(out, "permission denied") {
			t.Errorf("a viewer may %q: %s", sql, out)
		}
	}
}
