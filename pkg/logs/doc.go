// Package logs reads the logs of all of a deployment's daemons as one stream, in the order of time.
package logs
