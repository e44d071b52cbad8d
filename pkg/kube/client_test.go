package kube

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

type flags struct{ clientcmd.ClientConfig }

func (f flags) ToRawKubeConfigLoader() clientcmd.ClientConfig { return f.ClientConfig }

func TestNewFromFlags(t *testing.T) {
	config := clientcmdapi.Config{
		CurrentContext: "lab",
		Contexts:       map[string]*clientcmdapi.Context{"lab": {Cluster: "lab", Namespace: "dhcp"}},
		Clusters:       map[string]*clientcmdapi.Cluster{"lab": {Server: "https://10.0.0.1:6443"}},
	}
	fromKubeconfig, err := New(flags{clientcmd.NewDefaultClientConfig(config, &clientcmd.ConfigOverrides{})}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if c := fromKubeconfig; c.Namespace != "dhcp" || c.NamespaceChosen || c.Server != "https://10.0.0.1:6443" {
		t.Errorf("%q %v %q", c.Namespace, c.NamespaceChosen, c.Server)
	}
	override := &clientcmd.ConfigOverrides{Context: clientcmdapi.Context{Namespace: "other"}}
	fromFlag, err := New(flags{clientcmd.NewDefaultClientConfig(config, override)}, Options{})
	if err != nil || fromFlag.Namespace != "other" || !fromFlag.NamespaceChosen {
		t.Errorf("%+v, %v", fromFlag, err)
	}
	if http.DefaultClient.Transport != nil { //nolint:forbidigo // client-go hands it out when nothing needs another
		t.Error("the process-wide HTTP client was changed")
	}
}

func TestNewWithoutConfiguration(t *testing.T) {
	tests := map[string]struct {
		overrides clientcmd.ConfigOverrides
		message   string
		hint      string
	}{
		"empty": {clientcmd.ConfigOverrides{}, "no cluster is configured", kubeconfigHint},
		"no such context": {
			clientcmd.ConfigOverrides{CurrentContext: "nope"},
			`read the kubeconfig: context "nope" does not exist`,
			"the contexts you have: kubectl config get-contexts",
		},
	}
	for name, test := range tests {
		_, err := New(flags{clientcmd.NewDefaultClientConfig(*clientcmdapi.NewConfig(), &test.overrides)}, Options{})
		e := Explain(err)
		if e == nil || e.Problem != ProblemConfig || err.Error() != test.message || e.Hint != test.hint {
			t.Errorf("%s: %v, %+v", name, err, e)
		}
	}
}

func TestEveryKindIsMappedAndTyped(t *testing.T) {
	scheme, mapper := newScheme(), newMapper()
	for _, g := range kinds() {
		for _, k := range g.kinds {
			mapping, err := mapper.RESTMapping(g.version.WithKind(k.name).GroupKind(), g.version.Version)
			if err != nil || mapping.Resource != g.version.WithResource(k.resource) || (mapping.Scope.Name() == "root") != k.cluster {
				t.Errorf("%s: %+v, %v", k.name, mapping, err)
			}
			for _, object := range k.types {
				found, _, err := scheme.ObjectKinds(object)
				if err != nil || !strings.HasPrefix(found[0].Kind, k.name) || found[0].GroupVersion() != g.version {
					t.Errorf("%s: %v, %v", k.name, found, err)
				}
			}
		}
	}
}

// api answers by path, and records what was asked.
type api struct {
	mu      sync.Mutex
	asked   []string
	binary  int // requests that would rather have protobuf
	answers map[string]any
}

func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked = append(a.asked, r.Method+" "+r.URL.Path)
	if strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.kubernetes.protobuf") {
		a.binary++
	}
	a.mu.Unlock()
	w.Header().Set("Warning", `299 - "old and deprecated"`)
	switch answer := a.answers[r.URL.Path].(type) {
	case nil:
		http.Error(w, "404 page not found", http.StatusNotFound)
	case metav1.Status:
		writeStatus(w, answer)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(mustJSON(answer))
	}
}

