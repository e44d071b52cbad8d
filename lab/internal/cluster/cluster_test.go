package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/host"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/image"
)

// testCluster is a cluster whose folders are the test's own and whose source is the real one.
func testCluster(t *testing.T) *Cluster {
	t.Helper()
	dir := t.TempDir()
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	c := New(host.New(host.Paths{Source: source, Cache: filepath.Join(dir, "cache"), State: filepath.Join(dir, "state")}))
	if err := os.MkdirAll(c.Run(), 0o755); err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func certificateIn(t *testing.T, data []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(data)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Fatalf("not exactly one PEM block: %s", data)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestPKI(t *testing.T) {
	c := testCluster(t)
	if err := c.writePKI(); err != nil {
		t.Fatal(err)
	}
	pool := func(name string) *x509.CertPool {
		roots := x509.NewCertPool()
		roots.AddCert(certificateIn(t, read(t, filepath.Join(c.PKI(), name))))
		return roots
	}
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, test := range []struct {
		file, by, name string
		hosts          []string
	}{
		{"apiserver", "ca.crt", "kube-apiserver", []string{"127.0.0.1", c.NodeIP, c.APIService, "kubernetes.default.svc"}},
		{"apiserver-kubelet-client", "ca.crt", "kube-apiserver-kubelet-client", nil},
		{"kubelet-server", "ca.crt", c.Name, []string{c.NodeIP}},
		{"front-proxy-client", "front-proxy-ca.crt", "front-proxy-client", nil},
		{"barman-server", "barman-server.crt", "barman-cloud", []string{"barman-cloud"}}, // signed by itself
		{"barman-client", "barman-client.crt", "barman-cloud-client", []string{"barman-cloud-client"}},
	} {
		certFile, keyFile := filepath.Join(c.PKI(), test.file+".crt"), filepath.Join(c.PKI(), test.file+".key")
		if _, err := tls.LoadX509KeyPair(certFile, keyFile); err != nil {
			t.Errorf("%s: %v", test.file, err)
		}
		cert := certificateIn(t, read(t, certFile))
		if cert.Subject.CommonName != test.name {
			t.Errorf("%s is for %s", test.file, cert.Subject.CommonName)
		}
		if _, err := cert.Verify(x509.VerifyOptions{Roots: pool(test.by), KeyUsages: both}); err != nil {
			t.Errorf("%s: %v", test.file, err)
		}
		for _, host := range test.hosts {
			if err := cert.VerifyHostname(host); err != nil {
				t.Errorf("%s: %v", test.file, err)
			}
		}
		if info, err := os.Stat(keyFile); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: others may read the key: %v, %v", test.file, info.Mode(), err)
		}
	}

	before := read(t, c.KubeconfigInside())
	if err := c.writePKI(); err != nil || !bytes.Equal(read(t, c.KubeconfigInside()), before) {
		t.Errorf("a second run makes other certificates (%v), which the running API server does not know", err)
	}
}

func TestKubeconfigs(t *testing.T) {
	c := testCluster(t)
	if err := c.writePKI(); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificateIn(t, read(t, filepath.Join(c.PKI(), "ca.crt"))))
	for _, test := range []struct{ path, server, user, group string }{
		{c.Kubeconfig(), "https://127.0.0.1:16443", "kealab-admin", "system:masters"},
		{c.KubeconfigInside(), "https://127.0.0.1:6443", "kealab-admin", "system:masters"},
		{filepath.Join(c.PKI(), "kubelet.kubeconfig"), "https://127.0.0.1:6443", "system:node:kealab", "system:nodes"},
		{filepath.Join(c.PKI(), "scheduler.kubeconfig"), "https://127.0.0.1:6443", "system:kube-scheduler", ""},
	} {
		var config struct {
			CurrentContext string `json:"current-context"`
			Contexts       []struct {
				Name    string
				Context struct{ Cluster, User string }
			}
			Clusters []struct {
				Name    string
				Cluster struct {
					Server string
					CA     []byte `json:"certificate-authority-data"`
				}
			}
			Users []struct {
				Name string
				User struct {
					Cert []byte `json:"client-certificate-data"`
					Key  []byte `json:"client-key-data"`
				}
			}
		}
		if err := yaml.Unmarshal(read(t, test.path), &config); err != nil {
			t.Fatal(err)
		}
		context, cluster, user := config.Contexts[0], config.Clusters[0], config.Users[0]
		if context.Name != config.CurrentContext || context.Context.Cluster != cluster.Name || context.Context.User != user.Name {
			t.Errorf("%s: the current context leads nowhere: %+v", test.path, config)
		}
		if cluster.Cluster.Server != test.server {
			t.Errorf("%s: server %s, want %s", test.path, cluster.Cluster.Server, test.server)
		}
		if _, err := tls.X509KeyPair(user.User.Cert, user.User.Key); err != nil {
			t.Errorf("%s: %v", test.path, err)
		}
		cert := certificateIn(t, user.User.Cert)
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
			t.Errorf("%s: %v", test.path, err)
		}
		if cert.Subject.CommonName != test.user || test.group != "" && !slices.Contains(cert.Subject.Organization, test.group) {
			t.Errorf("%s is for %v", test.path, cert.Subject)
		}
	}
}

