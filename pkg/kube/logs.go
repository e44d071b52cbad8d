package kube

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// PodLogs streams what a container has written so far, and with follow what it goes on to write until it ends. Close
// the stream; the context ends it too.
// Errors: *Error, also for a container that has not started yet (a bad request).
// Permission: get pods/log.
func (c *Client) PodLogs(ctx context.Context, namespace, pod, container string, follow bool) (io.ReadCloser, error) {
	query := url.Values{"container": {container}}
	if follow {
		query.Set("follow", "true")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.podURL(namespace, pod, "log")+"?"+query.Encode(), nil)
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
