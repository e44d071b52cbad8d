package restore

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// CleanupPlan is what the removal of a cluster does.
type CleanupPlan struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	Name       string `json:"name"`
	Restored   `json:"cluster"`
	// Kept are Secrets that belong to the cluster and that another one still needs: they are made nobody's before.
	Kept []KeptSecret `json:"keptSecrets"`
	// Schedules of the cluster that are deleted with it: those that a cutover suspended or made.
	Schedules []string `json:"schedules"`
	// Unmade are Backup objects of the cluster that have not ended, and never will without it. They are deleted too.
	Unmade []string `json:"unmadeBackups"`
	// Archive stays: times before the cutover are restored from it.
	Archive  cnpg.Archive      `json:"archive"`
	Problems []problem.Problem `json:"problems"`
}

// KeptSecret is a Secret that outlives its cluster.
type KeptSecret struct {
	Name string   `json:"name"`
	For  []string `json:"for"` // clusters that name it
}

// Blocked reports whether something stands against the removal.
func (p *CleanupPlan) Blocked() bool { return blocked(p.Problems) }

// PlanCleanup works out the removal of a cluster that is not in service. Nothing is changed.
// Errors: *NoRestoreError, the client's. Permission: list clusters, scheduledbackups, services and secrets.
func PlanCleanup(ctx context.Context, src Source, namespace, name string) (CleanupPlan, error) {
	p := CleanupPlan{Namespace: namespace, Name: name, Kept: []KeptSecret{}, Schedules: []string{}, Unmade: []string{}, Problems: []problem.Problem{}}
	all, err := List(ctx, src.Client, namespace, src.Now())
	if err != nil {
		return p, err
	}
	clusters, err := cnpg.ListClusters(ctx, src.Client, namespace)
	if err != nil {
		return p, err
	}
	j := slices.IndexFunc(clusters, func(c cnpgv1.Cluster) bool { return c.Name == name })
	if j < 0 {
		return p, noCluster(name)
	}
	i := slices.IndexFunc(all, func(r Restored) bool { return r.Name == name })
	if i < 0 {
		return p, &NoRestoreError{Cluster: name, Why: "no restore made it or took its place: it is not this command's to remove"}
	}
	p.Restored = all[i]
	p.Archive = cnpg.ArchiveOf(&clusters[j])
	p.Deployment = clusters[j].Labels[marks.LabelDeployment]
	if p.Deployment == "" {
		p.Deployment = name
	}
	p.check(clusters)
	if err := p.findSecrets(ctx, src.Client, clusters); err != nil {
		return p, err
	}
	if err := p.findBackups(ctx, src.Client); err != nil {
		return p, err
	}
	return p, p.findSchedules(ctx, src.Client)
}

// findBackups finds the backups that go with the cluster, and says when the one that took its place has none yet: until then
// the one to be removed is the only copy.
func (p *CleanupPlan) findBackups(ctx context.Context, r client.Reader) error {
	all, err := cnpg.ListBackups(ctx, r, p.Namespace)
	if err != nil {
		return fmt.Errorf("list backups: %w", err)
	}
	for _, b := range all {
		if b.Cluster == p.Name && !b.Done() {
			p.Unmade = append(p.Unmade, b.Name)
		}
	}
	if p.SupersededBy != "" && !slices.ContainsFunc(all, func(b cnpg.Backup) bool { return b.Cluster == p.SupersededBy && b.Succeeded() }) {
		p.Problems = append(p.Problems, problem.Problem{
			Severity: problem.Warning, Code: "no-backup-yet", Subject: "cluster " + p.SupersededBy,
			Text: "it took the place, and has no finished backup of its own yet: until it has one, this is the only second copy",
			Next: "kubectl kea backup --wait -n " + p.Namespace,
		})
	}
	return nil
}

