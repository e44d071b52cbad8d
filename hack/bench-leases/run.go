package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
)

// options say what is measured.
type options struct {
	binary, namespace string
	leases, rounds    int
}

// bench is one measurement.
type bench struct {
	options
	kubectl, primary, password string
}

// subject is one thing that is measured.
type subject struct {
	name string
	do   func(ctx context.Context, w io.Writer) (peak int64, err error)
	// rounds is how often it runs; 0: as often as the others.
	rounds int

	runs timing.Sample
	peak int64 // the most memory of a run, bytes; 0: not measured
	rows int   // lines of the last run's output
}

// run measures everything.
func run(ctx context.Context, o options) (*result, error) {
	b := &bench{options: o, kubectl: cmp.Or(os.Getenv("KUBECTL"), "kubectl"), primary: "kea-database-1"}
	if _, err := exec.LookPath("psql"); err != nil {
		return nil, errors.New("psql is needed to compare with; make deps installs it")
	}
	if err := b.login(ctx); err != nil {
		return nil, err
	}
	if err := b.fill(ctx); err != nil {
		return nil, err
	}
	c := clientOf(o.leases / 3)
	r := &result{machine: timing.Machine(), options: o}
	r.status = b.plugin("status", "status")
	r.quick = []*subject{
		b.plugin("get by address", "leases", "get", c.address),
		b.plugin("get by MAC", "leases", "get", c.mac),
		b.plugin("get by client id", "leases", "get", c.clientID),
		b.plugin("get by host name", "leases", "get", c.hostname),
		b.plugin("list --vlan --limit 50", "leases", "list", "--vlan", c.vlan, "--limit", "50"),
		b.plugin("usage", "leases", "usage"),
	}
	r.export = b.plugin("export -o csv", "leases", "export", "-o", "csv")
	r.copied = b.hand("port-forward and psql \\copy, same columns", copySQL)
	r.raw = b.hand("port-forward and psql \\copy, raw table", rawSQL)
	r.api = b.plugin("export --source api -o csv", "leases", "export", "-o", "csv", "--source", "api")
	r.api.rounds = min(3, o.rounds)
	// A fiftieth of the leases are in each subnet, from its second /24 on.
	r.small = b.plugin("export of 10000", "leases", "export", "-o", "csv", "--ip", "10.201.1.0-"+clientOf(9999*50).address)
	r.middle = b.plugin("export of 100000", "leases", "export", "-o", "csv", "--ip", "10.201.0.0-10.205.255.255")
	r.sorted = b.plugin("export --sort address", "leases", "export", "-o", "csv", "--sort", "address")
	for _, group := range [][]*subject{append([]*subject{r.status}, r.quick...), {r.export, r.copied, r.raw, r.sorted, r.small, r.middle, r.api}} {
		if err := b.takeTurns(ctx, group); err != nil {
			return nil, err
		}
	}
	return r, b.same(ctx, r)
}

// takeTurns runs each once to warm up, and then one after the other.
func (b *bench) takeTurns(ctx context.Context, group []*subject) error {
	for round := range b.rounds + 1 {
		for _, s := range group {
			if s.rounds > 0 && round > s.rounds {
				continue
			}
			if err := s.run(ctx, round > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// run runs it once. Its output is counted and thrown away.
func (s *subject) run(ctx context.Context, counts bool) error {
	lines := &counter{}
	start := time.Now()
	peak, err := s.do(ctx, lines)
	took := time.Since(start)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	if counts {
		s.runs, s.peak, s.rows = append(s.runs, took), max(s.peak, peak), lines.n
		fmt.Fprintf(os.Stderr, "%-45s %8.3f s %8d lines %s\n", s.name, took.Seconds(), lines.n, megabytes(peak))
	}
	return nil
}

// plugin is a run of the plugin. A status that is not healthy is an answer as well.
func (b *bench) plugin(name string, args ...string) *subject {
	return &subject{name: "kubectl kea " + name, do: func(ctx context.Context, w io.Writer) (int64, error) {
		c := exec.CommandContext(ctx, b.binary, append(args, "-n", b.namespace)...)
		var stderr strings.Builder
		c.Stdout, c.Stderr = w, &stderr
		err := c.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 3 {
			err = nil
		}
		if err != nil {
			return 0, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
		}
		usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return 0, nil
		}
		return usage.Maxrss << 10, nil
	}}
}

func (b *bench) hand(name, sql string) *subject {
	return &subject{name: name, do: func(ctx context.Context, w io.Writer) (int64, error) { return 0, b.byHand(ctx, sql, w) }}
}

// same compares the lines of the export with those that psql gives, in whatever order they come and but for the first: a
// fast export of something else would be worth nothing.
func (b *bench) same(ctx context.Context, r *result) error {
	var ours, theirs bytes.Buffer
	if _, err := r.export.do(ctx, &ours); err != nil {
		return err
	}
	if _, err := r.copied.do(ctx, &theirs); err != nil {
		return err
	}
	mine, other := bytes.Split(ours.Bytes(), []byte("\n")), bytes.Split(theirs.Bytes(), []byte("\n"))
	slices.SortFunc(mine[1:], bytes.Compare)
	slices.SortFunc(other[1:], bytes.Compare)
	for i := range max(len(mine), len(other)) {
		if i >= len(mine) || i >= len(other) || i > 0 && !bytes.Equal(bytes.TrimRight(mine[i], "\r"), other[i]) {
			r.differs = "line " + strconv.Itoa(i+1) + " differs"
			if i < len(mine) && i < len(other) {
				fmt.Fprintf(os.Stderr, "the export has\n%s\nand by hand it is\n%s\n", mine[i], other[i])
			}
			return nil
		}
	}
	r.compared = len(mine)
	return nil
}

// counter counts lines.
type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) {
	c.n += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}