// apiServer answers as the API server would, to whom the kubeconfig's certificate belongs, and returns the client.
func apiServer(t *testing.T, handle http.HandlerFunc) *API {
	t.Helper()
	c := testCluster(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.hostAddress = listener.Addr().String()
	if err := c.writePKI(); err != nil {
		t.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(c.PKI(), "apiserver.crt"), filepath.Join(c.PKI(), "apiserver.key"))
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AppendCertsFromPEM(read(t, filepath.Join(c.PKI(), "ca.crt")))
	server := &httptest.Server{
		Listener: listener, Config: &http.Server{Handler: handle, ReadHeaderTimeout: time.Minute},
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert},
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return NewAPI(c.Kubeconfig())
}

func TestPods(t *testing.T) {
	api := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/namespaces/network/pods" || r.TLS.PeerCertificates[0].Subject.CommonName != "kealab-admin" {
			http.Error(w, "not you", http.StatusForbidden)
			return
		}
		_, _ = io.WriteString(w, `{"kind": "PodList", "items": [
			{"metadata": {"name": "kea-dhcp-0"}, "status": {"phase": "Running", "podIP": "10.89.0.23", "podIPs": [{"ip": "10.89.0.23"}, {"ip": "fd00:89::17"}]}},
			{"metadata": {"name": "kea-dhcp-1", "deletionTimestamp": "2026-11-22T22:00:00Z"}, "status": {"phase": "Running", "podIPs": [{"ip": "10.89.0.24"}]}},
			{"metadata": {"name": "new"}, "status": {"phase": "Pending"}},
			{"metadata": {"name": "init-job"}, "status": {"phase": "Succeeded", "podIPs": [{"ip": "10.89.0.9"}]}},
			{"metadata": {"name": "evicted"}, "status": {"phase": "Failed", "podIPs": [{"ip": "10.89.0.10"}]}}]}`)
	})
	pods, err := api.Pods(t.Context(), "network")
	want := []Pod{
		{Name: "kea-dhcp-0", V4: netip.MustParseAddr("10.89.0.23"), V6: netip.MustParseAddr("fd00:89::17")},
		{Name: "kea-dhcp-1", V4: netip.MustParseAddr("10.89.0.24")},
		{Name: "new"},
	}
	if err != nil || !slices.Equal(pods, want) {
		t.Errorf("pods %v, %v, want %v", pods, err, want)
	}
	if _, err := api.Pods(t.Context(), "other"); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("a refusal is no error: %v", err)
	}
}

