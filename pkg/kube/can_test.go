package kube

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// reviewer is an API server that answers reviews as a test wants.
func reviewer(answer func(*authorizationv1.SelfSubjectAccessReview) error) client.Client {
	return interceptor.NewClient(fake.NewClientBuilder().WithScheme(newScheme()).Build(), interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, o client.Object, _ ...client.CreateOption) error {
			review, ok := o.(*authorizationv1.SelfSubjectAccessReview)
			if !ok {
				return errors.New("something else is created")
			}
			return answer(review)
		},
	})
}

func TestMissing(t *testing.T) {
	var mu sync.Mutex
	asked := map[authorizationv1.ResourceAttributes]bool{}
	c := reviewer(func(review *authorizationv1.SelfSubjectAccessReview) error {
		mu.Lock()
		defer mu.Unlock()
		asked[*review.Spec.ResourceAttributes] = true
		review.Status.Allowed = review.Spec.ResourceAttributes.Verb == "get"
		return nil
	})
	missing, err := Missing(t.Context(), c, []Permission{
		{Verb: "patch", Group: "apps", Resource: "statefulsets", Namespace: "network"},
		{Verb: "get", Resource: "secrets", Namespace: "network"},
		{Verb: "create", Resource: "pods/portforward", Namespace: "network"},
		{Verb: "create", Resource: "namespaces"},
	})
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
	c := reviewer(func(*authorizationv1.SelfSubjectAccessReview) error { return broken })
	found, err := Missing(t.Context(), c, []Permission{{Verb: "list", Resource: "pods"}})
	if found != nil || !errors.Is(err, broken) || err.Error() != "ask whether this user may list pods: no answer" {
		t.Errorf("%v, %v", found, err)
	}
	if found, err := Missing(t.Context(), c, nil); err != nil || found == nil || len(found) > 0 {
		t.Errorf("nothing asked: %v, %v", found, err)
	}
}
