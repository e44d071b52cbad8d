//go:build !unix

package main

import "os/exec"

// tellGroup does nothing where there are no process groups: the console tells
// every program that runs in it.
func tellGroup(*exec.Cmd) {}
