//go:build e2e

package keadb

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pair connects to two databases with the same schema, and empties them: that of KEADB_TEST_DSN and the one beside it that
// KEADB_TEST_OTHER names.
func pair(t *testing.T) (from, to *DB) {
	t.Helper()
	other := target(t)
	if other.Database = os.Getenv("KEADB_TEST_OTHER"); other.Database == "" {
		t.Fatal("KEADB_TEST_OTHER does not name a second database")
	}
	scratch(t)
	from, to = connect(t, target(t)), connect(t, other)
	empty := func(db *DB) {
		ctx := context.WithoutCancel(t.Context())
		_ = db.DisableHistory(ctx, true, quiet)
		if _, err := db.script(ctx, "truncate lease4, lease6, lease4_stat, lease6_stat cascade; delete from logs"); err != nil {
			t.Error(err)
		}
		for _, table := range []string{"lease4_pool_stat", "lease6_pool_stat", "lease4_stat_by_client_class", "lease6_stat_by_client_class"} {
			_, _ = db.script(ctx, "truncate "+table)
		}
	}
	for _, target := range []Target{from.target, other} {
		db := connect(t, target)
		empty(db)
		t.Cleanup(func() {
			db, err := Connect(context.WithoutCancel(t.Context()), target)
			if err != nil {
				t.Error(err)
				return
			}
			empty(db)
			_ = db.Close(context.WithoutCancel(t.Context()))
		})
	}
	return from, to
}

// row is a lease as the tests make and compare it.
type row struct {
	N        int // says the address
	Subnet   int
	State    int
	Lifetime int64
	Seen     int64 // Unix time
	Client   int
	Type     int // DHCPv6
}

func (r row) expires() int64 {
	if r.Lifetime == Infinite {
		return r.Seen
	}
	return r.Seen + r.Lifetime
}

// valid reports whether the lease counts at a moment.
func (r row) valid(now int64) bool {
	return slices.Contains([]int{0, 1, 4}, r.State) && (r.Lifetime == Infinite || r.expires() > now)
}

// context is what Kea's hook for limits writes.
func (r row) context() string {
	switch r.Client % 5 {
	case 0:
		return `'{"ISC": {"client-classes": ["gold", "silver"]}}'`
	case 1:
		return `'{"ISC": {"client-classes": ["gold"]}}'`
	}
	return "null"
}

func (r row) values(family Family) string {
	if family == IPv4 {
		return fmt.Sprintf(`(%d, '\x02%08x', '\x0102%08x', %d, to_timestamp(%d), %d, false, false, 'client-%d', %d, %s)`,
			3405803776+r.N, r.Client, r.Client, r.Lifetime, r.expires(), r.Subnet, r.Client, r.State, r.context())
	}
	return fmt.Sprintf(`('2001:db8:%x::', '\x0003%08x', %d, to_timestamp(%d), %d, %d, %d, %d, %d, false, false, 'client-%d', %d, %s)`,
		r.N+1, r.Client, r.Lifetime, r.expires(), r.Subnet, r.Lifetime/2, r.Type, r.Client, map[bool]int{true: 56, false: 128}[r.Type == 2], r.Client, r.State, r.context())
}

const (
	columnsOf4 = "(address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state, user_context)"
	columnsOf6 = "(address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, fqdn_fwd, fqdn_rev, hostname, state, user_context)"
)

// write fills a lease table as Kea does, with its triggers.
func write(t *testing.T, db *DB, family Family, rows map[int]row) {
	t.Helper()
	var values []string
	for _, r := range rows {
		values = append(values, r.values(family))
	}
	columns := map[Family]string{IPv4: columnsOf4, IPv6: columnsOf6}[family]
	if len(values) > 0 {
		exec(t, db, fmt.Sprintf("insert into lease%d %s values %s", family, columns, strings.Join(values, ",\n")))
	}
}

