// Command lab raises a real Kubernetes with CloudNativePG, an S3 store and Kea on one Debian machine, as root, without a
// container engine and without a registry. People who have a cluster need none of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/host"
)

const usage = `usage: lab COMMAND

  up [SCENARIO ...]        raise the cluster, then scenarios; what runs already is left as it is
  down                     end everything; nothing is left but the cache of built programs and images
  status                   what runs
  logs [NAME]              the logs there are (of daemons and of steps), or one of them
  shell [COMMAND ...]      a shell (or a command) inside the lab, with kubectl
  kubeconfig               the path of a kubeconfig that works from the host
  kubectl ...              the lab's kubectl
  scenario up|down NAME    one scenario
  load NAME [flags]        DHCP clients for a scenario's servers (lab load -h)
  demo                     hot-standby, clients, and what kubectl kea says of them (make demo)
`

// exitError is an end with an exit code of its own. Without err there is nothing to say: it has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// quietExit is for programs that said themselves what went wrong, on the same terminal: only their exit code is passed on.
func quietExit(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if exit.ExitCode() < 0 {
		return err // ended by a signal, and so without a word
	}
	return &exitError{code: exit.ExitCode()}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	os.Exit(report(err, os.Stderr))
}

// report says what went wrong and returns the exit code.
func report(err error, out io.Writer) int {
	if err == nil {
		return 0
	}
	code := 1
	var exit *exitError
	if errors.As(err, &exit) {
		code = exit.code
		if exit.err == nil {
			return code
		}
	}
	fmt.Fprintln(out, "error:", err)
	return code
}

// run runs the command that the arguments name.
func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("a command is missing")
	}
	source, err := sourceDir()
	if err != nil {
		return err
	}
	lab := &lab{Cluster: cluster.New(host.New(host.NewPaths(source)))}
	commands := map[string]func(context.Context, []string) error{
		"up": lab.up, "down": lab.down, "status": lab.status, "logs": lab.logs, "shell": lab.shell, "kubeconfig": lab.kubeconfig,
		"kubectl": lab.kubectl, "scenario": lab.scenario, "load": lab.load, "load-inside": lab.loadInside, "demo": lab.demo,
		"bridge": func(_ context.Context, args []string) error { return cluster.Bridge(strings.Join(args, "")) },
	}
	command, ok := commands[args[0]]
	if !ok {
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("unknown command %q", args[0])
	}
	return command(ctx, args[1:])
}

// sourceDir is lab/ in the checkout: given by KEALAB_SOURCE, else the working directory or its lab folder.
func sourceDir() (string, error) {
	if dir := os.Getenv("KEALAB_SOURCE"); dir != "" {
		return filepath.Abs(dir)
	}
	for _, dir := range []string{".", "lab"} {
		if _, err := os.Stat(filepath.Join(dir, "scenarios")); err == nil {
			return filepath.Abs(dir)
		}
	}
	if len(os.Args) > 1 && os.Args[1] == "bridge" {
		return "/", nil
	}
	return "", errors.New("run lab in the project's checkout or in its lab folder (or set KEALAB_SOURCE)")
}
