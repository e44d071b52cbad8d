package kea

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Options says how to reach an endpoint: a control agent or a daemon's own HTTP socket.
type Options struct {
	URL  string       // http or https; a user and password in it are used like Auth
	Auth *BasicAuth   // nil: none
	HTTP *http.Client // nil: one of NewHTTPClient with no dialer and no TLS configuration of its own
	// Observe, when set, is told of every command sent. It may be called from several goroutines.
	Observe func(Call)
	// MaxAnswer is the largest answer taken, in bytes; 0 means 256 MiB. One lease is about 250 bytes.
	MaxAnswer int64
}

// BasicAuth is the user and password that Kea's API asks for.
type BasicAuth struct {
	User     string
	Password Secret
}

// Call describes a command that was sent. It never holds arguments, which may carry passwords.
type Call struct {
	Command  string
	Service  Service
	Endpoint string // the URL, without user and password
	Duration time.Duration
	Attempts int       // 2 when a lost connection was tried again
	Bytes    int64     // of the last answer
	Err      error     // nil: result 0
	Date     time.Time // of the last answer, by the clock of whoever gave it; UTC, whole seconds, zero when not said
}

// Client sends commands to one endpoint. It may be used by several goroutines.
type Client struct {
	http      *http.Client
	endpoint  string
	auth      *BasicAuth
	observe   func(Call)
	maxAnswer int64
	broken    error // of the options
}

const defaultMaxAnswer = 256 << 20

// NewClient returns a client. A URL that cannot be used is reported by the first command.
func NewClient(o Options) *Client {
	c := &Client{auth: o.Auth, observe: o.Observe, maxAnswer: o.MaxAnswer}
	if c.maxAnswer <= 0 {
		c.maxAnswer = defaultMaxAnswer
	}
	h := o.HTTP
	if h == nil {
		h = NewHTTPClient(nil)
	}
	own := *h
	// Kea never redirects, and another server must not be given our password.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &own

	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		// The parser's words are left out: they quote the URL, which may hold a password.
		c.broken = errors.New("the address of Kea's API is not an http or https URL")
		return c
	}
	if password, ok := u.User.Password(); ok && c.auth == nil {
		c.auth = &BasicAuth{User: u.User.Username(), Password: NewSecret(password)}
	}
	u.User = nil
	c.endpoint = u.String()
	return c
}

// NewHTTPClient returns an HTTP client that suits Kea: no proxy, no HTTP/2, and idle connections closed before Kea
// closes them (30 s), so that a command does not meet a connection that has just died. A nil dial means TCP. Its
// Transport is an *http.Transport, to which TLS settings can be added.
func NewHTTPClient(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Client {
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	return &http.Client{Transport: &http.Transport{
		DialContext:         dial,
		MaxIdleConnsPerHost: 2,
		IdleConnTimeout:     20 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}}
}

// Endpoint returns the URL of the endpoint, without user and password.
func (c *Client) Endpoint() string { return c.endpoint }

// request is a command as Kea reads it.
type request struct {
	Command   string    `json:"command"`
	Service   []Service `json:"service,omitempty"`
	Arguments any       `json:"arguments,omitempty"`
}

// Do sends one command and decodes the answer's arguments into out, a pointer as for json.Unmarshal, or nil.
// arguments is marshalled; nil sends none. Both forms of answer are understood: an array with one element (the
// control agent, a daemon's HTTP socket) and a bare object. A result other than 0 is an *Error; out may have been
// written to all the same.
//
// A command that only reads is sent once more when the connection turns out to be closed. A command that changes
// something never is: after ErrUnreachable nobody knows whether it was carried out.
func (c *Client) Do(ctx context.Context, s Service, command string, arguments, out any) error {
	_, err := c.send(ctx, s, command, arguments, out)
	return err
}

func (c *Client) send(ctx context.Context, s Service, command string, arguments, out any) (Call, error) {
	call := Call{Command: command, Service: s, Endpoint: c.endpoint}
	start := time.Now()
	err := c.do(ctx, &call, arguments, out)
	call.Duration, call.Err = time.Since(start), err
	if c.observe != nil {
		c.observe(call)
	}
	return call, err
}

func (c *Client) do(ctx context.Context, call *Call, arguments, out any) error {
	if c.broken != nil {
		return c.broken
	}
	r := request{Command: call.Command, Arguments: arguments}
	if call.Service != "" {
		r.Service = []Service{call.Service}
	}
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("%s (%s): encode the arguments: %w", call.Command, call.Service, err)
	}
	if bytes.Contains(body, redactedJSON()) {
		return fmt.Errorf("%s (%s): the arguments hold a redacted secret", call.Command, call.Service)
	}
	for {
		call.Attempts++
		resp, err := c.post(ctx, body) //nolint:bodyclose // answer closes it
		if err == nil {
			call.Date, _ = http.ParseTime(resp.Header.Get("Date"))
			return c.answer(resp, call, out)
		}
		if call.Attempts == 1 && readOnly(call.Command) && connectionLost(err) && ctx.Err() == nil {
			continue
		}
		return transportError(call, err)
	}
}

// redactedJSON is what a Secret becomes in an encoded request.
func redactedJSON() []byte {
	b, _ := json.Marshal(redacted)
	return b
}

func (c *Client) post(ctx context.Context, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.auth != nil {
		req.SetBasicAuth(c.auth.User, c.auth.Password.Reveal())
	}
	return c.http.Do(req)
}
