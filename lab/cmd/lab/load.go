package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/load"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/scenario"
)

// exceeded is the exit code of a load that was measured well and found worse than its -max-... flags allow.
const exceeded = 3

// load makes DHCP clients for a scenario's servers. The sockets must be in the lab's network, so this program runs itself
// again in there.
func (l *lab) load(ctx context.Context, args []string) error {
	options, s, err := l.loadOptions(args)
	if err != nil || options == nil {
		return err
	}
	if !l.Running() {
		return errDown
	}
	if err := s.AddRelays(ctx, l.Cluster, os.Stderr); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	argv := l.InNetwork(append([]string{self, "load-inside"}, args...)...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "KEALAB_SOURCE="+l.Source)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	// Ctrl-C ends the load early, with its result: the one who makes it is asked to end, and not killed.
	cmd.Cancel = func() error {
		return errors.Join(cmd.Process.Signal(syscall.SIGINT), os.ErrProcessDone)
	}
	// It does not outlive us. The kernel ties that to the thread, not to the process, that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	return quietExit(cmd.Run())
}

// loadInside is what load runs in the lab's network.
func (l *lab) loadInside(ctx context.Context, args []string) error {
	options, s, err := l.loadOptions(args)
	if err != nil || options == nil {
		return err
	}
	pods := &servers{ask: cluster.NewAPI(l.KubeconfigInside()).Pods, namespace: s.Namespace, wanted: options.pods(s), say: os.Stderr}
	if err := pods.look(ctx); err != nil {
		return err
	}
	if len(pods.now()) == 0 {
		return fmt.Errorf("none of the pods %v runs in namespace %s; lab scenario up %s raises them", pods.wanted, s.Namespace, s.Name)
	}
	config, err := options.config(s)
	if err != nil {
		return err
	}
	config.Servers = pods.now
	if stderr, err := os.Stderr.Stat(); err == nil && stderr.Mode()&os.ModeCharDevice != 0 {
		config.Progress = func(at load.Snapshot) { printProgress(os.Stderr, at) }
	}
	following, stop := context.WithCancel(ctx)
	defer stop()
	go pods.follow(following)
	result, err := load.Run(ctx, config)
	if config.Progress != nil {
		fmt.Fprintln(os.Stderr)
	}
	if err != nil {
		return err
	}
	return options.report(os.Stdout, s, config, result)
}

// loadOptions reads the command line. Without an error and without options the help was asked for, and given.
func (l *lab) loadOptions(args []string) (*loadOptions, scenario.Scenario, error) {
	options, err := parseLoad(args, os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil, scenario.Scenario{}, nil
	}
	if err != nil {
		return nil, scenario.Scenario{}, err
	}
	s, err := scenario.Find(l.scenarios(), options.scenario)
	if err != nil {
		return nil, scenario.Scenario{}, err
	}
	if err := options.check(s); err != nil {
		return nil, scenario.Scenario{}, err
	}
	return options, s, nil
}

// measured is what -o json prints.
type measured struct {
	Scenario string   `json:"scenario"`
	Seed     uint32   `json:"seed"`
	Clients  int      `json:"clients"` // a VLAN and family; 0: a new one every exchange
	Exceeded []string `json:"exceeded,omitempty"`
	load.Result
}

// report prints what was measured, and fails when that is worse than allowed.
func (o *loadOptions) report(out io.Writer, s scenario.Scenario, config load.Config, result load.Result) error {
	worse := o.limits.exceededBy(result)
	if !o.held {
		result.Held = nil
	}
	if o.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(measured{Scenario: s.Name, Seed: config.Seed, Clients: config.Clients, Exceeded: worse, Result: result}); err != nil {
			return err
		}
	} else {
		result.Print(out)
	}
	if len(worse) == 0 {
		return nil
	}
	return &exitError{code: exceeded, err: fmt.Errorf("load: %w", joined(worse))}
}

func joined(lines []string) error {
	all := []error{}
	for _, line := range lines {
		all = append(all, errors.New(line))
	}
	return errors.Join(all...)
}

// printProgress rewrites one line of a terminal.
func printProgress(out io.Writer, at load.Snapshot) {
	fmt.Fprintf(out, "\r%4.0f s  %d started, %d ACKed, %d lost, %d NAKs, longest silence %.1f s, last ACK %.1f s ago   ",
		at.Elapsed.Seconds(), at.Started, at.Acked, at.Lost, at.Naks, at.LongestSilence.Seconds(), max(0, at.SinceAck-50*time.Millisecond).Seconds())
}
