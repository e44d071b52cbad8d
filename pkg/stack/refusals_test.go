package stack

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestRefusals(t *testing.T) {
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(office) }
	memfile := replace("  vlans:", "  database: {type: memfile}\n  vlans:")
	for name, tt := range map[string]struct {
		before, after string
		want          []string // subject: text
	}{
		"nothing": {office, office, []string{}},
		"what may change": {office, replace("10.10.1.0-10.10.254.255", "10.10.2.0-10.10.254.255", "  vlans:",
			"  highAvailability: {heartbeatDelay: 3s}\n  database: {cluster: {instances: 5, storage: {size: 9Gi}, parameters: {max_connections: \"300\"}}}\n  vlans:"), []string{}},
		"the database's name": {office, replace("  vlans:", "  database: {name: dhcp}\n  vlans:"), []string{
			"Cluster kea-database: the database's name is kea and cannot become dhcp: it was created with it",
		}},
		"its owner": {office, replace("  vlans:", "  database: {owner: dhcp}\n  vlans:"), []string{
			"Cluster kea-database: the database's owner is kea and cannot become dhcp: it was created with it",
		}},
		"a smaller volume": {
			replace("  vlans:", "  database: {cluster: {storage: {size: 10Gi}, walStorage: {size: 2Gi}}}\n  vlans:"),
			replace("  vlans:", "  database: {cluster: {storage: {size: 9Gi}}}\n  vlans:"),
			[]string{
				"Cluster kea-database: storage is 10Gi and cannot shrink to 9Gi: volumes only grow",
				"Cluster kea-database: walStorage cannot be taken away from a cluster that has it",
			},
		},
		"the mode of a pair": {office, replace("  vlans:", "  highAvailability: {mode: load-balancing}\n  vlans:"), []string{
			"deployment kea-dhcp: it runs with high availability hot-standby and cannot become load-balancing while it serves: the two modes divide clients and leases differently",
		}},
		"a pair to one": {office, replace("  vlans:", "  highAvailability: {mode: none}\n  vlans:"), []string{
			"deployment kea-dhcp: it runs with high availability hot-standby and cannot become none while it serves: the two modes divide clients and leases differently",
		}},
		"another generation": {office, replace(`"2.6"`, `"3.0"`), []string{
			"deployment kea-dhcp: it runs Kea 2.6; another generation, 3.0, needs another database schema and another control endpoint, and install does not upgrade",
		}},
		"leases elsewhere": {office, memfile, []string{
			"deployment kea-dhcp: its leases are in postgresql; with memfile it would start without them and hand out addresses in use",
			"StatefulSet kea-dhcp: the servers' volumes are [] and cannot become [data of 1Gi]: Kubernetes does not change a StatefulSet's volume claims",
		}},
		"another volume for files": {memfile, strings.Replace(memfile, "type: memfile", "type: memfile, memfile: {storage: {size: 3Gi}}", 1), []string{
			"StatefulSet kea-dhcp: the servers' volumes are [data of 1Gi] and cannot become [data of 3Gi]: Kubernetes does not change a StatefulSet's volume claims",
		}},
		"a subnet's id": {office, replace("{subnet: 10.10", "{id: 11, subnet: 10.10"), []string{
			"deployment kea-dhcp: subnet 10.10.0.0/16 has the id 10 and cannot get 11: its leases know it by its id",
		}},
		"an id for another subnet": {office, replace("10.10.", "10.99."), []string{
			"deployment kea-dhcp: id 10 is of subnet 10.10.0.0/16 and cannot go to 10.99.0.0/16: the leases of the one would count as the other's",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, tt.after)
			got := []string{}
			for _, p := range refusals(s, over(t, load(t, tt.before), s)) {
				got = append(got, p.Subject+": "+p.Text)
				if p.Next == "" {
					t.Errorf("%s: no next step", p.Text)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSomebodyElsesObjects(t *testing.T) {
	s := load(t, office)
	items := over(t, s, s)
	for _, name := range []string{"Service kea-database", "Secret kea-db-credentials", "Cluster kea-database"} {
		named(t, items, name).live.SetLabels(map[string]string{"app": "other"})
	}
	other := named(t, items, "StatefulSet kea-dhcp")
	other.live = other.live.DeepCopy()
	_ = unstructured.SetNestedField(other.live.Object, "another", "metadata", "labels", "kea.fos1.io/deployment")
	got := []string{}
	for _, p := range refusals(s, items) {
		got = append(got, p.Code+" "+p.Subject)
	}
	// A Secret that somebody prepared is welcome; whether it has what is needed is another question.
	if diff := cmp.Diff([]string{"name-taken Service kea-database", "name-taken Cluster kea-database", "name-taken StatefulSet kea-dhcp"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAfterACutover(t *testing.T) {
	s := load(t, office)
	items := over(t, s, s)
	service := named(t, items, "Service kea-database")
	service.live = service.live.DeepCopy()
	service.live.SetAnnotations(map[string]string{"kea.fos1.io/current-cluster": "kea-database-r1"})
	adapt(s, items)
	for _, i := range items {
		want := ""
		if i.group == "database" || i.group == groupBackups {
			want = "the current database cluster is kea-database-r1"
		}
		if i.keep != want {
			t.Errorf("%s: keep %q, want %q", i, i.keep, want)
		}
	}
}

func TestBootstrapStaysAsItWas(t *testing.T) {
	s := load(t, office)
	items := over(t, s, s)
	cluster := named(t, items, "Cluster kea-database")
	cluster.live = cluster.live.DeepCopy()
	recovery := map[string]any{"recovery": map[string]any{"source": "origin"}}
	if err := unstructured.SetNestedMap(cluster.live.Object, recovery, "spec", "bootstrap"); err != nil {
		t.Fatal(err)
	}
	adapt(s, items)
	got, _, _ := unstructured.NestedMap(cluster.want.Object, "spec", "bootstrap")
	if diff := cmp.Diff(recovery, got); diff != "" {
		t.Error(diff)
	}
}
