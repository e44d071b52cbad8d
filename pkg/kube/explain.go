package kube

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
)

// Explain finds out what an error from this package or its client means. The result is nil for nil, for a context that
// was cancelled, and for errors that have nothing to do with the cluster. It may be called again on its own result.
func Explain(err error) *Error {
	var done *Error
	var pod *PodError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return nil
	case errors.As(err, &done):
		return done
	case errors.As(err, &pod):
		return explainPod(pod, err)
	case meta.IsNoMatchError(err), runtime.IsNotRegisteredError(err):
		return &Error{Problem: ProblemNotInstalled, Err: err}
	}
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return explainStatus(status.Status(), err)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return &Error{Problem: ProblemTimeout, Message: "no answer in time", Hint: timeoutHint, Err: err}
	}
	return nil
}

const (
	// kubectlDefault is where kubectl's flags lead when there is no kubeconfig.
	kubectlDefault = "http://localhost:8080"
	kubeconfigHint = "name a kubeconfig with --kubeconfig or KUBECONFIG"
	timeoutHint    = "give it longer with --timeout, or look at the cluster with: kubectl get nodes"
	loginHint      = "log in to the cluster again; the credentials in use: kubectl config view --minify"
)

func explainPod(pod *PodError, err error) *Error {
	e := &Error{Problem: ProblemLost, Resource: "pods/portforward", Namespace: pod.Namespace, Name: pod.Pod, Err: err}
	if errors.Is(pod, ErrRefused) {
		e.Problem = ProblemRefused
	}
	return e
}

// explainStatus reads the API server's own answer.
func explainStatus(status metav1.Status, err error) *Error {
	e := &Error{Problem: ProblemOther, Err: err}
	if status.Details != nil {
		e.Group, e.Resource, e.Name = status.Details.Group, status.Details.Kind, status.Details.Name
	}
	switch {
	case apierrors.IsUnauthorized(err):
		e.Problem = ProblemUnauthorized
		e.Message = "the API server does not accept the credentials"
		e.Hint = loginHint
	case apierrors.IsForbidden(err):
		switch known := e.readForbidden(status.Message); {
		case strings.Contains(status.Message, `User "system:anonymous"`):
			e.Problem, e.Message, e.Hint = ProblemUnauthorized, "the API server was given no credentials", loginHint
		case known:
			e.Problem = ProblemForbidden
			e.Hint = e.forbiddenHint()
		}
	case apierrors.IsNotFound(err):
		e.Problem = ProblemNotFound
		if noSuchPath(status) {
			e.Problem = ProblemNotInstalled
		}
	case apierrors.IsTimeout(err), apierrors.IsServerTimeout(err):
		e.Problem, e.Hint = ProblemTimeout, timeoutHint
	}
	return e
}

// readForbidden takes the permission out of the API server's sentence, which is the only place that names the verb:
//
//	pods "x" is forbidden: User "ann" cannot create resource "pods/portforward" in API group "" in the namespace "dhcp"
//
// A refusal that is not about permissions (an admission plugin, a quota) has no such sentence: false.
func (e *Error) readForbidden(message string) bool {
	_, rest, ok := strings.Cut(message, " cannot ")
	if !ok {
		return false
	}
	verb, rest, ok := strings.Cut(rest, ` resource "`)
	if !ok || strings.Contains(verb, " ") {
		return false
	}
	e.Verb = verb
	e.Resource, rest, _ = strings.Cut(rest, `"`)
	if _, group, ok := strings.Cut(rest, `API group "`); ok {
		e.Group, rest, _ = strings.Cut(group, `"`)
	}
	if _, namespace, ok := strings.Cut(rest, `in the namespace "`); ok {
		e.Namespace, _, _ = strings.Cut(namespace, `"`)
	}
	return true
}

