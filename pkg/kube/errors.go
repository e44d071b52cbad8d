package kube

import (
	"errors"
	"fmt"
)

// Problem names what is wrong between us and the cluster.
type Problem string

const (
	// ProblemConfig is a kubeconfig that is missing or does not fit.
	ProblemConfig Problem = "config"
	// ProblemUnreachable is an API server that does not answer.
	ProblemUnreachable Problem = "unreachable"
	// ProblemUntrusted is an API server whose certificate cannot be verified.
	ProblemUntrusted Problem = "untrusted"
	// ProblemUnauthorized is a credential that the API server does not accept (any more), or that could not be had.
	ProblemUnauthorized Problem = "unauthorized"
	// ProblemForbidden is a missing permission.
	ProblemForbidden Problem = "forbidden"
	// ProblemTimeout is a deadline that passed.
	ProblemTimeout Problem = "timeout"
	// ProblemNotFound is an object that does not exist.
	ProblemNotFound Problem = "not-found"
	// ProblemNotInstalled is a kind that this cluster does not have.
	ProblemNotInstalled Problem = "not-installed"
	// ProblemRefused is a port in a pod where nothing listens.
	ProblemRefused Problem = "refused"
	// ProblemLost is a stream into a pod that broke.
	ProblemLost Problem = "lost"
	// ProblemOther is any other refusal of the API server: a conflict, an invalid object, an admission webhook's no.
	ProblemOther Problem = "other"
)

// Sentinels for errors.Is.
var (
	// ErrRefused: nothing listens on that port of the pod.
	ErrRefused = errors.New("connection refused")
	// ErrLost: the stream into the pod broke.
	ErrLost = errors.New("lost connection to the pod")
	// ErrProxyBasicAuth: HTTP basic authentication cannot pass the API server's pod proxy.
	ErrProxyBasicAuth = errors.New("the API server's pod proxy does not pass on HTTP basic authentication")
)

// Error is an error of the way to the cluster with what a person needs to mend it.
type Error struct {
	Problem Problem
	// Verb, Group, Resource (with its subresource: pods/portforward), Namespace and Name are those of the refused
	// request, as far as the API server named them. Namespace is empty for cluster scope.
	Verb, Group, Resource, Namespace, Name string
	// Server is the API server's address; empty where it does not matter.
	Server string
	// Message replaces Err's text where that is noise; may be empty.
	Message string
	// Hint is a next step for a person; may be empty.
	Hint string
	Err  error
}

// Error implements error.
func (e *Error) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Err.Error()
}

// Unwrap implements errors.Unwrap.
func (e *Error) Unwrap() error { return e.Err }

// Permission is the missing permission in words, "list clusters.postgresql.cnpg.io in namespace network", or empty.
func (e *Error) Permission() string {
	if e.Problem != ProblemForbidden || e.Verb == "" || e.Resource == "" {
		return ""
	}
	resource := e.Resource
	if e.Group != "" {
		resource += "." + e.Group
	}
	if e.Namespace == "" {
		return e.Verb + " " + resource + " in all namespaces"
	}
	return e.Verb + " " + resource + " in namespace " + e.Namespace
}

// PodError is what the cluster said about a stream into a pod. errors.Is matches ErrRefused and ErrLost.
type PodError struct {
	Namespace, Pod string
	Port           int
	// Message is the kubelet's text, shortened.
	Message string
	// Kind is ErrRefused, ErrLost or nil.
	Kind error
}

// Error implements error.
func (e *PodError) Error() string {
	return fmt.Sprintf("port %d of pod %s/%s: %s", e.Port, e.Namespace, e.Pod, e.Message)
}

// Unwrap implements errors.Unwrap.
func (e *PodError) Unwrap() error { return e.Kind }

// StatusError is an HTTP status of 400 or more that a pod answered with.
type StatusError struct {
	Namespace, Pod string
	Code           int
	// Message is the start of the body.
	Message string
}

// Error implements error.
func (e *StatusError) Error() string {
	return fmt.Sprintf("pod %s/%s answered %d: %s", e.Namespace, e.Pod, e.Code, e.Message)
}

// ExitError is a command that ran in a container and returned a code other than zero.
type ExitError struct {
	Namespace, Pod, Container string
	// Program is the command's first word; its arguments may hold secrets and are not kept.
	Program string
	Code    int
}

// Error implements error.
func (e *ExitError) Error() string {
	return fmt.Sprintf("%s in container %s of pod %s/%s exited with code %d", e.Program, e.Container, e.Namespace, e.Pod, e.Code)
}
