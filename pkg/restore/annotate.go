package restore

import (
	"context"
	"fmt"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// annotate changes annotations of a cluster.
func annotate(ctx context.Context, c client.Client, namespace, name string, values map[string]string) error {
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if err := kube.Annotate(ctx, c, cluster, values); err != nil {
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
