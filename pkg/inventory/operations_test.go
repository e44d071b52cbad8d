package inventory

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// An install that stopped before there was a server is named, with the command that goes on.
func TestUnfinishedOperationWithoutServers(t *testing.T) {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
		Namespace: "small", Name: "kea-dhcp-operation", Labels: map[string]string{"kea.fos1.io/deployment": "kea-dhcp"},
		Annotations: map[string]string{"kea.fos1.io/operation-state": `{"kind":"install","step":"services","started":"2026-11-22T10:00:00Z","by":"ann@desk","continue":"kubectl kea install -f stack.yaml"}`},
	}}
	r := fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(lease).Build()
	_, err := Discover(t.Context(), r, "small", Options{})
	var unfinished *UnfinishedError
	if !errors.As(err, &unfinished) || !errors.Is(err, ErrNone) || unfinished.Operation.Continue != "kubectl kea install -f stack.yaml" || unfinished.Operation.Object != "lease kea-dhcp-operation" {
		t.Fatalf("error %v", err)
	}
	want := `no Kea servers found in namespace small: install by ann@desk has not got further than the step "services"`
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if _, err := Discover(t.Context(), r, "elsewhere", Options{}); !errors.Is(err, ErrNone) || errors.As(err, &unfinished) {
		t.Errorf("elsewhere: %v", err)
	}
}

// A cutover stands on the Service that it turns and in its lock, and is named once. The lock knows the step.
func TestOperationIsNamedOnce(t *testing.T) {
	const state = `{"kind":"cutover","started":"2026-11-22T10:00:00Z","by":"ann@desk"`
	service := corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kea-database", Annotations: map[string]string{"kea.fos1.io/operation-state": state + `,"from":"kea"}`}}}
	locks := []coordinationv1.Lease{
		{ObjectMeta: metav1.ObjectMeta{Name: "kea-dhcp-operation", Annotations: map[string]string{"kea.fos1.io/operation-state": state + `,"step":"note the lineage"}`}}},
		{ObjectMeta: metav1.ObjectMeta{Name: "other-operation", Annotations: map[string]string{"kea.fos1.io/operation-state": `{"kind":"install","started":"2026-11-22T11:00:00Z","by":"bob@lap"}`}}},
	}
	in := &Inventory{Services: []corev1.Service{service}}
	in.findOperations(nil, locks)
	got := []string{}
	for _, o := range in.Operations {
		got = append(got, o.Object+" "+o.Kind+" "+o.Step)
	}
	if diff := cmp.Diff([]string{"service kea-database cutover note the lineage", "lease other-operation install "}, got); diff != "" {
		t.Error(diff)
	}
}
