package restore

import (
	"context"
	"fmt"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// keepBackingUp has the backups go on in the cluster that is in service now: each schedule of the other gets a copy, which
// begins with a backup, and is suspended. A schedule that an earlier move suspended is resumed.
func (m *move) keepBackingUp(ctx context.Context, _ func(string)) (string, error) {
	if cnpg.ArchiveOf(m.p.to).Method == cnpg.MethodNone {
		return "none: the cluster has no archive", nil
	}
	var all cnpgv1.ScheduledBackupList
	if err := m.Client.List(ctx, &all, client.InNamespace(m.p.Namespace)); err != nil {
		return "", fmt.Errorf("list scheduled backups: %w", err)
	}
	names := []string{}
	own := false
	for i := range all.Items {
		s := &all.Items[i]
		if s.Spec.Cluster.Name != m.p.To {
			continue
		}
		own = true
		names = append(names, s.Name)
		if s.Annotations[marks.AnnotationSuperseded] != "" {
			if err := m.suspend(ctx, s, false); err != nil {
				return "", err
			}
		}
	}
	for i := range all.Items {
		s := &all.Items[i]
		if s.Spec.Cluster.Name != m.p.From || s.Spec.Suspend != nil && *s.Spec.Suspend {
			continue
		}
		if !own {
			name, err := m.copySchedule(ctx, s)
			if err != nil {
				return "", err
			}
			names = append(names, name)
		}
		if err := m.suspend(ctx, s, true); err != nil {
			return "", err
		}
	}
	if len(names) > 0 {
		m.backups = strings.Join(names, ", ")
		return "schedule " + m.backups, nil
	}
	name, err := m.backUp(ctx)
	m.backups = name
	return "no schedule; backup " + name + " begun", err
}

// suspend suspends a schedule on account of the move, or resumes it.
func (m *move) suspend(ctx context.Context, s *cnpgv1.ScheduledBackup, suspended bool) error {
	before := s.DeepCopy()
	s.Spec.Suspend = &suspended
	if s.Annotations == nil {
		s.Annotations = map[string]string{}
	}
	if delete(s.Annotations, marks.AnnotationSuperseded); suspended {
		s.Annotations[marks.AnnotationSuperseded] = m.p.To
	}
	if err := m.Client.Patch(ctx, s, client.MergeFrom(before)); err != nil {
		return fmt.Errorf("change scheduled backup %s: %w", s.Name, err)
	}
	return nil
}

// copySchedule makes the same schedule for the new cluster. Its first backup is made at once.
func (m *move) copySchedule(ctx context.Context, s *cnpgv1.ScheduledBackup) (string, error) {
	immediate := true
	name := m.p.To
	if rest, ok := strings.CutPrefix(s.Name, m.p.From); ok {
		name += rest
	} else {
		name += "-" + s.Name
	}
	copied := &cnpgv1.ScheduledBackup{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name, Labels: s.Labels},
		Spec:       *s.Spec.DeepCopy(),
	}
	copied.Spec.Cluster.Name, copied.Spec.Immediate = m.p.To, &immediate
	err := m.Client.Create(ctx, copied)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return "", fmt.Errorf("create scheduled backup %s: %w", name, err)
	}
	return name, nil
}

// backUp begins one backup.
func (m *move) backUp(ctx context.Context) (string, error) {
	b := backup.Manifest(backup.Subject{Cluster: m.p.to, Deployment: m.p.Deployment}, backup.Request{Name: m.p.To + "-first"}, m.Now())
	err := m.Client.Create(ctx, b)
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return "", fmt.Errorf("create backup %s: %w", b.Name, err)
	}
	return b.Name, nil
}