func TestAPIWithoutAKubeconfig(t *testing.T) {
	dir := t.TempDir()
	if err := NewAPI(filepath.Join(dir, "none")).Get(t.Context(), "/readyz", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	path := filepath.Join(dir, "empty")
	if err := os.WriteFile(path, []byte("kind: Config"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewAPI(path).Get(t.Context(), "/readyz", nil); err == nil || strings.Contains(err.Error(), "%!") {
		t.Errorf("error %v", err)
	}
}

func TestWorkloadReady(t *testing.T) {
	for _, test := range []struct {
		what, answer string
		want         bool
	}{
		{"ready", `{"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": {"observedGeneration": 2, "availableReplicas": 2}}`, true},
		{"of an older generation", `{"metadata": {"generation": 3}, "spec": {"replicas": 2}, "status": {"observedGeneration": 2, "availableReplicas": 2}}`, false},
		{"one of two", `{"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": {"observedGeneration": 2, "availableReplicas": 1}}`, false},
		{"garbage", `<html>`, false},
	} {
		c := &Cluster{api: apiServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/apis/apps/v1/namespaces/n/statefulsets/kea" {
				_, _ = io.WriteString(w, test.answer)
			} else {
				http.NotFound(w, r)
			}
		})}
		if got := c.WorkloadReady(t.Context(), "n", "statefulsets", "kea"); got != test.want {
			t.Errorf("%s: %v", test.what, got)
		}
		if c.WorkloadReady(t.Context(), "n", "statefulsets", "none") {
			t.Errorf("%s: one that does not exist is ready", test.what)
		}
	}
}

func TestDatabaseReadyAndBackupCompleted(t *testing.T) {
	answers := map[string]string{
		"clusters/healthy":  `{"spec": {"instances": 3}, "status": {"phase": "Cluster in healthy state", "readyInstances": 3}}`,
		"clusters/two":      `{"spec": {"instances": 3}, "status": {"phase": "Cluster in healthy state", "readyInstances": 2}}`,
		"clusters/starting": `{"spec": {"instances": 3}, "status": {"phase": "Setting up primary", "readyInstances": 3}}`,
		"backups/done":      `{"status": {"phase": "completed"}}`,
		"backups/failed":    `{"status": {"phase": "failed"}}`,
	}
	c := &Cluster{api: apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[strings.TrimPrefix(r.URL.Path, "/apis/postgresql.cnpg.io/v1/namespaces/n/")]; ok {
			_, _ = io.WriteString(w, answer)
			return
		}
		http.NotFound(w, r)
	})}
	for name, want := range map[string]bool{"healthy": true, "two": false, "starting": false, "none": false} {
		if got := c.DatabaseReady(t.Context(), "n", name); got != want {
			t.Errorf("cluster %s: %v", name, got)
		}
	}
	for name, want := range map[string]bool{"done": true, "failed": false, "none": false} {
		if got := c.BackupCompleted(t.Context(), "n", name); got != want {
			t.Errorf("backup %s: %v", name, got)
		}
	}
}

func TestUntil(t *testing.T) {
	calls := 0
	if err := Until(t.Context(), "x", time.Minute, func(context.Context) bool { calls++; return calls == 2 }); err != nil || calls != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
	never := func(context.Context) bool { return false }
	if err := Until(t.Context(), "the node", 10*time.Millisecond, never); err == nil || err.Error() != "the node is not ready after 10ms" {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Until(ctx, "the node", time.Minute, never); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupt is told as %v", err)
	}
}