// rowsOf reads what write wrote.
func rowsOf(t *testing.T, db *DB, family Family) map[int]row {
	t.Helper()
	n, kind := "address - 3405803776", "0"
	if family == IPv6 {
		n, kind = `('x' || lpad(split_part(host(address::inet), ':', 3), 8, '0'))::bit(32)::int - 1`, "lease_type"
	}
	sets, err := db.script(t.Context(), fmt.Sprintf(`select %s, subnet_id, state, valid_lifetime, extract(epoch from %s)::numeric, substr(hostname, 8)::int, %s from lease%d l`, n, cltt("l"), kind, family))
	if err != nil {
		t.Fatal(err)
	}
	found := map[int]row{}
	for _, v := range sets[0].Rows {
		var s texts
		if _, fraction, _ := strings.Cut(string(v[4]), "."); strings.Trim(fraction, "0") != "" {
			t.Errorf("a lease has a fraction of a second: %s", v[4])
		}
		r := row{N: int(s.int(v[0])), Subnet: int(s.int(v[1])), State: int(s.int(v[2])), Lifetime: s.int(v[3]), Seen: s.time(v[4]).Unix(), Client: int(s.int(v[5])), Type: int(s.int(v[6]))}
		if s.err != nil {
			t.Fatal(s.err)
		}
		found[r.N] = r
	}
	return found
}

func now(t *testing.T, db *DB) int64 {
	t.Helper()
	c, err := db.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Now.Unix()
}

// anyRow makes a lease whose end is not close to now.
func anyRow(r *rand.Rand, family Family, s Schema, n int, now int64) row {
	states := []int{0, 0, 0, 0, 0, 1, 2}
	if s.Version >= registering {
		states = append(states, 3)
		if family == IPv6 {
			states = append(states, 4)
		}
	}
	for {
		made := row{
			N: n, Subnet: 4294967200 + r.IntN(3), State: states[r.IntN(len(states))], Lifetime: []int64{600, 600, 1200, 3600, 86400, Infinite}[r.IntN(6)],
			Seen: now - 3000 + int64(r.IntN(30))*100, Client: r.IntN(1000),
		}
		if family == IPv6 {
			made.Type = r.IntN(3)
		}
		if away := made.expires() - now; made.Lifetime == Infinite || away > 30 || away < -30 {
			return made
		}
	}
}

// model is what a carry makes of two tables.
func model(from, to map[int]row, since, now int64, subnets []uint32, extend bool) (map[int]row, map[uint32]CarriedCount) {
	want, counts := maps.Clone(to), map[uint32]CarriedCount{}
	in := func(r row) bool { return subnets == nil || slices.Contains(subnets, uint32(r.Subnet)) }
	for n, f := range from {
		old, had := to[n]
		if !f.valid(now) || f.Seen <= since-300 || !in(f) || had && (f.Seen < old.Seen || f == old) {
			continue
		}
		want[n] = f
		c := counts[uint32(f.Subnet)]
		if had {
			c.Newer++
		} else {
			c.New++
		}
		counts[uint32(f.Subnet)] = c
	}
	for n, old := range to {
		if _, known := from[n]; extend && !known && in(old) && old.State == 0 && old.Lifetime != Infinite && old.expires() > since && old.expires() <= now {
			c := counts[uint32(old.Subnet)]
			c.Extended++
			counts[uint32(old.Subnet)] = c
			old.Seen = now
			want[n] = old
		}
	}
	return want, counts
}

// counted proves that the counters say what the tables hold.
func counted(t *testing.T, db *DB) {
	t.Helper()
	in, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range []LeasesInspection{in.IPv4, in.IPv6} {
		for _, s := range family.Subnets {
			if diff := cmp.Diff(without0(s.Rows), without0(s.Counted)); diff != "" {
				t.Errorf("subnet %d: %s", s.SubnetID, diff)
			}
		}
	}
	for _, family := range []Family{IPv4, IPv6} {
		kind := map[Family]string{IPv4: "", IPv6: "lease_type, "}[family]
		if in.Schema.Version >= poolColumn {
			same(t, db, fmt.Sprintf("select subnet_id, pool_id, %sstate, leases from lease%d_pool_stat where leases > 0", kind, family),
				fmt.Sprintf("select subnet_id, pool_id, %[1]sstate, count(*) from lease%[2]d where state in (0, 1) group by subnet_id, pool_id, %[1]sstate", kind, family))
		}
		same(t, db, fmt.Sprintf("select subnet_id, %sstate, leases from lease%d_stat where leases > 0", kind, family),
			fmt.Sprintf("select subnet_id, %[1]sstate, count(*) from lease%[2]d where state in (%[3]s) group by subnet_id, %[1]sstate", kind, family, countedStates(family, in.Schema)))
		same(t, db, fmt.Sprintf("select client_class, %sleases from lease%d_stat_by_client_class where leases > 0", kind, family),
			fmt.Sprintf("select class, %[1]scount(*) from lease%[2]d, unnest(case when user_context like '%%silver%%' then array['gold', 'silver'] when user_context is not null then array['gold'] end) class where state = 0 group by %[1]sclass", kind, family))
	}
}

