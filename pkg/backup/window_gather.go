package backup

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// primaryLimit bounds the question to the primary: a window must be had while PostgreSQL is down.
const primaryLimit = 3 * time.Second

// GatherWindow finds out what a database can be restored to, from objects alone where PostgreSQL does not answer. What
// could not be read is in the window's Unread; the error is for a context that ended only. get may be nil, and then
// nobody asks the primary how far its write-ahead log is archived.
// Permission: list backups (postgresql.cnpg.io), get objectstores (barmancloud.cnpg.io), get pods/proxy.
func GatherWindow(ctx context.Context, r client.Reader, get cnpg.Get, s Subject) (Window, error) {
	unread := &gathered{list: []problem.Unread{}}
	f := gather(ctx, r, get, s, unread)
	if err := context.Cause(ctx); err != nil {
		return Window{}, err
	}
	w := f.window()
	w.Unread = unread.sorted()
	return w, nil
}

// gather reads what a window is worked out from, side by side.
func gather(ctx context.Context, r client.Reader, get cnpg.Get, s Subject, unread *gathered) *facts {
	f := &facts{cluster: s.Cluster, stores: map[string]cnpg.RecoveryWindow{}}
	if s.In != nil {
		f.clusters = s.In.Clusters
	}
	var err error
	if f.lineage, err = cnpg.Lineage(s.Cluster); err != nil {
		unread.add("cluster "+s.Cluster.Name, err)
	}
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() {
		var err error
		if f.backups, err = cnpg.ListBackups(ctx, r, s.Cluster.Namespace); err != nil {
			unread.add("backups", err)
		}
	})
	all.Go(func() { f.readStores(ctx, r, unread) })
	if primary := s.Cluster.Status.CurrentPrimary; get != nil && primary != "" {
		all.Go(func() {
			if f.primary = ask(ctx, get, s.Cluster); f.primary.Err != nil {
				unread.add("pod "+primary, f.primary.Err)
			}
		})
	}
	return f
}

// ask asks a cluster's primary.
func ask(ctx context.Context, get cnpg.Get, cluster *cnpgv1.Cluster) *cnpg.Instance {
	ctx, cancel := context.WithTimeout(ctx, primaryLimit)
	defer cancel()
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: cluster.Status.CurrentPrimary}}
	return &cnpg.GatherInstances(ctx, get, []corev1.Pod{pod})[0]
}

// facts are what a window is worked out from.
type facts struct {
	cluster  *cnpgv1.Cluster
	clusters []cnpgv1.Cluster // of the namespace, those that went out of service too
	lineage  []cnpg.Ancestor
	backups  []cnpg.Backup
	stores   map[string]cnpg.RecoveryWindow // by storeKey
	primary  *cnpg.Instance                 // nil: nobody asked
}

func storeKey(a cnpg.Archive) string { return a.Store + "/" + a.ServerName }

// readStores reads what the ObjectStores say of each archive.
func (f *facts) readStores(ctx context.Context, r client.Reader, unread *gathered) {
	archives := []cnpg.Archive{cnpg.ArchiveOf(f.cluster)}
	for _, a := range f.lineage {
		archives = append(archives, a.Archive)
	}
	for _, a := range archives {
		if a.Method != cnpg.MethodPlugin || a.Store == "" {
			continue
		}
		window, err := cnpg.StoreWindow(ctx, r, f.cluster.Namespace, a)
		if err != nil {
			unread.add("ObjectStore "+a.Store, err)
			continue
		}
		f.stores[storeKey(a)] = window
	}
}

// window works it out. Pure.
func (f *facts) window() Window {
	w := Window{Spans: []Span{}, Unread: []problem.Unread{}}
	for _, a := range f.lineage {
		s := f.span(a.Cluster, a.Archive, "")
		until := a.Until
		// A cutover stops the old cluster, which archives its log to the end.
		s.Until, s.End, s.EndKnown = &until, &until, true
		w.Spans = append(w.Spans, s)
	}
	s := f.span(f.cluster.Name, cnpg.ArchiveOf(f.cluster), string(f.cluster.UID))
	s.Current = true
	f.end(&s)
	w.Spans = append(w.Spans, s)
	return w
}

