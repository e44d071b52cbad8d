// Package kube is the way to a Kubernetes cluster: kubeconfig -> typed client, byte streams into pods, commands in
// containers, and errors that say which permission is missing.
//
// Nothing in it knows Kea, SQL or CloudNativePG beyond the names of their kinds. Nothing is sent before the first
// call, and discovery is never asked: the kinds the tool uses are known beforehand, which keeps a read as quick as
// kubectl's.
package kube
