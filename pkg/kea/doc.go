// Package kea speaks to ISC Kea's management API (JSON over HTTP) and reads Kea's configuration.
//
// It works with a control agent, which routes a command by its service, and with a daemon's own HTTP socket
// (Kea 2.7.2 and later), which ignores the service. No caller needs to know which of the two it talks to.
//
// The package uses the standard library only. It knows nothing of Kubernetes and nothing of SQL.
// Passwords are of type Secret; they do not show when a value of this package is printed, logged or marshalled.
package kea