// span is what is known of one archive, without its end. uid is the cluster's where it is certain; "" takes backups of
// any cluster of that name.
func (f *facts) span(cluster string, archive cnpg.Archive, uid string) Span {
	s := Span{Cluster: cluster, Archive: archive, Backups: []cnpg.Backup{}, Source: "Backup objects"}
	known := f.archived(cluster, archive)
	s.Source = cmp.Or(known.Source, s.Source)
	s.First = known.First
	for _, b := range slices.Backward(f.backups) {
		if !b.Succeeded() || b.Stopped == nil || b.Cluster != cluster || b.Method != string(archive.Method) || f.foreign(b, archive, uid) {
			continue
		}
		// An archive that keeps to its retention drops the oldest backups, and their objects a moment later.
		if known.First != nil && b.Stopped.Before(*known.First) {
			continue
		}
		s.Backups = append(s.Backups, b)
	}
	slices.SortStableFunc(s.Backups, func(a, b cnpg.Backup) int { return a.Stopped.Compare(*b.Stopped) })
	if s.First == nil && len(s.Backups) > 0 && archive.Method != cnpg.MethodSnapshot {
		s.First = s.Backups[0].Stopped
	}
	if n := len(s.Backups); n > 0 {
		s.End = s.Backups[n-1].Stopped
	}
	if last := known.LastBackup; last != nil && (s.End == nil || last.After(*s.End)) {
		s.End = last
	}
	return s
}

// foreign reports a backup of an earlier cluster of the same name, which lies in another folder of the archive.
func (f *facts) foreign(b cnpg.Backup, archive cnpg.Archive, uid string) bool {
	switch {
	case b.ServerName != "":
		return b.ServerName != archive.ServerName
	case uid == "":
		return false
	case b.ClusterUID != "":
		return b.ClusterUID != uid
	}
	return b.Created.Before(f.cluster.CreationTimestamp.Time)
}

// archived is what the archive itself is known to hold: from the ObjectStore, or from the cluster's status as long as there
// is a cluster.
func (f *facts) archived(cluster string, archive cnpg.Archive) cnpg.RecoveryWindow {
	switch archive.Method {
	case cnpg.MethodPlugin:
		return f.stores[storeKey(archive)]
	case cnpg.MethodInTree:
		if cluster == f.cluster.Name {
			return cnpg.StatusWindow(f.cluster)
		}
		for i := range f.clusters {
			if f.clusters[i].Name == cluster && cnpg.ArchiveOf(&f.clusters[i]) == archive {
				return cnpg.StatusWindow(&f.clusters[i])
			}
		}
	case cnpg.MethodSnapshot, cnpg.MethodNone:
	}
	return cnpg.RecoveryWindow{}
}

// end finds the end of the current cluster's span: what the primary says of its archiving, where it answers.
func (f *facts) end(s *Span) {
	p := f.primary
	if p == nil || p.Err != nil || p.Unavailable || !p.Primary || s.Archive.Method == cnpg.MethodSnapshot || s.Archive.Method == cnpg.MethodNone {
		return
	}
	archived, failed := p.LastArchivedTime, p.LastFailedTime
	failing := failed != nil && (archived == nil || failed.After(*archived))
	s.Live, s.Waiting = !failing, p.WaitingWAL
	// While files wait, the time of the last one says nothing of what it holds: after a pause it may be hours older.
	if archived == nil || (p.WaitingWAL > 0 && !failing) {
		return
	}
	s.EndKnown = true
	if s.End == nil || archived.After(*s.End) {
		s.End = archived
	}
}

// gathered collects what could not be read, from several goroutines, each source once.
type gathered struct {
	mu   sync.Mutex
	list []problem.Unread
}

func (g *gathered) add(source string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if slices.ContainsFunc(g.list, func(u problem.Unread) bool { return u.Source == source }) {
		return
	}
	g.list = append(g.list, problem.Unread{Source: source, Error: err.Error(), Err: err})
}

func (g *gathered) sorted() []problem.Unread {
	slices.SortFunc(g.list, func(a, b problem.Unread) int { return cmp.Compare(a.Source, b.Source) })
	return g.list
}
