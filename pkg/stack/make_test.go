package stack

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

const noBackup = "warning no-backup spec.database.backup: no backups are made: a lost database is lost with all leases -> set spec.database.backup.destinationPath"

// with is the office's stack with more in its spec.
func with(lines string) string { return strings.Replace(office, "  vlans:", lines+"\n  vlans:", 1) }

// prefixed puts a word before each.
func prefixed(word string, all []string) []string {
	found := []string{}
	for _, one := range all {
		found = append(found, word+" "+one)
	}
	return found
}

// officeObjects are those of the office's stack in the order in which they are applied.
func officeObjects() []string {
	return []string{
		"ServiceAccount kea-dhcp", "Role kea-dhcp-viewer", "Role kea-dhcp-operator", "Role kea-dhcp-admin", "NetworkPolicy kea-dhcp",
		"Secret kea-db-credentials: new password", "Secret kea-db-viewer: new password", "Secret kea-db-ca: new certificate authority",
		"Service kea-database", "Service kea-dhcp", "Service kea-dhcp-0", "Service kea-dhcp-0-dhcp", "Service kea-dhcp-1", "Service kea-dhcp-1-dhcp",
		"Cluster kea-database", "ConfigMap kea-dhcp-config", "ConfigMap kea-dhcp-scripts",
		"StatefulSet kea-dhcp", "PodDisruptionBudget kea-dhcp", "CronJob kea-dhcp-maintenance",
	}
}

func TestMakeOnAnEmptyCluster(t *testing.T) {
	f := newCluster(t)
	p := f.plan(t, office, Options{})
	if diff := cmp.Diff(prefixed("create", officeObjects()), done(p.Changes)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{noBackup}, said(p)); diff != "" {
		t.Error(diff)
	}
	if p.Blocked() || p.Pending() != 20 || p.CreateNamespace {
		t.Errorf("blocked %v, pending %d, create the namespace %v", p.Blocked(), p.Pending(), p.CreateNamespace)
	}
	if diff := cmp.Diff([]string{}, f.written()); diff != "" {
		t.Errorf("a plan wrote something: %s", diff)
	}
	for _, c := range p.Changes {
		if c.Diff != "" || c.Group == "" {
			t.Errorf("%s %s: group %q, diff %q", c.Kind, c.Name, c.Group, c.Diff)
		}
	}
}

func TestMakeWithoutItsNamespace(t *testing.T) {
	missing := func(t *testing.T) *cluster {
		t.Helper()
		f := newCluster(t)
		if err := f.store.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "network"}}); err != nil {
			t.Fatal(err)
		}
		return f
	}
	t.Run("refused", func(t *testing.T) {
		p := missing(t).plan(t, office, Options{})
		want := []string{"critical no-namespace namespace network: the namespace does not exist -> add --create-namespace", noBackup}
		if diff := cmp.Diff(want, said(p)); diff != "" || !p.Blocked() {
			t.Error(diff)
		}
	})
	t.Run("created", func(t *testing.T) {
		f := missing(t)
		p := f.plan(t, office, Options{CreateNamespace: true})
		if diff := cmp.Diff(append([]string{"create Namespace network"}, prefixed("create", officeObjects())...), done(p.Changes)); diff != "" || p.Blocked() {
			t.Error(diff)
		}
		var r recorder
		if _, err := Apply(t.Context(), f.source(), p, Options{}, false, lock(), &r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"start create namespace network", "done ", "start access and network policy", "done 5 created"}, r.lines[:4]); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("somebody was quicker", func(t *testing.T) {
		f := missing(t)
		p := f.plan(t, office, Options{CreateNamespace: true})
		if err := f.store.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "network"}}); err != nil {
			t.Fatal(err)
		}
		var r recorder
		if _, err := Apply(t.Context(), f.source(), p, Options{}, false, lock(), &r); err != nil {
			t.Fatal(err)
		}
		if r.lines[1] != "skip it exists" {
			t.Errorf("%q", r.lines[:2])
		}
	})
	t.Run("may not be created", func(t *testing.T) {
		f := missing(t)
		f.denied = []string{"create namespaces"}
		p := f.plan(t, office, Options{CreateNamespace: true})
		if len(p.Problems) < 1 || p.Problems[0].Code != "missing-permission" || p.Problems[0].Text != "you may not: create namespaces" {
			t.Errorf("%q", said(p))
		}
	})
	t.Run("may not be looked at", func(t *testing.T) { // then it is believed to exist
		f := newCluster(t)
		f.refuses["get Namespace network"] = forbidden("get", "namespaces")
		if p := f.plan(t, office, Options{CreateNamespace: true}); p.Blocked() || p.CreateNamespace {
			t.Errorf("%q", said(p))
		}
	})
}

