package inventory

import (
	"errors"
	"testing"

	coordinationv1 "k8s.io/api/coordination/v1"
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
