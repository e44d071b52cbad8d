package restore

import (
	"context"
	"errors"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// subjectOf finds the database that a restored cluster, or a former one, belongs to. In a namespace with several databases
// that is the one that it was restored from, or gave its place to. name is "" for the only one.
// Errors: as backup.Find's.
func subjectOf(ctx context.Context, r client.Reader, namespace, name string) (backup.Subject, error) {
	subject, err := backup.Find(ctx, r, namespace, "")
	var choice *backup.ChoiceError
	if name == "" || !errors.As(err, &choice) {
		return subject, err
	}
	for _, current := range choice.Clusters {
		one, failed := backup.Find(ctx, r, namespace, current)
		if failed == nil && one.Database.Service != nil && belongs(one.In, one.Database, name) {
			return one, nil
		}
	}
	return subject, err
}

// belongs reports whether a cluster is a database's: current, former, restored from one of those, or on its way there.
func belongs(in *inventory.Inventory, d inventory.Database, name string) bool {
	family := []string{d.Cluster.Name}
	if lineage, err := cnpg.Lineage(d.Cluster); err == nil {
		for _, a := range lineage {
			family = append(family, a.Cluster)
		}
	}
	if move, err := moveOf(d.Service); err == nil && move != nil {
		family = append(family, move.From, move.To)
	}
	if slices.Contains(family, name) {
		return true
	}
	for i := range in.Clusters {
		c := &in.Clusters[i]
		if c.Name != name {
			continue
		}
		record, made, err := RecordOf(c)
		return err == nil && made && slices.Contains(family, record.Source) || slices.Contains(family, c.Annotations[marks.AnnotationSuperseded])
	}
	return false
}