// check says what stands against the removal.
func (p *CleanupPlan) check(clusters []cnpgv1.Cluster) {
	subject := "cluster " + p.Name
	switch {
	case p.Current:
		p.Problems = append(p.Problems, problem.NewCritical("in-service", subject, "it is in service: the servers keep their leases in it",
			"kubectl kea restore list -n "+p.Namespace+" says whether there is one to go back to"))
	case p.Unfinished != nil:
		p.Problems = append(p.Problems, problem.NewCritical("unfinished", subject,
			fmt.Sprintf("the %s from %s to %s is not finished", p.Unfinished.Direction, p.Unfinished.From, p.Unfinished.To), p.Next))
	}
	for i := range clusters {
		c := &clusters[i]
		if c.Name == p.Name {
			continue
		}
		record, made, err := RecordOf(c)
		if err == nil && made && record.Phase == Recovering && record.Source == p.Name {
			p.Problems = append(p.Problems, problem.NewCritical("being-restored", subject, "cluster "+c.Name+" is being restored from it", "wait until it is done"))
		}
	}
	if p.SupersededBy != "" {
		p.Problems = append(p.Problems, problem.Problem{
			Severity: problem.Warning, Code: "no-way-back", Subject: subject, Text: "afterwards there is no going back to it from " + p.SupersededBy,
		})
	}
}

// findSecrets finds the Secrets that would go with the cluster although another one names them: the authority that a
// cutover kept is the usual one.
func (p *CleanupPlan) findSecrets(ctx context.Context, r client.Reader, clusters []cnpgv1.Cluster) error {
	var secrets corev1.SecretList
	if err := r.List(ctx, &secrets, client.InNamespace(p.Namespace)); err != nil {
		return fmt.Errorf("list secrets in namespace %s: %w", p.Namespace, err)
	}
	for i := range secrets.Items {
		s := &secrets.Items[i]
		if !owned(s.OwnerReferences, p.Name) {
			continue
		}
		kept := KeptSecret{Name: s.Name}
		for k := range clusters {
			if c := &clusters[k]; c.Name != p.Name && slices.Contains(namedSecrets(c), s.Name) {
				kept.For = append(kept.For, c.Name)
			}
		}
		if len(kept.For) == 0 {
			continue
		}
		p.Kept = append(p.Kept, kept)
		if end, ok := validUntil(s); ok {
			p.Problems = append(p.Problems, problem.Problem{
				Severity: problem.Warning, Code: "authority-kept", Subject: "secret " + s.Name,
				Text: fmt.Sprintf("it is the authority of %s's certificates, valid until %s; with cluster %s goes who renews it", strings.Join(kept.For, ", "), end.UTC().Format(time.DateOnly), p.Name),
				Next: "before that day, give the clusters an authority of your own (spec.certificates.serverCASecret)",
			})
		}
	}
	return nil
}

// validUntil is when an authority's certificate ends; false for a Secret that holds none.
func validUntil(s *corev1.Secret) (time.Time, bool) {
	block, _ := pem.Decode(s.Data["ca.crt"])
	if block == nil || len(s.Data["ca.key"]) == 0 {
		return time.Time{}, false
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, false
	}
	return certificate.NotAfter, true
}

// owned reports whether a cluster owns an object.
func owned(owners []metav1.OwnerReference, cluster string) bool {
	return slices.ContainsFunc(owners, func(o metav1.OwnerReference) bool {
		return o.Kind == "Cluster" && strings.HasPrefix(o.APIVersion, "postgresql.cnpg.io/") && o.Name == cluster
	})
}

// namedSecrets are the Secrets that a cluster names.
func namedSecrets(c *cnpgv1.Cluster) []string {
	names := []string{cnpg.ConnectionSecret(c)}
	if s := c.Spec.SuperuserSecret; s != nil {
		names = append(names, s.Name)
	}
	if cert := c.Spec.Certificates; cert != nil {
		names = append(names, cert.ServerCASecret, cert.ServerTLSSecret, cert.ClientCASecret, cert.ReplicationTLSSecret)
	}
	if m := c.Spec.Managed; m != nil {
		for _, role := range m.Roles {
			if role.PasswordSecret != nil {
				names = append(names, role.PasswordSecret.Name)
			}
		}
	}
	return names
}

