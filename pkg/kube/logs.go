package kube

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// LogOptions choose what of a container's log is read; the zero value is all that its current run has written so far.
type LogOptions struct {
	Follow     bool          // go on with what it writes until it ends
	Previous   bool          // of the run before
	Timestamps bool          // each line begins with the time at which the node took it, RFC 3339, and a space
	Since      time.Duration // by the node's clock; 0: no bound
	From       time.Time     // to the second, and what was written in that second comes again; zero: no bound
	Tail       *int          // the last lines only
}

func (o LogOptions) query(container string) url.Values {
	query := url.Values{"container": {container}}
	for key, on := range map[string]bool{"follow": o.Follow, "previous": o.Previous, "timestamps": o.Timestamps} {
		if on {
			query.Set(key, "true")
		}
	}
	switch {
	case !o.From.IsZero():
		query.Set("sinceTime", o.From.UTC().Format(time.RFC3339))
	case o.Since > 0:
		query.Set("sinceSeconds", strconv.FormatInt(int64((o.Since+time.Second-1)/time.Second), 10))
	}
	if o.Tail != nil {
		query.Set("tailLines", strconv.Itoa(*o.Tail))
	}
	return query
}

// PodLogs streams what a container has written so far, and with follow what it goes on to write until it ends. Close
// the stream; the context ends it too.
// Errors: *Error, also for a container that has not started yet (a bad request).
// Permission: get pods/log.
func (c *Client) PodLogs(ctx context.Context, namespace, pod, container string, follow bool) (io.ReadCloser, error) {
	return c.PodLog(ctx, namespace, pod, container, LogOptions{Follow: follow})
}

// PodLog is PodLogs with a choice of lines.
func (c *Client) PodLog(ctx context.Context, namespace, pod, container string, o LogOptions) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.podURL(namespace, pod, "log")+"?"+o.query(container).Encode(), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Transport.RoundTrip(req) // the client's own timeout would cut a log that is followed
	if err == nil && resp.StatusCode != http.StatusOK {
		err = explained(refusal(resp))
		resp.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("read the log of container %s of pod %s/%s: %w", container, namespace, pod, err)
	}
	return resp.Body, nil
}
