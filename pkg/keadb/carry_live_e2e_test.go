//go:build e2e

package keadb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
)

// client writes leases as Kea does until it is stopped: one statement each, or some in a transaction that takes its time,
// with a savepoint in it.
func client(ctx context.Context, db *DB, r *rand.Rand, slow bool) error {
	for ctx.Err() == nil {
		statements := []string{}
		for range 1 + map[bool]int{true: r.IntN(5)}[slow] {
			n := r.IntN(4000)
			address := 3405803776 + n
			ends := func(lifetime int) string {
				return fmt.Sprintf("%d, expire = date_trunc('second', clock_timestamp()) + interval '%[1]d seconds'", lifetime)
			}
			switch r.IntN(10) {
			case 0:
				statements = append(statements, fmt.Sprintf("delete from lease4 where address = %d", address))
			case 1:
				statements = append(statements, fmt.Sprintf("update lease4 set state = 2 where address = %d", address))
			case 2:
				statements = append(statements, fmt.Sprintf("update lease4 set state = 1, hwaddr = '', client_id = null, valid_lifetime = %s where address = %d", ends(86400), address))
			default:
				lifetime := []int{3600, 7200}[r.IntN(2)]
				statements = append(statements, fmt.Sprintf(`insert into lease4 %s values (%d, '\x02%08x', null, %d, now(), %d, false, false, 'client-%d', 0, null)
					on conflict (address) do update set hwaddr = excluded.hwaddr, state = 0, hostname = excluded.hostname; update lease4 set valid_lifetime = %s where address = %[2]d`,
					columnsOf4, address, r.IntN(1000), lifetime, 4294967200+n%3, r.IntN(1000), ends(lifetime)))
			}
		}
		sql := strings.Join(statements, "; ")
		if slow {
			sql = "begin; savepoint a; " + strings.Join(statements, "; release savepoint a; savepoint a; ") + "; select pg_sleep(0.02); commit"
		}
		// What is under way is finished: a client's answer must not depend on when it is stopped.
		whole, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		_, err := db.script(whole, sql)
		if err != nil {
			_, _ = db.script(whole, "rollback")
		}
		cancel()
		var said *pgconn.PgError
		// Two clients waited for each other, or were the first of a subnet at once, which Kea's triggers do not bear.
		if err != nil && (!errors.As(err, &said) || said.Code != "40P01" && said.Code != "23505") {
			return err
		}
	}
	return nil
}

// TestCarryWhileServiceRuns proves that no lease is lost that is written while others are carried.
func TestCarryWhileServiceRuns(t *testing.T) {
	from, to := pair(t)
	for round := range uint64(3) {
		for _, db := range []*DB{from, to} {
			exec(t, db, "delete from lease4")
		}
		since := time.Unix(now(t, from)-60, 0)
		ctx, stop := context.WithCancel(t.Context())
		failed := make(chan error, 3)
		var running sync.WaitGroup
		for i := range uint64(3) {
			db := connect(t, from.target)
			running.Go(func() { failed <- client(ctx, db, rand.New(rand.NewPCG(round, i)), i == 0) })
		}
		c := &Carry{From: from, To: to, Since: since}
		var mark Mark
		var read []int64
		for range 6 {
			time.Sleep(150 * time.Millisecond)
			done, err := c.Run(t.Context(), mark, false, quiet)
			if err != nil {
				t.Fatal(err)
			}
			mark, read = done.Mark, append(read, done.Read)
		}
		stop()
		running.Wait()
		for range 3 {
			if err := <-failed; err != nil {
				t.Fatal(err)
			}
		}
		done, err := c.Run(t.Context(), mark, true, quiet)
		if err != nil {
			t.Fatal(err)
		}
		want, got := rowsOf(t, from, IPv4), rowsOf(t, to, IPv4)
		missing, valid := 0, 0
		for n, w := range want {
			if !w.valid(now(t, from)) {
				continue
			}
			valid++
			if got[n] != w {
				missing++
				t.Errorf("lease %d is %+v, want %+v", n, got[n], w)
			}
		}
		counted(t, to)
		t.Logf("read %v and at last %d: %d valid leases, %d of them missing", read, done.Read, valid, missing)
	}
}

