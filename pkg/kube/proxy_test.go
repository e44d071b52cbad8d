package kube

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// postBody posts an empty command and reads the answer.
func postBody(t *testing.T, client *http.Client, url string) (code int, body string, err error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

func TestPodProxyTransport(t *testing.T) {
	f := newFakeCluster(t)
	f.other = func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s host=%v auth=%q", r.Method, r.RequestURI, body, r.Host == strings.TrimPrefix(f.URL, "https://"), r.Header.Get("Authorization"))
	}
	c := f.client(t, Options{}, func(c *rest.Config) { c.BearerToken = "token" })
	tests := []struct{ scheme, url, want string }{
		{"http", "http://kea-0/", `POST /api/v1/namespaces/dhcp/pods/kea-0:8000/proxy/ {} host=true auth="Bearer token"`},
		{"https", "https://kea-0/a/b?c=d", `POST /api/v1/namespaces/dhcp/pods/https:kea-0:8000/proxy/a/b?c=d {} host=true auth="Bearer token"`},
	}
	for _, test := range tests {
		client := &http.Client{Transport: c.PodProxyTransport("dhcp", "kea-0", 8000, test.scheme)}
		_, got, err := postBody(t, client, test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

func TestPodProxyKeepsBasicAuthHome(t *testing.T) {
	f := newFakeCluster(t)
	f.other = func(http.ResponseWriter, *http.Request) { t.Error("the password left the machine") }
	client := &http.Client{Transport: f.client(t, Options{}).PodProxyTransport("dhcp", "kea-0", 8000, "http")}
	_, _, err := postBody(t, client, "http://admin:secret@kea-0/")
	if !errors.Is(err, ErrProxyBasicAuth) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestPodProxyErrors(t *testing.T) {
	f := newFakeCluster(t)
	client := &http.Client{Transport: f.client(t, Options{}).PodProxyTransport("dhcp", "kea-0", 8000, "http")}
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		problem Problem // empty: a response
		refused bool
	}{
		{name: "refused", problem: ProblemRefused, refused: true, answer: func(w http.ResponseWriter, _ *http.Request) {
			writeStatus(w, metav1.Status{
				Code: 503, Reason: metav1.StatusReasonServiceUnavailable,
				Message: "error trying to reach service: dial tcp 10.89.0.20:8000: connect: connection refused",
			})
		}},
		{name: "forbidden", problem: ProblemForbidden, answer: func(w http.ResponseWriter, _ *http.Request) {
			writeStatus(w, metav1.Status{
				Code: 403, Reason: metav1.StatusReasonForbidden,
				Message: `pods "kea-0:8000" is forbidden: User "ann" cannot create resource "pods/proxy" in API group "" in the namespace "dhcp"`,
			})
		}},
		{name: "the pod's own 404", answer: http.NotFound},
		{name: "the pod's own JSON", answer: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, `{"result": 1, "text": "`+strings.Repeat("x", refusalLimit)+`"}`)
		}},
	}
	for _, test := range tests {
		f.other = test.answer
		code, body, err := postBody(t, client, "http://kea-0/")
		if test.problem == "" {
			if err != nil || code == http.StatusInternalServerError && len(body) < refusalLimit {
				t.Errorf("%s: %v, %d bytes are left of the body", test.name, err, len(body))
			}
			continue
		}
		e := Explain(err)
		if e == nil || e.Problem != test.problem || errors.Is(err, ErrRefused) != test.refused {
			t.Errorf("%s: %v explained as %+v", test.name, err, e)
		}
	}
}

func TestProxyGet(t *testing.T) {
	f := newFakeCluster(t)
	f.other = func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/namespaces/dhcp/pods/https:db-1:8000/proxy/pg/status":
			_, _ = io.WriteString(w, "{}")
		default:
			http.Error(w, "PostgreSQL is down\nmore", http.StatusInternalServerError)
		}
	}
	c := f.client(t, Options{})
	body, err := c.ProxyGet(t.Context(), "dhcp", "db-1", 8000, "https", "/pg/status")
	if err != nil || string(body) != "{}" {
		t.Errorf("%q, %v", body, err)
	}
	_, err = c.ProxyGet(t.Context(), "dhcp", "db-2", 8000, "https", "/pg/status")
	var status *StatusError
	if !errors.As(err, &status) || status.Code != 500 || err.Error() != "pod dhcp/db-2 answered 500: PostgreSQL is down" {
		t.Errorf("got %v", err)
	}
}
