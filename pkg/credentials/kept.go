package credentials

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// annotationProven, on the kept Secret, is the moment by the database's clock from which it took the new password:
// sessions that are older were opened with the old one.
const annotationProven = marks.Domain + "/proven-at"

// keptName is the Secret that holds what a rotation replaces, until it is done. It is the way back, and its presence says that
// a rotation is unfinished. It has no owner: nothing but a rotation may remove it.
func keptName(secret string) string { return secret + "-before-rotation" }

// replaced reports whether a Secret holds something else by now than what was kept of it.
func replaced(s, kept *corev1.Secret) bool {
	for key, value := range kept.Data {
		if !bytes.Equal(s.Data[key], value) {
			return true
		}
	}
	return false
}

// keep writes down what the Secret holds in the keys that will change. Where the answer was not heard it returns the Secret
// that may have been made, with the error: it is deleted then.
func keep(ctx context.Context, c client.Client, p Plan, data map[string][]byte) (*corev1.Secret, error) {
	o := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: keptName(p.Secret),
			Labels: map[string]string{marks.LabelDeployment: p.Deployment, marks.LabelComponent: "operation", marks.LabelManagedBy: marks.FieldManager},
		},
		Type: corev1.SecretTypeOpaque, Data: maps.Clone(data),
	}
	if p.configured != nil {
		o.Annotations = map[string]string{annotationStrategy: string(p.Strategy), annotationTo: p.To}
	}
	err := c.Create(ctx, o, client.FieldOwner(marks.FieldManager))
	switch {
	case apierrors.IsAlreadyExists(err):
		return nil, fmt.Errorf("secret %s has come into being just now: run the command again", o.Name)
	case err != nil && apierrors.ReasonForError(err) != metav1.StatusReasonUnknown: // refused
		return nil, discreet(fmt.Errorf("create secret %s: %w", o.Name, err), data)
	case err != nil:
		return o, discreet(fmt.Errorf("create secret %s: %w", o.Name, err), data)
	}
	return o, nil
}

// forget deletes what was kept.
func forget(ctx context.Context, c client.Client, kept *corev1.Secret) error {
	if err := c.Delete(ctx, kept); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete secret %s: %w", kept.Name, err)
	}
	return nil
}

// provenAt is when the database took the new password; zero: not yet.
func provenAt(kept *corev1.Secret) time.Time {
	at, err := time.Parse(time.RFC3339Nano, kept.Annotations[annotationProven])
	if err != nil {
		return time.Time{}
	}
	return at
}
