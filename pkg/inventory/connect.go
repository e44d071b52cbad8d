package inventory

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Ways are the ways into pods; *kube.Client has them.
type Ways interface {
	PodTransport(namespace, pod string, port int) *http.Transport
	PodProxyTransport(namespace, pod string, port int, scheme string) http.RoundTripper
}

// Connector makes clients of servers' APIs. Servers behind one control agent share its connections. It may be used by
// several goroutines; Close ends the idle connections.
type Connector struct {
	ways    Ways
	observe func(kea.Call)

	mu         sync.Mutex
	transports map[string]http.RoundTripper
}

// NewConnector makes a connector; observe may be nil.
func NewConnector(ways Ways, observe func(kea.Call)) *Connector {
	return &Connector{ways: ways, observe: observe, transports: map[string]http.RoundTripper{}}
}

// Connect returns a client for the first endpoint of a server that answers, and that endpoint. The error says of each
// way what came of it.
func (c *Connector) Connect(ctx context.Context, s Server) (*kea.Client, Endpoint, error) {
	if len(s.Endpoints) == 0 {
		return nil, Endpoint{}, errNoEndpoint
	}
	refused := []any{}
	for _, e := range s.Endpoints {
		client := c.client(s, e)
		if len(s.Endpoints) == 1 {
			return client, e, nil // the first command will tell
		}
		_, err := client.Version(ctx, s.Service)
		if err == nil {
			return client, e, nil
		}
		refused = append(refused, fmt.Errorf("%s on port %d: %w", e.Via, e.Port, err))
	}
	return nil, s.Endpoints[0], fmt.Errorf(strings.TrimSuffix(strings.Repeat("%w; ", len(refused)), "; "), refused...)
}

func (c *Connector) client(s Server, e Endpoint) *kea.Client {
	scheme := "http"
	if e.TLS {
		scheme = "https"
	}
	return kea.NewClient(kea.Options{
		URL: fmt.Sprintf("%s://%s:%d/", scheme, s.Pod, e.Port), Auth: e.Auth,
		HTTP: &http.Client{Transport: c.transport(s, e, scheme)}, Observe: c.observe,
	})
}

func (c *Connector) transport(s Server, e Endpoint, scheme string) http.RoundTripper {
	key := fmt.Sprintf("%s/%s:%d", s.Namespace, s.Pod, e.Port)
	c.mu.Lock()
	defer c.mu.Unlock()
	if t, ok := c.transports[key]; ok {
		return t
	}
	var t http.RoundTripper
	if e.OnPodAddress() {
		t = c.ways.PodProxyTransport(s.Namespace, s.Pod, e.Port, scheme)
	} else {
		direct := c.ways.PodTransport(s.Namespace, s.Pod, e.Port)
		if e.TLS {
			// The stream ends inside the pod that the API server chose by name: the certificate, made for the network's
			// names, adds nothing, and there is no name to check it against.
			direct.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12} //nolint:gosec // see above
		}
		t = direct
	}
	c.transports[key] = t
	return t
}

// Close ends the connections that are idle.
func (c *Connector) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.transports {
		if closer, ok := t.(interface{ CloseIdleConnections() }); ok {
			closer.CloseIdleConnections()
		}
	}
}