func TestMakeAfterApply(t *testing.T) {
	for name, text := range map[string]string{
		"PostgreSQL": office, "memfile": with("  database: {type: memfile}"), "one server": with("  highAvailability: {mode: none}"),
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			f.install(t, text)
			f.written()
			p := f.plan(t, text, Options{})
			if p.Pending() != 0 || p.Blocked() {
				t.Errorf("pending %d: %q", p.Pending(), done(p.Changes))
			}
			for _, c := range p.Changes {
				kept := c.Kind == "Secret" || c.Name == "kea-database" && c.Kind == "Service"
				if want := map[bool]Action{true: Keep, false: Unchanged}[kept]; c.Action != want || c.Diff != "" {
					t.Errorf("%s %s: %s %s\n%s", c.Kind, c.Name, c.Action, c.Note, c.Diff)
				}
			}
			// And an apply says the same, although a controller has written in between.
			busy := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-dhcp-0-dhcp"}}
			f.before = func(verb, object string) error {
				if verb+" "+object != "apply Service kea-dhcp-0-dhcp" {
					return nil
				}
				if err := f.store.Get(t.Context(), client.ObjectKeyFromObject(busy), busy); err != nil {
					return err
				}
				busy.Status.Conditions = append(busy.Status.Conditions, metav1.Condition{Type: "Seen", Status: metav1.ConditionTrue})
				return f.store.Status().Update(t.Context(), busy)
			}
			r := f.install(t, text)
			for _, line := range r.lines {
				if strings.Contains(line, "created") || strings.Contains(line, "changed") && !strings.Contains(line, "unchanged") {
					t.Errorf("a second apply: %s", line)
				}
			}
		})
	}
}

func TestMakeOfAChangedStack(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	p := f.plan(t, strings.ReplaceAll(office, "10.10.1.0-", "10.10.2.0-"), Options{})
	changed := []string{}
	for _, c := range p.Changes {
		if c.Action == Update {
			changed = append(changed, c.Kind+" "+c.Name)
			for _, want := range []string{"--- ConfigMap/kea-dhcp-config (now)\n+++ ConfigMap/kea-dhcp-config (new)\n", "10.10.1.0 - 10.10.254.255", "10.10.2.0 - 10.10.254.255"} {
				if !strings.Contains(c.Diff, want) {
					t.Errorf("the difference lacks %q:\n%s", want, c.Diff)
				}
			}
			if strings.Contains(c.Diff, "resourceVersion") || strings.Contains(c.Diff, "managedFields") {
				t.Errorf("the difference shows what is the server's own:\n%s", c.Diff)
			}
		}
	}
	if diff := cmp.Diff([]string{"ConfigMap kea-dhcp-config"}, changed); diff != "" {
		t.Error(diff)
	}
}

// Of our own scripts nobody wants to read a difference.
func TestMakeWithOtherScripts(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	scripts := &corev1.ConfigMap{}
	if err := f.store.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-dhcp-scripts"}, scripts); err != nil {
		t.Fatal(err)
	}
	for key := range scripts.Data {
		scripts.Data[key] += "# an older version\n"
	}
	if err := f.store.Update(t.Context(), scripts, client.FieldOwner(marks.FieldManager)); err != nil {
		t.Fatal(err)
	}
	p := f.plan(t, office, Options{ForceConflicts: true})
	for _, c := range p.Changes {
		if c.Name == "kea-dhcp-scripts" && (c.Action != Update || c.Diff != "" || c.Note != "the scripts of this version") {
			t.Errorf("%+v", c)
		}
	}
}

