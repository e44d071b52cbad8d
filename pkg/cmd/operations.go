package cmd

import (
	"errors"
	"os"
	"os/user"
	"syscall"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// steps shows the progress of an operation on ErrOut. Close must be called.
func (e *Env) steps() *printer.Steps {
	options := printer.StepsOptions{Canvas: e.errCanvas(), Live: e.ErrSize != nil, Now: e.Now}
	if e.ErrSize != nil {
		options.Width = func() int { return e.ErrSize().Width }
	}
	return printer.NewSteps(e.ErrOut, options)
}

// lock says who works, for the lock on a deployment. A lock of an earlier run on this machine whose process has ended
// is taken over at once; of others only when --take-over says so.
func (e *Env) lock(kind, again string, takeOver bool) operation.Options {
	by := "somebody"
	if u, err := user.Current(); err == nil {
		by = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		by += "@" + host
	}
	return operation.Options{
		State: operation.State{Kind: kind, By: by, Process: os.Getpid(), Continue: again},
		Now:   e.Now,
		TakeOver: func(held operation.State) bool {
			return takeOver || held.By == by && !alive(held.Process)
		},
	}
}

// alive reports whether a process of this machine still runs. In doubt it does: then one has to wait until its lock runs
// out, and does not work against it.
func alive(pid int) bool {
	if pid <= 0 {
		return true
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return false // Windows finds only those that run, and can send them no signal
	}
	defer func() { _ = process.Release() }()
	err = process.Signal(syscall.Signal(0))
	return !errors.Is(err, os.ErrProcessDone)
}
