package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
)

// subject is one command line that is measured.
type subject struct {
	name string
	args []string
	// fine are the exit codes that still are an answer.
	fine []int
	runs timing.Sample
	// missing is why there are no runs.
	missing string
}

// subjects are what is measured, kubectl first.
func subjects(kubectl, binary, namespace string) []*subject {
	return []*subject{
		{name: "kubectl get pods", args: []string{kubectl, "get", "pods", "-n", namespace}},
		{name: "kubectl kea status", args: []string{binary, "status", "-n", namespace}, fine: []int{3}},
		{name: "kubectl kea version", args: []string{binary, "version"}},
	}
}

// measure runs every command once to warm up, and then each in turn.
func measure(ctx context.Context, binary, namespace string, rounds int) (*result, error) {
	info, err := os.Stat(binary)
	if err != nil {
		return nil, fmt.Errorf("%w; make build makes it", err)
	}
	all := subjects(cmp.Or(os.Getenv("KUBECTL"), "kubectl"), binary, namespace)
	for _, s := range all {
		if _, err := s.run(ctx); err != nil {
			s.missing = err.Error()
		}
	}
	for range rounds {
		for _, s := range all {
			if s.missing != "" {
				continue
			}
			took, err := s.run(ctx)
			if err != nil {
				return nil, err
			}
			s.runs = append(s.runs, took)
		}
	}
	return &result{
		machine: timing.Machine(), size: info.Size(), rounds: rounds,
		pods: *all[0], status: *all[1], version: *all[2],
	}, nil
}

// run runs the command once.
func (s *subject) run(ctx context.Context) (time.Duration, error) {
	var stderr strings.Builder
	c := exec.CommandContext(ctx, s.args[0], s.args[1:]...)
	c.Stdout, c.Stderr = io.Discard, &stderr
	start := time.Now()
	err := c.Run()
	took := time.Since(start)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		for _, code := range s.fine {
			if exit.ExitCode() == code {
				return took, nil
			}
		}
	}
	if err != nil {
		said := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		return 0, fmt.Errorf("%s: %w: %s", s.name, err, said[len(said)-1])
	}
	return took, nil
}
