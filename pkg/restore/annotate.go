package restore

import (
	"context"
	"encoding/json"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// setAnnotations changes annotations of an object as it is now; an empty value removes one. Only those are written: others
// write to the same objects all the time.
func setAnnotations(ctx context.Context, c client.Client, object client.Object, values map[string]string) error {
	patch := map[string]any{}
	for key, value := range values {
		if patch[key] = value; value == "" {
			patch[key] = nil
		}
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": patch}})
	if err != nil {
		return err
	}
	return c.Patch(ctx, object, client.RawPatch(types.MergePatchType, body))
}

// annotate changes annotations of a cluster.
func annotate(ctx context.Context, c client.Client, namespace, name string, values map[string]string) error {
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := setAnnotations(ctx, c, cluster, values); err != nil {
		return fmt.Errorf("annotate cluster %s: %w", name, err)
	}
	return nil
}

// fence has the operator stop PostgreSQL in every instance of a cluster.
func fence(ctx context.Context, c client.Client, namespace, name string) error {
	return annotate(ctx, c, namespace, name, map[string]string{cnpg.AnnotationFenced: `["*"]`})
}

// unfence has it start again.
func unfence(ctx context.Context, c client.Client, namespace, name string) error {
	return annotate(ctx, c, namespace, name, map[string]string{cnpg.AnnotationFenced: ""})
}
