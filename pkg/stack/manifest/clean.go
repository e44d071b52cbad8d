package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// clean turns typed objects into plain fields that say only what is meant. Server-side apply makes its caller the owner of
// every field that is sent, and a typed object sends an empty status and empty structs too.
func clean(objects []Object) error {
	for i, o := range objects {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o.Object)
		if err != nil {
			return fmt.Errorf("convert %s: %w", o.GetName(), err)
		}
		delete(fields, "status")
		prune(fields)
		objects[i].Object = &unstructured.Unstructured{Object: fields}
	}
	return nil
}

// prune removes nulls, and the structs that Go writes although they are empty. An emptyDir or a selector for everything is
// empty on purpose.
func prune(fields map[string]any) {
	for key, value := range fields {
		switch v := value.(type) {
		case nil:
			delete(fields, key)
		case map[string]any:
			prune(v)
			if len(v) == 0 && hollow(key) {
				delete(fields, key)
			}
		case []any:
			for _, element := range v {
				if m, ok := element.(map[string]any); ok {
					prune(m)
				}
			}
		}
	}
}

// hollow are the fields that are structs in Go and say nothing when they are empty.
func hollow(key string) bool {
	switch key {
	case "resources", "metadata", "affinity", "status", "strategy", "storage", "postgresql":
		return true
	}
	return false
}