// findSchedules finds the schedules that a cutover suspended or made for the cluster. Others are left alone.
func (p *CleanupPlan) findSchedules(ctx context.Context, r client.Reader) error {
	var all cnpgv1.ScheduledBackupList
	if err := r.List(ctx, &all, client.InNamespace(p.Namespace)); err != nil {
		return fmt.Errorf("list scheduled backups: %w", err)
	}
	for _, s := range all.Items {
		if s.Spec.Cluster.Name == p.Name && s.Annotations[marks.AnnotationSuperseded] != "" {
			p.Schedules = append(p.Schedules, s.Name)
		}
	}
	return nil
}

// Cleanup removes a cluster as a plan says. Its archive and the objects of backups that were made stay.
// Errors: *operation.StepError, *operation.HeldError.
func Cleanup(ctx context.Context, src Source, p CleanupPlan, lock operation.Options, progress operation.Progress) error {
	lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
	steps := []operation.Step{}
	if len(p.Kept) > 0 {
		steps = append(steps, operation.Step{Name: "keep the Secrets that others need", Do: func(ctx context.Context, _ func(string)) (string, error) {
			return keepSecrets(ctx, src.Client, p)
		}})
	}
	if len(p.Schedules) > 0 {
		steps = append(steps, operation.Step{Name: "delete its schedules", Do: func(ctx context.Context, _ func(string)) (string, error) {
			return deleteEach(ctx, src.Client, p.Namespace, p.Schedules, func() client.Object { return &cnpgv1.ScheduledBackup{} })
		}})
	}
	if len(p.Unmade) > 0 {
		steps = append(steps, operation.Step{Name: "delete its backups that were never made", Do: func(ctx context.Context, _ func(string)) (string, error) {
			return deleteEach(ctx, src.Client, p.Namespace, p.Unmade, func() client.Object { return &cnpgv1.Backup{} })
		}})
	}
	steps = append(steps, operation.Step{Name: "delete cluster " + p.Name, Do: func(ctx context.Context, note func(string)) (string, error) {
		note("waiting until its pods are gone")
		ctx, cancel := context.WithTimeout(ctx, removeTime)
		defer cancel()
		return "", removeCluster(ctx, src.Client, client.ObjectKey{Namespace: p.Namespace, Name: p.Name})
	}})
	return operation.Locked(ctx, src.Client, lock, steps, progress)
}

// keepSecrets takes the cluster off the owners of Secrets: the garbage collector would take them with it.
func keepSecrets(ctx context.Context, c client.Client, p CleanupPlan) (string, error) {
	names := []string{}
	for _, kept := range p.Kept {
		var s corev1.Secret
		if err := c.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: kept.Name}, &s); err != nil {
			return "", fmt.Errorf("read secret %s: %w", kept.Name, err)
		}
		before := s.DeepCopy()
		s.OwnerReferences = slices.DeleteFunc(s.OwnerReferences, func(o metav1.OwnerReference) bool {
			return owned([]metav1.OwnerReference{o}, p.Name)
		})
		if err := c.Patch(ctx, &s, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
			return "", fmt.Errorf("take cluster %s off the owners of secret %s: %w", p.Name, kept.Name, err)
		}
		names = append(names, kept.Name)
	}
	return strings.Join(names, ", "), nil
}

// deleteEach deletes objects by name; those that are gone are no error.
func deleteEach(ctx context.Context, c client.Client, namespace string, names []string, object func() client.Object) (string, error) {
	for _, name := range names {
		o := object()
		o.SetNamespace(namespace)
		o.SetName(name)
		if err := c.Delete(ctx, o); client.IgnoreNotFound(err) != nil {
			return "", fmt.Errorf("delete %s: %w", name, err)
		}
	}
	return strings.Join(names, ", "), nil
}
