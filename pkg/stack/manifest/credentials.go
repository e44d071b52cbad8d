package manifest

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// credentialObjects are Secrets without what is secret; that is made when they are created and stays in the cluster. The
// users' names are there, since Kubernetes refuses a Secret of this type with neither name nor password. CNPG acts at once on the change of a Secret with its label. The CA's Secret has no owner: CNPG's own CA would
// go with its cluster, and with it the trust of every client.
func credentialObjects(s *v1alpha1.Stack) []Object {
	db := s.Spec.Database
	owner := secret(s, db.CredentialsSecret, corev1.SecretTypeBasicAuth)
	owner.Data = map[string][]byte{corev1.BasicAuthUsernameKey: []byte(db.Owner)}
	viewer := secret(s, db.ViewerSecret, corev1.SecretTypeBasicAuth)
	viewer.Data = map[string][]byte{corev1.BasicAuthUsernameKey: []byte(db.ViewerRole)}
	viewer.Labels[marks.LabelRole] = marks.RoleViewer
	return []Object{
		{owner, true},
		{viewer, true},
		{secret(s, db.CASecret, corev1.SecretTypeOpaque), true},
	}
}

func secret(s *v1alpha1.Stack, name string, kind corev1.SecretType) *corev1.Secret {
	o := &corev1.Secret{TypeMeta: objectKind("v1", "Secret"), ObjectMeta: meta(s, name, componentCredentials), Type: kind}
	o.Labels[cnpg.LabelReload] = "true"
	handsOff(&o.ObjectMeta)
	return o
}
