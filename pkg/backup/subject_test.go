package backup

import (
	"context"
	"errors"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// server is an API server with these objects.
func server(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, coordinationv1.AddToScheme, cnpgv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	store := cnpg.ObjectStoreKind()
	scheme.AddKnownTypeWithName(store, &unstructured.Unstructured{})
	scheme.AddKnownTypeWithName(store.GroupVersion().WithKind("ObjectStoreList"), &unstructured.UnstructuredList{})
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

// keaPod runs a Kea server whose file names a database host; "" keeps leases in a file.
func keaPod(name, host string) []client.Object {
	database := `{"type":"memfile"}`
	if host != "" {
		database = `{"type":"postgresql","name":"kea","user":"kea","host":"` + host + `"}`
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "kea", UID: "x"}}}}
	pod.Spec.Containers = []corev1.Container{{
		Name: "dhcp4", Image: "kea", Command: []string{"kea-dhcp4", "-c", "/etc/kea/kea-dhcp4.conf"},
		VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/kea"}},
	}}
	pod.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: name}}}}}
	config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name}, Data: map[string]string{"kea-dhcp4.conf": `{"Dhcp4":{"lease-database":` + database + `}}`}}
	return []client.Object{pod, config}
}

// route is a Service to a cluster's primary, made by install or not.
func route(name, cluster, deployment string) client.Object {
	s := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: map[string]string{}}}
	s.Spec.Selector = map[string]string{cnpg.LabelCluster: cluster, cnpg.LabelInstanceRole: "primary"}
	if deployment != "" {
		s.Labels = map[string]string{"kea.fos1.io/component": "database", "kea.fos1.io/deployment": deployment}
	}
	return s
}

func TestFindSubject(t *testing.T) {
	all := func(lists ...[]client.Object) []client.Object {
		found := []client.Object{}
		for _, l := range lists {
			found = append(found, l...)
		}
		return found
	}
	one := []client.Object{pluginCluster("db")}
	two := []client.Object{pluginCluster("db"), pluginCluster("other")}
	for name, tt := range map[string]struct {
		objects             []client.Object
		ask                 string
		cluster, deployment string
		servers             int
		why                 string // of a *ChoiceError
		none                bool
	}{
		"followed from the servers":             {objects: all(two, keaPod("kea-0", "database"), []client.Object{route("database", "db", "kea-dhcp")}), cluster: "db", deployment: "kea-dhcp", servers: 1},
		"a Service of somebody else":            {objects: all(one, keaPod("kea-0", "database"), []client.Object{route("database", "db", "")}), cluster: "db", deployment: "kea", servers: 1},
		"another cluster named":                 {objects: all(two, keaPod("kea-0", "database"), []client.Object{route("database", "db", "")}), ask: "other", cluster: "other", deployment: "other"},
		"the same named":                        {objects: all(two, keaPod("kea-0", "database"), []client.Object{route("database", "db", "")}), ask: "db", cluster: "db", deployment: "kea", servers: 1},
		"the servers are gone, the Service not": {objects: all(two, []client.Object{route("database", "db", "kea-dhcp")}), cluster: "db", deployment: "kea-dhcp"},
		"no Kea, named":                         {objects: one, ask: "db", cluster: "db", deployment: "db"},
		"no Kea":                                {objects: one, why: "no Kea server in namespace network uses a database; clusters: db"},
		"no Kea, and no such cluster":           {objects: one, ask: "x", none: true},
		"nothing at all":                        {none: true},
		"nothing at all, named":                 {ask: "db", none: true},
		"two databases": {
			objects: all(two, keaPod("kea-0", "one"), keaPod("kea-1", "two"), []client.Object{route("one", "db", ""), route("two", "other", "")}),
			why:     "the Kea servers in namespace network use several database clusters: db, other",
		},
		"no such cluster": {objects: all(one, keaPod("kea-0", "database")), ask: "x", why: "there is no cluster x in namespace network"},
		"memfile":         {objects: all(one, keaPod("kea-0", "")), why: "the Kea servers in namespace network keep their leases in no PostgreSQL database; clusters: db"},
		"elsewhere":       {objects: keaPod("kea-0", "db.example.org"), why: "the database kea at db.example.org of the Kea servers in namespace network is no CloudNativePG cluster of this namespace"},
		"unreadable":      {objects: keaPod("kea-0", "database")[:1], why: "which database the Kea servers in namespace network use is not known: their configuration could not be read"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Find(t.Context(), server(t, tt.objects...), "network", tt.ask)
			var choice *ChoiceError
			switch {
			case tt.none:
				if !errors.Is(err, inventory.ErrNone) {
					t.Errorf("error %v", err)
				}
			case tt.why != "":
				if !errors.As(err, &choice) || choice.Why != tt.why || choice.Missing != strings.HasPrefix(tt.why, "there is no cluster") {
					t.Errorf("error %v", err)
				}
			case err != nil:
				t.Fatal(err)
			case s.Cluster.Name != tt.cluster || s.Raw.GetName() != tt.cluster || s.Deployment != tt.deployment || len(s.Database.Servers) != tt.servers:
				t.Errorf("cluster %s, deployment %s, servers %v", s.Cluster.Name, s.Deployment, s.Database.Servers)
			}
		})
	}
}

// status is an instance manager's answer.
func status(body string, err error) cnpg.Get {
	return func(context.Context, string, string) ([]byte, error) { return []byte(body), err }
}
