// Package manifest turns a stack file into Kubernetes objects, in the order in which they are applied. Pure.
package manifest
