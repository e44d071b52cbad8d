package backup

import (
	"errors"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// at is a time of day on 2026-11-22, or a whole time.
func at(text string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t, err = time.Parse(time.RFC3339Nano, "2026-11-22T"+text+"Z")
	}
	if err != nil {
		panic(err)
	}
	return &t
}

// taken is a successful backup of a cluster.
func taken(name, cluster, stopped string) cnpg.Backup {
	return cnpg.Backup{Name: name, Cluster: cluster, Method: "plugin", Phase: "completed", Stopped: at(stopped), Created: at(stopped).Add(-10 * time.Second)}
}

// one is a window with the current cluster's span only: backups at 2:00 and 8:00, the log known until 11:55.
func one(change func(*Span)) Window {
	s := Span{
		Cluster: "db", Archive: cnpg.Archive{Method: cnpg.MethodPlugin}, Current: true, First: at("02:00:00"), End: at("11:55:00"), EndKnown: true, Live: true,
		Backups: []cnpg.Backup{taken("night", "db", "02:00:00"), taken("morning", "db", "08:00:00")},
	}
	if change != nil {
		change(&s)
	}
	return Window{Spans: []Span{s}}
}

// moved is the window after a cutover at 10:00, whose first own backup ended at 10:05.
func moved() Window {
	return Window{Spans: []Span{
		{
			Cluster: "db", Archive: cnpg.Archive{Method: cnpg.MethodPlugin}, First: at("02:00:00"), End: at("10:00:00"), EndKnown: true, Until: at("10:00:00"),
			Backups: []cnpg.Backup{taken("night", "db", "02:00:00"), taken("late", "db", "10:02:00")},
		},
		{
			Cluster: "db-r1", Archive: cnpg.Archive{Method: cnpg.MethodPlugin}, Current: true, First: at("10:05:00"), End: at("11:55:00"), EndKnown: true, Live: true,
			Backups: []cnpg.Backup{taken("first", "db-r1", "10:05:00")},
		},
	}}
}

func TestFind(t *testing.T) {
	overlapping := moved()
	overlapping.Spans[1].First, overlapping.Spans[1].Backups = at("09:00:00"), []cnpg.Backup{taken("early", "db-r1", "09:00:00")}
	firstless := moved()
	firstless.Spans[1].First, firstless.Spans[1].Backups = nil, nil
	oldGone := moved()
	oldGone.Spans[0].First, oldGone.Spans[0].Backups = nil, nil
	objectGone := one(func(s *Span) { s.Backups = s.Backups[1:] })
	stuck := one(func(s *Span) { s.Live = false })
	down := one(func(s *Span) { s.Live, s.EndKnown, s.End = false, false, at("08:00:00") })
	snapshots := Window{Spans: []Span{{Cluster: "db", Archive: cnpg.Archive{Method: cnpg.MethodSnapshot}, Current: true}}}
	nothing := Window{Spans: []Span{{Cluster: "db", Current: true}}}
	empty := Window{Spans: []Span{{Cluster: "db", Archive: cnpg.Archive{Method: cnpg.MethodPlugin}, Current: true, Live: true}}}
	const gap = "it lies in a gap: after cluster db went out of service, and before the end of the first base backup of cluster db-r1"
	for name, tt := range map[string]struct {
		w             Window
		target        string
		cluster, base string // of a success; base "" when only the archive knows it
		why           string
		before, after string
	}{
		"between two backups":                          {w: one(nil), target: "05:00:00", cluster: "db", base: "night"},
		"after the newest backup":                      {w: one(nil), target: "09:00:00", cluster: "db", base: "morning"},
		"in the second of a backup's end":              {w: one(nil), target: "08:00:00.5", cluster: "db", base: "night"},
		"a second later":                               {w: one(nil), target: "08:00:01", cluster: "db", base: "morning"},
		"the end of the first backup":                  {w: one(nil), target: "02:00:00", why: "it is before the end of the first base backup", after: "02:00:01"},
		"before all":                                   {w: one(nil), target: "01:00:00", why: "it is before the end of the first base backup", after: "02:00:01"},
		"the object of the backup is gone":             {w: objectGone, target: "05:00:00", cluster: "db"},
		"not archived yet, alive":                      {w: one(nil), target: "11:59:00", cluster: "db", base: "morning"},
		"now":                                          {w: one(nil), target: "12:00:00", cluster: "db", base: "morning"},
		"in the future":                                {w: one(nil), target: "12:00:01", why: "it is in the future", before: "12:00:00"},
		"not archived, and it never will be":           {w: stuck, target: "11:59:00", why: "the write-ahead log after 2026-11-22T11:55:00Z is not archived", before: "11:55:00"},
		"the end of the archive":                       {w: stuck, target: "11:55:00", cluster: "db", base: "morning"},
		"in the future, not alive":                     {w: stuck, target: "13:00:00", why: "it is in the future", before: "11:55:00"},
		"PostgreSQL is down, after the last backup":    {w: down, target: "11:59:00", cluster: "db", base: "morning"},
		"before a cutover":                             {w: moved(), target: "09:59:00", cluster: "db", base: "night"},
		"the moment of the cutover":                    {w: moved(), target: "10:00:00", cluster: "db", base: "night"},
		"in the gap":                                   {w: moved(), target: "10:03:00", why: gap, before: "10:00:00", after: "10:05:01"},
		"after the gap":                                {w: moved(), target: "10:05:01", cluster: "db-r1", base: "first"},
		"after a cutover, a backup was made before":    {w: overlapping, target: "10:00:00.1", cluster: "db-r1", base: "early"},
		"before a cutover, the new cluster has it too": {w: overlapping, target: "09:30:00", cluster: "db", base: "night"},
		"the new cluster has no backup yet":            {w: firstless, target: "11:00:00", why: "cluster db-r1, in service since then, has no successful base backup", before: "10:00:00"},
		"the old archive is empty":                     {w: oldGone, target: "09:00:00", why: "it is before the end of the first base backup", after: "10:05:01"},
		"snapshots alone":                              {w: snapshots, target: "09:00:00", why: "no write-ahead log is archived beside the volume snapshots: only a backup itself can be restored"},
		"no backups configured":                        {w: nothing, target: "09:00:00", why: "no backups are configured"},
		"no backup taken":                              {w: empty, target: "09:00:00", why: "there is no successful base backup"},
		"no spans":                                     {target: "09:00:00", why: "there is no successful base backup"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := tt.w.Find(*at(tt.target), *at("12:00:00"))
			if tt.why == "" {
				base := ""
				if got.Base != nil {
					base = got.Base.Name
				}
				if err != nil || got.Span.Cluster != tt.cluster || base != tt.base {
					t.Fatalf("cluster %q, base %q, %v", got.Span.Cluster, base, err)
				}
				return
			}
			want := &OutsideError{Target: *at(tt.target), Why: tt.why}
			if tt.before != "" {
				want.Before = at(tt.before)
			}
			if tt.after != "" {
				want.After = at(tt.after)
			}
			var outside *OutsideError
			if !errors.As(err, &outside) {
				t.Fatalf("found %+v, %v", got, err)
			}
			if diff := cmp.Diff(want, outside); diff != "" {
				t.Error(diff)
			}
			if err.Error() != tt.why {
				t.Errorf("error %q", err)
			}
		})
	}
}

