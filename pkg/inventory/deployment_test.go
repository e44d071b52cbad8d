package inventory

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// All commands have to come to the same name: it is the lock's.
func TestDeployment(t *testing.T) {
	meta := func(name, label string) metav1.ObjectMeta {
		m := metav1.ObjectMeta{Name: name}
		if label != "" {
			m.Labels = map[string]string{marks.LabelDeployment: label}
		}
		return m
	}
	owned := corev1.Pod{ObjectMeta: meta("kea-0", "")}
	owned.OwnerReferences = []metav1.OwnerReference{{Kind: "StatefulSet", Name: "set"}}
	in := &Inventory{Pods: []corev1.Pod{owned, {ObjectMeta: meta("kea-1", "pod")}, {ObjectMeta: meta("bare", "")}}}
	database := func(service, cluster string) Database {
		return Database{Service: &corev1.Service{ObjectMeta: meta("s", service)}, Cluster: &cnpgv1.Cluster{ObjectMeta: meta("db", cluster)}}
	}
	for name, tt := range map[string]struct {
		pods      []string
		databases []Database
		want      string
	}{
		"the service first":         {[]string{"kea-0", "kea-1"}, []Database{database("service", "cluster")}, "service"},
		"then a pod":                {[]string{"kea-0", "kea-1"}, []Database{database("", "cluster")}, "pod"},
		"then the cluster's label":  {[]string{"kea-0"}, []Database{database("", "cluster")}, "cluster"},
		"then the set":              {[]string{"kea-0"}, []Database{database("", "")}, "set"},
		"then the cluster":          {[]string{"bare", "gone"}, []Database{database("", "")}, "db"},
		"the first database's name": {nil, []Database{{}, database("", ""), database("service", "")}, "service"},
		"nothing":                   {[]string{"bare"}, nil, ""},
	} {
		if got := in.Deployment(tt.pods, tt.databases...); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
