package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
)

// options say what is measured.
type options struct {
	binary, lab, scenario, namespace, cluster string
	rounds                                    int
	duration                                  time.Duration
	most, rate                                float64
}

// side is the runs with the history on, or off.
type side struct {
	medians, tails timing.Sample // a run's median and its 99th percentile
	started, lost  int
}

// figures is what the lab's load says of its runs.
type figures struct {
	Families []struct {
		Started int `json:"started"`
		Acked   int `json:"acked"`
		Lost    int `json:"lost"`
		Latency struct {
			P50 time.Duration `json:"p50_ns"`
			P99 time.Duration `json:"p99_ns"`
		} `json:"latency"`
	} `json:"families"`
}

// bench is one measurement.
type bench struct {
	options
	kubectl, primary string
	seed             int64
}

// run measures everything, and leaves the history off.
func run(ctx context.Context, o options) (*result, error) {
	b := &bench{options: o, kubectl: cmp.Or(os.Getenv("KUBECTL"), "kubectl"), seed: time.Now().Unix()}
	var err error
	if b.primary, err = b.output(ctx, b.kubectl, "-n", o.namespace, "get", "clusters.postgresql.cnpg.io", o.cluster, "-o", "jsonpath={.status.currentPrimary}"); err != nil {
		return nil, err
	}
	defer func() { _ = b.history(context.WithoutCancel(ctx), false) }()
	r := &result{machine: timing.Machine(), options: o}
	if err := b.history(ctx, false); err != nil {
		return nil, err
	}
	if r.rate == 0 {
		lossless, err := b.lossless(ctx)
		if err != nil {
			return nil, err
		}
		r.rate, r.how = lossless/2, "half of what is lossless"
	}
	for round := range o.rounds {
		for i := range 2 {
			on := (round+i)%2 == 1 // the first of a pair is another one every time
			if err := b.history(ctx, on); err != nil {
				return nil, err
			}
			s := &r.off
			if on {
				s = &r.on
			}
			f, err := b.load(ctx, r.rate, o.duration)
			if err != nil {
				return nil, err
			}
			s.medians, s.tails = append(s.medians, f.Families[0].Latency.P50), append(s.tails, f.Families[0].Latency.P99)
			s.started, s.lost = s.started+f.Families[0].Started, s.lost+f.Families[0].Lost
			fmt.Fprintf(os.Stderr, "round %d, history %-5v median %6.2f ms, %d of %d lost\n", round+1, on, f.Families[0].Latency.P50.Seconds()*1000, f.Families[0].Lost, f.Families[0].Started)
		}
	}
	r.events, err = b.events(ctx)
	return r, err
}

// lossless is the highest rate without a lost exchange.
func (b *bench) lossless(ctx context.Context) (float64, error) {
	return timing.Lossless(b.most, func(rate float64) (lost, started int, err error) {
		f, err := b.load(ctx, rate, 5*time.Second)
		if err != nil {
			return 0, 0, err
		}
		return f.Families[0].Lost, f.Families[0].Started, nil
	})
}

// load lets new clients ask for a lease each, in a pool without leases.
func (b *bench) load(ctx context.Context, rate float64, duration time.Duration) (figures, error) {
	if _, err := b.sql(ctx, "delete from lease4"); err != nil {
		return figures{}, err
	}
	b.seed++
	out, err := b.output(ctx, b.lab, "load", b.scenario, "-4", "-clients", "0", "-rate", fmt.Sprint(rate), "-duration", duration.String(), "-seed", strconv.FormatInt(b.seed, 10), "-o", "json")
	if err != nil {
		return figures{}, err
	}
	var f figures
	if err := json.Unmarshal([]byte(out), &f); err != nil {
		return figures{}, fmt.Errorf("read what the load says: %w", err)
	}
	if len(f.Families) != 1 || f.Families[0].Acked == 0 {
		return figures{}, fmt.Errorf("no exchange came to its end at %g a second", rate)
	}
	return f, nil
}

// history turns it on or off; what it holds goes with it.
func (b *bench) history(ctx context.Context, on bool) error {
	args := []string{"leases", "history", "disable", "-n", b.namespace, "--yes"}
	if on {
		args[2] = "enable"
	}
	_, err := b.output(ctx, b.binary, args...)
	return err
}

// events is how many the history has, and how large it is: proof that it was on.
func (b *bench) events(ctx context.Context) (string, error) {
	return b.sql(ctx, "select count(*) || ' events, ' || pg_size_pretty(pg_total_relation_size('kea_history.lease_event')) || ', ' || (select case when is_called then last_value else 0 end from kea_history.missed) || ' missed' from kea_history.lease_event")
}

func (b *bench) sql(ctx context.Context, sql string) (string, error) {
	return b.output(ctx, b.kubectl, "-n", b.namespace, "exec", b.primary, "-c", "postgres", "--", "psql", "-X", "-q", "-A", "-t", "-d", "kea", "-c", sql)
}

func (b *bench) output(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var failed strings.Builder
	cmd.Stderr = &failed
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(failed.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
