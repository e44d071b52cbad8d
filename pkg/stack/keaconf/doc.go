// Package keaconf turns a stack into the configuration files of Kea's daemons. It is pure: the same stack and addresses
// give the same bytes. It wants a stack with all defaults filled in, and a valid one.
package keaconf
