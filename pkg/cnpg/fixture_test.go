package cnpg

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// The folders in testdata are captures of CNPG 1.30.0 on Kubernetes 1.36, one moment of one deployment each.

// objects reads every document of a fixture as T.
func objects[T any](t *testing.T, path ...string) []T {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"testdata"}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	list := []T{}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		var object T
		err := decoder.Decode(&object)
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatalf("%v: %v", path, err)
		}
		list = append(list, object)
	}
}

func clusterFixture(t *testing.T, scenario string) *cnpgv1.Cluster {
	t.Helper()
	return &objects[cnpgv1.Cluster](t, scenario, "cluster.yaml")[0]
}

func podsFixture(t *testing.T, scenario string) []corev1.Pod {
	t.Helper()
	return objects[corev1.Pod](t, scenario, "pods.yaml")
}

// reader is a fake API server with every object of the given fixtures.
func reader(t *testing.T, paths ...string) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, cnpgv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	store := ObjectStoreKind()
	scheme.AddKnownTypeWithName(store, &unstructured.Unstructured{})
	scheme.AddKnownTypeWithName(store.GroupVersion().WithKind("ObjectStoreList"), &unstructured.UnstructuredList{})
	builder := fake.NewClientBuilder().WithScheme(scheme)
	for _, path := range paths {
		for _, object := range objects[unstructured.Unstructured](t, path) {
			builder = builder.WithObjects(&object)
		}
	}
	return builder.Build()
}