func without0(counts map[int]int64) map[int]int64 {
	maps.DeleteFunc(counts, func(_ int, n int64) bool { return n == 0 })
	return counts
}

// same compares what two statements return, in whatever order.
func same(t *testing.T, db *DB, a, b string) {
	t.Helper()
	sets, err := db.script(t.Context(), fmt.Sprintf("select array(select r::text from (%s) r order by 1), array(select r::text from (%s) r order by 1)", a, b))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(sets[0].Rows[0][1]), string(sets[0].Rows[0][0])); diff != "" {
		t.Errorf("%s: %s", a, diff)
	}
}

// TestCarryIsTheModel merges two random tables, in one run or in several, and compares with what newest wins means.
func TestCarryIsTheModel(t *testing.T) {
	from, to := pair(t)
	clock, err := from.Clock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			for _, db := range []*DB{from, to} {
				exec(t, db, "delete from lease4")
				exec(t, db, "delete from lease6")
			}
			start := now(t, from)
			since := start - 1500
			tables := map[Family][2]map[int]row{}
			for _, family := range []Family{IPv4, IPv6} {
				both := [2]map[int]row{{}, {}}
				for n := range 900 {
					old := anyRow(r, family, clock.Schema, n, start)
					for i, db := range both {
						switch r.IntN(4) {
						case 0:
							db[n] = old
						case 1, 2:
							db[n] = anyRow(r, family, clock.Schema, n, start)
						}
						both[i] = db
					}
				}
				write(t, from, family, both[0])
				write(t, to, family, both[1])
				tables[family] = both
			}
			c := &Carry{From: from, To: to, Since: time.Unix(since, 0), Extend: seed%2 == 0}
			var subnets []uint32
			if seed == 2 {
				subnets = []uint32{4294967200, 4294967202}
				c.Subnets = map[Family][]uint32{IPv4: subnets, IPv6: subnets}
			}
			first, err := c.Run(t.Context(), Mark{}, seed%3 == 0, quiet)
			if err != nil {
				t.Fatal(err)
			}
			last := first
			if seed%3 != 0 {
				if last, err = c.Run(t.Context(), first.Mark, true, quiet); err != nil {
					t.Fatal(err)
				}
				// Not less than nothing: a transaction anywhere in the server that still runs makes rows come once more.
				t.Logf("%d rows read, and then %d", first.Read, last.Read)
			}
			for family, both := range tables {
				want, counts := model(both[0], both[1], since, start, subnets, c.Extend)
				got := rowsOf(t, to, family)
				for n, g := range got {
					if w, known := want[n]; known && w.Seen == start && g.Seen >= start && g.Seen < start+300 {
						g.Seen = w.Seen
						got[n] = g
					}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("IPv%d: %s", family, diff)
				}
				told := map[uint32]CarriedCount{}
				for _, n := range slices.Concat(first.Counts, last.Counts) {
					if n.Family == family && (seed%3 != 0 || n.New >= 0) {
						was := told[n.SubnetID]
						told[n.SubnetID] = CarriedCount{New: max(was.New, n.New), Newer: max(was.Newer, n.Newer), Extended: max(was.Extended, n.Extended)}
					}
				}
				if diff := cmp.Diff(counts, told); diff != "" {
					t.Errorf("IPv%d: %s", family, diff)
				}
			}
			counted(t, to)
			again, err := c.Run(t.Context(), Mark{}, false, quiet)
			if err != nil || len(again.Counts) != 0 {
				t.Errorf("a repeated run carries %+v, %v", again.Counts, err)
			}
			counted(t, to)
		})
	}
}
