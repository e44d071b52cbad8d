package kube

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// PodProxyTransport sends requests through the API server's pod proxy, which connects to the pod's own address (a
// socket bound to 127.0.0.1 does not answer there; use PodTransport). Scheme is http or https and says how the API
// server talks to the pod (it does not verify the certificate). The host of a request's URL is ignored.
//
// The API server keeps the Authorization header for itself, whatever the client authenticates with: it removes the
// header once it knows the user, and with a bearer token client-go would send the pod's password to the API server in
// the token's place. So HTTP basic authentication cannot reach the pod: such a request fails with ErrProxyBasicAuth and
// is not sent.
//
// Errors of the API server itself are returned as errors: *Error, or *PodError with ErrRefused where nothing listens.
// Whatever the pod answers, with any status, is a response.
// Permission: get pods/proxy for GET, create for POST.
func (c *Client) PodProxyTransport(namespace, pod string, port int, scheme string) http.RoundTripper {
	name := pod + ":" + strconv.Itoa(port)
	if scheme == "https" {
		name = "https:" + name
	}
	return &podProxy{
		next: c.http.Transport, prefix: c.podURL(namespace, name, "proxy"),
		about: PodError{Namespace: namespace, Pod: pod, Port: port},
	}
}

type podProxy struct {
	next   http.RoundTripper
	prefix string
	about  PodError
}

// RoundTrip implements http.RoundTripper.
func (p *podProxy) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") != "" {
		closeBody(req)
		return nil, ErrProxyBasicAuth
	}
	target, err := url.Parse(p.prefix + "/" + strings.TrimPrefix(req.URL.EscapedPath(), "/"))
	if err != nil {
		closeBody(req)
		return nil, err
	}
	target.RawQuery = req.URL.RawQuery
	out := req.Clone(req.Context())
	out.URL, out.Host = target, ""
	resp, err := p.next.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < http.StatusBadRequest {
		return resp, nil
	}
	return p.failed(resp)
}

// failed tells the API server's refusals from the pod's own answers: only the former are a metav1.Status.
func (p *podProxy) failed(resp *http.Response) (*http.Response, error) {
	if !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		return resp, nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, refusalLimit))
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	status := decodeStatus(body)
	if status == nil {
		resp.Body = &rejoined{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
		return resp, nil
	}
	resp.Body.Close()
	if apierrors.IsServiceUnavailable(status) || apierrors.IsInternalError(status) {
		if _, reason, ok := strings.Cut(status.ErrStatus.Message, "error trying to reach service: "); ok {
			failure := p.about
			failure.Message, failure.Kind = shorten(reason), kindOf(reason)
			return nil, &failure
		}
	}
	return nil, explained(status)
}

// rejoined is a body whose start has been read already.
type rejoined struct {
	io.Reader
	io.Closer
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// ProxyGet reads one path of a pod's HTTP server through the pod proxy. Errors: those of PodProxyTransport, and
// *StatusError for a status of 400 or more from the pod.
func (c *Client) ProxyGet(ctx context.Context, namespace, pod string, port int, scheme, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://pod/"+strings.TrimPrefix(path, "/"), nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.PodProxyTransport(namespace, pod, port, scheme).RoundTrip(req)
	if err != nil {
		return nil, fmt.Errorf("get %s of pod %s/%s: %w", path, namespace, pod, err)
	}
	defer resp.Body.Close()
	const limit = 16 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return nil, fmt.Errorf("get %s of pod %s/%s: %w", path, namespace, pod, err)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, &StatusError{Namespace: namespace, Pod: pod, Code: resp.StatusCode, Message: firstLine(body)}
	}
	return body, nil
}
