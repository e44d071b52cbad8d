package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// options say what is measured.
type options struct {
	namespace, cluster string
	rounds             int
	history            bool
	tables             []table
}

// bench is one measurement.
type bench struct {
	options
	kubectl, primary string
	target           keadb.Target
	mu               sync.Mutex
	parts            map[string]time.Duration // of the last carrying, by what was done
}

// subject is one thing that is measured.
type subject struct {
	name  string
	table table
	runs  timing.Sample
	// carried is how many rows the last run read.
	carried int64
}

// changes are how many leases change between the first carrying and the last.
func changes() []int { return []int{0, 200, 2000} }

// run measures everything, and drops what it made.
func run(ctx context.Context, o options) (*result, error) {
	b := &bench{options: o, kubectl: cmp.Or(os.Getenv("KUBECTL"), "kubectl")}
	var err error
	if b.primary, err = b.get(ctx, "clusters.postgresql.cnpg.io", o.cluster, "{.status.currentPrimary}"); err != nil {
		return nil, fmt.Errorf("%w; is the scenario up?", err)
	}
	if err := b.login(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = b.drop(context.WithoutCancel(ctx)) }()
	if err := b.make(ctx); err != nil {
		return nil, err
	}
	r := &result{machine: timing.Machine(), options: o}
	for _, t := range o.tables {
		if err := b.measure(ctx, t, r); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// measure carries one table's leases as often as asked for.
func (b *bench) measure(ctx context.Context, t table, r *result) error {
	fmt.Fprintf(os.Stderr, "making %d leases\n", t.leases)
	if err := b.fill(ctx, t); err != nil {
		return err
	}
	inspect := &subject{name: "inspection", table: t}
	bulk := &subject{name: "all of it", table: t}
	r.subjects = append(r.subjects, inspect, bulk)
	var last []*subject
	for _, n := range changes() {
		last = append(last, &subject{name: fmt.Sprintf("the last, of %d changed", n), table: t})
	}
	r.subjects = append(r.subjects, last...)
	for round := range b.rounds {
		if round > 0 {
			if err := b.reset(ctx, t); err != nil {
				return err
			}
		}
		if err := b.round(ctx, t, inspect, bulk, last); err != nil {
			return err
		}
	}
	return nil
}

// round carries everything once, and what changed since a few times.
func (b *bench) round(ctx context.Context, t table, inspect, bulk *subject, last []*subject) error {
	out, err := b.connect(ctx, from)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close(context.WithoutCancel(ctx)) }()
	in, err := b.connect(ctx, to)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close(context.WithoutCancel(ctx)) }()
	if b.history {
		for _, db := range []*keadb.DB{out, in} {
			if _, err := db.EnableHistory(ctx, 0, func(string) {}); err != nil {
				return err
			}
		}
	}
	if err := inspect.measure(b, func() (int64, error) {
		i, err := in.Inspect(ctx)
		return i.IPv4.Rows, err
	}); err != nil {
		return err
	}
	clock, err := out.Clock(ctx)
	if err != nil {
		return err
	}
	var mark keadb.Mark
	carry := &keadb.Carry{From: out, To: in, Since: clock.Now.Add(-time.Hour), Extend: true}
	run := func(final bool) func() (int64, error) {
		return func() (int64, error) {
			done, err := carry.Run(ctx, mark, final, func(string) {})
			mark = done.Mark
			return done.Read, err
		}
	}
	if err := bulk.measure(b, run(false)); err != nil {
		return err
	}
	for i, n := range changes() {
		if err := b.change(ctx, t, n); err != nil {
			return err
		}
		if err := last[i].measure(b, run(true)); err != nil {
			return err
		}
	}
	return nil
}

// measure runs it once.
func (s *subject) measure(b *bench, do func() (int64, error)) error {
	clear(b.parts)
	start := time.Now()
	n, err := do()
	took := time.Since(start)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.runs, s.carried = append(s.runs, took), n
	parts := []string{}
	for _, name := range []string{"carry look", "carry prepare", "carry read", "carry expired", "carry unknown", "carry merge", "carry end"} {
		if d := b.parts[name]; d > 0 {
			parts = append(parts, fmt.Sprintf("%s %.3f", strings.TrimPrefix(name, "carry "), d.Seconds()))
		}
	}
	fmt.Fprintf(os.Stderr, "%8d %-28s %8.3f s %8d rows  %s\n", s.table.leases, s.name, took.Seconds(), n, strings.Join(parts, ", "))
	return nil
}

// login finds the way in, as Kea's own role, through the API server.
func (b *bench) login(ctx context.Context) error {
	password, err := b.get(ctx, "secret", "kea-db-credentials", "{.data.password}")
	if err != nil {
		return err
	}
	authority, err := b.get(ctx, "secret", "kea-db-ca", `{.data.ca\.crt}`)
	if err != nil {
		return err
	}
	secret, err := base64.StdEncoding.DecodeString(password)
	if err != nil {
		return err
	}
	ca, err := base64.StdEncoding.DecodeString(authority)
	if err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return err
	}
	client, err := kube.NewForConfig(config, kube.Options{})
	if err != nil {
		return err
	}
	b.parts = map[string]time.Duration{}
	b.target = keadb.Target{
		Host: b.cluster, User: "kea", Password: func() string { return string(secret) },
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return client.DialPod(ctx, b.namespace, b.primary, 5432)
		},
	}
	b.target.TLS, err = keadb.VerifyFull(ca, b.cluster)
	return err
}

func (b *bench) connect(ctx context.Context, database string) (*keadb.DB, error) {
	t := b.target
	t.Database = database
	t.Observe = b.observe
	return keadb.Connect(ctx, t)
}

// observe adds up what statements took, those of both databases.
func (b *bench) observe(c keadb.Call) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts[c.Name] += c.Duration
}

// get reads a field of an object.
func (b *bench) get(ctx context.Context, kind, name, path string) (string, error) {
	c := exec.CommandContext(ctx, b.kubectl, "-n", b.namespace, "get", kind, name, "-o", "jsonpath="+path)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("get %s %s: %w: %s", kind, name, err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}
