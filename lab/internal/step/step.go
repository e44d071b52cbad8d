// Package step runs the lab's work as named steps: each prints its name and its time, a failed one shows its log's end.
package step

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// tailLines is how much of a failed step's log is shown: enough for a compiler's or apt's last words.
const tailLines = 25

// Runner runs steps and remembers how long each took. The zero value is not usable; see New.
type Runner struct {
	out    io.Writer
	logDir string
	start  time.Time

	mu    sync.Mutex
	times []Time
}

// Time is how long one step took.
type Time struct {
	Name string
	Took time.Duration
}

// New makes a runner that reports to out and keeps one log a step in logDir.
func New(out io.Writer, logDir string) (*Runner, error) {
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return nil, err
	}
	return &Runner{out: out, logDir: logDir, start: time.Now()}, nil
}

// Step is one piece of work. Do says what it did in a word or two when that is worth knowing ("cached", "3 images").
type Step struct {
	Name string
	Do   func(ctx context.Context, log io.Writer) (note string, err error)
}

// Run runs one step.
func (r *Runner) Run(ctx context.Context, s Step) error {
	start := time.Now()
	if err := ctx.Err(); err != nil {
		return err
	}
	path := filepath.Join(r.logDir, strings.ReplaceAll(s.Name, " ", "-")+".log")
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	note, err := s.Do(ctx, log)
	took := time.Since(start)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		fmt.Fprintf(r.out, "  FAILED  %-28s %7.1f s\n", s.Name, took.Seconds())
		if tail := tail(path, tailLines); tail != "" {
			fmt.Fprintf(r.out, "  the end of %s:\n%s\n", path, tail)
		}
		return fmt.Errorf("step %q: %w", s.Name, err)
	}
	r.times = append(r.times, Time{s.Name, took})
	if note != "" {
		note = "  (" + note + ")"
	}
	fmt.Fprintf(r.out, "  ok      %-28s %7.1f s  %6.1f s in all%s\n", s.Name, took.Seconds(), time.Since(r.start).Seconds(), note)
	return nil
}

// Chain runs steps one after the other.
func (r *Runner) Chain(ctx context.Context, steps ...Step) error {
	for _, s := range steps {
		if err := r.Run(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Side runs chains side by side and waits for all; the first error cancels the others and is returned.
func (r *Runner) Side(ctx context.Context, chains ...func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	for _, chain := range chains {
		wait.Go(func() {
			if err := chain(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wait.Wait()
	return context.Cause(ctx)
}

// Total is the time since the runner was made.
func (r *Runner) Total() time.Duration { return time.Since(r.start) }

// Command runs a program with its output in log; its error carries the command line.
func Command(ctx context.Context, log io.Writer, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

func tail(path string, lines int) string {
	data, err := os.ReadFile(path)
	if err != nil || len(bytes.TrimSpace(data)) == 0 {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return "    " + strings.Join(all, "\n    ")
}
