package keadb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// What can be asked of an error of this package with errors.Is.
var (
	ErrAuth               = errors.New("user or password not accepted")        // 28P01, 28000: also NOLOGIN and pg_hba.conf
	ErrPermission         = errors.New("permission denied")                    // 42501
	ErrReadOnly           = errors.New("database is read-only")                // 25006
	ErrNoDatabase         = errors.New("database does not exist")              // 3D000
	ErrNoSchema           = errors.New("database does not hold Kea's schema")  // 42P01, 3F000, 42703
	ErrShuttingDown       = errors.New("database takes no connections now")    // 57P03: shutting down, starting up, in recovery
	ErrTerminated         = errors.New("session was ended by the server")      // 57P01, 57P02
	ErrTooManyConnections = errors.New("database has no connection to spare")  // 53300
	ErrDiskFull           = errors.New("database server's disk is full")       // 53100
	ErrLocked             = errors.New("table is locked")                      // 55P03
	ErrCancelled          = errors.New("statement was cancelled")              // 57014: it took too long, or somebody ended it
	ErrTLS                = errors.New("server's certificate is not accepted") // or the server refuses TLS
	ErrUnreachable        = errors.New("database server does not answer")      // refused, reset, closed, no route; not a deadline
)

// failure is an error with what was being done, to which database. It matches one of the Err values.
type failure struct {
	doing string // "connect to kea@host:5432/kea"
	is    error  // nil for none of them
	err   error
}

// fail makes a failure of err; nil stays nil.
func fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	return &failure{doing: doing, is: classify(err), err: err}
}

// Error returns what was being done and what happened, on one line.
func (f *failure) Error() string {
	return f.doing + ": " + strings.Join(strings.Fields(message(f.err)), " ")
}

// Is implements the matching of errors.Is.
func (f *failure) Is(target error) bool { return target == f.is }

// Unwrap returns what happened: *pgconn.PgError is in there for everything that the server said.
func (f *failure) Unwrap() error { return f.err }

// message returns what happened in a few words: the server's own if it said something.
func message(err error) string {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return said.Message + " (SQLSTATE " + said.Code + ")"
	}
	// The driver wraps these in what Target says already.
	var (
		notVerified *tls.CertificateVerificationError
		network     *net.OpError
		connecting  *pgconn.ConnectError
	)
	switch {
	case errors.As(err, &notVerified):
		return notVerified.Error()
	case errors.As(err, &network):
		return network.Error()
	case errors.As(err, &connecting) && connecting.Unwrap() != nil:
		return connecting.Unwrap().Error()
	}
	return err.Error()
}

// classify returns the Err value of an error; nil for none, and for no error.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return classifyState(said.Code)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	var (
		notVerified *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		otherName   x509.HostnameError
		noTLS       tls.RecordHeaderError
		operation   *net.OpError
	)
	if errors.As(err, &notVerified) || errors.As(err, &unknown) || errors.As(err, &otherName) ||
		errors.As(err, &noTLS) || errors.As(err, &operation) && operation.Op == "remote error" || strings.Contains(err.Error(), "server refused TLS connection") {
		return ErrTLS
	}
	var (
		network    net.Error
		connecting *pgconn.ConnectError
	)
	if errors.As(err, &network) || errors.As(err, &connecting) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed) {
		return ErrUnreachable
	}
	return nil
}

// classifyState returns the Err value of an SQLSTATE, nil for none.
func classifyState(code string) error {
	switch code {
	case "28P01", "28000":
		return ErrAuth
	case "42501":
		return ErrPermission
	case "25006":
		return ErrReadOnly
	case "3D000":
		return ErrNoDatabase
	case "42P01", "3F000", "42703":
		return ErrNoSchema
	case "57P03":
		return ErrShuttingDown
	case "57P01", "57P02":
		return ErrTerminated
	case "53300":
		return ErrTooManyConnections
	case "53100":
		return ErrDiskFull
	case "55P03":
		return ErrLocked
	case "57014":
		return ErrCancelled
	}
	return nil
}
