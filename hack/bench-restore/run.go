package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/clients"
	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

// options say what is measured.
type options struct {
	binary, lab, scenario, namespace, cluster string
	leases, newer, overhead, cutovers         int
	none                                      bool
	duration                                  time.Duration
	most, rate                                float64
}

// cutover is one that was measured.
type cutover struct {
	clients.Seen
	pause   time.Duration // as the plugin says
	carry   time.Duration // the whole command
	carried int64
	missing int // leases that clients hold and the new database does not have
}

// bench is one measurement.
type bench struct {
	options
	kubectl string
	target  string // RFC 3339
	seed    int64
}

// run measures everything, and leaves the scenario in service from the cluster that it began with.
func run(ctx context.Context, o options) (*result, error) {
	b := &bench{options: o, kubectl: cmp.Or(os.Getenv("KUBECTL"), "kubectl"), seed: time.Now().Unix()}
	r := &result{machine: timing.Machine(), options: o}
	if r.rate == 0 && o.cutovers > 0 {
		lossless, err := timing.Lossless(o.most, func(rate float64) (int, int, error) {
			c, err := b.load(ctx, rate, 5*time.Second, func() error { return nil })
			return c.Lost, c.Started, err
		})
		if err != nil {
			return nil, err
		}
		r.rate, r.how = lossless/2, "half of what is lossless"
	}
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	for round := range o.overhead {
		for i := range 2 {
			byHand := (round+i)%2 == 0
			took, err := b.recover(ctx, byHand)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(os.Stderr, "round %d, by hand %-5v %.1f s\n", round+1, byHand, took.Seconds())
			if byHand {
				r.byHand = append(r.byHand, took)
			} else {
				r.byRestore = append(r.byRestore, took)
			}
		}
	}
	for round := range o.cutovers {
		c, err := b.cutOver(ctx, r.rate, "all")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "cutover %d: silence %.2f s, pause %.2f s, %d lost, %d NAKs\n", round+1, c.Silence.Longest.Seconds(), c.pause.Seconds(), c.Lost, c.Naks)
		r.cutovers = append(r.cutovers, c)
	}
	if o.none && o.cutovers > 0 {
		c, err := b.cutOver(ctx, r.rate, "none")
		if err != nil {
			return nil, err
		}
		r.none = &c
	}
	return r, nil
}

