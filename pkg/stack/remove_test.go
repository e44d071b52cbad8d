package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// backup is one that a schedule made: CNPG gives it none of our labels.
func backup(name, cluster string) *cnpgv1.Backup {
	return &cnpgv1.Backup{
		ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: map[string]string{"cnpg.io/cluster": cluster}},
		Spec:       cnpgv1.BackupSpec{Cluster: cnpgv1.LocalObjectReference{Name: cluster}},
	}
}

// installed is the office's stack with backups, those of another cluster, and what controllers made.
func installed(t *testing.T) *cluster {
	t.Helper()
	ours := map[string]string{marks.LabelDeployment: "kea-dhcp", "app.kubernetes.io/managed-by": marks.FieldManager}
	owner := []metav1.OwnerReference{{APIVersion: "postgresql.cnpg.io/v1", Kind: "Cluster", Name: "kea-database", UID: "1", Controller: new(true)}}
	f := newCluster(t, secret("backup-creds", "ACCESS_KEY_ID", "ACCESS_SECRET_KEY"),
		backup("kea-database-1", "kea-database"), backup("kea-database-2", "kea-database"), backup("shop-1", "shop"),
		&corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database-1", Labels: ours, OwnerReferences: owner}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database-server", Labels: ours, OwnerReferences: owner}},
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "other-config", Labels: map[string]string{marks.LabelDeployment: "other"}}},
	)
	f.install(t, with(backedUp))
	f.written()
	return f
}

const (
	keptDatabase = ": unless --delete database"
	keptBackups  = ": unless --delete backups"
)

// serversGone are those that an uninstall always deletes, in that order.
func serversGone() []string {
	return []string{
		"StatefulSet kea-dhcp", "CronJob kea-dhcp-maintenance", "ConfigMap kea-dhcp-config", "ConfigMap kea-dhcp-scripts", "NetworkPolicy kea-dhcp",
		"PodDisruptionBudget kea-dhcp", "Role kea-dhcp-admin", "Role kea-dhcp-operator", "Role kea-dhcp-viewer",
		"Service kea-dhcp", "Service kea-dhcp-0", "Service kea-dhcp-0-dhcp", "Service kea-dhcp-1", "Service kea-dhcp-1-dhcp", "ServiceAccount kea-dhcp",
	}
}

// databaseGone are those that go with --delete database.
func databaseGone() []string {
	return []string{
		"ScheduledBackup kea-database", "Cluster kea-database", "Service kea-database",
		"Secret kea-db-ca", "Secret kea-db-credentials", "Secret kea-db-viewer",
	}
}

