package status

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

const password = "lab-only-hot-standby"

// barrier opens when so many sources have arrived at it; it never opens for those that are asked one after the other.
type barrier struct {
	mu      sync.Mutex
	wanted  map[string]bool
	arrived []string
	open    chan struct{}
}

func newBarrier(sources ...string) *barrier {
	b := &barrier{wanted: map[string]bool{}, open: make(chan struct{})}
	for _, s := range sources {
		b.wanted[s] = true
	}
	return b
}

func (b *barrier) arrive(ctx context.Context, source string) error {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	if b.wanted[source] && !slices.Contains(b.arrived, source) {
		if b.arrived = append(b.arrived, source); len(b.arrived) == len(b.wanted) {
			close(b.open)
		}
	}
	b.mu.Unlock()
	select {
	case <-b.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// world is the hot-standby scenario, faked at the wire: captured objects behind a fake client,
// captured answers behind HTTP servers, and pods that are not there for SQL.
type world struct {
	barrier *barrier
	hang    string // this source answers only when its time is over
}

func (w world) wait(ctx context.Context, source string) error {
	if w.hang == source {
		<-ctx.Done()
		return ctx.Err()
	}
	return w.barrier.arrive(ctx, source)
}

func (w world) ProxyGet(ctx context.Context, _, pod string, _ int, _, _ string) ([]byte, error) {
	if err := w.wait(ctx, "instance"); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join("..", "cnpg", "testdata", "network", "status-"+pod+".json"))
}

func (w world) DialPod(ctx context.Context, _, _ string, _ int) (net.Conn, error) {
	if err := w.wait(ctx, "login"); err != nil {
		return nil, err
	}
	return nil, errors.New("connection refused")
}

func (w world) source(t *testing.T) Source {
	t.Helper()
	funcs := interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
		if _, ok := l.(*cnpgv1.BackupList); ok {
			if err := w.wait(ctx, "backups"); err != nil {
				return err
			}
		}
		return c.List(ctx, l, opts...)
	}}
	servers := map[string]*httptest.Server{}
	for _, pod := range []string{"kea-dhcp-0", "kea-dhcp-1"} {
		data, err := os.ReadFile(filepath.Join("..", "ha", "testdata", "network", pod+".json"))
		if err != nil {
			t.Fatal(err)
		}
		answers := map[string]json.RawMessage{}
		if err := json.Unmarshal(data, &answers); err != nil {
			t.Fatal(err)
		}
		servers[pod] = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			var sent struct{ Command string }
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || w.wait(r.Context(), pod) != nil {
				return
			}
			rw.Header().Set("Content-Type", "application/json")
			_, _ = rw.Write(answers[sent.Command])
		}))
		t.Cleanup(servers[pod].Close)
	}
	return Source{
		Reader: fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(network(t)...).WithInterceptorFuncs(funcs).Build(),
		Connect: func(_ context.Context, s inventory.Server) (ha.Asker, inventory.Endpoint, error) {
			return kea.NewClient(kea.Options{URL: servers[s.Pod].URL, HTTP: servers[s.Pod].Client()}), s.Endpoints[0], nil
		},
		Pods: w, Now: clock,
	}
}

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, coordinationv1.AddToScheme, cnpgv1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	store := cnpg.ObjectStoreKind()
	s.AddKnownTypeWithName(store, &unstructured.Unstructured{})
	s.AddKnownTypeWithName(store.GroupVersion().WithKind("ObjectStoreList"), &unstructured.UnstructuredList{})
	return s
}

