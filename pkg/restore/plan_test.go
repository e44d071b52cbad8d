package restore

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// settled is a plan for a target at ten past four, worked out from facts that a test may change first.
func settled(t *testing.T, r Request, change func(*backup.Subject, *facts)) Plan {
	t.Helper()
	f := twoSpans(t)
	s := sourceOf(t, pluginSource, nil)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "kea-database"}, Spec: corev1.ServiceSpec{
		Selector: map[string]string{cnpg.LabelCluster: "kea", cnpg.LabelInstanceRole: "primary"},
	}}
	s.Database = inventory.Database{Host: "kea-database", Service: service, Target: &cnpg.Target{Role: cnpg.RolePrimary}, Cluster: s.Cluster, Servers: []string{"kea-dhcp-0/dhcp4"}}
	facts := facts{window: f.window, all: f.all, written: f.written}
	if change != nil {
		change(&s, &facts)
	}
	if r.Target == (Wanted{}) {
		r.Target = Wanted{Time: at(t, "16:10:00")}
	}
	p := Plan{Namespace: "network", Name: r.Name, Subject: s}
	p.settle(facts, r, f.now)
	return p
}

func TestSettle(t *testing.T) {
	p := settled(t, Request{}, nil)
	if p.Blocked() || len(p.Problems) > 0 || p.Name != "kea-20260310-170000" || !p.Stable || p.Service != "kea-database" || p.Resumes || p.AtMost || p.Clamped != nil {
		t.Errorf("%+v", p)
	}
	target, _, _ := unstructured.NestedString(p.Manifest.Object, "spec", "bootstrap", "recovery", "recoveryTarget", "targetTime")
	names, _, _ := unstructured.NestedStringSlice(p.Manifest.Object, "spec", "certificates", "serverAltDNSNames")
	if diff := cmp.Diff([]string{"kea-database", "kea-database.network", "kea-database.network.svc", "kea-database.network.svc.cluster.local"}, names); diff != "" || target != "2026-03-10 16:10:00.000000+00" {
		t.Errorf("target %q, names %v", target, names)
	}
}

// A cluster that is restored from an earlier one's archive comes after all of them: its lineage is whole.
func TestSettleKeepsTheLineage(t *testing.T) {
	const lineage = `[{"cluster":"kea-0","method":"plugin","store":"store","serverName":"kea-0","until":"2026-01-01T00:00:00Z"}]`
	p := settled(t, Request{Target: Wanted{Time: at(t, "11:30:00")}}, func(s *backup.Subject, _ *facts) {
		s.Raw.SetAnnotations(map[string]string{marks.AnnotationLineage: lineage})
	})
	if p.Recovery.From.ServerName != "kea" || p.Manifest.GetAnnotations()[marks.AnnotationLineage] != lineage {
		t.Errorf("from %v, lineage %s", p.Recovery.From, p.Manifest.GetAnnotations()[marks.AnnotationLineage])
	}
}

func TestSettleRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		request Request
		change  func(*backup.Subject, *facts)
		want    string
		// made: there is a manifest all the same, to look at.
		made bool
	}{
		"a name that is taken":  {request: Request{Name: "kea"}, want: "critical name-taken: name kea: cluster kea exists", made: true},
		"a target out of reach": {request: Request{Target: Wanted{Time: at(t, "07:00:00")}}, want: "critical target-outside"},
		"a database by an owner": {request: Request{Cutover: true}, change: func(s *backup.Subject, _ *facts) {
			s.Database.Service.OwnerReferences = []metav1.OwnerReference{{Kind: "Cluster"}}
		}, want: "critical no-stable-service: service kea-database: it is the operator's own Service", made: true},
		"the same, no cutover": {change: func(s *backup.Subject, _ *facts) {
			s.Database.Service.OwnerReferences = []metav1.OwnerReference{{Kind: "Cluster"}}
		}, want: "info no-stable-service", made: true},
		"nobody uses it":      {change: func(s *backup.Subject, _ *facts) { s.Database = inventory.Database{} }, want: "info no-servers: cluster kea", made: true},
		"nothing to cut over": {request: Request{Cutover: true}, change: func(s *backup.Subject, _ *facts) { s.Database = inventory.Database{} }, want: "critical no-servers", made: true},
		"a replica": {change: func(s *backup.Subject, _ *facts) {
			_ = unstructured.SetNestedMap(s.Raw.Object, map[string]any{"enabled": true, "source": "x"}, "spec", "replica")
		}, want: "critical no-manifest: cluster kea"},
		"what was not read": {change: func(_ *backup.Subject, f *facts) {
			f.unread = []problem.Unread{{Source: "pod kea-1", Error: "no answer", Err: errors.New("no answer")}}
		}, want: "info not-read: pod kea-1: it could not be read: no answer", made: true},
	} {
		p := settled(t, test.request, test.change)
		if got := told(p.Problems); !strings.Contains(got, test.want) || p.Blocked() != strings.HasPrefix(test.want, "critical") || (p.Manifest != nil) != test.made {
			t.Errorf("%s: blocked %v, manifest %v: %s", name, p.Blocked(), p.Manifest != nil, got)
		}
	}
}

