package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/scenario"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// lab is the lab with its commands. Each takes its own arguments and writes to the process's streams.
type lab struct{ *cluster.Cluster }

// errDown is what commands say that need a running lab.
var errDown = errors.New("the lab is down; lab up (or make lab-up) raises it")

func (l *lab) runner() (*step.Runner, error) { return step.New(os.Stdout, l.StepLogs()) }

// up raises the cluster and the named scenarios.
func (l *lab) up(ctx context.Context, names []string) error {
	chosen := []scenario.Scenario{}
	for _, name := range names {
		s, err := scenario.Find(l.scenarios(), name)
		if err != nil {
			return err
		}
		chosen = append(chosen, s)
	}
	unlock, err := l.Lock(ctx, os.Stderr)
	if err != nil {
		return err
	}
	defer unlock()
	if l.Remains() {
		fmt.Println("The last lab was not taken down but died (with the machine, perhaps). What it left is cleared first, its data included.")
		if err := l.Down(ctx, os.Stderr); err != nil {
			return err
		}
	}
	run, err := l.runner()
	if err != nil {
		return err
	}
	fmt.Println("Raising the lab. On two cores: about a minute, and 10 to 15 minutes more the first time, when everything is built.")
	err = l.Cluster.Up(ctx, run)
	if err == nil && len(chosen) > 0 {
		err = l.needPlugin(ctx, run)
	}
	if err == nil {
		raise := []func(context.Context) error{}
		for _, s := range chosen {
			raise = append(raise, func(ctx context.Context) error { return s.Up(ctx, l.Cluster, l.plugin, run) })
		}
		err = run.Side(ctx, raise...)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted: lab up goes on where this ended, lab down clears it away (%w)", err)
	}
	if err != nil {
		return err
	}
	fmt.Printf("The lab is up after %.0f s. export KUBECONFIG=%s\n", run.Total().Seconds(), l.Kubeconfig())
	return nil
}

// down ends everything.
func (l *lab) down(ctx context.Context, _ []string) error {
	unlock, err := l.Lock(ctx, os.Stderr)
	if err != nil {
		return err
	}
	defer unlock()
	if err := l.Down(ctx, os.Stderr); err != nil {
		return err
	}
	fmt.Println("The lab is down; nothing is left but its cache.")
	return nil
}

// status says what runs: exit code 0 when everything does, 1 when the lab is down or a daemon is dead.
func (l *lab) status(ctx context.Context, _ []string) error {
	if !l.Running() {
		if l.Remains() {
			fmt.Println("the lab is down: it was not taken down but died; lab up clears what it left and raises it again")
		} else {
			fmt.Println("the lab is down")
		}
		return &exitError{code: 1}
	}
	daemons := l.Daemons()
	dead := false
	for _, name := range slices.Sorted(maps.Keys(daemons)) {
		state := "runs"
		if !daemons[name] {
			state, dead = "DEAD (lab logs "+name+")", true
		}
		fmt.Printf("%-26s %s\n", name, state)
	}
	if err := attach(l.Kubectl(ctx, "get", "pods", "-A")); err != nil {
		return err
	}
	if dead {
		return &exitError{code: 1}
	}
	return nil
}

// logs lists the logs, or prints one: a daemon's by its name, a step's as steps/NAME.
func (l *lab) logs(_ context.Context, args []string) error {
	names, err := logNames(l.Logs())
	if err != nil {
		return err
	}
	if len(args) == 0 {
		for _, name := range names {
			fmt.Println(name)
		}
		return nil
	}
	if !slices.Contains(names, args[0]) {
		return fmt.Errorf("no log of %q; lab logs lists them", args[0])
	}
	data, err := os.ReadFile(filepath.Join(l.Logs(), args[0]+".log"))
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(data)
	return err
}

// logNames are the logs below a folder: daemons first, then the steps that raised them.
func logNames(dir string) ([]string, error) {
	names := []string{}
	for _, pattern := range []string{"*.log", filepath.Join("steps", "*.log")} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			name, err := filepath.Rel(dir, strings.TrimSuffix(file, ".log"))
			if err != nil {
				return nil, err
			}
			names = append(names, name)
		}
	}
	return names, nil
}

// shell runs a shell, or a command, inside the lab.
func (l *lab) shell(ctx context.Context, args []string) error {
	if !l.Running() {
		return errDown
	}
	if len(args) == 0 {
		args = []string{"bash"}
	}
	argv := l.Enter(append([]string{"env", "KUBECONFIG=" + l.KubeconfigInside(), "PATH=" + l.Bin() + ":" + os.Getenv("PATH")}, args...)...)
	return attach(exec.CommandContext(ctx, argv[0], argv[1:]...))
}

// kubeconfig prints the path of the kubeconfig for the host.
func (l *lab) kubeconfig(context.Context, []string) error {
	if !l.Running() {
		return errDown
	}
	fmt.Println(l.Kubeconfig())
	return nil
}

// kubectl runs the lab's own kubectl.
func (l *lab) kubectl(ctx context.Context, args []string) error {
	if !l.Running() {
		return errDown
	}
	return attach(l.Kubectl(ctx, args...))
}

// scenario lists the scenarios, or raises or removes one.
func (l *lab) scenario(ctx context.Context, args []string) error {
	if len(args) != 2 || (args[0] != "up" && args[0] != "down") {
		all, err := scenario.List(l.scenarios())
		for _, s := range all {
			fmt.Printf("%-16s %s\n", s.Name, s.Description)
		}
		if err != nil || len(args) == 0 {
			return err
		}
		return fmt.Errorf("usage: lab scenario up|down NAME")
	}
	s, err := scenario.Find(l.scenarios(), args[1])
	if err != nil {
		return err
	}
	if !l.Running() {
		return errDown
	}
	run, err := l.runner()
	if err != nil {
		return err
	}
	if args[0] == "up" {
		if err := l.needPlugin(ctx, run); err != nil {
			return err
		}
		return s.Up(ctx, l.Cluster, l.plugin, run)
	}
	return s.Down(ctx, l.Cluster, run)
}

// pluginPath is where make build puts the plugin.
func (l *lab) pluginPath() string { return filepath.Join(l.Source, "..", "bin", "kubectl-kea") }

// plugin is a run of the built plugin against the lab.
func (l *lab) plugin(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, l.pluginPath(), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+l.Kubeconfig())
	return cmd
}

// needPlugin builds the plugin where it is missing: most scenarios are installed with it.
func (l *lab) needPlugin(ctx context.Context, run *step.Runner) error {
	if _, err := os.Stat(l.pluginPath()); err == nil {
		return nil
	}
	return run.Run(ctx, step.Step{Name: "build the plugin", Do: func(ctx context.Context, log io.Writer) (string, error) {
		return "", step.Command(ctx, log, filepath.Join(l.Source, ".."), nil, "make", "build")
	}})
}

func (l *lab) scenarios() string { return filepath.Join(l.Source, "scenarios") }

// attach runs a command on our own streams. Ctrl-C reaches it from the terminal as well as from us, and what that means
// is its own business: a shell goes on.
func attach(cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return errors.Join(cmd.Process.Signal(os.Interrupt), os.ErrProcessDone) }
	return quietExit(cmd.Run())
}
