package kea

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// captured returns a reply that a real daemon gave.
func captured(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "replies", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// server answers every command with one HTTP status and body.
func server(t *testing.T, status int, body string) *Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return NewClient(Options{URL: s.URL})
}

// replay answers every command with a captured reply.
func replay(t *testing.T, name string) *Client {
	t.Helper()
	return server(t, http.StatusOK, captured(t, name))
}

func TestRequest(t *testing.T) {
	var got *http.Request
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got, body = r, string(b)
		_, _ = io.WriteString(w, captured(t, "lease-found"))
	}))
	defer s.Close()
	withUser := strings.Replace(s.URL, "http://", "http://admin:pw-url@", 1)
	tests := map[string]struct {
		options  Options
		service  Service
		args     any
		wantBody string
		wantUser string
		wantPass string
	}{
		"no arguments": {
			options: Options{URL: s.URL}, service: DHCP4,
			wantBody: `{"command":"lease4-get","service":["dhcp4"]}`,
		},
		"arguments and auth": {
			options: Options{URL: s.URL, Auth: &BasicAuth{User: "admin", Password: NewSecret("pw")}}, service: DHCP6,
			args:     map[string]any{"ip-address": "10.20.1.2"},
			wantBody: `{"command":"lease4-get","service":["dhcp6"],"arguments":{"ip-address":"10.20.1.2"}}`,
			wantUser: "admin", wantPass: "pw",
		},
		"auth in the URL, no service": {
			options:  Options{URL: withUser},
			wantBody: `{"command":"lease4-get"}`,
			wantUser: "admin", wantPass: "pw-url",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := NewClient(tt.options)
			if err := c.Do(t.Context(), tt.service, "lease4-get", tt.args, nil); err != nil {
				t.Fatal(err)
			}
			user, pass, _ := got.BasicAuth()
			if got.Method != http.MethodPost || got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("sent %s with Content-Type %q", got.Method, got.Header.Get("Content-Type"))
			}
			if body != tt.wantBody || user != tt.wantUser || pass != tt.wantPass {
				t.Errorf("sent %s as %q %q, want %s as %q %q", body, user, pass, tt.wantBody, tt.wantUser, tt.wantPass)
			}
			if strings.Contains(c.Endpoint(), "pw-url") {
				t.Errorf("the endpoint shows a password: %s", c.Endpoint())
			}
		})
	}
}

