package kube

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"

	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	// pingPeriod keeps idle streams alive through load balancers.
	pingPeriod = 10 * time.Second
	// closeTime bounds the good manners of closing.
	closeTime = time.Second
)

// session is a SPDY connection that owns what it runs on: SPDY's own Close waits for a peer that may never read or
// answer again.
type session struct {
	httpstream.Connection
	under net.Conn
}

// newSession speaks SPDY on a connection, and closes it on failure.
func newSession(under net.Conn) (*session, error) {
	conn, err := spdy.NewClientConnectionWithPings(under, pingPeriod)
	if err != nil {
		return nil, err
	}
	return &session{conn, under}, nil
}

// Close ends the streams and the connection.
func (s *session) Close() {
	rude := time.AfterFunc(closeTime, s.abort)
	defer rude.Stop()
	_ = s.Connection.Close()
	_ = s.under.Close()
}

// abort ends the connection without a word.
func (s *session) abort() { _ = s.under.Close() }

// spdyUpgrade is a round tripper for one request, which keeps the connection it was answered on.
type spdyUpgrade struct {
	dialer *spdy.SpdyRoundTripper
	conn   net.Conn
}

func newSPDYUpgrade(tlsConfig *tls.Config, proxy func(*http.Request) (*url.URL, error)) (*spdyUpgrade, error) {
	dialer, err := spdy.NewRoundTripperWithConfig(spdy.RoundTripperConfig{TLS: tlsConfig, Proxier: proxy})
	if err != nil {
		return nil, err
	}
	return &spdyUpgrade{dialer: dialer}, nil
}

// RoundTrip implements http.RoundTripper. The request's context limits it, from the dial to the response's header.
func (u *spdyUpgrade) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(httpstream.HeaderConnection, httpstream.HeaderUpgrade)
	req.Header.Set(httpstream.HeaderUpgrade, spdy.HeaderSpdy31)
	conn, err := u.dialer.Dial(req)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(req.Context(), func() { _ = conn.Close() })
	reader := bufio.NewReader(conn)
	resp, err := http.ReadResponse(reader, req)
	if !stop() && err == nil {
		err = context.Cause(req.Context())
	}
	if err != nil {
		_ = conn.Close()
		if cause := req.Context().Err(); cause != nil {
			err = cause
		}
		return nil, err
	}
	u.conn = &readAhead{conn, reader}
	return resp, nil
}

// readAhead is a connection whose first bytes may have been read with the response's header.
type readAhead struct {
	net.Conn
	reader *bufio.Reader
}

// Read implements net.Conn.
func (c *readAhead) Read(p []byte) (int, error) { return c.reader.Read(p) }
