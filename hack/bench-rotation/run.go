package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/clients"
	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
)

// options say what is measured.
type options struct {
	binary, lab string
	scenarios   []scenario
	mixes       []mix
	rounds      int
	most, rate  float64
}

// scenario is a pair of servers, and the VLAN with its largest pools.
type scenario struct {
	name, namespace, vlan, cluster string
	pods                           []string // the first is the one that is taken out of service
}

func known() []scenario {
	return []scenario{
		{"hot-standby", "network", "10", "kea-database", []string{"kea-dhcp-0", "kea-dhcp-1"}},
		{"load-balancing", "campus", "110", "campus-db", []string{"kea-0", "kea-1"}},
	}
}

// heartbeat is what the lab's servers are configured with.
const heartbeat = 2 * time.Second

// mix is a kind of clients.
type mix struct {
	name  string
	flags []string
	again bool // the same ones as before
}

func mixes() []mix {
	return []mix{
		{"renew", []string{"-renew"}, true},
		{"known", nil, true},
		{"new", []string{"-clients", "0"}, false},
	}
}

func mixNames() []string {
	names := []string{}
	for _, m := range mixes() {
		names = append(names, m.name)
	}
	return names
}

// one is something that was done once under load.
type one struct {
	clients.Seen
	whole   time.Duration // the command
	changes int           // of HA states, by the servers' logs
}

// Clients ask for quiet before something is done, and for after when it has ended.
const quiet, after = 5 * time.Second, 2 * time.Second

// bench is one measurement.
type bench struct {
	options
	kubectl  string
	seed     uint32
	rollouts int // so far: each sets another lifetime than the one before
}

// run measures everything in every scenario that is raised.
func run(ctx context.Context, o options) (*result, error) {
	b := &bench{options: o, kubectl: cmp.Or(os.Getenv("KUBECTL"), "kubectl"), seed: uint32(time.Now().Unix())} //nolint:gosec // any number will do
	r := &result{machine: timing.Machine(), rounds: o.rounds}
	for _, s := range o.scenarios {
		if _, err := b.output(ctx, b.kubectl, "get", "namespace", s.namespace); err != nil {
			fmt.Fprintf(os.Stderr, "scenario %s is not raised\n", s.name)
			continue
		}
		measured, err := b.scenario(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.name, err)
		}
		r.scenarios = append(r.scenarios, measured)
	}
	if len(r.scenarios) == 0 {
		return nil, errors.New("no scenario is raised")
	}
	return r, nil
}

// scenario measures one pair. The kinds of clients take turns, so that what else the machine does meets all of them.
func (b *bench) scenario(ctx context.Context, s scenario) (*subject, error) {
	found := &subject{scenario: s, rate: b.rate}
	if err := b.healthy(ctx, s); err != nil {
		return nil, err
	}
	if b.rate == 0 {
		lossless, err := timing.Lossless(b.most, func(rate float64) (int, int, error) {
			c, err := b.load(ctx, s, mixes()[1], rate, func() error { return nil })
			return c.Lost, c.Started, err
		})
		if err != nil {
			return nil, err
		}
		found.rate, found.how = lossless/2, "half of what is lossless"
	}
	for _, what := range []work{rotation, rollout} {
		for _, m := range b.mixes {
			found.rows = append(found.rows, &row{what: what, mix: m})
		}
	}
	for _, m := range b.mixes {
		found.rows = append(found.rows, &row{what: takeOut, mix: m}, &row{what: bringBack, mix: m})
	}
	for round := range b.rounds {
		for _, w := range found.rows {
			o, err := b.once(ctx, s, w, found.rate)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "%s, round %d, %s, %s clients: %d of %d lost, %d NAKs, silence %.2f s, %.1f s in all\n", s.name, round+1, w.what, w.mix.name, o.Lost, o.Started, o.Naks, o.Silence.Longest.Seconds(), o.whole.Seconds())
			w.runs = append(w.runs, o)
		}
	}
	_, err := b.output(ctx, b.binary, append(setLifetime(lifetime), "-n", s.namespace, "--yes")...)
	return found, err
}