func TestErrors(t *testing.T) {
	everyErr := map[string]error{
		"ErrEmpty": ErrEmpty, "ErrUnsupported": ErrUnsupported, "ErrConflict": ErrConflict, "ErrBadRequest": ErrBadRequest,
		"ErrUnauthorized": ErrUnauthorized, "ErrForbidden": ErrForbidden, "ErrOffline": ErrOffline, "ErrNoService": ErrNoService,
		"ErrNoDatabase": ErrNoDatabase, "ErrUnreachable": ErrUnreachable, "ErrTLS": ErrTLS, "ErrNotKea": ErrNotKea,
		"ErrTooLarge": ErrTooLarge, "ErrWrongService": ErrWrongService,
	}
	const unauthorized = `{ "result": 401, "text": "Unauthorized" }`
	tests := map[string]struct {
		status int // 0: 200
		body   string
		is     string // the only Err value that matches; "" for none
		result int
		says   string
	}{
		"hook not loaded":          {body: captured(t, "unsupported"), is: "ErrUnsupported", result: 2, says: `cmd (dhcp4): 'config-hash-get' command not supported. (result 2)`},
		"service forgotten":        {body: captured(t, "no-service-given"), is: "ErrUnsupported", result: 2, says: `You did not include "service" parameter`},
		"service not in the agent": {body: captured(t, "unknown-service"), is: "ErrNoService", result: 1, says: `forwarding socket is not configured for the server type dhcp9`},
		"daemon never started":     {body: captured(t, "offline-no-socket"), is: "ErrOffline", result: 1, says: `No such file or directory. The server is likely to be offline`},
		"daemon killed":            {body: captured(t, "offline-refused"), is: "ErrOffline", result: 1, says: `Connection refused. The server is likely to be offline`},
		"daemon crashes":           {body: `[{"result":1,"text":"unable to forward command to the dhcp4 service: End of file. The server is likely to be offline"}]`, is: "ErrOffline", result: 1, says: "End of file"},
		"database gone":            {body: captured(t, "no-lease-manager"), is: "ErrNoDatabase", result: 1, says: `no current lease manager is available`},
		"database just lost":       {body: `[{"result":1,"text":"fatal database error or connectivity lost"}]`, is: "ErrNoDatabase", result: 1, says: "connectivity lost"},
		"database login refused":   {body: captured(t, "database-login-failed"), is: "ErrNoDatabase", result: 1, says: `password authentication failed for user "kea26" (result 1)`},
		"nothing found":            {body: captured(t, "lease-not-found"), is: "ErrEmpty", result: 3, says: "Lease not found."},
		"conflict":                 {body: captured(t, "conflict"), is: "ErrConflict", result: 4, says: "IPv4 lease already exists."},
		"another error":            {body: `{"result":1,"text":"Missing mandatory 'remove' parameter."}`, result: 1, says: "Missing mandatory"},
		"quotes a part of the password": {
			body:   `[{"result":1,"text":"Config reload failed: Cannot parse w-secret, expected format is name=value"}]`,
			result: 1, says: "Config reload failed: Cannot parse <redacted>, expected format",
		},
		"quotes the password": {
			body:   `[{"result":1,"text":"invalid database access string: host=h password='a' pw-secret' port=1 user=kea"}]`,
			result: 1, says: "host=h password=<redacted> port=1 user=kea",
		},
		"no text":                 {body: `[{"result":1}]`, result: 1, says: "no reason given"},
		"control characters":      {body: `[{"result":1,"text":"a\u001b[31mb\nc"}]`, result: 1, says: "a?[31mb c (result 1)"},
		"bad request":             {status: 400, body: captured(t, "bad-request"), is: "ErrBadRequest", result: 400, says: "Bad Request"},
		"unauthorized":            {status: 401, body: unauthorized, is: "ErrUnauthorized", result: 401, says: "cmd (dhcp4): Unauthorized (result 401)"},
		"unauthorized by a proxy": {status: 401, body: "<html>", is: "ErrUnauthorized", result: 401, says: `HTTP status 401 (it begins with "<html>")`},
		"forbidden":               {status: 403, body: captured(t, "forbidden"), is: "ErrForbidden", result: 403},
		"nothing behind a proxy":  {status: 503, body: "dial tcp 10.0.0.1:8000: connect: connection refused", is: "ErrUnreachable", result: 503, says: "connection refused"},
		"a proxy's JSON": {
			status: 503, body: `{"kind":"Status","metadata":{},"message":"error trying to reach service: dial tcp 10.0.0.1:8000: connect: connection refused","code":503}`,
			is: "ErrUnreachable", result: 503, says: "cmd (dhcp4): error trying to reach service: dial tcp 10.0.0.1:8000: connect: connection refused (result 503)",
		},
		"a proxy's JSON of another shape": {status: 503, body: `{"message":{"password":"pw-secret"}}`, is: "ErrUnreachable", result: 503, says: "HTTP status 503"},
		"redirected":                      {status: 302, body: "", is: "ErrNotKea", result: 302},
		"another server":                  {status: 404, body: "404 page not found", is: "ErrNotKea", result: 404, says: "404 page not found"},
		"text":                            {body: "SSH-2.0-\x1b[2J" + strings.Repeat("x", 200), is: "ErrNotKea", says: `it is not JSON (it begins with "SSH-2.0-\x1b[2Jxxx`},
		"empty":                           {body: "", is: "ErrNotKea", says: "it is not JSON"},
		"empty list":                      {body: "[]", is: "ErrNotKea", says: "it is an empty list"},
		"list of numbers":                 {body: "[1]", is: "ErrNotKea", says: "it is not an object"},
		"a string":                        {body: `"pw-secret"`, is: "ErrNotKea", says: "it is not an object"},
		"no result":                       {body: `{"text":"x"}`, is: "ErrNotKea", says: "it has no result"},
		"result of another type":          {body: `{"result":"pw-secret"}`, is: "ErrNotKea", says: "it has another shape"},
		"broken JSON":                     {body: `[{"arguments":{"password":"pw-secret",,`, is: "ErrNotKea", says: "it is not valid JSON"},
		"cut short":                       {body: `[{"arguments":{"password":"pw-secret"`, is: "ErrNotKea", says: "it ends too early"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.status == 0 {
				tt.status = http.StatusOK
			}
			err := server(t, tt.status, tt.body).Do(t.Context(), DHCP4, "cmd", nil, nil)
			if err == nil {
				t.Fatal("no error")
			}
			for name, target := range everyErr {
				if got := errors.Is(err, target); got != (name == tt.is) {
					t.Errorf("errors.Is(%v, %s) = %v", err, name, got)
				}
			}
			var e *Error
			if errors.As(err, &e) != (tt.result != 0) || e != nil && e.Result != tt.result {
				t.Errorf("result of %#v, want %d", err, tt.result)
			}
			if !strings.Contains(err.Error(), tt.says) {
				t.Errorf("says %q, want %q in it", err, tt.says)
			}
			if strings.Contains(err.Error(), "w-secret") || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("not fit for a terminal: %q", err)
			}
		})
	}
}

