package kube

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// bothWays runs a test over websockets and over plain SPDY.
func bothWays(t *testing.T, test func(t *testing.T, f *fakeCluster)) {
	t.Helper()
	for _, plain := range []bool{false, true} {
		t.Run(map[bool]string{false: "websocket", true: "spdy"}[plain], func(t *testing.T) {
			f := newFakeCluster(t)
			f.pod, f.noWebsockets = loopback, plain
			test(t, f)
		})
	}
}

func dial(t *testing.T, c *Client, port int) net.Conn {
	t.Helper()
	conn, err := c.DialPod(t.Context(), "dhcp", "kea-0", port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestDialPodEchoes(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		var calls []Call
		c := f.client(t, Options{Observe: func(call Call) { calls = append(calls, call) }})
		conn := dial(t, c, listen(t, echo))
		if _, err := conn.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != "hello" {
			t.Fatalf("got %q, %v", got, err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(got); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
		if len(calls) != 1 || calls[0].Verb != "dial" || !strings.HasPrefix(calls[0].What, "dhcp/kea-0:") {
			t.Errorf("observed %+v", calls)
		}
		if conn.RemoteAddr().Network() != "port-forward" {
			t.Errorf("address %v", conn.RemoteAddr())
		}
	})
}

func TestDialPodCarriesMuchBothWays(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		conn := dial(t, f.client(t, Options{}), listen(t, echo))
		payload := make([]byte, 4<<20)
		_, _ = rand.NewChaCha8([32]byte{}).Read(payload)
		go func() { _, _ = io.Copy(conn, bytes.NewReader(payload)) }()
		sum := sha256.New()
		if _, err := io.CopyN(sum, conn, int64(len(payload))); err != nil {
			t.Fatal(err)
		}
		want := sha256.Sum256(payload)
		if !bytes.Equal(sum.Sum(nil), want[:]) {
			t.Error("the echo differs")
		}
	})
}

func TestDialPodRefused(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		closed := listen(t, echo)
		f.pod = func(int) (net.Conn, error) {
			return nil, errors.New("dial tcp4 127.0.0.1:5432: connect: connection refused")
		}
		conn := dial(t, f.client(t, Options{}), closed)
		start := time.Now()
		_, err := conn.Read(make([]byte, 1))
		var pod *PodError
		if !errors.Is(err, ErrRefused) || !errors.As(err, &pod) {
			t.Fatalf("read: %v", err)
		}
		if want := fmt.Sprintf("port %d of pod dhcp/kea-0: connection refused (nothing listens there)", closed); err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
		if e := Explain(err); e == nil || e.Problem != ProblemRefused {
			t.Errorf("explained as %+v", e)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v", took)
		}
		if _, err := conn.Write([]byte("x")); !errors.Is(err, ErrRefused) {
			t.Errorf("write: %v", err)
		}
	})
}

func TestDialPodOtherErrorText(t *testing.T) {
	f := newFakeCluster(t)
	f.pod = func(int) (net.Conn, error) { return nil, errors.New("network namespace for sandbox is closed\nmore") }
	_, err := dial(t, f.client(t, Options{}), 1).Read(make([]byte, 1))
	if err == nil || errors.Is(err, ErrRefused) || !strings.HasSuffix(err.Error(), "network namespace for sandbox is closed") {
		t.Errorf("read: %v", err)
	}
}

func TestDialPodCleanEnd(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		conn := dial(t, f.client(t, Options{}), listen(t, func(c net.Conn) { _, _ = c.Write([]byte("bye")) }))
		got, err := io.ReadAll(conn)
		if err != nil || string(got) != "bye" {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestDialPodLostConnection(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		conn := dial(t, f.client(t, Options{}), listen(t, echo))
		_, _ = conn.Write([]byte("x"))
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		f.dropSessions()
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, ErrLost) {
			t.Errorf("read: %v", err)
		}
	})
}

func TestDialPodDeadlines(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		stalled := make(chan struct{})
		defer close(stalled)
		c := f.client(t, Options{})
		conn := dial(t, c, listen(t, echo))
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		_, err := conn.Read(make([]byte, 1))
		var netErr net.Error
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &netErr) || !netErr.Timeout() {
			t.Fatalf("read: %v", err)
		}
		_ = conn.SetDeadline(time.Time{})
		_, _ = conn.Write([]byte("y"))
		if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
			t.Fatalf("after the deadline was lifted: %v", err)
		}

		full := dial(t, c, listen(t, func(net.Conn) { <-stalled }))
		_ = full.SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		chunk := make([]byte, 1<<20)
		for range 256 {
			if _, err = full.Write(chunk); err != nil {
				break
			}
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("write: %v", err)
		}
	})
}

func TestCloseOneLeavesTheOther(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		c := f.client(t, Options{})
		port := listen(t, echo)
		first, second := dial(t, c, port), dial(t, c, port)
		first.Close()
		_, _ = second.Write([]byte("z"))
		if _, err := io.ReadFull(second, make([]byte, 1)); err != nil {
			t.Error(err)
		}
	})
}

func TestCloseSendsWhatWasWritten(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		got := make(chan string, 1)
		port := listen(t, func(c net.Conn) {
			all, _ := io.ReadAll(c)
			got <- string(all)
		})
		conn := dial(t, f.client(t, Options{}), port)
		_, _ = conn.Write([]byte("last words"))
		conn.Close()
		select {
		case text := <-got:
			if text != "last words" {
				t.Errorf("the pod got %q", text)
			}
		case <-time.After(5 * time.Second):
			t.Error("the pod did not see the end")
		}
	})
}

