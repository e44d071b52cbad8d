package manifest

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

var update = flag.Bool("update", false, "rewrite the objects in testdata")

func cases() []string {
	return []string{"hot-standby-2.6", "load-balancing-3.0", "memfile-2.6", "host-network-single", "multus"}
}

// forEach runs a test with every stack in testdata.
func forEach(t *testing.T, test func(t *testing.T, s *v1alpha1.Stack, objects []Object)) {
	t.Helper()
	for _, name := range cases() {
		t.Run(name, func(t *testing.T) {
			s := stackOf(t, name)
			objects := []Object{}
			for _, g := range groupsOf(t, s) {
				objects = append(objects, g.Objects...)
			}
			test(t, s, objects)
		})
	}
}

func stackOf(t *testing.T, name string) *v1alpha1.Stack {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name, "stack.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &v1alpha1.Stack{}
	if err := yaml.UnmarshalStrict(text, s); err != nil {
		t.Fatal(err)
	}
	stackfile.Default(s)
	return s
}

func groupsOf(t *testing.T, s *v1alpha1.Stack) []Group {
	t.Helper()
	a := keaconf.Addresses{Peers: []string{"10.96.50.10", "10.96.50.11"}, Identifiers: []string{"192.0.2.10", "192.0.2.11"}}
	groups, err := Groups(s, a)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func fields(o Object) *unstructured.Unstructured { return o.Object.(*unstructured.Unstructured) }

// TestGroups compares all objects with a file. The content of ConfigMaps is keaconf's and the scripts', which have their own
// tests; here are its keys.
func TestGroups(t *testing.T) {
	for _, name := range cases() {
		t.Run(name, func(t *testing.T) {
			var text bytes.Buffer
			for _, g := range groupsOf(t, stackOf(t, name)) {
				text.WriteString("# " + g.Name + "\n")
				for _, o := range g.Objects {
					text.WriteString("---\n")
					if o.Once {
						text.WriteString("# once\n")
					}
					out, err := yaml.Marshal(withoutContent(fields(o)).Object)
					if err != nil {
						t.Fatal(err)
					}
					text.Write(out)
				}
			}
			file := filepath.Join("testdata", name, "objects.yaml")
			if *update {
				if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), text.String()); diff != "" {
				t.Errorf("%s (-want +got; -update rewrites):\n%s", file, diff)
			}
		})
	}
}

func withoutContent(o *unstructured.Unstructured) *unstructured.Unstructured {
	o = o.DeepCopy()
	if o.GetKind() == "ConfigMap" {
		data, _, _ := unstructured.NestedMap(o.Object, "data")
		for key := range data {
			data[key] = "(content)"
		}
		o.Object["data"] = data
	}
	return o
}

// TestGroupsOrder: what others need comes first.
func TestGroupsOrder(t *testing.T) {
	all := []string{"access", "credentials", "services", "database", "configuration", "servers"}
	for name, want := range map[string][]string{
		"hot-standby-2.6": all, "multus": all, "memfile-2.6": {"access", "services", "configuration", "servers"},
	} {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for _, g := range groupsOf(t, stackOf(t, name)) {
				got = append(got, g.Name)
				if len(g.Objects) == 0 {
					t.Errorf("group %s is empty", g.Name)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestGroupsAreTheSameTwice: a second install changes nothing only if nothing here depends on a map's order.
func TestGroupsAreTheSameTwice(t *testing.T) {
	s := stackOf(t, "hot-standby-2.6")
	if diff := cmp.Diff(groupsOf(t, s), groupsOf(t, s)); diff != "" {
		t.Error(diff)
	}
}