// Whatever the API server or a webhook says against the objects is a finding; all of them at once.
func TestMakeRefusedByTheCluster(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	conflict := apierrors.NewApplyConflict([]metav1.StatusCause{
		{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.maxUnavailable", Message: `conflict with "somebody" using policy/v1`},
		{Type: metav1.CauseTypeFieldManagerConflict, Field: ".spec.selector", Message: `conflict with "argocd"`},
	}, "Apply failed with 2 conflicts")
	f.refuses["dry-run PodDisruptionBudget kea-dhcp"] = conflict
	f.refuses["dry-run ConfigMap kea-dhcp-config"] = apierrors.NewInvalid(schema.GroupKind{Kind: "ConfigMap"}, "kea-dhcp-config", nil)
	f.refuses["dry-run StatefulSet kea-dhcp"] = &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Reason: metav1.StatusReasonForbidden, Code: 403, Message: `admission webhook "validate.kyverno.svc" denied the request: no pods as root`,
	}}
	p := f.plan(t, office, Options{})
	want := []string{
		`critical refused-by-the-cluster ConfigMap kea-dhcp-config: ConfigMap "kea-dhcp-config" is invalid`,
		`critical refused-by-the-cluster StatefulSet kea-dhcp: admission webhook "validate.kyverno.svc" denied the request: no pods as root`,
		`critical fields-of-others PodDisruptionBudget kea-dhcp: fields were set by somebody else: .spec.maxUnavailable: conflict with "somebody" using policy/v1; .spec.selector: conflict with "argocd" -> add --force-conflicts to take the fields over, or change the stack file to what they say`,
		noBackup,
	}
	if diff := cmp.Diff(want, said(p)); diff != "" || !p.Blocked() {
		t.Error(diff)
	}
}

// A real conflict, and the way over it.
func TestMakeWithFieldsOfOthers(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	taken := &corev1.ConfigMap{}
	if err := f.store.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-dhcp-config"}, taken); err != nil {
		t.Fatal(err)
	}
	taken.Data["kea-dhcp-0-dhcp4.conf"] = "{}"
	if err := f.store.Update(t.Context(), taken, client.FieldOwner("somebody")); err != nil {
		t.Fatal(err)
	}
	p := f.plan(t, office, Options{})
	if len(p.Problems) != 2 || p.Problems[0].Code != "fields-of-others" || !strings.Contains(p.Problems[0].Text, `conflict with "somebody"`) {
		t.Errorf("%q", said(p))
	}
	_, err := Apply(t.Context(), f.source(), p, Options{}, false, lock(), &recorder{})
	if err == nil || !strings.Contains(err.Error(), `Kea configuration: ConfigMap kea-dhcp-config: fields were set by somebody else: .data.kea-dhcp-0-dhcp4.conf: conflict with "somebody"`) {
		t.Errorf("apply: %v", err)
	}
	force := Options{ForceConflicts: true}
	p = f.plan(t, office, force)
	if p.Blocked() || p.Pending() != 1 {
		t.Errorf("%q", said(p))
	}
	if _, err := Apply(t.Context(), f.source(), p, force, false, lock(), &recorder{}); err != nil {
		t.Error(err)
	}
	if p := f.plan(t, office, Options{}); p.Blocked() || p.Pending() != 0 {
		t.Errorf("%q", said(p))
	}
}

