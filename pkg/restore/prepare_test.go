package restore

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

func TestRenamed(t *testing.T) {
	for host, want := range map[string]string{
		"db-rw": "kea-database", "db-rw.dhcp": "kea-database.dhcp", "db-rw.dhcp.svc.cluster.local": "kea-database.dhcp.svc.cluster.local",
	} {
		if got := renamed(host, "kea-database"); got != want {
			t.Errorf("%s becomes %s, want %s", host, got, want)
		}
	}
}

// A Service that is there already is taken when it does what ours would: anything else with the name stands in the way.
func TestTakesTo(t *testing.T) {
	good := func() *corev1.Service {
		p := Preparation{Namespace: "dhcp", Service: "kea-database", Cluster: "db", port: 5432}
		return p.service()
	}
	for name, c := range map[string]struct {
		change func(*corev1.Service)
		want   bool
	}{
		"ours":            {func(*corev1.Service) {}, true},
		"another cluster": {func(s *corev1.Service) { s.Spec.Selector[cnpg.LabelCluster] = "other" }, false},
		"replicas":        {func(s *corev1.Service) { s.Spec.Selector[cnpg.LabelInstanceRole] = "replica" }, false},
		"another port":    {func(s *corev1.Service) { s.Spec.Ports[0].Port = 6432 }, false},
		"the operator's":  {func(s *corev1.Service) { s.OwnerReferences = []metav1.OwnerReference{{Kind: "Cluster"}} }, false},
	} {
		s := good()
		c.change(s)
		if got := takesTo(s, "db", 5432); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// An unfinished rollout is gone on with only when it is a preparation for this Service.
func TestLeads(t *testing.T) {
	file := func(differences ...kea.Difference) rollout.Plan {
		return rollout.Plan{Files: []rollout.FileChange{{Differences: differences}}}
	}
	host := kea.Difference{Path: "lease-database.host", A: `"db-rw"`, B: `"kea-database"`}
	for name, c := range map[string]struct {
		plan rollout.Plan
		want bool
	}{
		"a preparation":      {file(host, kea.Difference{Path: "hosts-databases[0].host", A: `"db-rw"`, B: `"kea-database"`}), true},
		"qualified":          {file(kea.Difference{Path: "lease-database.host", B: `"kea-database.dhcp.svc"`}), true},
		"to another service": {file(kea.Difference{Path: "lease-database.host", B: `"other"`}), false},
		"and something else": {file(host, kea.Difference{Path: "valid-lifetime", A: "10", B: "20"}), false},
		"nothing under way":  {rollout.Plan{}, false},
	} {
		if got := leads(c.plan, "kea-database"); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