func TestAwaitADaemonThatEnded(t *testing.T) {
	c := testCluster(t)
	if err := os.MkdirAll(c.Logs(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Logs(), "etcd.log"), []byte("panic: corrupt\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	start := time.Now()
	err := c.await(t.Context(), log, "the API server", time.Minute, []string{"etcd"}, func(context.Context) bool { return true })
	if err == nil || !strings.Contains(err.Error(), "etcd has ended") || time.Since(start) > 10*time.Second {
		t.Errorf("error %v after %v", err, time.Since(start))
	}
	if !strings.Contains(log.String(), "panic: corrupt") {
		t.Errorf("the daemon's last words are not in the step's log: %q", log)
	}
}

func TestTheHostsAddressIsTaken(t *testing.T) {
	c := testCluster(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.hostAddress = listener.Addr().String()
	_, port, _ := net.SplitHostPort(c.hostAddress)
	if err := c.checkHostAddress(); err == nil || !strings.Contains(err.Error(), "ss -ltnp 'sport = :"+port+"'") {
		t.Errorf("error %v does not tell what to do", err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.checkHostAddress(); err != nil {
		t.Error(err)
	}
}

func TestWriteFilesLeavesAnUnchangedFileAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "kube-proxy.yaml")
	write := func(content string) time.Time {
		if err := writeFiles(map[string]string{path: content}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || string(read(t, path)) != content {
			t.Fatalf("%v", err)
		}
		return info.ModTime()
	}
	write("mode: iptables\n")
	old := time.Unix(1, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if got := write("mode: iptables\n"); !got.Equal(old) {
		t.Errorf("the same content was written again, at %v: kube-proxy would end itself", got)
	}
	if got := write("mode: nftables\n"); got.Equal(old) {
		t.Error("new content was not written")
	}
}

func TestTheDaemonsFilesAreYAML(t *testing.T) {
	c := testCluster(t)
	for kind, text := range map[string]string{"KubeletConfiguration": c.kubeletConfig("/state/kubelet"), "KubeProxyConfiguration": c.proxyConfig()} {
		var got struct{ Kind string }
		if err := yaml.Unmarshal([]byte(text), &got); err != nil || got.Kind != kind || strings.Contains(text, "@") {
			t.Errorf("%s: %v\n%s", kind, err, text)
		}
	}
}

func TestOwnManifests(t *testing.T) {
	c := testCluster(t)
	text, err := c.ownManifests()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(text, "@") {
		t.Error("a place is not filled in")
	}
	checkManifests(t, "the lab's own", text)
}

// checkManifests parses manifests and returns how many there are of each kind.
func checkManifests(t *testing.T, what, text string) map[string]int {
	t.Helper()
	kinds := map[string]int{}
	for i, doc := range regexp.MustCompile(`(?m)^---\s*$`).Split(text, -1) {
		var object struct {
			APIVersion string
			Kind       string
			Metadata   struct{ Name string }
		}
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			t.Errorf("%s: document %d: %v", what, i, err)
		}
		if object == (struct {
			APIVersion string
			Kind       string
			Metadata   struct{ Name string }
		}{}) {
			continue // only comments
		}
		if object.APIVersion == "" || object.Kind == "" || object.Metadata.Name == "" {
			t.Errorf("%s: document %d is no object: %+v", what, i, object)
		}
		kinds[object.Kind]++
	}
	return kinds
}

// images are the images that a manifest's pods run.
func images(text string) []string {
	found := []string{}
	for _, m := range regexp.MustCompile(`(?m)^\s*-?\s*image: "?([^\s"]+)`).FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func TestOperatorManifest(t *testing.T) {
	got := operatorManifest(`        image: ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0
        imagePullPolicy: Always
        env:
        - name: OPERATOR_IMAGE_NAME
          value: ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0
        resources:
          limits:
            cpu: 100m
            memory: 200Mi
          requests:
            cpu: 100m
`)
	want := `        image: docker.io/kealab/cloudnative-pg:1.30.0
        imagePullPolicy: IfNotPresent
        env:
        - name: OPERATOR_IMAGE_NAME
          value: docker.io/kealab/cloudnative-pg:1.30.0
        resources:
          limits:
            memory: 200Mi
          requests:
            cpu: 100m
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestBarmanManifest(t *testing.T) {
	got := barmanManifest(`apiVersion: v1
kind: Service
metadata:
  name: barman-cloud
---
apiVersion: v1
data:
  SIDECAR_IMAGE: |
    Z2hjci5pbwo=
    bW9yZQo=
kind: Secret
metadata:
  name: plugin-barman-cloud
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: barman-cloud
spec:
  containers:
  - image: ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.14.0
    readinessProbe:
      initialDelaySeconds: 10
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: barman-cloud-client
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata:
  name: selfsigned-issuer
`)
	if kinds := checkManifests(t, "barman", got); fmt.Sprint(kinds) != "map[Deployment:1 Secret:1 Service:1]" {
		t.Errorf("kinds %v", kinds)
	}
	var secret struct{ StringData, Data map[string]string }
	if err := yaml.Unmarshal([]byte(strings.Split(got, "\n---\n")[1]), &secret); err != nil {
		t.Fatal(err)
	}
	if secret.StringData["SIDECAR_IMAGE"] != image.BarmanSidecar || len(secret.Data) > 0 {
		t.Errorf("the sidecar's image is %+v", secret)
	}
	if got := images(got); !slices.Equal(got, []string{image.BarmanPlugin}) {
		t.Errorf("images %v", got)
	}
}

// What the modules that go.mod pins bring, changed for the lab, needs no registry and no cert-manager.
func TestTheModulesManifests(t *testing.T) {
	c := testCluster(t)
	cnpg, barman, err := c.moduleManifests(t.Context())
	if err != nil {
		t.Skipf("the modules are not to be had: %v", err)
	}
	known := []string{image.CNPG, image.BarmanPlugin}
	for what, text := range map[string]string{"operator": operatorManifest(cnpg), "plugin": barmanManifest(barman)} {
		kinds := checkManifests(t, what, text)
		if kinds["Deployment"] != 1 || kinds["CustomResourceDefinition"] == 0 || kinds["Certificate"]+kinds["Issuer"] > 0 {
			t.Errorf("%s: kinds %v", what, kinds)
		}
		for _, unwanted := range []string{"ghcr.io", "cert-manager.io/v1", "imagePullPolicy: Always"} {
			if i := strings.Index(text, unwanted); i >= 0 {
				t.Errorf("%s: %s is left: ...%s", what, unwanted, text[i:min(len(text), i+100)])
			}
		}
		used := images(text)
		if len(used) == 0 {
			t.Errorf("%s: no image", what)
		}
		for _, name := range used {
			if !slices.Contains(known, name) {
				t.Errorf("%s: image %s is none of the lab's", what, name)
			}
		}
	}
	if !strings.Contains(barmanManifest(barman), image.BarmanSidecar) {
		t.Error("the plugin does not know the lab's sidecar")
	}
}

// The images are named by the versions of what is in them.
func TestTheImagesNamesTellTheVersions(t *testing.T) {
	c := testCluster(t)
	for name, module := range map[string]string{
		image.CNPG: "github.com/cloudnative-pg/cloudnative-pg", image.BarmanPlugin: "github.com/cloudnative-pg/plugin-barman-cloud",
		image.BarmanSidecar: "github.com/cloudnative-pg/plugin-barman-cloud",
	} {
		version, err := c.ModuleVersion(module)
		if err != nil || !strings.HasSuffix(name, ":"+strings.TrimPrefix(version, "v")) {
			t.Errorf("%s holds %s %s (%v)", name, module, version, err)
		}
	}
}

func TestBarmanCertificates(t *testing.T) {
	c := testCluster(t)
	if err := c.writePKI(); err != nil {
		t.Fatal(err)
	}
	text, err := c.barmanCertificates()
	if err != nil {
		t.Fatal(err)
	}
	if kinds := checkManifests(t, "certificates", text); kinds["Secret"] != 2 {
		t.Errorf("kinds %v", kinds)
	}
	var secret struct{ StringData map[string]string }
	if err := yaml.Unmarshal([]byte(strings.Split(text, "---\n")[0]), &secret); err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair([]byte(secret.StringData["tls.crt"]), []byte(secret.StringData["tls.key"])); err != nil {
		t.Error(err)
	}
}

func TestImportOnce(t *testing.T) {
	c := testCluster(t)
	archive := image.Archive{Path: "/cache/images/trixie-0123.tar"}
	if err := os.WriteFile(filepath.Join(c.Run(), "imported-trixie-0123.tar"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if note, err := c.importImages(t.Context(), io.Discard, archive); err != nil || note != "there already" {
		t.Errorf("%q, %v", note, err)
	}
}
