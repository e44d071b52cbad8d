package cmd

import (
	"errors"
	"os"
	"os/user"
	"syscall"

	"github.com/spf13/cobra"

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

// change is what the commands that change a deployment have in common.
type change struct {
	env      *Env
	dryRun   string
	takeOver bool
}

// bind adds the flags; what says what a dry run shows.
func (o *change) bind(c *cobra.Command, what string) {
	bindDryRun(c, &o.dryRun, what)
	c.Flags().BoolVar(&o.takeOver, "take-over", false, "Take the lock of another run that seems to be at work. Be sure that it is dead: two at once undo each other")
}

// bindDryRun adds --dry-run; what says what it shows. Without a value it means client, as kubectl's did.
func bindDryRun(c *cobra.Command, value *string, what string) {
	c.Flags().StringVar(value, "dry-run", "none", what)
	c.Flag("dry-run").NoOptDefVal = "client"
	complete(c, "dry-run", cobra.FixedCompletions([]cobra.Completion{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

// validate checks the flags.
func (o *change) validate() error {
	switch o.dryRun {
	case "none", "client", "server":
		return nil
	}
	return usagef("--dry-run %q: it takes none, client or server", o.dryRun)
}

// dryRunFlag is --dry-run as it was given, for the command that an error suggests; "" where it was not.
func dryRunFlag(value string) string {
	if value == "none" {
		return ""
	}
	return " --dry-run=" + value
}

// dry reports whether nothing is to be changed.
func (o *change) dry() bool { return o.dryRun != "none" }

// unfinished gives the error of an operation its next command; again is the one that goes on. What pkg/kube has to say to an
// API server that did not answer in time helps less: something is unfinished.
func (o *change) unfinished(err error, again string) error {
	var held *operation.HeldError
	var hinted *hintError
	switch {
	case errors.As(err, &held):
		return WithHint(err, "wait for it, or add --take-over when it is dead")
	case errors.As(err, &hinted):
		return err
	}
	return WithHint(err, again+" goes on from here")
}

// lock says who works, for the lock on a deployment. A lock of an earlier run on this machine whose process has ended
// is taken over at once; of others only when --take-over says so.
func (o *change) lock(kind, again string) operation.Options {
	by := whoami()
	return operation.Options{
		State: operation.State{Kind: kind, By: by, Process: os.Getpid(), Continue: again},
		Now:   o.env.Now,
		TakeOver: func(held operation.State) bool {
			return o.takeOver || held.By == by && !alive(held.Process)
		},
	}
}

// whoami is the user and the machine, for people.
func whoami() string {
	by := "somebody"
	if u, err := user.Current(); err == nil {
		by = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		by += "@" + host
	}
	return by
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
