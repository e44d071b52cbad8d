package kea

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Result codes of the API. HTTP 400, 401 and 403 appear as a result of the same number.
const (
	ResultSuccess     = 0
	ResultError       = 1
	ResultUnsupported = 2 // unknown command, or its hook library is not loaded
	ResultEmpty       = 3 // done, nothing found
	ResultConflict    = 4 // lease commands; 2.2 says ResultError instead
)

// What can be asked of an error of this package with errors.Is.
var (
	ErrEmpty        = errors.New("nothing found")                          // result 3
	ErrUnsupported  = errors.New("command not supported")                  // result 2
	ErrConflict     = errors.New("conflict")                               // result 4
	ErrBadRequest   = errors.New("bad request")                            // HTTP 400
	ErrUnauthorized = errors.New("user or password not accepted")          // HTTP 401
	ErrForbidden    = errors.New("not allowed")                            // HTTP 403: an HA listener with restrict-commands, or a role
	ErrOffline      = errors.New("daemon is offline")                      // the agent answers, the daemon behind it does not
	ErrNoService    = errors.New("agent has no socket for this daemon")    // the agent's control-sockets lack it
	ErrNoDatabase   = errors.New("no lease database")                      // the daemon lost or never had its lease database
	ErrUnreachable  = errors.New("endpoint does not answer")               // refused, reset, closed, no route; not a deadline
	ErrTLS          = errors.New("TLS handshake not accepted")             // certificate, client certificate, or no TLS there
	ErrNotKea       = errors.New("answer is not Kea's")                    // not JSON, or JSON of another shape
	ErrTooLarge     = errors.New("answer is larger than the client takes") // Options.MaxAnswer
	ErrWrongService = errors.New("another daemon answers here")            // config-get of dhcp4 brought Dhcp6, or the reverse
)

// Error is an answer whose result is not 0. errors.Is matches it with the Err values above.
type Error struct {
	Command string
	Service Service
	Result  int    // one of the Result constants, or an HTTP status from 400 on
	Text    string // Kea's words, without the passwords that they are known to quote; may be empty, may hold anything
}

// Error returns the command, the service and Kea's words on one line.
func (e *Error) Error() string {
	text := oneLine(e.Text)
	if text == "" {
		text = "no reason given"
	}
	return fmt.Sprintf("%s (%s): %s (result %d)", e.Command, e.Service, text, e.Result)
}

// Is implements the matching of errors.Is.
func (e *Error) Is(target error) bool {
	switch target {
	case ErrEmpty:
		return e.Result == ResultEmpty
	case ErrUnsupported:
		return e.Result == ResultUnsupported
	case ErrConflict:
		return e.Result == ResultConflict
	case ErrBadRequest:
		return e.Result == http.StatusBadRequest
	case ErrUnauthorized:
		return e.Result == http.StatusUnauthorized
	case ErrForbidden:
		return e.Result == http.StatusForbidden
	case ErrUnreachable:
		return e.Result == http.StatusBadGateway || e.Result == http.StatusServiceUnavailable || e.Result == http.StatusGatewayTimeout
	case ErrNotKea:
		return e.Result >= 100 && e.Result < http.StatusBadRequest || e.Result == http.StatusNotFound || e.Result == http.StatusMethodNotAllowed
	case ErrOffline:
		return e.Result == ResultError && strings.Contains(e.Text, "server is likely to be offline")
	case ErrNoService:
		return e.Result == ResultError && strings.Contains(e.Text, "forwarding socket is not configured")
	case ErrNoDatabase:
		return e.Result == ResultError && databaseLost(e.Text)
	}
	return false
}

// databaseLost reports whether Kea's words say that its lease database is gone. The first command after the loss
// brings the database library's words, the following ones Kea's own.
func databaseLost(text string) bool {
	for _, s := range []string{
		"no current lease manager is available",
		"fatal database error or connectivity lost",
		"Unable to open database",
		"server closed the connection unexpectedly",
	} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}