// An API server that does not answer has not refused anything: there is no plan then.
func TestMakeWithoutAnAnswer(t *testing.T) {
	gone := errors.New("the API server does not answer")
	for name, tt := range map[string]struct{ refuses, want string }{
		"permissions": {"create SelfSubjectAccessReview", "ask whether this user may get services: the API server does not answer"},
		"namespace":   {"get Namespace network", "read namespace network: the API server does not answer"},
		"services":    {"list Service", "list services in namespace network: the API server does not answer"},
		"an object":   {"get StatefulSet kea-dhcp", "read StatefulSet kea-dhcp: the API server does not answer"},
		"a dry run":   {"dry-run StatefulSet kea-dhcp", "apply StatefulSet kea-dhcp: the API server does not answer"},
		"classes":     {"list StorageClass", "list storage classes: the API server does not answer"},
		"clusters":    {"list Cluster", "list clusters: the API server does not answer"},
		"deployments": {"list Deployment", "list deployments: the API server does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			f.refuses[tt.refuses] = gone
			_, err := Make(t.Context(), f.source(), load(t, office), Options{})
			if err == nil || !errors.Is(err, gone) || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestMakeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newCluster(t)
	f.refuses["dry-run StatefulSet kea-dhcp"] = context.Canceled
	cancel()
	if _, err := Make(ctx, f.source(), load(t, office), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// After a cutover the file's cluster is not the current one: it is left alone, and that is said.
func TestMakeAfterACutover(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	service := &corev1.Service{}
	if err := f.store.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-database"}, service); err != nil {
		t.Fatal(err)
	}
	service.Annotations[marks.AnnotationCurrentCluster] = "kea-database-r1"
	if err := f.store.Update(t.Context(), service); err != nil {
		t.Fatal(err)
	}
	p := f.plan(t, with("  database: {cluster: {instances: 5}}"), Options{})
	want := []string{noBackup, "info another-cluster cluster kea-database-r1: it is the current database cluster since a cutover; what the file says of cluster kea-database and its backups is not applied"}
	if diff := cmp.Diff(want, said(p)); diff != "" {
		t.Error(diff)
	}
	for _, c := range p.Changes {
		if c.Kind == "Cluster" && (c.Action != Keep || c.Note != "the current database cluster is kea-database-r1") {
			t.Errorf("%+v", c)
		}
	}
	if p.Pending() != 0 || p.Blocked() {
		t.Errorf("%q", done(p.Changes))
	}
}

func TestMakeWithSecretsThatAreThere(t *testing.T) {
	prepared := func(name string, ours bool, keys ...string) *corev1.Secret {
		s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name}, Data: map[string][]byte{}}
		for _, key := range keys {
			s.Data[key] = []byte("x")
		}
		if ours {
			s.Labels = map[string]string{marks.LabelDeployment: "kea-dhcp", "app.kubernetes.io/managed-by": marks.FieldManager}
		}
		return s
	}
	for name, tt := range map[string]struct {
		secret  *corev1.Secret
		change  string
		problem string
	}{
		"somebody's, complete":   {prepared("kea-db-credentials", false, "username", "password", "pg_service.conf"), "keep Secret kea-db-credentials: its content stays", ""},
		"somebody's, incomplete": {prepared("kea-db-credentials", false, "username", "password"), "keep Secret kea-db-credentials", "critical name-taken Secret kea-db-credentials: it is not of this deployment, and lacks the keys pg_service.conf -> name another Secret in the stack file, or add the keys"},
		"ours, incomplete":       {prepared("kea-db-viewer", true, "username"), "update Secret kea-db-viewer: adds the keys ca.crt, password", ""},
		"half a CA":              {prepared("kea-db-ca", true, "ca.key"), "keep Secret kea-db-ca", "critical bad-secret Secret kea-db-ca: secret kea-db-ca holds only one of ca.crt and ca.key -> kubectl -n network describe secret kea-db-ca"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newCluster(t, tt.secret).plan(t, office, Options{})
			found := ""
			for n, c := range p.Changes {
				if c.Name == tt.secret.Name {
					found = done(p.Changes)[n]
				}
			}
			if found != tt.change {
				t.Errorf("got  %s\nwant %s", found, tt.change)
			}
			want := []string{noBackup}
			if tt.problem != "" {
				want = []string{tt.problem, noBackup}
			}
			if diff := cmp.Diff(want, said(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Somebody else's objects are not sent to, not even as a dry run.
func TestMakeWithNamesTaken(t *testing.T) {
	f := newCluster(t, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-dhcp-0"}})
	f.refuses["dry-run Service kea-dhcp-0"] = errors.New("asked")
	p := f.plan(t, office, Options{})
	want := []string{"critical name-taken Service kea-dhcp-0: an object of this name exists and is not of this deployment -> kubectl -n network get service kea-dhcp-0 --show-labels", noBackup}
	if diff := cmp.Diff(want, said(p)); diff != "" {
		t.Error(diff)
	}
	if got := done(p.Changes)[10]; got != "keep Service kea-dhcp-0: it is somebody else's" {
		t.Error(got)
	}
}
