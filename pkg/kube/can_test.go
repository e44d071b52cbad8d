package kube

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func TestMissing(t *testing.T) {
	var mu sync.Mutex
	asked := map[authorizationv1.ResourceAttributes]bool{}
	f := newFakeCluster(t)
	f.other = func(w http.ResponseWriter, r *http.Request) {
		var review authorizationv1.SelfSubjectAccessReview
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews") || json.NewDecoder(r.Body).Decode(&review) != nil {
			http.NotFound(w, r)
			return
		}
		mu.Lock()
		asked[*review.Spec.ResourceAttributes] = true
		mu.Unlock()
		review.Status.Allowed = review.Spec.ResourceAttributes.Verb == "get"
		review.Kind, review.APIVersion = "SelfSubjectAccessReview", "authorization.k8s.io/v1"
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(review)
	}
	wanted := []Permission{
		{Verb: "patch", Group: "apps", Resource: "statefulsets", Namespace: "network"},
		{Verb: "get", Resource: "secrets", Namespace: "network"},
		{Verb: "create", Resource: "pods/portforward", Namespace: "network"},
		{Verb: "create", Resource: "namespaces"},
	}
	missing, err := Missing(t.Context(), f.client(t, Options{}), wanted)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, p := range missing {
		got = append(got, p.String())
	}
	if diff := cmp.Diff([]string{"patch statefulsets.apps", "create pods/portforward", "create namespaces"}, got); diff != "" {
		t.Error(diff)
	}
	want := map[authorizationv1.ResourceAttributes]bool{
		{Namespace: "network", Verb: "patch", Group: "apps", Resource: "statefulsets"}:       true,
		{Namespace: "network", Verb: "get", Resource: "secrets"}:                             true,
		{Namespace: "network", Verb: "create", Resource: "pods", Subresource: "portforward"}: true,
		{Verb: "create", Resource: "namespaces"}:                                             true,
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Error(diff)
	}
}

func TestMissingIsNotKnown(t *testing.T) {
	broken := errors.New("no answer")
	c := interceptor.NewClient(newFakeCluster(t).client(t, Options{}), interceptor.Funcs{
		Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error { return broken },
	})
	found, err := Missing(t.Context(), c, []Permission{{Verb: "list", Resource: "pods"}})
	if found != nil || !errors.Is(err, broken) || err.Error() != "ask whether this user may list pods: no answer" {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := Missing(t.Context(), c, nil); err != nil || found == nil || len(found) > 0 {
		t.Errorf("nothing asked: %v, %v", found, err)
	}
}
