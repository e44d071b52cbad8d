package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// facts are what a plan is worked out from, beside the database itself.
type facts struct {
	window  backup.Window
	all     []cnpg.Backup // of the namespace
	written cnpg.LSN      // by the primary; 0: not known
	classes []storagev1.StorageClass
	quotas  []corev1.ResourceQuota
	// store is the configuration of the plugin's ObjectStore, folders those that it knows.
	store   map[string]any
	folders []string
	// classesRead: the classes could be read, so that one that is not among them does not exist.
	classesRead bool
	unread      []problem.Unread
}

// gather reads all of them side by side. What may not be read is left out; only a context that ended is an error.
// Permission: list backups and get objectstores, get pods/proxy, list resourcequotas and storageclasses.
func gather(ctx context.Context, src Source, s backup.Subject) (facts, error) {
	var f facts
	var mu sync.Mutex
	namespace := s.Cluster.Namespace
	read := func(source string, do func() error) func() error {
		return func() error {
			err := do()
			if err != nil && ctx.Err() == nil {
				mu.Lock()
				defer mu.Unlock()
				f.unread = append(f.unread, problem.Unread{Source: source, Error: err.Error(), Err: err})
			}
			return nil
		}
	}
	get := func(ctx context.Context, namespace, pod string) ([]byte, error) {
		return src.Pods.ProxyGet(ctx, namespace, pod, cnpg.StatusPort, "https", cnpg.StatusPath)
	}
	err := sideBySide(
		func() error {
			var err error
			f.window, err = backup.GatherWindow(ctx, src.Client, get, s)
			return err
		},
		func() error {
			f.all, _ = cnpg.ListBackups(ctx, src.Client, namespace) // the window tells when that fails
			return nil
		},
		func() error {
			pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: s.Cluster.Status.CurrentPrimary}}
			limited, cancel := context.WithTimeout(ctx, configPatience)
			defer cancel()
			if i := cnpg.GatherInstances(limited, get, []corev1.Pod{pod})[0]; i.Err == nil && i.Primary { // the window tells when not
				f.written = i.Current
			}
			return nil
		},
		read("storageclasses", func() error {
			var list storagev1.StorageClassList
			err := src.Client.List(ctx, &list)
			f.classes, f.classesRead = list.Items, err == nil
			return err
		}),
		read("resourcequotas", func() error {
			var list corev1.ResourceQuotaList
			err := src.Client.List(ctx, &list, client.InNamespace(namespace))
			f.quotas = list.Items
			return err
		}),
		func() error { f.readStore(ctx, src.Client, s); return nil },
	)
	f.unread = append(f.unread, f.window.Unread...)
	return f, cmp.Or(err, context.Cause(ctx))
}

// readStore reads the plugin's ObjectStore: the login that it needs, and the folders that it knows. The window tells when
// it cannot be read.
func (f *facts) readStore(ctx context.Context, r client.Reader, s backup.Subject) {
	archive := cnpg.ArchiveOf(s.Cluster)
	if archive.Store == "" {
		return
	}
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(cnpg.ObjectStoreKind())
	if r.Get(ctx, client.ObjectKey{Namespace: s.Cluster.Namespace, Name: archive.Store}, object) != nil {
		return
	}
	f.store, _, _ = unstructured.NestedMap(object.Object, "spec", "configuration")
	windows, _, _ := unstructured.NestedMap(object.Object, "status", "serverRecoveryWindow")
	f.folders = slices.Sorted(maps.Keys(windows))
}

// sideBySide does things at the same time. The error is the first, in the order given.
func sideBySide(all ...func() error) error {
	failed := make([]error, len(all))
	var wait sync.WaitGroup
	for i, do := range all {
		wait.Go(func() { failed[i] = do() })
	}
	wait.Wait()
	return cmp.Or(failed...)
}

// eachOf asks a question about each of several things at the same time, and keeps the answers' order.
func eachOf[T any](all []T, ask func(T) ([]problem.Problem, error)) ([]problem.Problem, error) {
	found := make([][]problem.Problem, len(all))
	asks := make([]func() error, len(all))
	for i, one := range all {
		asks[i] = func() (err error) {
			found[i], err = ask(one)
			return err
		}
	}
	err := sideBySide(asks...)
	return slices.Concat(found...), err
}

// permitted are the permissions that are missing. Those on ObjectStores count where the backups go through the plugin.
func permitted(missing []kube.Permission, s backup.Subject) []kube.Permission {
	if s.Cluster == nil || cnpg.ArchiveOf(s.Cluster).Method == cnpg.MethodPlugin {
		return missing
	}
	return slices.DeleteFunc(missing, func(p kube.Permission) bool { return p.Resource == storesResource })
}

// tryCluster asks the API server and the operator's webhook what they say to the new cluster. Nothing is made.
// Permission: create clusters.postgresql.cnpg.io.
func tryCluster(ctx context.Context, c client.Client, manifest *unstructured.Unstructured) ([]problem.Problem, error) {
	err := c.Create(ctx, manifest.DeepCopy(), client.DryRunAll)
	var status apierrors.APIStatus
	switch {
	case err == nil, kube.IsForbidden(err): // the missing permission is told of
		return nil, nil
	case errors.As(err, &status):
		return []problem.Problem{problem.NewCritical("refused-by-the-cluster", "cluster "+manifest.GetName(), status.Status().Message, "")}, nil
	}
	return nil, fmt.Errorf("try to create cluster %s: %w", manifest.GetName(), err)
}