// A run that was broken off is gone on with by the same command, and by nothing else.
func TestSettleGoesOn(t *testing.T) {
	record := func(r Record) func(*backup.Subject, *facts) {
		return func(s *backup.Subject, _ *facts) {
			text, err := r.text()
			if err != nil {
				t.Fatal(err)
			}
			s.In.Clusters = append(s.In.Clusters, cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Name: "kea-2", Annotations: map[string]string{marks.AnnotationRestore: text}}})
			s.In.Operations = []inventory.Operation{{Object: "lease kea-dhcp-operation", Kind: kindRestore, Continue: "kubectl kea restore --name kea-2"}}
		}
	}
	same := Wanted{Time: at(t, "16:10:00")}
	for name, test := range map[string]struct {
		name    string
		record  Record
		resumes bool
	}{
		"named":                     {"kea-2", Record{Source: "kea", Target: same, Phase: Recovering}, true},
		"not named":                 {"", Record{Source: "kea", Target: same, Phase: Recovering}, true},
		"recovered, named":          {"kea-2", Record{Source: "kea", Target: same, Phase: Recovered}, true},
		"another target":            {"kea-2", Record{Source: "kea", Target: Wanted{Time: at(t, "16:11:00")}, Phase: Recovering}, false},
		"another source":            {"kea-2", Record{Source: "other", Target: same, Phase: Recovering}, false},
		"in service":                {"kea-2", Record{Source: "kea", Target: same, Phase: InService}, false},
		"another target, not named": {"", Record{Source: "kea", Target: Wanted{Latest: true}, Phase: Recovering}, false},
	} {
		p := settled(t, Request{Name: test.name}, record(test.record))
		if p.Resumes != test.resumes || p.Blocked() == test.resumes || test.resumes && p.Name != "kea-2" {
			t.Errorf("%s: %s, resumes %v: %s", name, p.Name, p.Resumes, told(p.Problems))
		}
	}
}

// A restore that was broken off before it made its cluster, or after it was verified, is in nobody's way.
func TestSettleIsNotStoppedByWhatMadeNothing(t *testing.T) {
	left := inventory.Operation{Object: "lease kea-dhcp-operation", Kind: kindRestore, Step: "have a later commit archived"}
	for name, clusters := range map[string][]cnpgv1.Cluster{
		"nothing made": nil,
		"verified":     {{ObjectMeta: metav1.ObjectMeta{Name: "kea-2", Annotations: map[string]string{marks.AnnotationRestore: `{"source":"kea","phase":"recovered"}`}}}},
	} {
		p := settled(t, Request{}, func(s *backup.Subject, _ *facts) {
			s.In.Clusters, s.In.Operations = append(s.In.Clusters, clusters...), []inventory.Operation{left}
		})
		if p.Blocked() || p.Resumes {
			t.Errorf("%s: %s", name, told(p.Problems))
		}
	}
}

// noPods is a cluster none of whose pods answers.
type noPods struct{}