func TestTwoFormsOfAnswer(t *testing.T) {
	for name, body := range map[string]string{
		"array":                    `[{"arguments":{"hash":"AB"},"result":0}]`,
		"bare object":              `{"arguments":{"hash":"AB"},"result":0}`,
		"result first":             `{"result":0,"arguments":{"hash":"AB"}}`,
		"array of several":         `[{"arguments":{"hash":"AB"},"result":0},{"result":1,"text":"of another service"}]`,
		"unknown members, newline": "[ {\"extra\": [1, {\"a\": null}], \"arguments\": {\"hash\": \"AB\", \"more\": 1}, \"result\": 0, \"text\": \"x\"} ]\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := server(t, http.StatusOK, body).ConfigHash(t.Context(), DHCP4)
			if err != nil || got != "AB" {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestArgumentsOfAnotherShape(t *testing.T) {
	var out struct{ Hash int }
	err := server(t, http.StatusOK, `{"arguments":{"hash":"pw-secret"},"result":0}`).Do(t.Context(), DHCP4, "cmd", nil, &out)
	if err == nil || strings.Contains(err.Error(), "pw-secret") {
		t.Errorf("got %v", err)
	}
	// What comes with an error may have any shape: the error counts.
	err = server(t, http.StatusOK, `{"arguments":{"hash":"x"},"result":3}`).Do(t.Context(), DHCP4, "cmd", nil, &out)
	if !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
}

// TestLostConnection has a server that closes the connection a number of times before it answers.
func TestLostConnection(t *testing.T) {
	tests := map[string]struct {
		command string
		losses  int32
		want    error
		tries   int
	}{
		"a read is tried again":       {command: "status-get", losses: 1, tries: 2},
		"a read is not tried thrice":  {command: "lease4-get-page", losses: 2, want: ErrUnreachable, tries: 2},
		"a change is never repeated":  {command: "lease4-add", losses: 1, want: ErrUnreachable, tries: 1},
		"a disable is never repeated": {command: "dhcp-disable", losses: 1, want: ErrUnreachable, tries: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var left atomic.Int32
			left.Store(tt.losses)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.ReadAll(r.Body)
				if left.Add(-1) >= 0 {
					conn, _, err := w.(http.Hijacker).Hijack()
					if err == nil {
						_ = conn.Close()
					}
					return
				}
				_, _ = io.WriteString(w, `[{"result":0}]`)
			}))
			defer s.Close()
			var seen Call
			c := NewClient(Options{URL: s.URL, Observe: func(call Call) { seen = call }})
			err := c.Do(t.Context(), DHCP4, tt.command, map[string]string{"password": "pw-secret"}, nil)
			if !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if seen.Attempts != tt.tries {
				t.Errorf("tried %d times, want %d", seen.Attempts, tt.tries)
			}
			if strings.Contains(fmt.Sprintf("%+v %v", seen, err), "pw-secret") {
				t.Errorf("shows the arguments: %+v", seen)
			}
		})
	}
}