// once does something under load.
func (b *bench) once(ctx context.Context, s scenario, w *row, rate float64) (one, error) {
	var o one
	if w.what != bringBack {
		if err := b.healthy(ctx, s); err != nil {
			return o, err
		}
	}
	since, args := time.Now(), b.args(s, w.what)
	var err error
	o.Seen, err = b.load(ctx, s, w.mix, rate, func() error {
		start := time.Now()
		_, err := b.output(ctx, b.binary, append(args, "-n", s.namespace, "--yes")...)
		o.whole = time.Since(start)
		return err
	})
	if err != nil {
		return o, err
	}
	if !w.mix.again {
		if err := b.forget(ctx, s, since); err != nil {
			return o, err
		}
	}
	o.changes, err = b.changes(ctx, s, since)
	return o, err
}

// args are the command that does something.
func (b *bench) args(s scenario, what work) []string {
	switch what {
	case rotation:
		return []string{"credentials", "rotate"}
	case takeOut:
		return []string{"ha", "maintenance", "start", s.pods[0]}
	case bringBack:
		return []string{"ha", "maintenance", "cancel", s.pods[0]}
	default:
		b.rollouts++
		return setLifetime(lifetime - b.rollouts)
	}
}

// lifetime is what the lab's servers give their leases, in seconds.
const lifetime = 3600

func setLifetime(seconds int) []string {
	return []string{"config", "apply", "--set", fmt.Sprintf("valid-lifetime=%d", seconds)}
}

// forget deletes the leases that were granted since a moment, so that every run finds the pools as empty as the one before.
func (b *bench) forget(ctx context.Context, s scenario, since time.Time) error {
	primary, err := b.output(ctx, b.kubectl, "-n", s.namespace, "get", "clusters.postgresql.cnpg.io", s.cluster, "-o", "jsonpath={.status.currentPrimary}")
	if err != nil {
		return err
	}
	sql := ""
	for _, table := range []string{"lease4", "lease6"} {
		sql += fmt.Sprintf("delete from %s where extract(epoch from expire) - valid_lifetime >= %d; ", table, since.Unix())
	}
	_, err = b.output(ctx, b.kubectl, "-n", s.namespace, "exec", primary, "-c", "postgres", "--", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "kea", "-c", sql)
	return err
}

// healthy waits until both servers are in their normal state.
func (b *bench) healthy(ctx context.Context, s scenario) error {
	_, err := b.output(ctx, b.binary, "ha", "wait", "--for", "healthy", "-n", s.namespace)
	return err
}

// load has clients ask before, while and after something happens, however long that takes.
func (b *bench) load(ctx context.Context, s scenario, m mix, rate float64, during func() error) (clients.Seen, error) {
	seed := uint64(1)
	if !m.again {
		b.seed++
		seed = uint64(b.seed)
	}
	args := append([]string{s.name, "-vlan", s.vlan, "-rate", fmt.Sprint(rate), "-seed", strconv.FormatUint(seed, 10)}, m.flags...)
	if m.again {
		args = append(args, "-clients", strconv.Itoa(max(200, int(rate*5/4)))) // none asks twice in a second
	}
	return clients.Around(ctx, b.lab, quiet, after, during, args...)
}

// changes counts the changes of HA states that the servers logged since a moment.
func (b *bench) changes(ctx context.Context, s scenario, since time.Time) (int, error) {
	n := 0
	for _, pod := range s.pods {
		for _, container := range []string{"dhcp4", "dhcp6"} {
			out, err := b.output(ctx, b.kubectl, "-n", s.namespace, "logs", pod, "-c", container, "--since-time="+since.UTC().Format(time.RFC3339))
			if err != nil {
				return 0, err
			}
			n += strings.Count(out, "HA_STATE_TRANSITION")
		}
	}
	return n, nil
}

func (b *bench) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var failed strings.Builder
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args[:min(len(args), 4)], " "), err, strings.TrimSpace(failed.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
