//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// deployed is what each scenario must be seen as, with no flag but the namespace.
type deployed struct {
	namespace, cluster, archive string
	servers, vlans              []string
	modes                       []string
	worst                       string
}

func scenarios() []deployed {
	return []deployed{
		{
			namespace: "network", cluster: "kea-database", archive: "plugin",
			servers: []string{"server/kea-dhcp-0/dhcp4", "server/kea-dhcp-1/dhcp4", "server/kea-dhcp-0/dhcp6", "server/kea-dhcp-1/dhcp6"},
			vlans:   []string{"10 users dhcp4", "10 users dhcp6", "20 voice dhcp4", "20 voice dhcp6", "30 guests dhcp4", "30 guests dhcp6"},
			modes:   []string{"hot-standby", "hot-standby"},
		},
		{
			namespace: "campus", cluster: "campus-db", archive: "in-tree",
			servers: []string{"server/kea-0/dhcp4", "server/kea-1/dhcp4", "server/kea-0/dhcp6", "server/kea-1/dhcp6"},
			vlans:   []string{"110 staff dhcp4", "110 staff dhcp6", "120 lab dhcp4"},
			modes:   []string{"load-balancing", "load-balancing"},
		},
		{
			namespace: "branch",
			servers:   []string{"server/kea-dhcp-0/dhcp4", "server/kea-dhcp-1/dhcp4"},
			vlans:     []string{"210 office dhcp4", "220 printers dhcp4"},
			modes:     []string{"hot-standby"},
		},
		{
			namespace: "foreign", cluster: "dhcpstore", archive: "none",
			servers: []string{"server/address-service-*/dhcp4"},
			vlans:   []string{"10.66.0.0/22  dhcp4"},
			worst:   "warning", // it has no backups, and says so
		},
	}
}

