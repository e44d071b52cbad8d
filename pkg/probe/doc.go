// Package probe asks Kea for an address as a client behind a relay would, from a short-lived pod: who answers, with what,
// and how fast. An offer is no lease, so nothing is taken from anybody; a full probe takes a lease and gives it back.
//
// The pod needs nothing but perl, which every image built on Debian or Ubuntu has, among them CloudNativePG's. What it
// runs there is a few lines that pass datagrams on; packets are made and understood here. It speaks from a port of the
// kernel's choice and asks for answers to that port (RFC 8357), so that it needs no privilege.
package probe