// network are the captured objects, Kea's Secrets from the manifests, and a pod for each server.
func network(t *testing.T) []client.Object {
	t.Helper()
	found := []client.Object{}
	for _, file := range []string{"cluster", "pods", "services", "backups"} {
		for _, o := range documents(t, filepath.Join("..", "cnpg", "testdata", "network", file+".yaml")) {
			found = append(found, &unstructured.Unstructured{Object: o})
		}
	}
	for _, file := range []string{"10-database", "20-kea"} {
		for _, o := range documents(t, filepath.Join("..", "inventory", "testdata", "scenarios", "hot-standby", file+".yaml")) {
			switch o["kind"] {
			case "Secret":
				secret := &corev1.Secret{}
				convert(t, o, secret)
				secret.Data = map[string][]byte{}
				for key, text := range secret.StringData {
					secret.Data[key] = []byte(text)
				}
				found = append(found, secret)
			case "StatefulSet":
				set := &appsv1.StatefulSet{}
				convert(t, o, set)
				found = append(found, set)
				set.Spec.Template.Spec.Containers = slices.DeleteFunc(set.Spec.Template.Spec.Containers, func(c corev1.Container) bool { return c.Name == "dhcp6" })
				for i := range 2 {
					pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: set.Spec.Template.Spec}
					pod.Namespace, pod.Name, pod.Status.Phase = "network", fmt.Sprintf("kea-dhcp-%d", i), corev1.PodRunning
					pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "dhcp4", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
					found = append(found, pod)
				}
			}
		}
	}
	return append(found, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database-ca"}, Data: map[string][]byte{"ca.crt": authority(t)}})
}

func documents(t *testing.T, file string) []map[string]any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	found := []map[string]any{}
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096); ; {
		o := map[string]any{}
		if err := decoder.Decode(&o); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found = append(found, o)
	}
}

func convert(t *testing.T, from map[string]any, to any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(from, to); err != nil {
		t.Fatal(err)
	}
}

// authority is a certificate that nothing is signed with.
func authority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func gather(t *testing.T, w world, limit time.Duration) Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	r, err := Gather(ctx, w.source(t), "network", inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func codes(r Report) []string {
	found := []string{}
	for _, p := range r.Problems {
		found = append(found, string(p.Severity)+" "+p.Code)
	}
	return found
}

func unreadOf(r Report) []string {
	found := []string{}
	for _, u := range r.Unread {
		found = append(found, u.Source)
	}
	return found
}

// Each source answers only once all of them have been asked.
func TestGatherAsksAllAtTheSameTime(t *testing.T) {
	all := []string{"kea-dhcp-0", "kea-dhcp-1", "instance", "backups", "login"}
	b := newBarrier(all...)
	r := gather(t, world{barrier: b}, 30*time.Second)
	slices.Sort(b.arrived)
	slices.Sort(all)
	if diff := cmp.Diff(all, b.arrived); diff != "" {
		t.Errorf("asked before any had answered (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"critical no-login"}, codes(r)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{}, unreadOf(r)); diff != "" {
		t.Errorf("unread (-want +got):\n%s", diff)
	}
	if len(r.Relationships) != 1 || r.Relationships[0].Serving == nil || !*r.Relationships[0].Serving || len(r.Databases) != 1 || len(r.VLANs) != 3 {
		t.Errorf("%+v", r)
	}
	d := r.Databases[0]
	if d.Cluster == nil || d.Primary == nil || d.Primary.Pod != "kea-database-1" || d.Backups == nil || d.Credential.Secret != "kea-db-credentials" {
		t.Errorf("%+v", d)
	}
}

// What hangs costs its own answers only.
func TestGatherLeavesTheRestStanding(t *testing.T) {
	for source, want := range map[string]struct{ unread, problems []string }{
		"kea-dhcp-1": {[]string{}, []string{"critical no-login", "warning not-reached"}},
		"instance":   {[]string{"instance kea-database-1"}, []string{"critical no-login"}},
		"backups":    {[]string{"backups of cluster kea-database"}, []string{"critical no-login"}},
		// The whole look ends here before a login may be called slow: then nothing is known of it.
		"login": {[]string{"login to kea-database"}, []string{}},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			open := newBarrier()
			close(open.open)
			r := gather(t, world{hang: source, barrier: open}, time.Second)
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			if diff := cmp.Diff(want.problems, codes(r)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want.unread, unreadOf(r)); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			if len(r.Relationships) != 1 || len(r.Databases) != 1 || r.Databases[0].Cluster == nil || len(r.VLANs) != 3 || r.VLANs[0].CountedBy == "" {
				t.Errorf("%+v", r)
			}
			if r.Complete {
				t.Error("it calls itself complete")
			}
		})
	}
}

