package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	constants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/streaming/pkg/httpstream"
)

// upgrader opens upgraded connections to the API server: SPDY inside a websocket, or plain SPDY for API servers and
// proxies in front of them that know no websockets here. Every connection is its own.
type upgrader struct {
	config  *rest.Config
	wrap    *transport.Config
	tls     *tls.Config
	proxy   func(*http.Request) (*url.URL, error)
	noWS    atomic.Bool // this server takes plain SPDY only: do not ask again
	server  string
	timeout time.Duration
}

func newUpgrader(config *rest.Config) (*upgrader, error) {
	wrap, err := config.TransportConfig()
	if err != nil {
		return nil, err
	}
	tlsConfig, err := transport.TLSConfigFor(wrap)
	if err != nil {
		return nil, err
	}
	if tlsConfig != nil {
		tlsConfig.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	}
	proxy := config.Proxy
	if proxy == nil {
		proxy = utilnet.NewProxierWithNoProxyCIDR(http.ProxyFromEnvironment)
	}
	return &upgrader{config: config, wrap: wrap, tls: tlsConfig, proxy: proxy, server: config.Host, timeout: config.Timeout}, nil
}

// portForward opens a connection that carries port-forward streams of one pod. ctx limits the opening.
func (u *upgrader) portForward(ctx context.Context, target *url.URL) (*session, error) {
	if u.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, u.timeout)
		defer cancel()
	}
	conn, err := u.open(ctx, target)
	if err != nil {
		return nil, u.explain(ctx, err)
	}
	return conn, nil
}

func (u *upgrader) open(ctx context.Context, target *url.URL) (*session, error) {
	if u.noWS.Load() {
		return u.spdy(ctx, target)
	}
	conn, err := u.websocket(ctx, target)
	if err == nil || !worthSPDY(err) || ctx.Err() != nil {
		return conn, err
	}
	conn, second := u.spdy(ctx, target)
	if second == nil {
		u.noWS.Store(true)
	}
	return conn, second
}

// worthSPDY reports whether a failed websocket upgrade says nothing about the pod. Being forbidden is worth a second try:
// the websocket's GET wants the verb get on older API servers, where SPDY's POST wants create.
func worthSPDY(err error) bool {
	if status := upgradeStatus(err); status != nil {
		return !apierrors.IsNotFound(status) && !apierrors.IsUnauthorized(status)
	}
	return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
}

func (u *upgrader) websocket(ctx context.Context, target *url.URL) (*session, error) {
	holder := &websocket.RoundTripper{TLSConfig: u.tls, Proxier: u.proxy}
	wrapped, err := transport.HTTPWrappersForConfig(u.wrap, holder)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, err
	}
	ws, err := websocket.Negotiate(wrapped, holder, req, constants.WebsocketsSPDYTunnelingPrefix+portforward.PortForwardProtocolV1Name)
	if err != nil {
		return nil, err
	}
	return newSession(portforward.NewTunnelingConnection("client", ws))
}

// spdy upgrades without a websocket.
func (u *upgrader) spdy(ctx context.Context, target *url.URL) (*session, error) {
	upgrade, err := newSPDYUpgrade(u.tls, u.proxy)
	if err != nil {
		return nil, err
	}
	wrapped, err := transport.HTTPWrappersForConfig(u.wrap, upgrade)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set(httpstream.HeaderProtocolVersion, portforward.PortForwardProtocolV1Name)
	resp, err := wrapped.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		defer upgrade.conn.Close()
		return nil, &httpstream.UpgradeFailureError{Cause: refusal(resp)}
	}
	return newSession(upgrade.conn)
}

// explain turns a failed upgrade into an error that names the permission, the pod or the server.
func (u *upgrader) explain(ctx context.Context, err error) error {
	if status := upgradeStatus(err); status != nil {
		return explained(status)
	}
	if noAnswer(err) {
		return serverError(ctx, u.server, err)
	}
	return err
}

// upgradeStatus is the API server's own answer inside an upgrade error, which does not unwrap; nil when there is none.
func upgradeStatus(err error) error {
	var failure *httpstream.UpgradeFailureError
	if errors.As(err, &failure) {
		err = failure.Cause
	}
	var status *apierrors.StatusError
	if errors.As(err, &status) {
		return status
	}
	return nil
}
