package kube

import (
	"context"
	"net"
	"net/http"
	"time"
)

// idleTime ends an idle connection before the pod does: Kea closes after 30 s, and the end may show a second late, in which
// time a request would be lost on a connection that is already dead.
const idleTime = 20 * time.Second

// PodTransport is an HTTP transport whose every connection is DialPod to this port; the host of a request's URL is
// ignored (for https, it is the name the certificate is checked against). It keeps one idle connection: end it with
// CloseIdleConnections. TLSClientConfig may be set before use.
func (c *Client) PodTransport(namespace, pod string, port int) *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return c.DialPod(ctx, namespace, pod, port)
		},
		MaxIdleConns:       1,
		IdleConnTimeout:    idleTime,
		DisableCompression: true,
	}
}