// A server that tries to reach its lost database answers every few seconds only: what is wrong is said before.
func TestGatherDoesNotWaitForServersWithoutDatabase(t *testing.T) {
	open := newBarrier()
	close(open.open)
	start := time.Now()
	r := gather(t, world{hang: "kea-dhcp-1", barrier: open}, time.Minute)
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	if diff := cmp.Diff([]string{"critical no-login", "warning not-reached"}, codes(r)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if last := r.Problems[len(r.Problems)-1]; !strings.Contains(last.Text, errBusy.Error()) {
		t.Errorf("%+v", last)
	}
}

// TestGatherHA: no database is asked.
func TestGatherHA(t *testing.T) {
	w := world{barrier: newBarrier("kea-dhcp-0", "kea-dhcp-1")}
	r, err := GatherHA(t.Context(), w.source(t), "network", inventory.Options{})
	if err != nil || len(r.Relationships) != 1 || len(r.Databases) != 0 || len(r.Problems) != 0 || !r.Complete {
		t.Errorf("%+v, %v", r, err)
	}
	if len(w.barrier.arrived) != 2 {
		t.Errorf("asked: %v", w.barrier.arrived)
	}
	for _, look := range []func(context.Context, Source, string, inventory.Options) (Report, error){Gather, GatherHA} {
		if _, err := look(t.Context(), w.source(t), "default", inventory.Options{}); !errors.Is(err, inventory.ErrNone) {
			t.Errorf("%v", err)
		}
	}
}

func TestJSON(t *testing.T) {
	open := newBarrier()
	close(open.open)
	full := gather(t, world{barrier: open}, 10*time.Second)
	// A v6 range beyond any integer, and a server without a partner.
	full.VLANs = append(full.VLANs, VLAN{Subnets: []string{"2001:db8::/48"}, Total: kea.CountOf(1 << 63).Add(kea.CountOf(1 << 63))})
	alone, _ := ha.Judge([]ha.Observation{{Server: inventory.Server{Namespace: "n", Pod: "p", Service: kea.DHCP4}}})
	full.Standalone = append(full.Standalone, alone.Standalone...)
	empty := Report{}
	empty.Report, _ = ha.Judge(nil)
	empty.Databases, empty.VLANs = []Database{}, []VLAN{}
	empty.finish()
	for name, r := range map[string]Report{"full": full, "empty": empty} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var tree any
			if err := json.Unmarshal(data, &tree); err != nil {
				t.Fatal(err)
			}
			names(t, "", tree)
			lists(t, "", reflect.ValueOf(r))
			if strings.Contains(string(data), "lab-only") || strings.Contains(fmt.Sprintf("%v %+v %#v", r, r, r), password) {
				t.Error("a password shows")
			}
			var back Report
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			again, err := json.Marshal(back)
			if err != nil || !bytes.Equal(data, again) {
				t.Errorf("it does not come back as it went: %v\n%s", err, cmp.Diff(string(data), string(again)))
			}
		})
	}
	data, err := json.Marshal(full)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"time":"2026-11-22T22:00:00Z"`, `"total":"18446744073709551616"`, `"standalone":[{`, `"severity":"critical"`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is missing", want)
		}
	}
}

// names: every key begins with a small letter and has no dash; those of a map of strings are somebody else's.
func names(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if key[:1] != strings.ToLower(key[:1]) || strings.ContainsAny(key, "-_ ") {
				t.Errorf("%s.%s", at, key)
			}
			names(t, at+"."+key, value)
		}
	case []any:
		for _, value := range v {
			names(t, at+"[]", value)
		}
	}
}

// lists: no list that is written is nil, since that would be null.
func lists(t *testing.T, at string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			lists(t, at, v.Elem())
		}
	case reflect.Slice:
		if v.IsNil() {
			t.Errorf("%s is null", at)
		}
		for i := range v.Len() {
			lists(t, at+"[]", v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			tag := field.Tag.Get("json")
			if !field.IsExported() || tag == "-" || (strings.Contains(tag, "omit") && v.Field(i).IsZero()) {
				continue
			}
			lists(t, at+"."+field.Name, v.Field(i))
		}
	default:
	}
}
