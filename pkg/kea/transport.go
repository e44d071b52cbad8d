package kea

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// readOnly reports whether a command changes nothing, so that it may be sent twice.
func readOnly(command string) bool {
	switch command {
	case "list-commands", "build-report", "config-test", "ha-heartbeat":
		return true
	}
	return strings.Contains(command, "-get") || strings.HasSuffix(command, "-list") || strings.HasSuffix(command, "-select-test")
}

// connectionLost reports whether an error means that the connection was closed, as an idle one is by Kea after 30 s.
func connectionLost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		strings.Contains(err.Error(), "server closed idle connection")
}

// cause is an error of the way to Kea. It reads as what happened, and matches one of the Err values too.
type cause struct {
	call *Call
	is   error
	err  error
}

// Error returns the command, the service, and what happened.
func (c *cause) Error() string {
	return fmt.Sprintf("%s (%s): %s", c.call.Command, c.call.Service, oneLine(c.err.Error()))
}

// Is implements the matching of errors.Is.
func (c *cause) Is(target error) bool { return target == c.is }

// Unwrap returns what happened.
func (c *cause) Unwrap() error { return c.err }

// transportError sorts an error of the HTTP client.
func transportError(call *Call, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL: the caller knows whom it asked
	}
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("connection closed without an answer: %w", err)
	}
	return &cause{call: call, is: transportKind(err), err: err}
}

// transportKind returns the Err value of an error, nil for an expired or cancelled context.
func transportKind(err error) error {
	var (
		notVerified *tls.CertificateVerificationError
		unknown     x509.UnknownAuthorityError
		otherName   x509.HostnameError
		noTLS       tls.RecordHeaderError
		operation   *net.OpError
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.As(err, &notVerified), errors.As(err, &unknown), errors.As(err, &otherName),
		errors.As(err, &noTLS), errors.Is(err, http.ErrSchemeMismatch),
		errors.As(err, &operation) && operation.Op == "remote error": // an alert, as "certificate required"
		return ErrTLS
	}
	return ErrUnreachable
}
