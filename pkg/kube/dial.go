package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/streaming/pkg/httpstream"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// DialPod opens one byte stream to a TCP port inside a pod, through the API server's port-forward channel: the pod's
// own loopback answers too, and nothing listens on the operator's machine. Every call is one connection to the API
// server, so closing or breaking one stream never touches another. Deadlines work. ctx limits the dial only.
//
// The API server says yes before the pod's port is tried: a refused port shows in the first Read, as a *PodError that
// is ErrRefused. When the pod closes the stream, that may show a second late, since container runtimes wait for our side.
// With Options.Direct, DialPod is DialDirect.
// Permission: create pods/portforward.
func (c *Client) DialPod(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	if c.direct {
		return c.DialDirect(ctx, namespace, pod, port)
	}
	start := time.Now()
	conn, err := c.forward(ctx, namespace, pod, port)
	c.observe(Call{Verb: "dial", What: podAddress(namespace, pod, port), Duration: time.Since(start), Err: err})
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", podAddress(namespace, pod, port), err)
	}
	return conn, nil
}

func (c *Client) forward(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	target, err := url.Parse(c.podURL(namespace, pod, "portforward"))
	if err != nil {
		return nil, err
	}
	session, err := c.streams.portForward(ctx, target)
	if err != nil {
		return nil, err
	}
	data, errs, err := openStreams(ctx, session, port)
	if err != nil {
		session.Close()
		return nil, err
	}
	return newStream(session, data, errs, PodError{Namespace: namespace, Pod: pod, Port: port}), nil
}

// openStreams asks for the pair of streams that make one forwarded connection. Both are asked for at once, which saves
// a round trip; the other side pairs them by their request ID.
func openStreams(ctx context.Context, session *session, port int) (data, errs httpstream.Stream, err error) {
	type result struct {
		stream httpstream.Stream
		err    error
	}
	open := func(kind string) chan result {
		done := make(chan result, 1)
		headers := http.Header{}
		headers.Set(corev1.StreamType, kind)
		headers.Set(corev1.PortHeader, strconv.Itoa(port))
		headers.Set(corev1.PortForwardRequestIDHeader, "0")
		go func() {
			stream, err := session.CreateStream(headers)
			done <- result{stream, err}
		}()
		return done
	}
	errDone, dataDone := open(corev1.StreamTypeError), open(corev1.StreamTypeData)
	for errs == nil || data == nil {
		var r result
		select {
		case r = <-errDone:
			errs = r.stream
		case r = <-dataDone:
			data = r.stream
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-session.CloseChan():
			return nil, nil, ErrLost
		}
		if r.err != nil {
			return nil, nil, fmt.Errorf("open a stream: %w", r.err)
		}
	}
	return data, errs, nil
}

// DialDirect connects to the pod's own address, read from the pod. It works inside the cluster's network only, and not
// for sockets bound to the pod's loopback.
// Permission: get pods.
func (c *Client) DialDirect(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	var object corev1.Pod
	if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: pod}, &object); err != nil {
		return nil, fmt.Errorf("read the address of pod %s/%s: %w", namespace, pod, err)
	}
	if object.Status.PodIP == "" {
		return nil, fmt.Errorf("dial %s: the pod has no address", podAddress(namespace, pod, port))
	}
	var dialer net.Dialer
	address := net.JoinHostPort(object.Status.PodIP, strconv.Itoa(port))
	start := time.Now()
	conn, err := dialer.DialContext(ctx, "tcp", address)
	c.observe(Call{Verb: "dial", What: podAddress(namespace, pod, port) + " (" + address + ")", Duration: time.Since(start), Err: err})
	if err != nil {
		return nil, directError(err, PodError{Namespace: namespace, Pod: pod, Port: port})
	}
	return conn, nil
}

// directError gives a failed direct dial the same shape as one through the API server.
func directError(err error, about PodError) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("dial %s: %w", podAddress(about.Namespace, about.Pod, about.Port), err)
	}
	text := innermost(err)
	about.Message, about.Kind = shorten(text), kindOf(text)
	return &about
}

// podURL is the address of a pod's subresource. Names are those of Kubernetes objects and are escaped all the same.
func (c *Client) podURL(namespace, pod, subresource string) string {
	return c.base + "/api/v1/namespaces/" + url.PathEscape(namespace) + "/pods/" + url.PathEscape(pod) + "/" + subresource
}

func podAddress(namespace, pod string, port int) string {
	return namespace + "/" + pod + ":" + strconv.Itoa(port)
}
