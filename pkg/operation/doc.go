// Package operation runs what changes a cluster: named idempotent steps with progress, under a lock that lives in the
// cluster, so that a killed run can be repeated and two operators do not work against each other.
package operation
