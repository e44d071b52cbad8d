package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// from and to are the databases.
const (
	from = "scratch_bench_from"
	to   = "scratch_bench_to"
)

// table is one size of the leases.
type table struct {
	leases int // in the database that has been in service
	newer  int // of them newer than the restore: half have an older row in the other database, half none
}

// first is the address of lease 0: 10.0.0.0.
const first = 10 << 24

// restored is when the other database ends, of the server's clock: an hour before the bench began.
const restored = "(select at from bench)"

// leaseSQL makes the leases of some numbers. A client was seen some time before the restore.
const leaseSQL = `insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state)
select %d + n, decode('02' || lpad(to_hex(n), 10, '0'), 'hex'), decode('0102' || lpad(to_hex(n), 10, '0'), 'hex'), 86400, %s,
	201 + n %% 50, true, true, 'client-' || n || '.floor' || lpad((n %% 50 + 1)::text, 2, '0') || '.example.org', 0
from generate_series(%d, %d - 1) n`

// The ends of leases whose clients were seen before the restore, after it, and lately.
const (
	endsBefore = restored + " + (82800 - n %% 3000) * interval '1 second'"
	endsAfter  = restored + " + (86460 + n %% 600) * interval '1 second'"
	endsLately = "date_trunc('second', now()) + interval '86400 seconds'"
)

// make makes both databases, with the schema of Kea's own.
func (b *bench) make(ctx context.Context) error {
	if err := b.drop(ctx); err != nil {
		return err
	}
	for _, name := range []string{from, to} {
		// One statement for each, since none of them may be in a transaction.
		script := fmt.Sprintf(`psql -qX -v ON_ERROR_STOP=1 -c 'create database %[1]s owner kea' &&
pg_dump --no-owner --exclude-schema=kea_history --exclude-table-data='lease4*' --exclude-table-data='lease6_*' --exclude-table-data=lease6 kea |
	PGOPTIONS='-c role=kea -c client_min_messages=warning' psql -qX -o /dev/null %[1]s &&
PGOPTIONS='-c role=kea' psql -qX -v ON_ERROR_STOP=1 -c "create table bench as select date_trunc('second', now()) - interval '1 hour' as at" %[1]s`, name)
		if err := b.shell(ctx, script); err != nil {
			return fmt.Errorf("make the database %s: %w", name, err)
		}
	}
	return nil
}

func (b *bench) drop(ctx context.Context) error {
	return b.shell(ctx, fmt.Sprintf("for d in %s %s; do psql -qX -c \"set client_min_messages = warning\" -c \"drop database if exists $d with (force)\"; done", from, to))
}

// fill makes a table's leases in both databases, as they are before the carrying.
func (b *bench) fill(ctx context.Context, t table) error {
	old := t.leases - t.newer/2
	if err := b.psql(ctx, from, "truncate lease4, lease4_stat", lease(endsBefore, 0, old), renew(endsAfter, 0, t.newer/2), lease(endsAfter, old, t.leases)); err != nil {
		return err
	}
	if err := b.psql(ctx, to, "truncate lease4, lease4_stat", lease(endsBefore, 0, old)); err != nil {
		return err
	}
	return b.rest(ctx)
}

// reset undoes what a carrying did, and what changed meanwhile.
func (b *bench) reset(ctx context.Context, t table) error {
	old := t.leases - t.newer/2
	if err := b.psql(ctx, from, fmt.Sprintf("delete from lease4 where address >= %d", first+t.leases), renew(endsAfter, 0, t.newer/2), restore(t.newer/2, old)); err != nil {
		return err
	}
	if err := b.psql(ctx, to, fmt.Sprintf("delete from lease4 where address >= %d", first+old), restore(0, old)); err != nil {
		return err
	}
	return b.rest(ctx)
}

// rest leaves the server with nothing to do in the background.
func (b *bench) rest(ctx context.Context) error {
	for _, name := range []string{from, to} {
		if err := b.shell(ctx, fmt.Sprintf("psql -qX -c 'vacuum analyze lease4' -c 'checkpoint' %s", name)); err != nil {
			return err
		}
	}
	return nil
}

// change has clients come and renew while service runs: half of them new.
func (b *bench) change(ctx context.Context, t table, n int) error {
	renewed := t.newer / 2
	return b.psql(ctx, from, renew(endsLately, renewed, renewed+n/2), fmt.Sprintf("delete from lease4 where address >= %d", first+t.leases), lease(endsLately, t.leases, t.leases+n/2))
}

func lease(ends string, low, high int) string {
	return fmt.Sprintf(leaseSQL, first, strings.ReplaceAll(ends, "%%", "%"), low, high)
}

func renew(ends string, low, high int) string {
	number := fmt.Sprintf("(address - %d)", first)
	return fmt.Sprintf("update lease4 set expire = %s where address between %d and %d", strings.ReplaceAll(strings.ReplaceAll(ends, "n %%", number+" %%"), "%%", "%"), first+low, first+high-1)
}

// restore gives leases back the end that they had.
func restore(low, high int) string {
	return renew(endsBefore, low, high) + fmt.Sprintf(" and expire > %s + interval '82800 seconds'", restored)
}

// psql runs statements in one transaction, with the triggers off, which only a superuser can do at once.
func (b *bench) psql(ctx context.Context, database string, statements ...string) error {
	c := b.exec(ctx, "psql", "-qX", "-1", "-v", "ON_ERROR_STOP=1", "-d", database)
	c.Stdin = strings.NewReader("set session_replication_role = replica;\n" + strings.Join(statements, ";\n") + ";\n")
	return said(c)
}

func (b *bench) shell(ctx context.Context, script string) error {
	return said(b.exec(ctx, "bash", "-c", "set -o pipefail; "+script))
}

func (b *bench) exec(ctx context.Context, command ...string) *exec.Cmd {
	return exec.CommandContext(ctx, b.kubectl, append([]string{"-n", b.namespace, "exec", "-i", b.primary, "-c", "postgres", "--"}, command...)...)
}

// said runs a program and adds to its error what it said.
func said(c *exec.Cmd) error {
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