// pluginCluster is a cluster that archives by the plugin; it was made at midnight.
func pluginCluster(name string) *cnpgv1.Cluster {
	archives := true
	c := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: metav1.Time{Time: *at("00:00:00")}}}
	c.Spec.Plugins = []cnpgv1.PluginConfiguration{{
		Name: cnpg.BarmanPlugin, IsWALArchiver: &archives, Parameters: map[string]string{"barmanObjectName": "store"},
	}}
	return c
}

// primaryOf is a primary that has archived its log until a time.
func primaryOf(change func(*cnpg.Instance)) *cnpg.Instance {
	i := &cnpg.Instance{Primary: true, LastArchivedTime: at("11:55:00")}
	if change != nil {
		change(i)
	}
	return i
}

func TestWindowEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		primary   *cnpg.Instance
		end       string
		known, ok bool
	}{
		"nobody asked":                        {nil, "08:00:00", false, false},
		"it does not answer":                  {primaryOf(func(i *cnpg.Instance) { i.Err = errors.New("refused") }), "08:00:00", false, false},
		"PostgreSQL is stopped":               {primaryOf(func(i *cnpg.Instance) { i.Unavailable = true }), "08:00:00", false, false},
		"it archives":                         {primaryOf(nil), "11:55:00", true, true},
		"files wait":                          {primaryOf(func(i *cnpg.Instance) { i.WaitingWAL = 3 }), "08:00:00", false, true},
		"it failed once, and goes on":         {primaryOf(func(i *cnpg.Instance) { i.LastFailedTime = at("11:00:00") }), "11:55:00", true, true},
		"it fails":                            {primaryOf(func(i *cnpg.Instance) { i.LastFailedTime, i.WaitingWAL = at("11:59:00"), 2 }), "11:55:00", true, false},
		"it never archived":                   {primaryOf(func(i *cnpg.Instance) { i.LastArchivedTime = nil }), "08:00:00", false, true},
		"it never archived, and fails":        {primaryOf(func(i *cnpg.Instance) { i.LastArchivedTime, i.LastFailedTime = nil, at("11:59:00") }), "08:00:00", false, false},
		"it archived before the last backup":  {primaryOf(func(i *cnpg.Instance) { i.LastArchivedTime = at("07:00:00") }), "08:00:00", true, true},
		"it is no primary any more":           {primaryOf(func(i *cnpg.Instance) { i.Primary = false }), "08:00:00", false, false},
		"its statistics begin with a failure": {primaryOf(func(i *cnpg.Instance) { i.LastArchivedTime, i.LastFailedTime = at("11:00:00"), at("11:00:00") }), "11:00:00", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts{cluster: pluginCluster("db"), primary: tt.primary, backups: []cnpg.Backup{taken("morning", "db", "08:00:00")}}
			s := f.window().Spans[0]
			if !s.End.Equal(*at(tt.end)) || s.EndKnown != tt.known || s.Live != tt.ok {
				t.Errorf("end %s, known %v, live %v", s.End, s.EndKnown, s.Live)
			}
		})
	}
}