var errNoPods = errors.New("no pod answers")

func (noPods) DialPod(context.Context, string, string, int) (net.Conn, error) { return nil, errNoPods }

func (noPods) Exec(context.Context, string, string, string, []string, io.Reader, io.Writer, io.Writer) error {
	return errNoPods
}

func (noPods) PodLogs(context.Context, string, string, string, bool) (io.ReadCloser, error) {
	return nil, errNoPods
}

func (noPods) ProxyGet(context.Context, string, string, int, string, string) ([]byte, error) {
	return nil, errNoPods
}

// deadCluster is an API server with a cluster on it whose PostgreSQL is down and which no Kea server uses. may says which
// permissions its user has.
func deadCluster(t *testing.T, may func(verb, resource string) bool, objects ...client.Object) Source {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, storagev1.AddToScheme, coordinationv1.AddToScheme, authorizationv1.AddToScheme, cnpgv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	store := schema.GroupVersion{Group: "barmancloud.cnpg.io", Version: "v1"}
	scheme.AddKnownTypeWithName(store.WithKind("ObjectStore"), &unstructured.Unstructured{})
	s := sourceOf(t, pluginSource, nil)
	stopped := metav1.NewTime(at(t, "11:00:00"))
	base := &cnpgv1.Backup{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "b", CreationTimestamp: stopped}}
	base.Spec.Cluster.Name, base.Spec.Method = "kea", cnpgv1.BackupMethodPlugin
	base.Status.Phase, base.Status.StoppedAt, base.Status.Method, base.Status.BackupID = cnpgv1.BackupPhaseCompleted, &stopped, cnpgv1.BackupMethodPlugin, "id"
	objects = append(objects, s.Cluster, base, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore", "metadata": map[string]any{"namespace": "network", "name": "store"},
		"spec":   map[string]any{"configuration": map[string]any{"s3Credentials": map[string]any{"accessKeyId": map[string]any{"name": "s3", "key": "ID"}}}},
		"status": map[string]any{"serverRecoveryWindow": map[string]any{"kea": map[string]any{"firstRecoverabilityPoint": "2026-03-10T11:00:00Z"}, "kea-taken": map[string]any{}}},
	}})
	denied := func(resource string) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no"))
	}
	built := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	c := interceptor.NewClient(built, interceptor.Funcs{
		Create: func(_ context.Context, _ client.WithWatch, o client.Object, options ...client.CreateOption) error {
			review, ok := o.(*authorizationv1.SelfSubjectAccessReview)
			if !ok {
				all := &client.CreateOptions{}
				all.ApplyOptions(options)
				if len(all.DryRun) == 0 {
					t.Errorf("%s is created", o.GetName())
				}
				return nil
			}
			a := review.Spec.ResourceAttributes
			review.Status.Allowed = may(a.Verb, a.Resource)
			return nil
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption) error {
			if _, ok := list.(*corev1.PodList); ok && !may("list", "pods") {
				return denied("pods")
			}
			return c.List(ctx, list, options...)
		},
	})
	return Source{Client: c, Pods: noPods{}, Now: func() time.Time { return at(t, "17:00:00") }}
}

func secret(name string, keys ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name}, Data: map[string][]byte{}}
	for _, k := range keys {
		s.Data[k] = []byte("x")
	}
	return s
}

func everything(string, string) bool { return true }