func (f *cluster) removal(t *testing.T, parts ...Part) Removal {
	t.Helper()
	r, err := MakeRemoval(t.Context(), f.source(), "network", "kea-dhcp", parts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (f *cluster) remove(t *testing.T, parts ...Part) *recorder {
	t.Helper()
	var r recorder
	if err := Remove(t.Context(), f.source(), f.removal(t, parts...), lock(), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func keeping(all []string, note string) []string {
	found := []string{}
	for _, one := range all {
		found = append(found, "keep "+one+note)
	}
	return found
}

func TestMakeRemoval(t *testing.T) {
	backupObjects := []string{"Backup kea-database-1", "Backup kea-database-2", "ObjectStore kea-backups"}
	for name, tt := range map[string]struct {
		parts []Part
		want  []string
	}{
		"servers": {nil, append(append(prefixed("delete", serversGone()), keeping(databaseGone(), keptDatabase)...), keeping(backupObjects, keptBackups)...)},
		"database too": {[]Part{PartDatabase}, append(append(prefixed("delete", serversGone()), prefixed("delete", databaseGone())...),
			keeping(backupObjects, keptBackups)...)},
		"all of it": {[]Part{PartDatabase, PartVolumes, PartBackups}, append(append(prefixed("delete", serversGone()), prefixed("delete", databaseGone())...),
			prefixed("delete", backupObjects)...)},
	} {
		t.Run(name, func(t *testing.T) {
			f := installed(t)
			if diff := cmp.Diff(tt.want, done(f.removal(t, tt.parts...).Changes)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{}, f.written()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("another deployment", func(t *testing.T) {
		r, err := MakeRemoval(t.Context(), installed(t).source(), "network", "nobody", nil)
		if err != nil || !r.Empty() || len(r.Changes) > 0 || r.Changes == nil {
			t.Errorf("%+v, %v", r, err)
		}
	})
	t.Run("without CNPG", func(t *testing.T) {
		f := newCluster(t)
		f.install(t, with("  database: {type: memfile}"))
		f.lacks = []string{"Cluster", "ScheduledBackup", "Backup", "ObjectStore"}
		if r := f.removal(t); len(r.Changes) != 14 || r.Empty() {
			t.Errorf("%q", done(r.Changes))
		}
	})
	t.Run("no permission", func(t *testing.T) {
		f := installed(t)
		f.refuses["list Role"] = forbidden("list", "roles.rbac.authorization.k8s.io")
		_, err := MakeRemoval(t.Context(), f.source(), "network", "kea-dhcp", nil)
		if !kube.IsForbidden(err) || !strings.HasPrefix(err.Error(), "list Role: ") {
			t.Errorf("error %v", err)
		}
	})
}

func TestRemove(t *testing.T) {
	f := installed(t)
	r := f.remove(t, PartDatabase, PartVolumes, PartBackups)
	want := []string{"delete the servers", "delete the database", "delete the backups"}
	if diff := cmp.Diff(want, r.started()); diff != "" {
		t.Error(diff)
	}
	wantWrites := prefixed("delete", serversGone())
	wantWrites = append(wantWrites, "patch Backup kea-database-1", "patch Backup kea-database-2")
	wantWrites = append(wantWrites, prefixed("delete", databaseGone())...)
	wantWrites = append(wantWrites, "delete Backup kea-database-1", "delete Backup kea-database-2", "delete ObjectStore kea-backups")
	if diff := cmp.Diff(wantWrites, f.written()); diff != "" {
		t.Error(diff)
	}
	if last := r.lines[len(r.lines)-1]; last != "done 3 deleted" {
		t.Error(last)
	}
	f.noLock(t)
	f.get(t, "other-config", &corev1.ConfigMap{})
	f.get(t, "kea-database-server", &corev1.Secret{})
	f.get(t, "shop-1", &cnpgv1.Backup{})
	if r := f.removal(t); len(r.Changes) != 0 {
		t.Errorf("left: %q", done(r.Changes))
	}
}

// What is kept is found again: an install goes on with it, and a later uninstall finds the backups of a cluster that is
// gone.
func TestRemoveByParts(t *testing.T) {
	f := installed(t)
	before := f.secrets(t)
	f.remove(t)
	r := f.install(t, with(backedUp))
	if !strings.Contains(strings.Join(r.lines, "\n"), "start credentials\ndone 3 kept\n") || !cmp.Equal(before, f.secrets(t)) {
		t.Errorf("%q", r.lines)
	}
	f.remove(t, PartDatabase)
	kept := []string{"Backup kea-database-1", "Backup kea-database-2", "ObjectStore kea-backups"}
	if diff := cmp.Diff(keeping(kept, keptBackups), done(f.removal(t).Changes)); diff != "" {
		t.Error(diff)
	}
	if !f.removal(t).Empty() {
		t.Error("there is something to delete")
	}
	names, err := Deployments(t.Context(), f, "network")
	if diff := cmp.Diff([]string{"kea-dhcp"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	f.remove(t, PartBackups)
	if r := f.removal(t); len(r.Changes) != 0 {
		t.Errorf("left: %q", done(r.Changes))
	}
	f.get(t, "shop-1", &cnpgv1.Backup{})
}

// Killed anywhere and run again, everything goes.
func TestRemoveInterruptedAnywhere(t *testing.T) {
	for _, at := range []string{
		"delete StatefulSet kea-dhcp", "delete ServiceAccount kea-dhcp", "patch Backup kea-database-2", "delete Cluster kea-database", "delete Service kea-database",
		"delete Secret kea-db-viewer", "delete Backup kea-database-1", "delete ObjectStore kea-backups",
	} {
		t.Run(at, func(t *testing.T) {
			f := installed(t)
			killed := errors.New("killed")
			f.before = func(verb, object string) error {
				if verb+" "+object == at {
					return killed
				}
				return nil
			}
			all := []Part{PartDatabase, PartVolumes, PartBackups}
			err := Remove(t.Context(), f.source(), f.removal(t, all...), lock(), &recorder{})
			var failed *operation.StepError
			if !errors.As(err, &failed) || !errors.Is(err, killed) {
				t.Fatal(err)
			}
			f.before = nil
			f.remove(t, all...)
			f.noLock(t)
			if r := f.removal(t); len(r.Changes) != 0 {
				t.Errorf("left: %q", done(r.Changes))
			}
			f.get(t, "shop-1", &cnpgv1.Backup{})
		})
	}
}

// Who may not label backups still may delete the rest.
func TestRemoveWithoutLabels(t *testing.T) {
	f := installed(t)
	f.refuses["patch Backup kea-database-1"] = forbidden("patch", "backups.postgresql.cnpg.io")
	f.refuses["patch Backup kea-database-2"] = apierrors.NewNotFound(cnpgv1.SchemeGroupVersion.WithResource("backups").GroupResource(), "kea-database-2")
	f.remove(t, PartDatabase)
	var failing recorder
	f = installed(t)
	f.refuses["patch Backup kea-database-1"] = errors.New("no answer")
	err := Remove(t.Context(), f.source(), f.removal(t, PartDatabase), lock(), &failing)
	if err == nil || err.Error() != "delete the database: label backup kea-database-1: no answer" {
		t.Errorf("error %v", err)
	}
	f.get(t, "kea-database", &cnpgv1.Cluster{})
}

// An object that was made anew in the meantime is not the one that was shown.
func TestRemoveOnlyWhatWasShown(t *testing.T) {
	f := installed(t)
	preconditions := 0
	counting := checking{f, func(o *client.DeleteOptions) {
		if o.Preconditions != nil && o.Preconditions.UID != nil && *o.PropagationPolicy == metav1.DeletePropagationForeground {
			preconditions++
		}
	}}
	src := f.source()
	src.Client = counting
	r := f.removal(t)
	if err := Remove(t.Context(), src, r, lock(), &recorder{}); err != nil {
		t.Fatal(err)
	}
	if preconditions != len(serversGone()) {
		t.Errorf("%d deletions of %d say what they mean", preconditions, len(serversGone()))
	}
	// Again, with the list of before: all of it is gone, and that is fine.
	if err := Remove(t.Context(), f.source(), r, lock(), &recorder{}); err != nil {
		t.Error(err)
	}
}

type checking struct {
	*cluster
	check func(*client.DeleteOptions)
}

func (c checking) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	all := &client.DeleteOptions{}
	all.ApplyOptions(options)
	if o.GetObjectKind().GroupVersionKind().Kind != "Lease" && o.GetName() != "kea-dhcp-operation" {
		c.check(all)
	}
	return c.cluster.Delete(ctx, o, options...)
}

// What does not go is waited for, and named.
func TestRemoveWaits(t *testing.T) {
	f := installed(t)
	set := &unstructured.Unstructured{}
	set.SetAPIVersion("apps/v1")
	set.SetKind("StatefulSet")
	f.get(t, "kea-dhcp", set)
	set.SetFinalizers([]string{"example.com/stays"})
	if err := f.store.Update(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	err := Remove(ctx, f.source(), f.removal(t), lock(), &recorder{})
	var late *NotReadyError
	if want := "delete the servers: time ran out; last seen: StatefulSet kea-dhcp"; !errors.As(err, &late) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestDeployments(t *testing.T) {
	labelled := func(name, manager string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: "network", Name: fmt.Sprintf("of-%s-%s", name, manager), Labels: map[string]string{marks.LabelDeployment: name, "app.kubernetes.io/managed-by": manager}}
	}
	f := newCluster(t,
		&corev1.ConfigMap{ObjectMeta: labelled("campus", marks.FieldManager)}, &corev1.Service{ObjectMeta: labelled("campus", marks.FieldManager)},
		&corev1.Service{ObjectMeta: labelled("branch", marks.FieldManager)}, &corev1.PersistentVolumeClaim{ObjectMeta: labelled("attic", marks.FieldManager)},
		&corev1.ConfigMap{ObjectMeta: labelled("helms", "Helm")}, &corev1.Secret{ObjectMeta: labelled("secrets", marks.FieldManager)},
	)
	names, err := Deployments(t.Context(), f, "network")
	if diff := cmp.Diff([]string{"attic", "branch", "campus"}, names); diff != "" || err != nil {
		t.Error(diff, err)
	}
	f.lacks = []string{"ObjectStore"}
	if names, err := Deployments(t.Context(), f, "empty"); err != nil || len(names) > 0 || names == nil {
		t.Errorf("%q, %v", names, err)
	}
	f.refuses["list Service"] = forbidden("list", "services")
	if _, err := Deployments(t.Context(), f, "network"); !kube.IsForbidden(err) || !strings.HasPrefix(err.Error(), "look for deployments in namespace network: ") {
		t.Errorf("error %v", err)
	}
}

// The claims of servers that keep their leases in files are theirs, and stay.
func TestVolumesStay(t *testing.T) {
	f := newCluster(t, &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "data-kea-dhcp-0", Labels: map[string]string{
		marks.LabelDeployment: "kea-dhcp", "app.kubernetes.io/managed-by": marks.FieldManager,
	}}})
	f.install(t, with("  database: {type: memfile}"))
	r := f.removal(t)
	if last := done(r.Changes)[len(r.Changes)-1]; last != "keep PersistentVolumeClaim data-kea-dhcp-0: unless --delete volumes" {
		t.Error(last)
	}
	f.remove(t)
	f.get(t, "data-kea-dhcp-0", &corev1.PersistentVolumeClaim{})
	if got := f.remove(t, PartVolumes).started(); !cmp.Equal(got, []string{"delete the volumes"}) {
		t.Error(got)
	}
}
