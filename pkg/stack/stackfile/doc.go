// Package stackfile reads the stack file: it fills in what a file leaves out, finds all that is wrong with a file at once,
// and prints the file of all defaults. It knows no cluster.
package stackfile
