package stack

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

func TestSteps(t *testing.T) {
	for name, tt := range map[string]struct {
		lines string
		wait  bool
		want  []string
	}{
		"PostgreSQL": {"", true, []string{
			"access and network policy", "credentials", "services", "database cluster", "Kea configuration", "Kea servers",
			"wait for the database", "wait for the servers to hand out leases",
		}},
		"with backups": {backedUp, true, []string{
			"access and network policy", "credentials", "services", "database cluster", "Kea configuration", "Kea servers",
			"wait for the database", "backup schedule", "wait for the servers to hand out leases",
		}},
		"without waiting": {backedUp, false, []string{
			"access and network policy", "credentials", "services", "database cluster", "Kea configuration", "Kea servers", "backup schedule",
		}},
		"memfile": {"  database: {type: memfile}", true, []string{
			"access and network policy", "services", "Kea configuration", "Kea servers", "wait for the servers to hand out leases",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			text := office
			if tt.lines != "" {
				text = with(tt.lines)
			}
			got := []string{}
			for _, s := range (&run{s: load(t, text)}).steps(tt.wait) {
				got = append(got, s.Name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestApply(t *testing.T) {
	f := newCluster(t, secret("backup-creds", "ACCESS_KEY_ID", "ACCESS_SECRET_KEY"))
	r := f.install(t, with(backedUp))
	want := []string{
		"start access and network policy", "done 5 created",
		"start credentials", "done 3 created",
		"start services", "done 6 created",
		"start database cluster", "done 2 created",
		"start Kea configuration", "done 2 created",
		"start Kea servers", "done 3 created",
		"start backup schedule", "done 1 created",
	}
	if diff := cmp.Diff(want, r.lines); diff != "" {
		t.Error(diff)
	}
	// The CA's Secret is made before those that hold its certificate.
	wantWrites := []string{
		"apply ServiceAccount kea-dhcp", "apply Role kea-dhcp-viewer", "apply Role kea-dhcp-operator", "apply Role kea-dhcp-admin", "apply NetworkPolicy kea-dhcp",
		"create Secret kea-db-ca", "create Secret kea-db-credentials", "create Secret kea-db-viewer",
		"apply Service kea-database", "apply Service kea-dhcp", "apply Service kea-dhcp-0", "apply Service kea-dhcp-0-dhcp", "apply Service kea-dhcp-1", "apply Service kea-dhcp-1-dhcp",
		"apply ObjectStore kea-backups", "apply Cluster kea-database", "apply ConfigMap kea-dhcp-config", "apply ConfigMap kea-dhcp-scripts",
		"apply StatefulSet kea-dhcp", "apply PodDisruptionBudget kea-dhcp", "apply CronJob kea-dhcp-maintenance", "apply ScheduledBackup kea-database",
	}
	if diff := cmp.Diff(wantWrites, f.written()); diff != "" {
		t.Error(diff)
	}
	f.noLock(t)

	// The configuration names the addresses that the Services got in the step before.
	var files corev1.ConfigMap
	f.get(t, "kea-dhcp-config", &files)
	for _, address := range []string{"http://10.90.0.", "192.0.2."} {
		if !strings.Contains(files.Data["kea-dhcp-0-dhcp4.conf"], address) {
			t.Errorf("the configuration lacks %s", address)
		}
	}

	r = f.install(t, with(backedUp))
	want = []string{
		"start access and network policy", "done 5 unchanged",
		"start credentials", "done 3 kept",
		"start services", "done 5 unchanged, 1 kept",
		"start database cluster", "done 2 unchanged",
		"start Kea configuration", "done 2 unchanged",
		"start Kea servers", "done 3 unchanged",
		"start backup schedule", "done 1 unchanged",
	}
	if diff := cmp.Diff(want, r.lines); diff != "" {
		t.Error(diff)
	}
}

func (f *cluster) get(t *testing.T, name string, o client.Object) {
	t.Helper()
	if err := f.store.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: name}, o); err != nil {
		t.Fatal(err)
	}
}

// noLock: an operation that is over leaves no lock behind.
func (f *cluster) noLock(t *testing.T) {
	t.Helper()
	if err := f.store.Get(t.Context(), client.ObjectKey{Namespace: "network", Name: "kea-dhcp-operation"}, &coordinationv1.Lease{}); !apierrors.IsNotFound(err) {
		t.Errorf("the lock: %v", err)
	}
}

func (f *cluster) secrets(t *testing.T) map[string]map[string]string {
	t.Helper()
	found := map[string]map[string]string{}
	for _, name := range []string{"kea-db-credentials", "kea-db-viewer", "kea-db-ca"} {
		var s corev1.Secret
		f.get(t, name, &s)
		found[name] = map[string]string{}
		for key, value := range s.Data {
			found[name][key] = string(value)
		}
	}
	return found
}

func keysOf(secrets map[string]map[string]string) map[string][]string {
	found := map[string][]string{}
	for name, data := range secrets {
		for key := range data {
			found[name] = append(found[name], key)
		}
		slices.Sort(found[name])
	}
	return found
}

func TestSecretsAreMadeOnce(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	first := f.secrets(t)
	want := map[string][]string{
		"kea-db-credentials": {"password", "pg_service.conf", "username"}, "kea-db-viewer": {"ca.crt", "password", "username"}, "kea-db-ca": {"ca.crt", "ca.key"},
	}
	if diff := cmp.Diff(want, keysOf(first)); diff != "" {
		t.Fatal(diff)
	}
	if first["kea-db-viewer"]["ca.crt"] != first["kea-db-ca"]["ca.crt"] || first["kea-db-viewer"]["password"] == first["kea-db-credentials"]["password"] {
		t.Error("the viewer's Secret has another certificate, or the owner's password")
	}
	if first["kea-db-credentials"]["pg_service.conf"] != "[kea]\nuser=kea\npassword="+first["kea-db-credentials"]["password"]+"\n" {
		t.Error("the service file has another password")
	}
	var s corev1.Secret
	f.get(t, "kea-db-credentials", &s)
	if s.Type != corev1.SecretTypeBasicAuth || s.Labels["kea.fos1.io/deployment"] != "kea-dhcp" || len(s.OwnerReferences) > 0 {
		t.Errorf("type %s, labels %v, owners %v", s.Type, s.Labels, s.OwnerReferences)
	}

	f.install(t, with("  database: {cluster: {instances: 5}}"))
	if !cmp.Equal(first, f.secrets(t)) { // the difference would show passwords
		t.Error("a second install changed a Secret")
	}
	for _, write := range f.written() {
		if strings.Contains(write, "Secret") && !strings.HasPrefix(write, "create") {
			t.Error(write)
		}
	}

	// What is missing is added, the rest stays.
	for name, key := range map[string]string{"kea-db-viewer": "ca.crt", "kea-db-credentials": "pg_service.conf"} {
		var s corev1.Secret
		f.get(t, name, &s)
		delete(s.Data, key)
		if err := f.store.Update(t.Context(), &s); err != nil {
			t.Fatal(err)
		}
	}
	r := f.install(t, office)
	if !slices.Contains(r.lines, "done 2 changed, 1 kept") {
		t.Errorf("%q", r.lines)
	}
	if !cmp.Equal(first, f.secrets(t)) {
		t.Error("the keys that were missing are not as they were")
	}
}

// A Secret that somebody prepared, with the CA that was there before: the viewer gets that CA's certificate.
func TestViewerTrustsTheCAThatIsThere(t *testing.T) {
	ca := secret("kea-db-ca")
	ca.Data = map[string][]byte{"ca.crt": []byte("an older certificate"), "ca.key": []byte("its key")}
	f := newCluster(t, ca)
	f.install(t, office)
	if got := f.secrets(t); got["kea-db-viewer"]["ca.crt"] != "an older certificate" || got["kea-db-ca"]["ca.key"] != "its key" {
		t.Error("the viewer's Secret holds another certificate, or the CA was changed")
	}
}

// Killed before any of its writes and run again, an install comes to the same end, with passwords that were made once.
func TestApplyInterruptedAnywhere(t *testing.T) {
	whole := newCluster(t)
	whole.install(t, office)
	writes := whole.written()
	for n, write := range writes {
		if n%3 != 0 && !strings.Contains(write, "Secret") {
			continue // a third of them is enough, and takes a third of the time
		}
		t.Run(write, func(t *testing.T) {
			f := newCluster(t)
			killed := errors.New("killed")
			f.before = func(verb, object string) error {
				if verb+" "+object == write {
					return killed
				}
				return nil
			}
			_, err := Apply(t.Context(), f.source(), f.plan(t, office, Options{}), Options{}, false, lock(), &recorder{})
			var failed *operation.StepError
			if !errors.As(err, &failed) || !errors.Is(err, killed) {
				t.Fatal(err)
			}
			passwords := map[string]string{}
			var all corev1.SecretList
			if err := f.store.List(t.Context(), &all); err != nil {
				t.Fatal(err)
			}
			for _, s := range all.Items {
				passwords[s.Name] = string(s.Data["password"]) + string(s.Data["ca.key"])
			}
			f.before = nil
			f.install(t, office)
			f.noLock(t)
			made := f.secrets(t)
			for name, password := range passwords {
				if made[name]["password"]+made[name]["ca.key"] != password {
					t.Errorf("secret %s was made twice", name)
				}
			}
			if p := f.plan(t, office, Options{}); p.Pending() != 0 || p.Blocked() {
				t.Errorf("%q", done(p.Changes))
			}
		})
	}
}

// An answer of the API server or of a webhook over a Secret may hold the Secret: it is not repeated.
func TestErrorsHoldNoSecrets(t *testing.T) {
	for name, answer := range map[string]func(o *corev1.Secret) error{
		"encoded": func(o *corev1.Secret) error {
			return fmt.Errorf("denied: %s", base64.StdEncoding.EncodeToString(o.Data["password"]))
		},
		"plain":          func(o *corev1.Secret) error { return fmt.Errorf("denied: %q", o.Data["password"]) },
		"of the service": func(o *corev1.Secret) error { return fmt.Errorf("denied: %q", o.Data["pg_service.conf"]) },
		"whole":          func(o *corev1.Secret) error { text, _ := json.Marshal(o); return fmt.Errorf("denied: %s", text) },
	} {
		t.Run(name, func(t *testing.T) {
			owner := secret("kea-db-credentials")
			added := map[string][]byte{"username": []byte("kea"), "password": []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "pg_service.conf": []byte(ServiceFile("kea", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))}
			owner.Data = added
			if err := discreet(answer(owner), added); !errors.Is(err, errRepeats) {
				t.Error("the answer is repeated")
			}
		})
	}
	ca, _, err := secretData(load(t, office), "kea-db-ca", nil, "", today())
	if err != nil {
		t.Fatal(err)
	}
	if err := discreet(fmt.Errorf("denied: %s", ca["ca.key"]), ca); !errors.Is(err, errRepeats) {
		t.Error("the CA's key is repeated")
	}
	plain := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "kea-db-ca", errors.New("quota exceeded"))
	if err := discreet(plain, ca); !errors.Is(err, plain) {
		t.Errorf("a harmless answer is hidden: %v", err)
	}

	f := newCluster(t)
	f.WithWatch = echoing{f.WithWatch}
	p := f.plan(t, office, Options{})
	_, err = Apply(t.Context(), f.source(), p, Options{}, false, lock(), &recorder{})
	if want := "credentials: create Secret kea-db-ca: the cluster refused it, and its answer repeats what is secret, so it is not shown"; err == nil || err.Error() != want {
		t.Error("got another error than", want)
	}
}

// echoing refuses every Secret with the whole of it.
type echoing struct{ client.WithWatch }

func (e echoing) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	if o.GetObjectKind().GroupVersionKind().Kind == "Secret" {
		return fmt.Errorf("admission webhook denied the request: %v", o)
	}
	return e.WithWatch.Create(ctx, o, options...)
}

func TestApplyIsKeptOut(t *testing.T) {
	f := newCluster(t)
	p := f.plan(t, office, Options{})
	o := lock()
	o.Namespace, o.Deployment, o.State.By = "network", "kea-dhcp", "bob@lap"
	other, err := operation.Acquire(t.Context(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Release(t.Context()) }()
	_, err = Apply(t.Context(), f.source(), p, Options{}, false, lock(), &recorder{})
	var held *operation.HeldError
	if !errors.As(err, &held) || !strings.HasPrefix(err.Error(), "bob@lap works on network/kea-dhcp: install since ") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{}, f.written()); diff != "" {
		t.Error(diff)
	}
}

// Ctrl-C during a wait ends it at once, says what was waited for, and leaves the lock for the next run.
func TestApplyInterruptedWhileItWaits(t *testing.T) {
	f := newCluster(t)
	p := f.plan(t, with("  database: {type: memfile}"), Options{})
	ctx, interrupt := context.WithCancel(t.Context())
	r := noting{interrupt: interrupt}
	_, err := Apply(ctx, f.source(), p, Options{}, true, lock(), &r)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if want := "wait for the servers to hand out leases: context canceled; last seen: kea-dhcp-0: no pod; kea-dhcp-1: no pod"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	var late *NotReadyError
	if !errors.As(err, &late) || late.Waiting != "kea-dhcp-0: no pod; kea-dhcp-1: no pod" {
		t.Errorf("%+v", late)
	}
	var lease coordinationv1.Lease
	f.get(t, "kea-dhcp-operation", &lease)
	if !strings.Contains(lease.Annotations["kea.fos1.io/operation-state"], `"step":"wait for the servers to hand out leases"`) {
		t.Errorf("the lock says %s", lease.Annotations)
	}
	if lease.Spec.RenewTime.After(time.Now().Add(-30 * time.Second)) {
		t.Error("the next run would have to wait")
	}
}

// noting interrupts at the first note.
type noting struct {
	recorder
	interrupt func()
}

func (n *noting) Note(string) { n.interrupt() }

// The first install waits a little for the load balancers, and goes on without them.
func TestServicesWithoutABalancer(t *testing.T) {
	for name, tt := range map[string]struct {
		step time.Duration // by which the clock goes on at each look
		give bool          // the balancer comes about while it is waited for
		want string
	}{
		"none at all":           {balancerTime, false, "done 6 created; no load balancer gave an address yet, clients get to know the ClusterIPs"},
		"after the first look":  {time.Second, true, "done 6 created"},
		"none for a long while": {balancerTime / 2, false, "done 6 created; no load balancer gave an address yet, clients get to know the ClusterIPs"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			f.noBalancer = true
			src := f.source()
			p, err := Make(t.Context(), src, load(t, office), Options{})
			if err != nil {
				t.Fatal(err)
			}
			clock := today()
			src.Now = func() time.Time { clock = clock.Add(tt.step); return clock }
			r := &balanced{f: f, give: tt.give}
			if _, err := Apply(t.Context(), src, p, Options{}, false, lock(), r); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(r.lines, tt.want) {
				t.Errorf("%q", r.lines)
			}
			for _, line := range r.lines {
				if strings.HasPrefix(line, "note ") && line != "note waiting for the load balancers of kea-dhcp-0-dhcp, kea-dhcp-1-dhcp" {
					t.Error(line)
				}
			}
			// A later install takes what is there.
			if err := f.store.DeleteAllOf(t.Context(), &coordinationv1.Lease{}, client.InNamespace("network")); err != nil {
				t.Fatal(err)
			}
			if again := f.install(t, office); !slices.Contains(again.lines, "done 5 unchanged, 1 kept") {
				t.Errorf("%q", again.lines)
			}
		})
	}
}

// balanced gives the Services their addresses at the first note.
type balanced struct {
	recorder
	f    *cluster
	give bool
}

func (b *balanced) Note(what string) {
	b.recorder.Note(what)
	if !b.give {
		return
	}
	for i, name := range []string{"kea-dhcp-0-dhcp", "kea-dhcp-1-dhcp"} {
		var s corev1.Service
		if b.f.store.Get(context.Background(), client.ObjectKey{Namespace: "network", Name: name}, &s) != nil {
			return
		}
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: fmt.Sprintf("192.0.2.%d", 10+i)}}
		_ = b.f.store.Status().Update(context.Background(), &s)
	}
}

func TestSummary(t *testing.T) {
	for want, counts := range map[string]map[Action]int{
		"": {},
		"1 created, 2 changed, 3 unchanged, 4 kept": {Keep: 4, Create: 1, Unchanged: 3, Update: 2},
		"2 kept": {Keep: 2},
	} {
		if got := summary(counts); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A conflict in the middle names the object and the field.
func TestApplyRefused(t *testing.T) {
	f := newCluster(t)
	p := f.plan(t, office, Options{})
	f.before = func(verb, object string) error {
		if verb == "apply" && object == "StatefulSet kea-dhcp" {
			return apierrors.NewApplyConflict([]metav1.StatusCause{{Field: ".spec.replicas", Message: `conflict with "hpa"`}}, "Apply failed with 1 conflict")
		}
		return nil
	}
	var r recorder
	_, err := Apply(t.Context(), f.source(), p, Options{}, false, lock(), &r)
	if want := `Kea servers: StatefulSet kea-dhcp: fields were set by somebody else: .spec.replicas: conflict with "hpa"`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if last := r.lines[len(r.lines)-1]; last != "fail" {
		t.Error(last)
	}
}
