package backup

import (
	"context"
	"errors"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Description is all about one backup.
type Description struct {
	Time      time.Time `json:"time"`
	Namespace string    `json:"namespace"`
	Listed    `json:",inline"`
	// Current is the cluster that is in service now, which need not be the one that the backup was taken of.
	Current     string       `json:"currentCluster"`
	Archive     cnpg.Archive `json:"archive"`
	Destination string       `json:"destination,omitempty"`
	// Unread says what could not be read; the rest still holds.
	Unread []problem.Unread `json:"unread"`
}

// ErrNoBackup: there is no backup of the name asked for.
var ErrNoBackup = errors.New("no such backup")

// Describe tells all about a backup of the subject's namespace. Errors: ErrNoBackup, the reader's.
// Permission: what GatherWindow needs, get backups (postgresql.cnpg.io), and get pods/log for why one failed.
func Describe(ctx context.Context, r client.Reader, get cnpg.Get, logs Logs, s Subject, name string, now time.Time) (Description, error) {
	b := &cnpgv1.Backup{}
	if err := r.Get(ctx, client.ObjectKey{Namespace: s.Cluster.Namespace, Name: name}, b); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return Description{}, fmt.Errorf("%w %s in namespace %s", ErrNoBackup, name, s.Cluster.Namespace)
		}
		return Description{}, fmt.Errorf("read backup %s: %w", name, err)
	}
	unread := &gathered{list: []problem.Unread{}}
	f := gather(ctx, r, get, s, unread)
	if err := context.Cause(ctx); err != nil {
		return Description{}, err
	}
	d := f.describe(b, now)
	if d.Failed() {
		why := Why(ctx, logs, s.Cluster, b)
		d.Failure = &why
	}
	d.Unread = unread.sorted()
	return d, nil
}

// describe works it out. Pure.
func (f *facts) describe(b *cnpgv1.Backup, now time.Time) Description {
	window := f.window()
	d := Description{
		Time: now, Namespace: b.Namespace, Listed: listed(cnpg.BackupOf(b), covered(window), f.cluster), Current: f.cluster.Name,
	}
	for _, span := range window.Spans {
		if span.Cluster == d.Cluster {
			d.Archive = span.Archive
			d.Destination = f.archived(span.Cluster, span.Archive).Destination
		}
	}
	return d
}