// All that stands against a restore is told at once.
func TestMakeTellsAllAtOnce(t *testing.T) {
	src := deadCluster(t, everything,
		secret("kea-db-credentials", "username", "password"), secret("kea-db-ca", "ca.crt"),
		&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "team"}, Status: corev1.ResourceQuotaStatus{
			Hard: corev1.ResourceList{"pods": resource.MustParse("4")}, Used: corev1.ResourceList{"pods": resource.MustParse("3")},
		}},
		&storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: "slow"}},
	)
	p, err := Make(t.Context(), src, Request{Namespace: "network", Cluster: "kea", Name: "kea-taken", Target: Wanted{Time: at(t, "12:00:00")}})
	if err != nil {
		t.Fatal(err)
	}
	codes := []string{}
	for _, found := range p.Problems {
		codes = append(codes, string(found.Severity)+" "+found.Code+": "+found.Subject)
	}
	want := []string{
		"critical name-taken: name kea-taken",
		"critical no-secret: secret kea-db-viewer", "critical no-secret: secret kea-db-ca", "critical no-secret: secret s3",
		"critical no-storage-class: spec.storage", "critical no-storage-class: spec.walStorage", "critical no-room: resourcequota team",
		"info not-read: pod kea-1", "info no-servers: cluster kea",
	}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
	if p.SourceAnswers || p.Chosen.Base == nil || p.Chosen.Base.Name != "b" || p.Lost == nil {
		t.Errorf("%+v", p)
	}
}

func TestMakeForSomebodyWhoMayNot(t *testing.T) {
	src := deadCluster(t, func(verb, resource string) bool { return resource != "pods" && verb != "patch" })
	p, err := Make(t.Context(), src, Request{Namespace: "network", Target: Wanted{Latest: true}})
	if err != nil || !p.Blocked() || len(p.Problems) != 1 {
		t.Fatalf("%v: %s", err, told(p.Problems))
	}
	want := "critical missing-permission: namespace network: you may not: patch clusters.postgresql.cnpg.io; patch backups.postgresql.cnpg.io; patch scheduledbackups.postgresql.cnpg.io; " +
		"get,list,watch pods; get pods/log; create pods/exec; create pods/portforward; get pods/proxy; patch services; patch secrets"
	if got := told(p.Problems); got != want {
		t.Error(got)
	}
	// Who may look and not change is shown the plan too.
	p, err = Make(t.Context(), deadCluster(t, func(verb, _ string) bool { return verb == "get" || verb == "list" }), Request{Namespace: "network", Cluster: "kea", Target: Wanted{Time: at(t, "12:00:00")}})
	if err != nil || !p.Blocked() || p.Manifest == nil || !strings.Contains(told(p.Problems), "create,patch,delete clusters.postgresql.cnpg.io") {
		t.Errorf("%v: %s", err, told(p.Problems))
	}
}

func TestPermissionsOnStoresCountForThePlugin(t *testing.T) {
	missing := []kube.Permission{{Verb: "get", Group: "barmancloud.cnpg.io", Resource: storesResource}, {Verb: "get", Resource: "pods"}}
	inTree := sourceOf(t, pluginSource, func(c *cnpgv1.Cluster) { c.Spec.Plugins = nil })
	if got := permitted(append([]kube.Permission{}, missing...), inTree); len(got) != 1 {
		t.Error(got)
	}
	if got := permitted(missing, sourceOf(t, pluginSource, nil)); len(got) != 2 {
		t.Error(got)
	}
}

func TestUnstable(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*inventory.Database)
		want   string
	}{
		"ours":       {func(*inventory.Database) {}, ""},
		"no service": {func(d *inventory.Database) { d.Service = nil }, "no Service of this namespace"},
		"operator's": {func(d *inventory.Database) {
			d.Service.OwnerReferences = []metav1.OwnerReference{{Kind: "Cluster", Name: "kea"}}
		}, "operator's own Service of cluster kea"},
		"elsewhere": {func(d *inventory.Database) { d.Target = nil }, "does not lead to a cluster"},
		"pooler":    {func(d *inventory.Database) { d.Target.Role = cnpg.RolePooler }, "leads to a pooler"},
		"any":       {func(d *inventory.Database) { d.Target.Role = cnpg.RoleAny }, "selects any instances"},
	} {
		d := inventory.Database{Host: "h", Cluster: &cnpgv1.Cluster{}, Target: &cnpg.Target{Role: cnpg.RolePrimary}, Service: &corev1.Service{Spec: corev1.ServiceSpec{
			Selector: map[string]string{cnpg.LabelCluster: "kea", cnpg.LabelInstanceRole: "primary"},
		}}}
		test.change(&d)
		if got := unstable(d); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%s: %q", name, got)
		}
	}
}
