package manifest

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

// The folder of the archive is the cluster's name unless another is stated, by either method.
func TestServerName(t *testing.T) {
	for _, tt := range []struct{ method, stated, want string }{
		{v1alpha1.BackupPlugin, "", ""},
		{v1alpha1.BackupPlugin, "second", "second"},
		{v1alpha1.BackupInTree, "", ""},
		{v1alpha1.BackupInTree, "second", "second"},
	} {
		t.Run(tt.method+" "+tt.stated, func(t *testing.T) {
			s := &v1alpha1.Stack{}
			s.Spec.Database.Backup = v1alpha1.Backup{Method: tt.method, DestinationPath: "s3://b/", ServerName: tt.stated}
			stackfile.Default(s)
			groups, err := Groups(s, keaconf.Addresses{Peers: []string{"10.0.0.1", "10.0.0.2"}, Identifiers: []string{"", ""}})
			if err != nil {
				t.Fatal(err)
			}
			got := "no cluster"
			for _, g := range groups {
				for _, o := range g.Objects {
					u, ok := o.Object.(*unstructured.Unstructured)
					if !ok || u.GetKind() != "Cluster" {
						continue
					}
					got, _, _ = unstructured.NestedString(u.Object, "spec", "backup", "barmanObjectStore", "serverName")
					if plugins, _, _ := unstructured.NestedSlice(u.Object, "spec", "plugins"); len(plugins) == 1 {
						plugin, _ := plugins[0].(map[string]any)
						got, _, _ = unstructured.NestedString(plugin, "parameters", "serverName")
					}
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