func TestCarryExtends(t *testing.T) {
	from, to := pair(t)
	start := now(t, from)
	since := start - 1500
	// Lease 3 has another client in From by now, 4 was reclaimed there, 5 had expired at Since.
	old := map[int]row{}
	for n := range 6 {
		old[n] = row{N: n, Subnet: 4294967200 + n%2, Lifetime: 1200, Seen: since - 60, Client: n}
	}
	old[5] = row{N: 5, Subnet: 4294967200, Lifetime: 1200, Seen: since - 1300, Client: 5}
	for _, family := range []Family{IPv4, IPv6} {
		write(t, to, family, old)
		write(t, from, family, map[int]row{3: {N: 3, Subnet: 4294967200, Lifetime: 3600, Seen: start - 5, Client: 77}, 4: {N: 4, Subnet: 4294967200, State: 2, Lifetime: 1200, Seen: since - 60, Client: 4}})
	}
	c := &Carry{From: from, To: to, Since: time.Unix(since, 0), Extend: true}
	want := []CarriedCount{
		{Family: IPv4, SubnetID: 4294967200, Extended: 2},
		{Family: IPv4, SubnetID: 4294967201, Extended: 1},
		{Family: IPv6, SubnetID: 4294967200, Extended: 2},
		{Family: IPv6, SubnetID: 4294967201, Extended: 1},
	}
	got, err := c.Extendable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	first, err := c.Run(t.Context(), Mark{}, false, quiet)
	if err != nil {
		t.Fatal(err)
	}
	last, err := c.Run(t.Context(), first.Mark, true, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, last.Counts); diff != "" {
		t.Error(diff)
	}
	for _, family := range []Family{IPv4, IPv6} {
		rows := rowsOf(t, to, family)
		for n, extended := range map[int]bool{0: true, 1: true, 2: true, 3: false, 4: false, 5: false} {
			if got := rows[n].expires() >= start+1200 && rows[n].Client == n; got != extended {
				t.Errorf("IPv%d: lease %d is %+v", family, n, rows[n])
			}
		}
	}
	counted(t, to)
}

// TestCarryRefused has every reason not to carry, and proves that nothing changed.
func TestCarryRefused(t *testing.T) {
	from, to := pair(t)
	write(t, from, IPv4, map[int]row{1: {N: 1, Subnet: 4294967200, Lifetime: 3600, Seen: now(t, from), Client: 1}})
	c := &Carry{From: from, To: to, Since: time.Unix(now(t, from)-60, 0)}
	try := func(want error) {
		t.Helper()
		_, err := c.Run(t.Context(), Mark{}, true, quiet)
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		t.Log(err)
		if rows := rowsOf(t, connect(t, c.To.target), IPv4); len(rows) != 0 {
			t.Errorf("came in spite of it: %v", rows)
		}
	}
	exec(t, to, "alter table lease4 add column more int")
	try(ErrSchemaDiffers)
	exec(t, to, "alter table lease4 drop column more")
	exec(t, to, "update schema_version set minor = minor + 1")
	try(ErrSchemaDiffers)
	exec(t, to, "update schema_version set minor = minor - 1")

	exec(t, to, "set default_transaction_read_only = on")
	try(ErrReadOnly)
	exec(t, to, "set default_transaction_read_only = off")
	exec(t, to, "revoke insert on lease4 from current_user")
	try(ErrPermission)
	exec(t, to, "grant insert on lease4 to current_user")
	exec(t, from, "revoke select on lease6 from current_user")
	try(ErrPermission)
	exec(t, from, "grant select on lease6 to current_user")

	only := c.To.target
	only.ReadOnly = true
	c.To = connect(t, only)
	try(ErrReadOnly)
	c.To = to

	done, err := c.Run(t.Context(), Mark{}, true, quiet)
	if err != nil || len(done.Counts) != 1 || done.Counts[0].New != 1 {
		t.Errorf("the sessions cannot be used after the errors: %+v, %v", done, err)
	}
}

