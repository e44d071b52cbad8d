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
	"syscall"
	"time"
)

const (
	// tailLines is how much of a failed step's log is shown: enough for a compiler's or apt's last words.
	tailLines = 25
	// patience is after how long a step that still runs says so.
	patience = 10 * time.Second
	// gentleEnd is how long an interrupted command may take to clean up: mmdebstrap has a system to remove then, and a
	// killed dpkg is one that needs repair.
	gentleEnd = 30 * time.Second
)

// Runner runs steps and says how long each took. The zero value is not usable; see New.
type Runner struct {
	logDir string
	start  time.Time

	mu  sync.Mutex
	out io.Writer
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

// LogName is the file name of a step's log.
func LogName(step string) string {
	return strings.NewReplacer(" ", "-", ",", "", "/", "-").Replace(step) + ".log"
}

// Run runs one step.
func (r *Runner) Run(ctx context.Context, s Step) error {
	start := time.Now()
	if err := ctx.Err(); err != nil {
		return err
	}
	path := filepath.Join(r.logDir, LogName(s.Name))
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	slow := time.AfterFunc(patience, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		fmt.Fprintf(r.out, "  ...     %-28s still at work; its log: %s\n", s.Name, path)
	})
	note, err := s.Do(ctx, log)
	slow.Stop()
	took := time.Since(start)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		fmt.Fprintf(r.out, "  FAILED  %-28s %7.1f s\n", s.Name, took.Seconds())
		if tail := Tail(path, tailLines); tail != "" {
			fmt.Fprintf(r.out, "  the end of %s:\n%s\n", path, tail)
		}
		return fmt.Errorf("step %q: %w", s.Name, err)
	}
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

// Command runs a program with its output in log; its error carries the command line. When the context ends, the program
// and its children are asked to end, and are killed only when they do not.
func Command(ctx context.Context, log io.Writer, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.Env = append(os.Environ(), env...)
	// A process group of its own: it gets exactly one signal, ours and not the terminal's as well, and what mmdebstrap
	// sends to its whole group when it fails does not end us.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = gentleEnd
	err := cmd.Run()
	if ctx.Err() != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // children that outlived their parent; usually there are none
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// Tail is the end of a file, indented for a person; it is empty when there is nothing to read.
func Tail(path string, lines int) string {
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