func TestClientAsksOnlyWhatItIsAskedFor(t *testing.T) {
	f, a := newFakeCluster(t), &api{}
	f.other = a.serve
	pod := corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, ObjectMeta: metav1.ObjectMeta{Namespace: "dhcp", Name: "kea-0"}}
	a.answers = map[string]any{
		"/api/v1/namespaces/dhcp/pods/kea-0":                       pod,
		"/api/v1/namespaces/dhcp/pods":                             corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}, Items: []corev1.Pod{pod}},
		"/apis/postgresql.cnpg.io/v1/clusters":                     cnpgv1.ClusterList{TypeMeta: metav1.TypeMeta{Kind: "ClusterList", APIVersion: "postgresql.cnpg.io/v1"}},
		"/apis/barmancloud.cnpg.io/v1/namespaces/x/objectstores/s": map[string]any{"kind": "ObjectStore", "apiVersion": "barmancloud.cnpg.io/v1"},
	}
	var mu sync.Mutex
	var calls []Call
	var warned []string
	c := f.client(t, Options{
		Observe: func(call Call) { mu.Lock(); defer mu.Unlock(); calls = append(calls, call) },
		Warn:    func(text string) { warned = append(warned, text) },
	})
	ctx := t.Context()
	var got corev1.Pod
	if err := c.Get(ctx, client.ObjectKey{Namespace: "dhcp", Name: "kea-0"}, &got); err != nil || got.Name != "kea-0" {
		t.Error(got.Name, err)
	}
	var pods corev1.PodList
	if err := c.List(ctx, &pods, client.InNamespace("dhcp"), client.MatchingLabels{"a": "b"}); err != nil || len(pods.Items) != 1 {
		t.Error(len(pods.Items), err)
	}
	if err := c.List(ctx, &cnpgv1.ClusterList{}); err != nil {
		t.Error(err)
	}
	store := &unstructured.Unstructured{}
	store.SetGroupVersionKind(schema.GroupVersionKind{Group: "barmancloud.cnpg.io", Version: "v1", Kind: "ObjectStore"})
	if err := c.Get(ctx, client.ObjectKey{Namespace: "x", Name: "s"}, store); err != nil {
		t.Error(err)
	}
	want := "GET /api/v1/namespaces/dhcp/pods/kea-0 GET /api/v1/namespaces/dhcp/pods GET /apis/postgresql.cnpg.io/v1/clusters " +
		"GET /apis/barmancloud.cnpg.io/v1/namespaces/x/objectstores/s"
	if got := strings.Join(a.asked, " "); got != want {
		t.Errorf("asked %s", got)
	}
	if a.binary != 2 {
		t.Errorf("%d requests for protobuf, want those for pods", a.binary)
	}
	if len(calls) != 4 || calls[1].What != "/api/v1/namespaces/dhcp/pods?labelSelector=a=b" || calls[1].Code != 200 || calls[1].Duration <= 0 {
		t.Errorf("observed %+v", calls)
	}
	if len(warned) != 4 || warned[0] != "old and deprecated" {
		t.Errorf("warned %v", warned)
	}
}

func TestClientExplains(t *testing.T) {
	f, a := newFakeCluster(t), &api{}
	f.other = a.serve
	list := "/apis/postgresql.cnpg.io/v1/namespaces/dhcp/clusters"
	tests := []struct {
		name    string
		answer  any
		problem Problem
		check   func(error) bool
	}{
		{"not installed", nil, ProblemNotInstalled, IsNotInstalled},
		{"forbidden", metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: "clusters.postgresql.cnpg.io is forbidden: " +
			`User "ann" cannot list resource "clusters" in API group "postgresql.cnpg.io" in the namespace "dhcp"`}, ProblemForbidden, IsForbidden},
		{"unauthorized", metav1.Status{Code: 401, Reason: metav1.StatusReasonUnauthorized, Message: "Unauthorized"}, ProblemUnauthorized, apierrors.IsUnauthorized},
		{
			"anonymous",
			metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: `User "system:anonymous" cannot list resource "clusters"`},
			ProblemUnauthorized, apierrors.IsForbidden,
		},
		{"quota", metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: "exceeded quota"}, ProblemOther, apierrors.IsForbidden},
		{"conflict", metav1.Status{Code: 409, Reason: metav1.StatusReasonConflict, Message: "changed"}, ProblemOther, apierrors.IsConflict},
		{"timeout", metav1.Status{Code: 504, Reason: metav1.StatusReasonTimeout, Message: "too slow"}, ProblemTimeout, apierrors.IsTimeout},
	}
	c := f.client(t, Options{})
	for _, test := range tests {
		a.answers = map[string]any{list: test.answer}
		err := c.List(t.Context(), &cnpgv1.ClusterList{}, client.InNamespace("dhcp"))
		if e := Explain(err); e == nil || e.Problem != test.problem || !test.check(err) {
			t.Errorf("%s: %v explained as %+v", test.name, err, e)
		}
	}
	a.answers = map[string]any{list + "/db": metav1.Status{
		Code: 404, Reason: metav1.StatusReasonNotFound,
		Message: `clusters.postgresql.cnpg.io "db" not found`, Details: &metav1.StatusDetails{Name: "db", Kind: "clusters"},
	}}
	err := c.Get(t.Context(), client.ObjectKey{Namespace: "dhcp", Name: "db"}, &cnpgv1.Cluster{})
	if e := Explain(err); e == nil || e.Problem != ProblemNotFound || IsNotInstalled(err) || !apierrors.IsNotFound(err) {
		t.Errorf("%v explained as %+v", err, e)
	}
	err = c.Get(t.Context(), client.ObjectKey{Namespace: "dhcp", Name: "db"}, &unstructured.Unstructured{
		Object: map[string]any{"kind": "Route", "apiVersion": "route.openshift.io/v1"},
	})
	if !IsNotInstalled(err) {
		t.Errorf("a kind that is not in the table: %v", err)
	}
}