func TestEveryScenarioIsFoundAndHealthy(t *testing.T) {
	for _, want := range scenarios() {
		t.Run(want.namespace, func(t *testing.T) {
			r := until(t, want.namespace, "found", 2*time.Minute, func(r status.Report) error {
				if string(r.Worst) != want.worst && (want.worst != "" || r.Worst != "info") && r.Worst != "" || !r.Complete {
					return fmt.Errorf("worst %q: %v %v", r.Worst, codes(r), r.Unread)
				}
				return nil
			})
			names := strings.Fields(plugin(t, "status", "-n", want.namespace, "-o", "name").out)
			for i, name := range names {
				if strings.Contains(name, "address-service") {
					names[i] = "server/address-service-*/dhcp4"
				}
			}
			if diff := cmp.Diff(want.servers, names); diff != "" {
				t.Errorf("servers (-want +got):\n%s", diff)
			}
			vlans, modes := []string{}, []string(nil)
			for _, v := range r.VLANs {
				vlans = append(vlans, strings.TrimPrefix(v.Label(), "VLAN ")+" "+v.Name+" "+string(v.Service))
			}
			for _, relationship := range r.Relationships {
				modes = append(modes, string(relationship.Mode))
				if !yes(relationship.Serving) || !yes(relationship.ConfigurationAlike) || relationship.ClockSkewSeconds == nil || *relationship.ClockSkewSeconds > 1 {
					t.Errorf("%s: serving %v, alike %v (%v), skew %v", relationship.Name, relationship.Serving, relationship.ConfigurationAlike, relationship.Differences, relationship.ClockSkewSeconds)
				}
			}
			if diff := cmp.Diff(want.vlans, vlans); diff != "" {
				t.Errorf("VLANs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.modes, modes); diff != "" {
				t.Errorf("modes (-want +got):\n%s", diff)
			}
			databaseAsDeployed(t, want, r)
		})
	}
}

func databaseAsDeployed(t *testing.T, want deployed, r status.Report) {
	t.Helper()
	if want.cluster == "" {
		if len(r.Databases) != 0 {
			t.Errorf("a memfile deployment has %d databases", len(r.Databases))
		}
		return
	}
	if len(r.Databases) != 1 || r.Databases[0].Cluster == nil {
		t.Fatalf("databases: %+v", r.Databases)
	}
	d := r.Databases[0]
	if d.Cluster.Name != want.cluster || string(d.Cluster.Archiving.Method) != want.archive || d.Look.Error != "" || !d.Look.Tried {
		t.Errorf("cluster %s, archive %s, login %q %q", d.Cluster.Name, d.Cluster.Archiving.Method, d.Look.Error, d.Look.Why)
	}
	if want.archive != "none" && (d.Backups == nil || d.Backups.LastSuccessful == nil || d.Backups.Window.First == nil) {
		t.Errorf("backups: %+v", d.Backups)
	}
	if d.Primary == nil || len(d.Primary.Replicas) != d.Cluster.Instances-1 {
		t.Errorf("the replicas of %d instances: %+v", d.Cluster.Instances, d.Primary)
	}
}

func TestLeasesOfRealClientsAreCounted(t *testing.T) {
	claims(t, "network")
	lab(t, "load", "hot-standby", "-rate", "40", "-duration", "5s", "-clients", "60", "-seed", "77")
	r := look(t, "network")
	for _, family := range []struct {
		service kea.Service
		table   string
		where   string
	}{{kea.DHCP4, "lease4", "state = 0"}, {kea.DHCP6, "lease6", "state = 0 and lease_type = 0"}} {
		want := map[int]int{}
		for _, line := range strings.Fields(psql(t, "network", "kea-database", "kea", "select subnet_id, count(*) from "+family.table+" where "+family.where+" group by 1")) {
			id, count, _ := strings.Cut(line, "|")
			subnet, _ := strconv.Atoi(id)
			want[subnet], _ = strconv.Atoi(count)
		}
		got := map[int]int{}
		for _, v := range r.VLANs {
			if v.Service == family.service {
				n, _ := v.Assigned.Uint64()
				got[v.ID] = int(n)
			}
		}
		if len(want) != 3 {
			t.Errorf("%s has leases in subnets %v; the load ran on three VLANs", family.table, want)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: leases per VLAN (-sql +status):\n%s", family.service, diff)
		}
	}
}

func TestAllNamespacesAtOnce(t *testing.T) {
	r := plugin(t, "status", "-A", "-o", "json")
	all := decode[struct{ Items []status.Report }](t, r)
	namespaces := []string{}
	for _, item := range all.Items {
		namespaces = append(namespaces, item.Namespace)
	}
	if !slices.IsSorted(namespaces) {
		t.Errorf("not sorted: %v", namespaces)
	}
	namespaces = slices.DeleteFunc(namespaces, notOurs) // a lab that was up before may hold more
	if diff := cmp.Diff([]string{"branch", "campus", "foreign", "network"}, namespaces); diff != "" {
		t.Error(diff)
	}
	if text := plugin(t, "status", "-A"); text.code != 0 || strings.Count(text.out, "Servers\n") != len(all.Items) {
		t.Errorf("exit %d:\n%s", text.code, text.out)
	}
}

func TestANamespaceWithoutKeaNamesThoseThatHaveSome(t *testing.T) {
	r := plugin(t, "status", "-n", "default")
	named, ok := strings.CutPrefix(r.err, "error: no Kea servers found in namespace default; namespaces that have some: ")
	named, hint, _ := strings.Cut(named, "\n")
	namespaces := slices.DeleteFunc(strings.Split(named, ", "), notOurs)
	if diff := cmp.Diff([]string{"branch", "campus", "foreign", "network"}, namespaces); diff != "" || !ok {
		t.Errorf("%s\n%s", r.err, diff)
	}
	if r.code != 1 || r.out != "" || hint != "hint: kubectl kea status -n branch\n" {
		t.Errorf("exit %d, output %q, hint %q", r.code, r.out, hint)
	}
}

func notOurs(namespace string) bool {
	return !slices.ContainsFunc(scenarios(), func(s deployed) bool { return s.namespace == namespace })
}

func TestFailOn(t *testing.T) {
	for level, want := range map[string]int{"critical": 0, "warning": 3, "never": 0} {
		if r := plugin(t, "status", "-n", "foreign", "--fail-on", level); r.code != want {
			t.Errorf("--fail-on %s: exit %d, want %d", level, r.code, want)
		}
	}
}

func TestJSONHasNoNulls(t *testing.T) {
	for _, s := range scenarios() {
		var value any
		r := plugin(t, "status", "-n", s.namespace, "-o", "json")
		if err := json.Unmarshal([]byte(r.out), &value); err != nil {
			t.Fatal(err)
		}
		for _, path := range nulls("", value) {
			if !strings.HasSuffix(path, ".working") { // nil there means that the operator has not said
				t.Errorf("%s: %s is null", s.namespace, path)
			}
		}
	}
}

func nulls(path string, value any) []string {
	found := []string{}
	switch v := value.(type) {
	case nil:
		found = append(found, path)
	case []any:
		for i, item := range v {
			found = append(found, nulls(fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	case map[string]any:
		for key, item := range v {
			found = append(found, nulls(path+"."+key, item)...)
		}
	}
	slices.Sort(found)
	return found
}

// A look that ends too early says so and claims nothing: exit 124, no critical problem, no verdict of health.
func TestTimeoutIsNoVerdict(t *testing.T) {
	for _, limit := range []string{"1ms", "40ms"} {
		r := plugin(t, "status", "-n", "network", "--timeout", limit)
		if r.code != 124 || strings.Contains(r.out, "CRITICAL") || strings.Contains(r.out, "HEALTHY") || !strings.Contains(r.err, "error: ") {
			t.Errorf("--timeout %s: exit %d\n%s%s", limit, r.code, r.out, r.err)
		}
	}
}