// What belongs to an archive: the backups of that cluster, not those of an earlier one of its name, nor those that the
// retention has dropped.
func TestWindowBackups(t *testing.T) {
	with := func(b cnpg.Backup, change func(*cnpg.Backup)) cnpg.Backup {
		change(&b)
		return b
	}
	f := facts{
		cluster: pluginCluster("db"),
		stores:  map[string]cnpg.RecoveryWindow{"store/db": {First: at("02:00:00"), LastBackup: at("09:00:00"), Source: "ObjectStore store"}},
		backups: []cnpg.Backup{
			taken("late", "db", "08:00:00"),
			with(taken("failed", "db", "07:00:00"), func(b *cnpg.Backup) { b.Phase = "failed" }),
			with(taken("in-tree", "db", "06:00:00"), func(b *cnpg.Backup) { b.Method = "barmanObjectStore" }),
			with(taken("ours", "db", "05:00:00"), func(b *cnpg.Backup) { b.ClusterUID = "uid-db" }),
			with(taken("namesake", "db", "04:00:00"), func(b *cnpg.Backup) { b.ClusterUID = "uid-other" }),
			taken("other", "db-2", "03:00:00"),
			taken("first", "db", "02:00:00"),
			taken("dropped", "db", "01:00:00"),
			taken("before the cluster", "db", "2026-11-21T12:00:00Z"),
		},
	}
	s := f.window().Spans[0]
	names := []string{}
	for _, b := range s.Backups {
		names = append(names, b.Name)
	}
	if diff := cmp.Diff([]string{"first", "ours", "late"}, names); diff != "" {
		t.Error(diff)
	}
	if !s.First.Equal(*at("02:00:00")) || !s.End.Equal(*at("09:00:00")) || s.Source != "ObjectStore store" || !s.Current {
		t.Errorf("%+v", s)
	}
}

// A cluster that is gone still counts, as long as its archive does.
func TestWindowLineage(t *testing.T) {
	f := facts{
		cluster: pluginCluster("db-r1"),
		lineage: []cnpg.Ancestor{{Cluster: "db", Archive: cnpg.Archive{Method: cnpg.MethodPlugin, Store: "store", ServerName: "db"}, Until: *at("10:00:00")}},
		stores:  map[string]cnpg.RecoveryWindow{"store/db": {First: at("2026-11-20T02:00:00Z"), LastBackup: at("02:00:00"), Source: "ObjectStore store"}},
		backups: []cnpg.Backup{taken("first", "db-r1", "10:05:00"), taken("night", "db", "02:00:00"), taken("old", "db", "2026-11-21T02:00:00Z")},
	}
	w := f.window()
	if len(w.Spans) != 2 || w.Spans[0].Cluster != "db" || w.Spans[0].Current || len(w.Spans[0].Backups) != 2 || !w.Spans[0].End.Equal(*at("10:00:00")) {
		t.Fatalf("%+v", w.Spans)
	}
	got, err := w.Find(*at("2026-11-21T08:00:00Z"), *at("12:00:00"))
	if err != nil || got.Span.Archive.ServerName != "db" || got.Base.Name != "old" {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = w.Find(*at("2026-11-20T08:00:00Z"), *at("12:00:00"))
	if err != nil || got.Base != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

// In-tree backups name their folder; the cluster's own status says what it holds.
func TestWindowInTree(t *testing.T) {
	c := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "campus", Name: "db", CreationTimestamp: metav1.Time{Time: *at("00:00:00")}}}
	c.Spec.Backup = &cnpgv1.BackupConfiguration{BarmanObjectStore: &cnpgv1.BarmanObjectStoreConfiguration{ServerName: "db-2"}}
	c.Status.FirstRecoverabilityPoint = "2026-11-22T02:00:00Z" //nolint:staticcheck // what in-tree backups have
	in := func(name, server, stopped string) cnpg.Backup {
		b := taken(name, "db", stopped)
		b.Method, b.ServerName = "barmanObjectStore", server
		return b
	}
	f := facts{cluster: c, backups: []cnpg.Backup{in("other-folder", "db", "03:00:00"), in("ours", "db-2", "02:00:00")}}
	s := f.window().Spans[0]
	if len(s.Backups) != 1 || s.Backups[0].Name != "ours" || !s.First.Equal(*at("02:00:00")) || s.Source != "cluster status" || s.Archive.ServerName != "db-2" {
		t.Errorf("%+v", s)
	}
}
