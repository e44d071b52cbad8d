// Package stack deploys what a stack file describes: it compares the file with the cluster, says what would change and
// what stands against it, applies it as named steps, and waits until leases can be had. It never restarts or reloads a
// Kea that runs.
package stack