func (e *Error) forbiddenHint() string {
	if e.Permission() == "" {
		return ""
	}
	resource := e.Resource
	subresource := ""
	if base, sub, ok := strings.Cut(resource, "/"); ok {
		resource, subresource = base, " --subresource="+sub
	}
	if e.Group != "" {
		resource += "." + e.Group
	}
	where := " -A"
	if e.Namespace != "" {
		where = " -n " + e.Namespace
	}
	return fmt.Sprintf("ask for the permission to %s; see it with: kubectl auth can-i %s %s%s%s",
		e.Permission(), e.Verb, resource, subresource, where)
}

// noSuchPath tells a path that does not exist (a kind that is not installed) from an object that does not exist: the
// API server's generic handler answers the first, and client-go notes that in the details.
func noSuchPath(status metav1.Status) bool {
	if status.Details == nil {
		return true
	}
	for _, cause := range status.Details.Causes {
		if cause.Type == metav1.CauseTypeUnexpectedServerResponse {
			return true
		}
	}
	return status.Details.Name == "" && status.Details.Kind == ""
}

// serverError explains why a request to the API server got no answer at all.
func serverError(ctx context.Context, server string, err error) error {
	var done *Error
	if errors.Is(err, context.Canceled) || errors.As(err, &done) {
		return err
	}
	e := &Error{Problem: ProblemUnreachable, Server: server, Err: err}
	var timeout interface{ Timeout() bool }
	switch {
	case strings.Contains(err.Error(), "getting credentials:"):
		e.Problem = ProblemUnauthorized
		e.Message = "the credentials for the API server could not be had: " + innermost(err)
		e.Hint = loginHint
	case untrusted(err):
		e.Problem = ProblemUntrusted
		e.Message = fmt.Sprintf("the certificate of the API server %s cannot be trusted: %s", server, innermost(err))
		e.Hint = "check --context and the certificate authority in the kubeconfig"
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Problem = ProblemTimeout
		e.Message = fmt.Sprintf("the API server %s does not answer in time", server)
		e.Hint = "check --context, or give it longer with --timeout"
	case server == kubectlDefault:
		e.Message = "no cluster is configured, and the API server " + server + " does not answer"
		e.Hint = kubeconfigHint
	default:
		e.Message = fmt.Sprintf("the API server %s does not answer: %s", server, innermost(err))
		e.Hint = "check --context; the servers you know: kubectl config view"
	}
	return e
}

// noAnswer reports whether an error comes from the way to the server: there was no answer of the server's own.
func noAnswer(err error) bool {
	var network net.Error
	return errors.As(err, &network) || untrusted(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "getting credentials:")
}

func untrusted(err error) bool {
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	return errors.As(err, &authority) || errors.As(err, &invalid) || errors.As(err, &host)
}

// innermost strips what the transports say around the cause: the method, the URL, the local address.
func innermost(err error) string {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		err = op.Err
		var sys *os.SyscallError
		if errors.As(err, &sys) {
			err = sys.Err
		}
	}
	return strings.TrimPrefix(err.Error(), "getting credentials: ")
}

// configError explains a kubeconfig that cannot be used.
func configError(err error) error {
	e := &Error{Problem: ProblemConfig, Err: fmt.Errorf("read the kubeconfig: %w", err)}
	switch {
	case clientcmd.IsEmptyConfig(err):
		e.Message = "no cluster is configured"
		e.Hint = kubeconfigHint
	case clientcmd.IsContextNotFound(err), strings.HasPrefix(err.Error(), "context "):
		e.Hint = "the contexts you have: kubectl config get-contexts"
	}
	return e
}

// IsNotInstalled reports whether the cluster lacks the kind that was asked for (its CustomResourceDefinition).
func IsNotInstalled(err error) bool { return is(err, ProblemNotInstalled) }

// IsForbidden reports a missing permission.
func IsForbidden(err error) bool { return is(err, ProblemForbidden) }

func is(err error, problem Problem) bool {
	e := Explain(err)
	return e != nil && e.Problem == problem
}