// prepare makes the leases from before the target, and those from after it.
func (b *bench) prepare(ctx context.Context) error {
	old := b.leases - b.newer/2
	before := lease("now() - interval '10 minutes'", 0, old)
	if _, err := b.sql(ctx, b.cluster, quiet+"delete from lease4; delete from lease4_stat; delete from lease4_pool_stat; "+before+recount); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	var err error
	if b.target, err = b.sql(ctx, b.cluster, `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	return b.renew(ctx)
}

// renew gives a part of the leases to clients anew, or for the first time: what a restore to the target does not know. It has
// the log archived, without which a recovery by hand waits for minutes.
func (b *bench) renew(ctx context.Context) error {
	half := b.newer / 2
	_, err := b.sql(ctx, b.cluster, quiet+fmt.Sprintf("delete from lease4 where address >= %d; update lease4 set expire = date_trunc('second', now()) + interval '1 hour' where address < %d; ",
		first+b.leases-half, first+half)+lease("now()", b.leases-half, b.leases)+recount)
	if err != nil {
		return err
	}
	_, err = b.sql(ctx, b.cluster, "select pg_switch_wal()") // in the same call it would come before the commit
	return err
}

// first is the first lease's address, 10.81.0.0, in the middle of the scenario's pool.
const first = 10<<24 + 81<<16

// lease makes the leases of some numbers, whose clients were seen at a moment.
func lease(seen string, from, to int) string {
	return fmt.Sprintf(`insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state)
select %d + n, decode('06' || lpad(to_hex(n), 10, '0'), 'hex'), decode('0106' || lpad(to_hex(n), 10, '0'), 'hex'), 3600, date_trunc('second', %s) + interval '1 hour',
	80, false, false, 'client-' || n, 0 from generate_series(%d, %d - 1) n; `, first, seen, from, to)
}

// quiet leaves the triggers out, which count row by row: quadratic in the rows of a transaction.
const quiet = "set session_replication_role = replica; "

const recount = "delete from lease4_stat; insert into lease4_stat select subnet_id, state, count(*) from lease4 where state in (0, 1) group by 1, 2; "

// recover makes a cluster at the target, as somebody would by hand or with restore, and removes it. It returns how long it took
// until the operator calls the cluster healthy.
func (b *bench) recover(ctx context.Context, byHand bool) (time.Duration, error) {
	name := b.fresh()
	defer b.remove(context.WithoutCancel(ctx), name)
	start := time.Now()
	if !byHand {
		_, err := b.output(ctx, b.binary, "restore", "-n", b.namespace, "--to-time", b.target, "--name", name, "--yes")
		return time.Since(start), err
	}
	manifest, err := b.output(ctx, b.binary, "restore", "-n", b.namespace, "--to-time", b.target, "--name", name, "--dry-run=client", "-o", "yaml")
	if err != nil {
		return 0, err
	}
	start = time.Now() // the manifest was written before
	apply := exec.CommandContext(ctx, b.kubectl, "apply", "-f", "-")
	apply.Stdin = strings.NewReader(manifest)
	if out, err := apply.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("apply: %w: %s", err, out)
	}
	_, err = b.output(ctx, b.kubectl, "-n", b.namespace, "wait", "clusters.postgresql.cnpg.io/"+name, "--for=jsonpath={.status.phase}=Cluster in healthy state", "--timeout=10m")
	return time.Since(start), err
}

func (b *bench) fresh() string {
	return fmt.Sprintf("%s-b%d", b.cluster, time.Now().UnixNano()/1e8%1e9)
}

func (b *bench) remove(ctx context.Context, name string) {
	_, _ = b.output(ctx, b.kubectl, "-n", b.namespace, "delete", "clusters.postgresql.cnpg.io", name, "--timeout=2m") // the next one has another name
}

// cutOver restores, cuts over under load, looks for every lease that a client holds, and goes back.
func (b *bench) cutOver(ctx context.Context, rate float64, carry string) (cutover, error) {
	var c cutover
	name := b.fresh()
	if err := b.renew(ctx); err != nil {
		return c, err
	}
	if _, err := b.output(ctx, b.binary, "restore", "-n", b.namespace, "--to-time", b.target, "--name", name, "--yes"); err != nil {
		return c, err
	}
	var report restore.MoveReport
	var err error
	c.Seen, err = b.load(ctx, rate, b.duration, func() error {
		time.Sleep(5 * time.Second)
		start := time.Now()
		out, err := b.output(ctx, b.binary, "restore", "cutover", name, "-n", b.namespace, "--confirm", name, "--carry-leases", carry, "-o", "json")
		c.carry = time.Since(start)
		return errors.Join(err, json.Unmarshal([]byte(out), &report))
	})
	if err != nil {
		return c, err
	}
	c.pause = time.Duration(report.PauseSeconds * float64(time.Second))
	for _, n := range report.Carried {
		c.carried += n.New + n.Newer
	}
	if c.missing, err = b.missing(ctx, name, c.Held); err != nil {
		return c, err
	}
	if _, err := b.output(ctx, b.binary, "restore", "rollback", b.cluster, "-n", b.namespace, "--confirm", b.cluster); err != nil {
		return c, err
	}
	_, err = b.output(ctx, b.binary, "restore", "cleanup", name, "-n", b.namespace, "--confirm", name)
	return c, err
}

// load lets new clients ask while something happens.
func (b *bench) load(ctx context.Context, rate float64, duration time.Duration, during func() error) (clients.Seen, error) {
	b.seed++
	r, err := clients.Start(clients.Command(ctx, b.lab, b.scenario, "-clients", "0", "-held", "-rate", fmt.Sprint(rate), "-duration", duration.String(), "-seed", strconv.FormatInt(b.seed, 10)))
	if err != nil {
		return clients.Seen{}, err
	}
	err = during()
	seen, failed := r.Wait()
	return seen, errors.Join(err, failed)
}

// missing counts the leases that clients hold and a database does not have for them.
func (b *bench) missing(ctx context.Context, cluster string, all []clients.Held) (int, error) {
	out, err := b.sql(ctx, cluster, `select host('0.0.0.0'::inet + address) || ' ' || encode(hwaddr, 'hex') from lease4 where state = 0
		union all select host(address::inet) || ' ' || right(encode(duid, 'hex'), 12) from lease6 where state = 0`)
	if err != nil {
		return 0, err
	}
	has := map[string]string{}
	for line := range strings.Lines(out) {
		address, client, _ := strings.Cut(strings.TrimSpace(line), " ")
		has[address] = client
	}
	n := 0
	for _, h := range all {
		if has[h.Address] != strings.ReplaceAll(h.Client, ":", "") {
			n++
		}
	}
	return n, nil
}

func (b *bench) sql(ctx context.Context, cluster, sql string) (string, error) {
	primary, err := b.output(ctx, b.kubectl, "-n", b.namespace, "get", "clusters.postgresql.cnpg.io", cluster, "-o", "jsonpath={.status.currentPrimary}")
	if err != nil {
		return "", err
	}
	return b.output(ctx, b.kubectl, "-n", b.namespace, "exec", primary, "-c", "postgres", "--", "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "kea", "-c", sql)
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
