package cmd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// ErrBadAnswer ends a command that ran and whose answer is bad. The answer was
// already printed, so main prints nothing more.
var ErrBadAnswer = errors.New("the answer is bad")

// UsageError is a wrong command line.
type UsageError struct{ Err error }

// Error implements error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap implements errors.Unwrap.
func (e *UsageError) Unwrap() error { return e.Err }

// usagef is a formatted UsageError.
func usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// NotFoundError says that a server, lease or object that was named does not exist.
type NotFoundError struct{ What string }

// Error implements error.
func (e *NotFoundError) Error() string { return e.What + " not found" }

// missingError is an error that says in its own words that what was named does not exist.
type missingError struct{ error }

func (e *missingError) Unwrap() error { return e.error }

// hintError is an error with a next command to run.
type hintError struct {
	error
	hint string
}

func (e *hintError) Unwrap() error { return e.error }

// WithHint gives an error a next command, which is printed as its second line.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hintError{error: err, hint: hint}
}

// hintOf is the hint of an error: its own, or what pkg/kube has to say to it.
func hintOf(err error) string {
	var hinted *hintError
	if errors.As(err, &hinted) {
		return hinted.hint
	}
	if explained := kube.Explain(err); explained != nil {
		return explained.Hint
	}
	return ""
}

// errorPage is what a person sees of an error. Servers have a say in errors,
// so the text is escaped; its lines stay lines.
func errorPage(err error) printer.Page {
	var p printer.Page
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	for i, l := range lines {
		if i == 0 {
			p.Indented(0, 7, printer.Concat(printer.Bad.Text("error:"), printer.Text(" "+l)))
			continue
		}
		p.Indented(7, 7, printer.Text(l))
	}
	if hint := hintOf(err); hint != "" {
		p.Indented(0, 6, printer.Concat(printer.Dim.Text("hint:"), printer.Text(" "), printer.Accent.Text(hint)))
	}
	return p
}