// TestCarryWaits has somebody hold the table, and proves that the end of the context ends the waiting with nothing done.
func TestCarryWaits(t *testing.T) {
	from, to := pair(t)
	write(t, from, IPv4, map[int]row{1: {N: 1, Subnet: 4294967200, Lifetime: 3600, Seen: now(t, from), Client: 1}})
	c := &Carry{From: from, To: to, Since: time.Unix(now(t, from)-60, 0)}
	other := connect(t, to.target)
	exec(t, other, "begin; lock table lease4 in row exclusive mode")
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	_, err := c.Run(ctx, Mark{}, false, func(text string) {
		t.Log(text)
		if strings.Contains(text, "try") {
			tries++
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || tries != 1 {
		t.Errorf("got %v after %d tries", err, tries)
	}
	exec(t, other, "rollback")
	if rows := rowsOf(t, connect(t, to.target), IPv4); len(rows) != 0 {
		t.Errorf("came in spite of it: %v", rows)
	}
	c.From, c.To = connect(t, from.target), connect(t, to.target)
	if done, err := c.Run(t.Context(), Mark{}, false, quiet); err != nil || len(done.Counts) != 1 {
		t.Errorf("got %+v, %v", done, err)
	}
}

// TestCarryCountsAnew has counters that were wrong before, of a table that nothing comes to.
func TestCarryCountsAnew(t *testing.T) {
	from, to := pair(t)
	write(t, to, IPv6, map[int]row{1: {N: 1, Subnet: 10, Lifetime: 3600, Seen: now(t, to), Client: 1}})
	exec(t, to, "update lease6_stat set leases = 9; insert into lease4_stat (subnet_id, state, leases) values (20, 0, 5)")
	c := &Carry{From: from, To: to, Since: time.Unix(now(t, from)-60, 0)}
	if done, err := c.Run(t.Context(), Mark{}, false, quiet); err != nil || done.Read != 0 {
		t.Fatalf("got %+v, %v", done, err)
	}
	counted(t, to)
	same(t, to, "select subnet_id, leases from lease4_stat", "select 1::bigint, 1::bigint where false")
}

// TestCarryRelayInformation carries what relays said of DHCPv6 leases.
func TestCarryRelayInformation(t *testing.T) {
	from, to := pair(t)
	clock, err := from.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if clock.Schema.Version < 15 {
		t.Skipf("schema %s has no such tables", clock.Schema)
	}
	seen := clock.Now.Unix()
	for i, db := range []*DB{from, to} {
		write(t, db, IPv6, map[int]row{
			1: {N: 1, Subnet: 1, Lifetime: 3600, Seen: seen - int64(i), Client: 1},
			2: {N: 2, Subnet: 1, Lifetime: 3600, Seen: seen - 3000, Client: 2},
		})
	}
	write(t, from, IPv6, map[int]row{3: {N: 3, Subnet: 1, Lifetime: 3600, Seen: seen, Client: 3}})
	exec(t, from, `insert into lease6_relay_id (relay_id, lease_addr) values ('\xaa', '2001:db8:2::'), ('\xbb', '2001:db8:4::'), ('\xcc', '2001:db8:3::')`)
	exec(t, from, `insert into lease6_remote_id (remote_id, lease_addr) values ('\xdd', '2001:db8:4::')`)
	exec(t, to, `insert into lease6_relay_id (relay_id, lease_addr) values ('\x01', '2001:db8:2::'), ('\x02', '2001:db8:3::')`)
	exec(t, to, `insert into lease6_remote_id (remote_id, lease_addr) values ('\x03', '2001:db8:2::')`)
	c := &Carry{From: from, To: to, Since: time.Unix(seen-600, 0)}
	for range 2 {
		if _, err := c.Run(t.Context(), Mark{}, false, quiet); err != nil {
			t.Fatal(err)
		}
		same(t, to, "select relay_id, host(lease_addr) from lease6_relay_id", `values ('\xaa'::bytea, '2001:db8:2::'), ('\xbb', '2001:db8:4::'), ('\x02', '2001:db8:3::')`)
		same(t, to, "select remote_id, host(lease_addr) from lease6_remote_id", `values ('\xdd'::bytea, '2001:db8:4::')`)
	}
}

func TestCarryForensicLog(t *testing.T) {
	from, to := pair(t)
	since := time.Unix(now(t, from)-600, 0)
	for _, db := range []*DB{from, to} {
		exec(t, db, `insert into logs ("timestamp", address, log) values (now() - interval '1 hour', '192.0.2.1', 'long ago'), (to_timestamp(`+fmt.Sprint(since.Unix())+`), '192.0.2.1', 'in both'), (to_timestamp(`+fmt.Sprint(since.Unix())+`), '192.0.2.1', 'in both')`)
	}
	exec(t, from, `insert into logs (address, log) values ('192.0.2.2', 'since'), ('192.0.2.2', 'since'), ('192.0.2.3', 'also')`)
	exec(t, to, `insert into logs (address, log) values ('192.0.2.4', 'by the new one')`)
	c := &Carry{From: from, To: to, Since: since}
	for i, want := range []int64{3, 0} {
		if n, err := c.CarryForensicLog(t.Context()); err != nil || n != want {
			t.Errorf("run %d: got %d, %v, want %d", i, n, err, want)
		}
	}
	same(t, to, "select log, count(*)::int from logs group by 1", "values ('long ago', 1), ('in both', 2), ('since', 2), ('also', 1), ('by the new one', 1)")
}
