package kube

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// edge is the outermost transport to the API server: it tells the observer of every request, and says of a request that
// got no answer that it was the API server which did not answer.
type edge struct {
	next    http.RoundTripper
	server  string
	observe func(Call)
}

// RoundTrip implements http.RoundTripper.
func (e *edge) RoundTrip(req *http.Request) (*http.Response, error) {
	what := redactedPath(req.URL)
	start := time.Now()
	resp, err := e.next.RoundTrip(req)
	if err != nil {
		err = serverError(req.Context(), e.server, err)
	}
	call := Call{Verb: req.Method, What: what, Duration: time.Since(start), Err: err}
	if resp != nil {
		call.Code = resp.StatusCode
	}
	e.observe(call)
	return resp, err
}

// WrappedRoundTripper lets client-go find the transport below, to close its idle connections.
func (e *edge) WrappedRoundTripper() http.RoundTripper { return e.next }

// redactedPath keeps of a URL what a person debugging wants to see and nothing that could be a secret.
func redactedPath(u *url.URL) string {
	query := u.Query()
	var kept []string
	for _, key := range []string{"labelSelector", "fieldSelector", "limit", "watch", "dryRun", "fieldManager"} {
		if value := query.Get(key); value != "" {
			kept = append(kept, key+"="+value)
		}
	}
	if len(kept) == 0 {
		return u.Path
	}
	return u.Path + "?" + strings.Join(kept, "&")
}

func trimSlash(s string) string { return strings.TrimRight(s, "/") }
