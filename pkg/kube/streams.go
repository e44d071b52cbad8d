package kube

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
)

var errNotYet = errors.New("not implemented yet")

// DialPod opens one byte stream to a TCP port inside a pod, through the API server's port-forward channel: the pod's
// own loopback answers too, and nothing listens on the operator's machine. Every call is one connection to the API
// server, so closing or breaking one stream never touches another. Deadlines work. ctx limits the dial only.
//
// The API server says yes before the pod's port is tried: a refused port shows in the first Read, as ErrRefused.
// Permission: create (and get) pods/portforward.
func (c *Client) DialPod(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	return nil, errNotYet
}

// DialDirect connects to the pod's own address, read from the pod. It works inside the cluster's network only.
// Permission: get pods.
func (c *Client) DialDirect(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	return nil, errNotYet
}

// PodTransport is an HTTP transport whose every connection is DialPod to this port; the host of a request's URL is
// ignored. It keeps one idle connection: end it with CloseIdleConnections. TLSClientConfig may be set before use.
func (c *Client) PodTransport(namespace, pod string, port int) *http.Transport {
	return nil
}

// PodProxyTransport sends requests through the API server's pod proxy, which connects to the pod's own address (a
// socket bound to 127.0.0.1 does not answer there; use PodTransport). Scheme is http or https and says how the API
// server talks to the pod (it does not verify the certificate).
//
// The API server keeps the Authorization header for itself, whatever the client authenticates with, so that HTTP basic
// authentication cannot reach the pod: such a request fails with ErrProxyBasicAuth and is not sent.
// Permission: get pods/proxy for GET, create for POST.
func (c *Client) PodProxyTransport(namespace, pod string, port int, scheme string) http.RoundTripper {
	return nil
}

// ProxyGet reads one path of a pod's HTTP server through the pod proxy. Errors: an HTTP status of 400 or more, as
// *StatusError, besides PodProxyTransport's.
func (c *Client) ProxyGet(ctx context.Context, namespace, pod string, port int, scheme, path string) ([]byte, error) {
	return nil, errNotYet
}

// Exec runs a command in a container. stdin, stdout and stderr may be nil. A command that ran and failed is
// *ExitError. Neither errors nor observations name more of the command than its first word.
// Permission: create (and get) pods/exec.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error {
	return errNotYet
}
