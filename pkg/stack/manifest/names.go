package manifest

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Kubernetes' recommended labels.
const (
	labelName   = "app.kubernetes.io/name"
	labelPartOf = "app.kubernetes.io/part-of"
)

// What an object is in its deployment.
const (
	componentServer      = "server"
	componentDatabase    = "database"
	componentService     = "service"
	componentBackup      = "backup"
	componentCredentials = "credentials"
	componentAccess      = "access"
	componentMaintenance = "maintenance"
)

func labels(s *v1alpha1.Stack, component string) map[string]string {
	return map[string]string{
		labelName: s.Metadata.Name, labelPartOf: "kea", marks.LabelManagedBy: marks.FieldManager,
		marks.LabelDeployment: s.Metadata.Name, marks.LabelComponent: component,
	}
}

// serverSelector picks the servers' pods, and not those of the maintenance.
func serverSelector(s *v1alpha1.Stack) map[string]string {
	return map[string]string{marks.LabelDeployment: s.Metadata.Name, marks.LabelComponent: componentServer}
}

func meta(s *v1alpha1.Stack, name, component string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: s.Metadata.Namespace, Labels: labels(s, component)}
}

// handsOff asks Argo CD and Flux not to turn back what operations change later: a Service's selector, a Secret's password.
func handsOff(m *metav1.ObjectMeta) {
	annotate(m, map[string]string{
		"argocd.argoproj.io/hook":         "Skip",
		"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent",
	})
}

func annotate(m *metav1.ObjectMeta, more map[string]string) {
	if m.Annotations == nil {
		m.Annotations = map[string]string{}
	}
	maps.Copy(m.Annotations, more)
}

// objectKind is what a typed object says of itself when it is written as plain fields.
func objectKind(apiVersion, kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: apiVersion, Kind: kind}
}
