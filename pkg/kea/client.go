package kea

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

var errTODO = errors.New("not implemented")

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
	Endpoint string // the URL, without a password
	Duration time.Duration
	Attempts int   // 2 when a lost connection was tried again
	Bytes    int64 // of the answer
	Err      error // nil: result 0
}

// Client sends commands to one endpoint. It may be used by several goroutines.
type Client struct {
	opts Options
}

// NewClient returns a client. A URL that cannot be used is reported by the first command.
func NewClient(o Options) *Client { return &Client{opts: o} }

// NewHTTPClient returns an HTTP client that suits Kea: no proxy, no HTTP/2, and idle connections closed before Kea
// closes them (30 s), so that a command does not meet a connection that has just died. A nil dial means TCP.
func NewHTTPClient(dial func(ctx context.Context, network, addr string) (net.Conn, error)) *http.Client {
	return &http.Client{}
}

// Do sends one command and decodes the answer's arguments into out, a pointer as for json.Unmarshal, or nil.
// arguments is marshalled; nil sends none. Both forms of answer are understood: an array with one element (the
// control agent, a daemon's HTTP socket) and a bare object. A result other than 0 is an *Error; out may have been
// written to all the same.
//
// A command that only reads is sent once more when the connection turns out to be closed. A command that changes
// something never is: after ErrUnreachable nobody knows whether it was carried out.
func (c *Client) Do(ctx context.Context, s Service, command string, arguments, out any) error {
	return errTODO
}

// Config asks for config-get. Secrets in it are of type Secret. ErrWrongService: the endpoint is another daemon's.
func (c *Client) Config(ctx context.Context, s Service) (Config, error) { return Config{}, errTODO }

// ConfigHash asks for config-hash-get: equal for equal configurations. ErrUnsupported before 2.4.
func (c *Client) ConfigHash(ctx context.Context, s Service) (string, error) { return "", errTODO }

func oneLine(s string) string { return s }