func TestClientWritesAsFieldManager(t *testing.T) {
	f := newFakeCluster(t)
	manager := ""
	f.other = func(w http.ResponseWriter, r *http.Request) {
		manager = r.URL.Query().Get("fieldManager")
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(mustJSON(corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}}))
	}
	pod := func() *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "dhcp", Name: "kea-0"}}
	}
	c := f.client(t, Options{})
	patch := client.RawPatch("application/merge-patch+json", []byte("{}"))
	for name, write := range map[string]func() error{
		"patch":       func() error { return c.Patch(t.Context(), pod(), patch) },
		"create":      func() error { return c.Create(t.Context(), pod()) },
		"subresource": func() error { return c.Status().Patch(t.Context(), pod(), patch) },
	} {
		if err := write(); err != nil || manager != marks.FieldManager {
			t.Errorf("%s: %q, %v", name, manager, err)
		}
		manager = ""
	}
}

func TestClientServerProblems(t *testing.T) {
	f := newFakeCluster(t)
	hang := make(chan struct{})
	defer close(hang)
	f.other = func(http.ResponseWriter, *http.Request) { <-hang }
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	pods := &corev1.PodList{}
	err := f.client(t, Options{}).List(ctx, pods)
	if e := Explain(err); e == nil || e.Problem != ProblemTimeout || e.Server != f.URL || err.Error() != "the API server "+f.URL+" does not answer in time" {
		t.Errorf("slow: %v", err)
	}
	err = f.client(t, Options{}, func(c *rest.Config) { c.Timeout = 50 * time.Millisecond }).List(t.Context(), pods)
	if e := Explain(err); e == nil || e.Problem != ProblemTimeout {
		t.Errorf("slow, by --request-timeout: %v", err)
	}
	err = f.client(t, Options{}, func(c *rest.Config) { c.CAData = nil }).List(t.Context(), pods)
	if e := Explain(err); e == nil || e.Problem != ProblemUntrusted {
		t.Errorf("untrusted: %v", err)
	}
	cancelled, stop := context.WithCancel(t.Context())
	stop()
	if err = f.client(t, Options{}).List(cancelled, pods); err == nil || Explain(err) != nil {
		t.Errorf("cancelled: %v", err)
	}
	for host, message := range map[string]string{
		"https://127.0.0.1:1": "the API server https://127.0.0.1:1 does not answer: connection refused",
		kubectlDefault:        "no cluster is configured, and the API server http://localhost:8080 does not answer",
	} {
		c, err := NewForConfig(&rest.Config{Host: host, Proxy: http.ProxyURL(nil)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = c.List(t.Context(), pods)
		if e := Explain(err); e == nil || e.Problem != ProblemUnreachable || err.Error() != message {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestClientCredentialPlugin(t *testing.T) {
	f := newFakeCluster(t)
	c := f.client(t, Options{}, func(c *rest.Config) {
		c.ExecProvider = &clientcmdapi.ExecConfig{
			Command: "/nonexistent/login-helper", APIVersion: "client.authentication.k8s.io/v1",
			InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}
	})
	err := c.List(t.Context(), &corev1.PodList{})
	if e := Explain(err); e == nil || e.Problem != ProblemUnauthorized || !strings.Contains(err.Error(), "could not be had") {
		t.Errorf("list: %v", err)
	}
	_, err = c.DialPod(t.Context(), "dhcp", "kea-0", 1)
	if e := Explain(err); e == nil || e.Problem != ProblemUnauthorized {
		t.Errorf("dial: %v", err)
	}
}

func TestExplainForeignErrors(t *testing.T) {
	for _, err := range []error{nil, context.Canceled, http.ErrAbortHandler} {
		if e := Explain(err); e != nil {
			t.Errorf("%v explained as %+v", err, e)
		}
	}
	if e := Explain(context.DeadlineExceeded); e == nil || e.Problem != ProblemTimeout {
		t.Errorf("deadline explained as %+v", e)
	}
}

func TestPermission(t *testing.T) {
	tests := map[string]struct {
		known      bool
		permission string
	}{
		`pods is forbidden: User "ann" cannot list resource "pods" in API group "" at the cluster scope`: {true, "list pods in all namespaces"},
		`pods "x" is forbidden: User "ann" cannot create resource "pods/exec" in API group "" in the namespace "dhcp": RBAC: role not found`: {
			true, "create pods/exec in namespace dhcp",
		},
		`leases.coordination.k8s.io "l" is forbidden: User "ann" cannot patch resource "leases" in API group "coordination.k8s.io" in the namespace "d"`: {
			true, "patch leases.coordination.k8s.io in namespace d",
		},
		`pods "x" is forbidden: violates PodSecurity "restricted": cannot do that`: {false, ""},
		``: {false, ""},
	}
	for message, want := range tests {
		e := &Error{Problem: ProblemForbidden}
		if known := e.readForbidden(message); known != want.known || e.Permission() != want.permission {
			t.Errorf("%q: %v %q", message, known, e.Permission())
		}
	}
}
