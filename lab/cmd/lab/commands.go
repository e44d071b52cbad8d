package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/scenario"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

type lab struct{ *cluster.Cluster }

func (l *lab) runner() (*step.Runner, error) {
	return step.New(os.Stdout, filepath.Join(l.Logs(), "steps"))
}

func (l *lab) up(ctx context.Context, names []string) error {
	chosen := []scenario.Scenario{}
	for _, name := range names {
		s, err := scenario.Find(l.scenarios(), name)
		if err != nil {
			return err
		}
		chosen = append(chosen, s)
	}
	run, err := l.runner()
	if err != nil {
		return err
	}
	fmt.Println("Raising the lab. On two cores: about a minute, and 10 to 15 minutes more the first time, when everything is built.")
	if err := l.Cluster.Up(ctx, run); err != nil {
		return err
	}
	raise := []func(context.Context) error{}
	for _, s := range chosen {
		raise = append(raise, func(ctx context.Context) error { return s.Up(ctx, l.Cluster, run) })
	}
	if err := run.Side(ctx, raise...); err != nil {
		return err
	}
	fmt.Printf("The lab is up after %.0f s. export KUBECONFIG=%s\n", run.Total().Seconds(), l.Kubeconfig())
	return nil
}

func (l *lab) down(ctx context.Context, _ []string) error {
	if err := l.Down(ctx, os.Stderr); err != nil {
		return err
	}
	fmt.Println("The lab is down; nothing is left but its cache.")
	return nil
}

func (l *lab) status(ctx context.Context, _ []string) error {
	if !l.Running() {
		fmt.Println("the lab is down")
		return &exec.ExitError{}
	}
	daemons := l.Daemons()
	names := []string{}
	for name := range daemons {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		state := "runs"
		if !daemons[name] {
			state = "DEAD (lab logs " + name + ")"
		}
		fmt.Printf("%-26s %s\n", name, state)
	}
	cmd := l.Kubectl(ctx, "get", "pods", "-A")
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

func (l *lab) logs(_ context.Context, args []string) error {
	if len(args) == 0 {
		files, err := filepath.Glob(filepath.Join(l.Logs(), "*.log"))
		for _, file := range files {
			fmt.Println(strings.TrimSuffix(filepath.Base(file), ".log"))
		}
		return err
	}
	data, err := os.ReadFile(filepath.Join(l.Logs(), filepath.Base(args[0])+".log"))
	if err != nil {
		return fmt.Errorf("no log of %q; lab logs lists them", args[0])
	}
	_, err = os.Stdout.Write(data)
	return err
}

func (l *lab) shell(ctx context.Context, args []string) error {
	if !l.Running() {
		return fmt.Errorf("the lab is down; lab up raises it")
	}
	if len(args) == 0 {
		args = []string{"bash"}
	}
	argv := l.Enter(append([]string{"env", "KUBECONFIG=" + l.KubeconfigInside(), "PATH=" + l.Bin() + ":" + os.Getenv("PATH")}, args...)...)
	return attach(exec.CommandContext(ctx, argv[0], argv[1:]...))
}

func (l *lab) kubeconfig(context.Context, []string) error {
	if !l.Running() {
		return fmt.Errorf("the lab is down; make lab-up raises it")
	}
	fmt.Println(l.Kubeconfig())
	return nil
}

func (l *lab) kubectl(ctx context.Context, args []string) error { return attach(l.Kubectl(ctx, args...)) }

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
	run, err := l.runner()
	if err != nil {
		return err
	}
	if args[0] == "up" {
		return s.Up(ctx, l.Cluster, run)
	}
	return s.Down(ctx, l.Cluster, run)
}

func (l *lab) scenarios() string { return filepath.Join(l.Source, "scenarios") }

func attach(cmd *exec.Cmd) error {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd.Run()
}
