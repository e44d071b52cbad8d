package backup

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

const (
	// lookTime is how often a backup is looked at; a small one takes seconds.
	lookTime = 500 * time.Millisecond
	// looksLost is how many looks in a row may fail before somebody is told: an API server may restart meanwhile.
	looksLost = 20
)

// Wait waits until a backup has ended, well or badly, and says what it is at. The backup goes on when the context ends.
// Errors: the context's, the reader's. Permission: get backups (postgresql.cnpg.io).
func Wait(ctx context.Context, r client.Reader, namespace, name string, note func(string)) (*cnpgv1.Backup, error) {
	ticker := time.NewTicker(lookTime)
	defer ticker.Stop()
	lost := 0
	for {
		b := &cnpgv1.Backup{}
		err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, b)
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("wait for backup %s, which goes on: %w", name, context.Cause(ctx))
		case err != nil:
			if lost++; lost == looksLost || client.IgnoreNotFound(err) == nil || kube.IsForbidden(err) {
				return nil, fmt.Errorf("wait for backup %s: %w", name, err)
			}
		default:
			lost = 0
			state := cnpg.BackupOf(b)
			if state.Done() {
				b.SetGroupVersionKind(cnpgv1.SchemeGroupVersion.WithKind(cnpgv1.BackupKind))
				return b, nil
			}
			note(doing(state))
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// doing says what a backup is at.
func doing(b cnpg.Backup) string {
	switch b.Phase {
	case cnpgv1.BackupPhasePending:
		return "pending: the operator has not begun, or does another one first"
	case cnpgv1.BackupPhaseWalArchivingFailing:
		return "it waits for the write-ahead log, which is not being archived"
	}
	if b.Instance != "" {
		return b.Phase + " on " + b.Instance
	}
	return b.Phase
}
