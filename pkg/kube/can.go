package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Permission is one verb on one resource, as a Role grants it.
type Permission struct {
	Verb, Group, Resource, Namespace string // Resource may name a subresource: "pods/portforward"
}

// String is the permission for people: "create statefulsets.apps".
func (p Permission) String() string {
	if p.Group == "" {
		return p.Verb + " " + p.Resource
	}
	return p.Verb + " " + p.Resource + "." + p.Group
}

// askedAtOnce bounds the questions under way to the API server.
const askedAtOnce = 16

// Missing are those of the wanted permissions that the user does not have, in their order.
// Permission: create selfsubjectaccessreviews, which everybody has.
func Missing(ctx context.Context, c client.Client, wanted []Permission) ([]Permission, error) {
	denied := make([]bool, len(wanted))
	failed := make([]error, len(wanted))
	slots := make(chan struct{}, askedAtOnce)
	var wait sync.WaitGroup
	for i, p := range wanted {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			denied[i], failed[i] = missing(ctx, c, p)
		})
	}
	wait.Wait()
	for i, err := range failed {
		if err != nil {
			return nil, fmt.Errorf("ask whether this user may %s: %w", wanted[i], err)
		}
	}
	found := []Permission{}
	for i, p := range wanted {
		if denied[i] {
			found = append(found, p)
		}
	}
	return slices.Clip(found), nil
}

func missing(ctx context.Context, c client.Client, p Permission) (bool, error) {
	resource, sub, _ := strings.Cut(p.Resource, "/")
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: p.Namespace, Verb: p.Verb, Group: p.Group, Resource: resource, Subresource: sub,
		},
	}}
	if err := c.Create(ctx, review); err != nil {
		return false, err
	}
	return !review.Status.Allowed, nil
}
