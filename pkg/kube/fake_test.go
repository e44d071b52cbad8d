package kube

import (
	"bufio"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	constants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// fakeCluster is an API server and a kubelet in one, as far as streams are concerned: port-forwards really dial.
type fakeCluster struct {
	*httptest.Server

	// pod dials a port inside the pod.
	pod func(port int) (net.Conn, error)
	// noWebsockets refuses websocket upgrades, as old API servers do; refuse answers every upgrade.
	noWebsockets bool
	refuse       func(w http.ResponseWriter, r *http.Request) bool
	// other answers requests that are no port-forwards.
	other http.HandlerFunc

	mu       sync.Mutex
	sessions []io.Closer
	upgrades []string // "websocket" or "spdy", in order
}

func newFakeCluster(t *testing.T) *fakeCluster {
	t.Helper()
	f := &fakeCluster{}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.Server.Config.ErrorLog = log.New(io.Discard, "", 0)
	f.Server.StartTLS()
	t.Cleanup(func() {
		f.dropSessions()
		f.Server.CloseClientConnections()
		f.Server.Close()
	})
	return f
}

// client is a Client of the fake cluster.
func (f *fakeCluster) client(t *testing.T, opt Options, change ...func(*rest.Config)) *Client {
	t.Helper()
	config := &rest.Config{Host: f.URL, TLSClientConfig: rest.TLSClientConfig{CAData: certPEM(f.Certificate())}}
	for _, c := range change {
		c(config)
	}
	c, err := NewForConfig(config, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

func certPEM(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

func (f *fakeCluster) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/portforward") {
		if f.other == nil {
			http.NotFound(w, r)
			return
		}
		f.other(w, r)
		return
	}
	if f.refuse != nil && f.refuse(w, r) {
		return
	}
	var conn httpstream.Connection
	streams := make(chan httpstream.Stream, 2)
	accept := func(s httpstream.Stream, _ <-chan struct{}) error { streams <- s; return nil }
	if websocket.IsWebSocketUpgrade(r) {
		if f.noWebsockets {
			http.Error(w, "unknown protocol", http.StatusBadRequest)
			return
		}
		f.note("websocket")
		upgrader := websocket.Upgrader{Subprotocols: []string{constants.WebsocketsSPDYTunnelingPrefix + portforward.PortForwardProtocolV1Name}}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		if conn, err = spdy.NewServerConnection(portforward.NewTunnelingConnection("server", ws), accept); err != nil {
			return
		}
		f.keep(ws)
	} else {
		f.note("spdy")
		if _, err := httpstream.Handshake(r, w, []string{portforward.PortForwardProtocolV1Name}); err != nil {
			return
		}
		if conn = spdy.NewResponseUpgrader().UpgradeResponse(&keepingHijacked{w, f}, r, accept); conn == nil {
			return
		}
	}
	defer func() { _ = conn.Close() }()
	var data, errs httpstream.Stream
	for data == nil || errs == nil {
		select {
		case s := <-streams:
			if s.Headers().Get(corev1.StreamType) == corev1.StreamTypeError {
				errs = s
			} else {
				data = s
			}
		case <-conn.CloseChan():
			return
		}
	}
	f.forward(data, errs)
	<-conn.CloseChan()
}

// keepingHijacked keeps the connection below SPDY: SPDY's own Close first resets each stream, which a process that died
// does not do.
type keepingHijacked struct {
	http.ResponseWriter
	f *fakeCluster
}

// Hijack implements http.Hijacker.
func (k *keepingHijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(k.ResponseWriter).Hijack()
	if err == nil {
		k.f.keep(conn)
	}
	return conn, buffered, err
}

// forward does what the kubelet does for one pair of streams.
func (f *fakeCluster) forward(data, errs httpstream.Stream) {
	defer func() {
		_ = errs.Close()
		_ = data.Close()
	}()
	port, _ := strconv.Atoi(data.Headers().Get(corev1.PortHeader))
	target, err := f.pod(port)
	if err != nil {
		_, _ = fmt.Fprintf(errs, "error forwarding port %d to pod 0123456789abcdef, uid : failed to execute portforward in network namespace "+
			"\"/var/run/netns/cni-1\": failed to connect to localhost:%d inside namespace \"0123456789abcdef\", IPv4: %v", port, port, err)
		return
	}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(target, data)
		if half, ok := target.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		close(done)
	}()
	_, _ = io.Copy(onlyWriter{data}, target)
	_ = target.Close()
}

func (f *fakeCluster) note(kind string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.upgrades = append(f.upgrades, kind)
}

func (f *fakeCluster) noted() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.upgrades, " ")
}

func (f *fakeCluster) keep(c io.Closer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sessions = append(f.sessions, c)
}

// dropSessions breaks every stream, as an API server that restarts does.
func (f *fakeCluster) dropSessions() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.sessions {
		_ = c.Close()
	}
	f.sessions = nil
}

// listen runs a TCP server and returns its port.
func listen(t *testing.T, handle func(net.Conn)) int {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// loopback dials the machine the tests run on, in the pod's stead.
func loopback(port int) (net.Conn, error) {
	dialer := net.Dialer{Timeout: time.Second}
	return dialer.DialContext(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// echo sends back what it gets.
func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func writeStatus(w http.ResponseWriter, status metav1.Status) {
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	status.Status = metav1.StatusFailure
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	_, _ = w.Write(mustJSON(status))
}
