// Package v1alpha1 is the stack file: one description of a Kea deployment with its database, which `kubectl kea install`
// turns into Kubernetes objects. It is no custom resource; nothing in a cluster watches it.
package v1alpha1
