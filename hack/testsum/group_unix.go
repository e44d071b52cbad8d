//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// tellGroup makes an interrupt reach the command and all that it started.
func tellGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGINT) }
}