func TestCutOffAnswer(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `[{"arguments":{"hash":"AB"`)
	}))
	defer s.Close()
	_, err := NewClient(Options{URL: s.URL}).ConfigHash(t.Context(), DHCP4)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "in the middle of the answer") {
		t.Errorf("got %v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := NewClient(Options{URL: s.URL}).Status(t.Context(), DHCP4)
	if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

func TestDeadline(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer s.Close()
	defer close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := NewClient(Options{URL: s.URL}).Status(ctx, DHCP4)
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestTooLarge(t *testing.T) {
	body := `[{"arguments":"` + strings.Repeat("x", 1000) + `","result":0}]`
	for limit, want := range map[int64]error{int64(len(body)): nil, int64(len(body)) - 10: ErrTooLarge, 10: ErrTooLarge} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
		defer s.Close()
		err := NewClient(Options{URL: s.URL, MaxAnswer: limit}).Do(t.Context(), DHCP4, "cmd", nil, nil)
		if !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("limit %d of %d: got %v, want %v", limit, len(body), err, want)
		}
	}
}

func TestTLS(t *testing.T) {
	start := func(tlsOn bool, clientAuth tls.ClientAuthType) (*httptest.Server, *tls.Config) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, captured(t, "heartbeat-3.0"))
		}))
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		t.Cleanup(s.Close)
		if !tlsOn {
			s.Start()
			return s, &tls.Config{MinVersion: tls.VersionTLS12}
		}
		s.TLS = &tls.Config{ClientAuth: clientAuth, MinVersion: tls.VersionTLS12}
		s.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		return s, &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	ask := func(url string, config *tls.Config) error {
		h := NewHTTPClient(nil)
		h.Transport.(*http.Transport).TLSClientConfig = config
		_, err := NewClient(Options{URL: url, HTTP: h}).Heartbeat(t.Context(), DHCP4)
		return err
	}
	open, trusting := start(true, tls.NoClientCert)
	if err := ask(open.URL, trusting); err != nil {
		t.Error(err)
	}
	closed, withoutCertificate := start(true, tls.RequireAnyClientCert)
	plain, config := start(false, tls.NoClientCert)
	other := trusting.Clone()
	other.ServerName = "another"
	for name, err := range map[string]error{
		"unknown authority":  ask(open.URL, &tls.Config{MinVersion: tls.VersionTLS12}),
		"another name":       ask(open.URL, other),
		"client certificate": ask(closed.URL, withoutCertificate),
		"no TLS there":       ask(strings.Replace(plain.URL, "http", "https", 1), config),
	} {
		if !errors.Is(err, ErrTLS) || errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: got %v, want ErrTLS", name, err)
		}
	}
}

func TestURL(t *testing.T) {
	for _, u := range []string{"", "10.0.0.1:8000", "ftp://h", "http://", "http://a:pw-secret@h:port/"} {
		err := NewClient(Options{URL: u}).Do(t.Context(), DHCP4, "status-get", nil, nil)
		if err == nil || strings.Contains(err.Error(), "pw-secret") {
			t.Errorf("%q: got %v", u, err)
		}
	}
}

// TestOneConnection proves that answers are read to their end, without which no connection is used twice.
func TestOneConnection(t *testing.T) {
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, captured(t, "no-service-given"))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := NewClient(Options{URL: s.URL})
	for range 20 {
		_ = c.Do(t.Context(), DHCP4, "cmd", nil, nil)
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections for 20 commands", n)
	}
}

func TestRedactedArgumentsAreRefused(t *testing.T) {
	raw, err := ParseConfig([]byte(`{"Dhcp4":{"lease-database":{"password":"pw-secret"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	err = replay(t, "lease-found").Do(t.Context(), DHCP4, "config-set", map[string]any{"Dhcp4": raw.Raw}, nil)
	if err == nil || !strings.Contains(err.Error(), "redacted secret") {
		t.Errorf("got %v: a daemon would have been given <redacted> as its password", err)
	}
}

func TestSecret(t *testing.T) {
	s := NewSecret("pw-secret")
	type holder struct {
		Exported Secret
		hidden   Secret
		list     []Secret
	}
	h := holder{s, s, []Secret{s}}
	text, err := json.Marshal(map[string]any{"a": s, "b": &s, "c": h})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text = append(text, fmt.Sprintf(verb+verb+verb, s, &s, h)...)
	}
	for _, leak := range []string{"pw-secret", "70772d736563726574"} {
		if strings.Contains(string(text), leak) {
			t.Errorf("shows %q: %s", leak, text)
		}
	}
	if s.Reveal() != "pw-secret" || !s.Equal(NewSecret("pw-secret")) || s.Equal(NewSecret("other")) || s.IsZero() {
		t.Error("does not hold its content")
	}
	if diff := cmp.Diff(`{"a":"\u003credacted\u003e","b":""}`, mustJSON(t, map[string]Secret{"a": s, "b": NewSecret("")})); diff != "" {
		t.Error(diff)
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
