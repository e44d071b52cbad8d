package backup

import (
	"context"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/rand"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// ComponentVerification is what marks.LabelComponent says of all that a verification makes.
const ComponentVerification = "verification"

// Verification is a backup that can be verified, and what stands against it.
type Verification struct {
	Namespace string       `json:"namespace"`
	Source    string       `json:"source"` // the cluster that is in service
	Backup    cnpg.Backup  `json:"backup"`
	Archive   cnpg.Archive `json:"archive"`
	// Name is the throw-away cluster's, and that of the Job that it ends with.
	Name     string                     `json:"name"`
	Manifest *unstructured.Unstructured `json:"manifest,omitempty"`
	Problems []problem.Problem          `json:"problems"`

	Subject Subject `json:"-"`
	cluster *cnpgv1.Cluster
}

// Blocked reports whether something stands against the verification.
func (v *Verification) Blocked() bool { return problem.Worst(v.Problems) == problem.Critical }

// VerifyPermissions are those that a verification needs beside those to find the database.
func VerifyPermissions(namespace string) []kube.Permission {
	core := func(verb, resource string) kube.Permission {
		return kube.Permission{Verb: verb, Resource: resource, Namespace: namespace}
	}
	jobs := func(verb string) kube.Permission {
		return kube.Permission{Verb: verb, Group: "batch", Resource: "jobs", Namespace: namespace}
	}
	return []kube.Permission{
		of("list", "backups", namespace), of("patch", "backups", namespace),
		of("create", "clusters", namespace), of("watch", "clusters", namespace), of("delete", "clusters", namespace),
		jobs("create"), jobs("patch"), jobs("delete"),
		core("watch", "pods"), core("get", "pods/log"), core("create", "pods/portforward"), core("get", "secrets"),
	}
}

// PlanVerification works out how a backup is verified; name "" is the newest that succeeded. What stands against it is in
// its problems, all of it at once.
// Errors: ErrNoBackup, the client's. Permission: what Find and GatherWindow need.
func PlanVerification(ctx context.Context, c client.Client, s Subject, name string) (Verification, error) {
	v := Verification{Namespace: s.Cluster.Namespace, Source: s.Cluster.Name, Name: "kea-verify-" + rand.String(5), Subject: s}
	window, err := GatherWindow(ctx, c, nil, s)
	if err != nil {
		return v, err
	}
	for _, u := range window.Unread {
		if u.Source == "backups" {
			return v, fmt.Errorf("list backups in namespace %s: %w", v.Namespace, u.Err)
		}
	}
	if !v.choose(window, name) {
		if err := v.unusable(ctx, c, name); err != nil {
			return v, err
		}
	} else if err := v.manifest(); err != nil {
		v.Problems = append(v.Problems, problem.NewCritical("no-manifest", "cluster "+v.Source, err.Error(), ""))
	}
	denied, err := permitted(ctx, c, v.Namespace, VerifyPermissions(v.Namespace))
	v.Problems = append(v.Problems, denied...)
	problem.Sort(v.Problems)
	return v, err
}

// choose takes a backup that succeeded, and the archive that it lies in. Pure.
func (v *Verification) choose(w Window, name string) bool {
	var newest time.Time
	found := false
	for _, span := range w.Spans {
		for _, b := range span.Backups {
			ended := b.Created
			if b.Stopped != nil {
				ended = *b.Stopped
			}
			if b.Name == name || name == "" && ended.After(newest) {
				newest, found = ended, true
				v.Backup, v.Archive = b, span.Archive
			}
		}
	}
	return found
}

// unusable says why a backup cannot be verified that is not among those to restore from.
func (v *Verification) unusable(ctx context.Context, c client.Client, name string) error {
	list := "kubectl kea backup list -n " + v.Namespace
	if name == "" {
		v.Problems = append(v.Problems, problem.NewCritical("no-backup", "cluster "+v.Source, "there is no backup that succeeded", "kubectl kea backup --wait -n "+v.Namespace))
		return nil
	}
	b := &cnpgv1.Backup{}
	if err := c.Get(ctx, client.ObjectKey{Namespace: v.Namespace, Name: name}, b); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return fmt.Errorf("%w %s in namespace %s", ErrNoBackup, name, v.Namespace)
		}
		return fmt.Errorf("read backup %s: %w", name, err)
	}
	v.Backup = cnpg.BackupOf(b)
	text := fmt.Sprintf("it is of cluster %s, which is none that this database lived in", b.Spec.Cluster.Name)
	if !v.Backup.Succeeded() {
		text = "it did not succeed: its phase is " + v.Backup.Phase
	}
	v.Problems = append(v.Problems, problem.NewCritical("unusable-backup", "backup "+name, text, list))
	return nil
}

// manifest is the throw-away cluster.
func (v *Verification) manifest() error {
	if v.Backup.ServerName != "" {
		v.Archive.ServerName = v.Backup.ServerName
	}
	recovery := cnpg.Recovery{
		Name: v.Name, From: v.Archive, Target: cnpg.RecoveryTarget{BackupID: v.Backup.ID, Immediate: true}, Throwaway: true,
		Labels: map[string]string{marks.LabelComponent: ComponentVerification},
	}
	if v.Backup.ID == "" {
		return fmt.Errorf("backup %s has no identity in the archive", v.Backup.Name)
	}
	var err error
	v.cluster, v.Manifest, err = recovery.Cluster(v.Subject.Raw)
	return err
}

// DryRun has the API server check the throw-away cluster. Permission: create clusters (postgresql.cnpg.io).
func DryRun(ctx context.Context, c client.Client, v *Verification) error {
	if err := c.Create(ctx, v.Manifest.DeepCopy(), client.DryRunAll); err != nil {
		return fmt.Errorf("create cluster %s: %w", v.Name, err)
	}
	return nil
}
