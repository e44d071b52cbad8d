package stack

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/manifest"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

const office = `
apiVersion: kea.fos1.io/v1alpha1
kind: Stack
metadata: {name: kea-dhcp, namespace: network}
spec:
  kea: {version: "2.6"}
  vlans:
  - id: 10
    name: users
    subnets4: [{subnet: 10.10.0.0/16, pools: [10.10.1.0-10.10.254.255]}]
`

func load(t *testing.T, text string) *v1alpha1.Stack {
	t.Helper()
	s, findings := stackfile.Load([]byte(text))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return s
}

// fresh are the items of a stack that no cluster has yet.
func fresh(t *testing.T, s *v1alpha1.Stack) []*item {
	t.Helper()
	groups, err := manifest.Groups(s, keaconf.Addresses{Peers: []string{"10.90.0.1", "10.90.0.2"}, Identifiers: []string{"", ""}})
	if err != nil {
		t.Fatal(err)
	}
	items, err := itemsOf(groups)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// over are the items of a stack that meets what an earlier one left in the cluster.
func over(t *testing.T, earlier, s *v1alpha1.Stack) []*item {
	t.Helper()
	live := map[string]*unstructured.Unstructured{}
	for _, i := range fresh(t, earlier) {
		live[i.String()] = i.want
	}
	items := fresh(t, s)
	for _, i := range items {
		i.live = live[i.String()]
	}
	return items
}

func named(t *testing.T, items []*item, name string) *item {
	t.Helper()
	for _, i := range items {
		if i.String() == name {
			return i
		}
	}
	t.Fatalf("no %s", name)
	return nil
}

func today() time.Time { return time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC) }
