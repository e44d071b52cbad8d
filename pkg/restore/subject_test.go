package restore

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// In a namespace with several databases the records say which one a cluster is of.
func TestBelongs(t *testing.T) {
	record := func(source string) map[string]string { return recorded(t, Record{Source: source, Phase: Recovered}) }
	current := noted("kea-r2", 3, map[string]string{marks.AnnotationLineage: `[{"cluster":"kea"}]`})
	in := &inventory.Inventory{Clusters: []cnpgv1.Cluster{
		*current,
		*noted("kea", 1, map[string]string{marks.AnnotationSuperseded: "kea-r2"}),
		*noted("kea-r1", 2, record("kea")),
		*noted("kea-r3", 4, record("kea-r2")),
		*noted("hosts", 1, nil),
		*noted("hosts-r1", 2, record("hosts")),
		*noted("hosts-old", 1, map[string]string{marks.AnnotationSuperseded: "hosts"}),
		*noted("broken", 2, map[string]string{marks.AnnotationRestore: "{"}),
	}}
	moving := serviceTo("kea-r2", map[string]string{marks.AnnotationOperation: `{"kind":"cutover","from":"kea-r2","to":"kea-r4"}`})
	d := inventory.Database{Cluster: current, Service: moving}
	for name, want := range map[string]bool{
		"kea-r2": true, "kea": true, "kea-r1": true, "kea-r3": true, "kea-r4": true,
		"hosts": false, "hosts-r1": false, "hosts-old": false, "broken": false, "nowhere": false,
	} {
		if got := belongs(in, d, name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