func TestNoGoroutineStays(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		c := f.client(t, Options{})
		port := listen(t, echo)
		before := runtime.NumGoroutine()
		for range 50 {
			conn, err := c.DialPod(t.Context(), "dhcp", "kea-0", port)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = conn.Write([]byte("x"))
			_, _ = io.ReadFull(conn, make([]byte, 1))
			conn.Close()
		}
		after := 0
		for range 100 {
			if after = runtime.NumGoroutine(); after <= before+10 {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after\n%s", before, after, buf[:runtime.Stack(buf, true)])
	})
}

func TestDialPodFallsBackOnce(t *testing.T) {
	f := newFakeCluster(t)
	f.pod, f.noWebsockets = loopback, true
	tried := 0
	f.refuse = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			tried++
		}
		return false
	}
	c := f.client(t, Options{})
	port := listen(t, echo)
	dial(t, c, port)
	dial(t, c, port)
	if f.noted() != "spdy spdy" || tried != 1 {
		t.Errorf("upgrades %q, websockets tried %d times", f.noted(), tried)
	}
}

func TestDialPodForbidden(t *testing.T) {
	f := newFakeCluster(t)
	f.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		verb := map[string]string{http.MethodGet: "get", http.MethodPost: "create"}[r.Method]
		writeStatus(w, metav1.Status{
			Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden,
			Message: `pods "kea-0" is forbidden: User "ann" cannot ` + verb + ` resource "pods/portforward" in API group "" in the namespace "dhcp"`,
			Details: &metav1.StatusDetails{Name: "kea-0", Kind: "pods"},
		})
		return true
	}
	_, err := f.client(t, Options{}).DialPod(t.Context(), "dhcp", "kea-0", 8000)
	e := Explain(err)
	if e == nil || e.Problem != ProblemForbidden || e.Permission() != "create pods/portforward in namespace dhcp" {
		t.Fatalf("%v explained as %+v", err, e)
	}
	if want := "kubectl auth can-i create pods --subresource=portforward -n dhcp"; !strings.HasSuffix(e.Hint, want) {
		t.Errorf("hint %q", e.Hint)
	}
	if !strings.HasPrefix(err.Error(), "dial dhcp/kea-0:8000: ") {
		t.Errorf("error %q", err)
	}
}

func TestDialPodNotFoundAsksOnce(t *testing.T) {
	f := newFakeCluster(t)
	asked := 0
	f.refuse = func(w http.ResponseWriter, _ *http.Request) bool {
		asked++
		writeStatus(w, metav1.Status{
			Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
			Message: `pods "kea-0" not found`, Details: &metav1.StatusDetails{Name: "kea-0", Kind: "pods"},
		})
		return true
	}
	_, err := f.client(t, Options{}).DialPod(t.Context(), "dhcp", "kea-0", 8000)
	if e := Explain(err); e == nil || e.Problem != ProblemNotFound || asked != 1 {
		t.Errorf("%v explained as %+v after %d requests", err, e, asked)
	}
}

func TestDialPodHeedsContext(t *testing.T) {
	for _, hangOn := range []string{http.MethodGet, http.MethodPost} {
		t.Run(hangOn, func(t *testing.T) {
			f := newFakeCluster(t)
			release := make(chan struct{})
			defer close(release)
			f.refuse = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method == hangOn {
					<-release
				} else {
					http.Error(w, "no", http.StatusBadRequest)
				}
				return true
			}
			c := f.client(t, Options{})
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := c.DialPod(ctx, "dhcp", "kea-0", 8000)
			if e := Explain(err); e == nil || e.Problem != ProblemTimeout {
				t.Errorf("%v explained as %+v", err, e)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestDialPodServerGone(t *testing.T) {
	f := newFakeCluster(t)
	c := f.client(t, Options{})
	f.Server.Close()
	_, err := c.DialPod(t.Context(), "dhcp", "kea-0", 8000)
	e := Explain(err)
	if e == nil || e.Problem != ProblemUnreachable || e.Server != f.URL {
		t.Fatalf("%v explained as %+v", err, e)
	}
	if want := "dial dhcp/kea-0:8000: the API server " + f.URL + " does not answer: connection refused"; err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
}

func TestPodTransportKeepsOneConnection(t *testing.T) {
	bothWays(t, func(t *testing.T, f *fakeCluster) {
		mux := http.NewServeMux()
		mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			user, password, _ := r.BasicAuth()
			_, _ = fmt.Fprintf(w, "%s %s %s:%s", r.Method, body, user, password)
		})
		port := listen(t, serveHTTP(mux))
		transport := f.client(t, Options{}).PodTransport("dhcp", "kea-0", port)
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport}
		for range 3 {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://kea-0/", strings.NewReader("{}"))
			req.SetBasicAuth("admin", "secret")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if string(got) != "POST {} admin:secret" {
				t.Errorf("got %q", got)
			}
		}
		if n := len(strings.Fields(f.noted())); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestPodTransportRefused(t *testing.T) {
	f := newFakeCluster(t)
	f.pod = func(int) (net.Conn, error) { return nil, errors.New("connection refused") }
	client := &http.Client{Transport: f.client(t, Options{}).PodTransport("dhcp", "kea-0", 1)}
	_, _, err := postBody(t, client, "http://kea-0/")
	if !errors.Is(err, ErrRefused) {
		t.Errorf("got %v", err)
	}
}

// serveHTTP serves HTTP on a connection.
func serveHTTP(h http.Handler) func(net.Conn) {
	return func(c net.Conn) {
		done := make(chan struct{})
		l := &oneConn{conn: c, done: done}
		server := &http.Server{Handler: h, ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				close(done)
			}
		}}
		_ = server.Serve(l)
	}
}

// oneConn is a listener of one connection.
type oneConn struct {
	conn net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.done
	return nil, io.EOF
}
func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return streamAddr("") }
