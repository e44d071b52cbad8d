// Package keadb reads Kea's PostgreSQL schema over one connection: its version, sizes, sessions and lease counts, and
// proves that the database takes writes. It knows nothing of Kubernetes and nothing of Kea's API.
package keadb
