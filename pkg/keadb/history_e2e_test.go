//go:build e2e

package keadb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func quiet(string) {}

// withHistory connects to the test's database, where a history is kept until the test's end. The leases are those of the
// documentation's networks.
func withHistory(t *testing.T) *DB {
	t.Helper()
	db := connect(t, target(t))
	end := func() {
		if err := db.DisableHistory(context.WithoutCancel(t.Context()), true, quiet); err != nil && !errors.Is(err, ErrNoHistory) {
			t.Error(err)
		}
	}
	end()
	exec(t, db, clearSQL)
	done, err := db.EnableHistory(t.Context(), 30*24*time.Hour, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(done)
	t.Cleanup(func() {
		_, _ = db.conn.Exec(context.WithoutCancel(t.Context()), clearSQL)
		end()
	})
	return db
}

const clearSQL = `delete from lease4 where subnet_id >= 4294967290; delete from lease6 where subnet_id >= 4294967290`

// grant4 and grant6 write a lease as Kea does.
func grant4(address, client, name string) string {
	return fmt.Sprintf(`insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state)
		values (inet '%s' - inet '0.0.0.0', '\x%[2]s', '\x01%[2]s', 3600, date_trunc('second', now()) + interval '1 hour', 4294967290, false, false, '%[3]s', 0)`, address, client, name)
}

func grant6(address, duid string, kind, length int) string {
	return fmt.Sprintf(`insert into lease6 (address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, fqdn_fwd, fqdn_rev, hostname, state)
		values ('%s', '\x%s', 3600, date_trunc('second', now()) + interval '1 hour', 4294967290, 1800, %d, -5, %d, false, false, '', 0)`, address, duid, kind, length)
}

// told are the events that a filter finds, short.
func told(t *testing.T, db *DB, f EventFilter) []string {
	t.Helper()
	var all []string
	err := db.Events(t.Context(), f, func(e *Event) error {
		text := fmt.Sprintf("%c %s/%d %x %x %s", e.Operation, e.Address, e.PrefixLen, e.HWAddr, e.Client, e.Hostname)
		if e.Before != nil {
			text += fmt.Sprintf(" was %d", e.Before.State)
		}
		if e.After != nil {
			text += fmt.Sprintf(" is %d", e.After.State)
		}
		all = append(all, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestHistoryEvents(t *testing.T) {
	db := withHistory(t)
	a, b := "020000000001", "020000000002"
	where := " where address = inet '203.0.113.1' - inet '0.0.0.0'"
	exec(t, db, grant4("203.0.113.1", a, "one.example.org"))
	exec(t, db, "update lease4 set expire = expire + interval '1 minute'"+where)
	exec(t, db, "update lease4 set expire = expire"+where) // no change, no event
	exec(t, db, "update lease4 set state = 2, expire = now()"+where)
	exec(t, db, fmt.Sprintf(`update lease4 set state = 0, expire = now() + interval '1 hour', hwaddr = '\x%[1]s', client_id = '\x01%[1]s', hostname = 'two'`, b)+where)
	exec(t, db, "update lease4 set hostname = 'TWO.example.org'"+where)
	exec(t, db, "delete from lease4"+where)
	exec(t, db, grant6("2001:db8::1", "00010203", 0, 128))
	exec(t, db, grant6("2001:db8:1::", "00010203", 2, 56))

	one, two, other := "203.0.113.1/32 020000000001 01020000000001 one.example.org", "203.0.113.1/32 020000000002 01020000000002 two", "203.0.113.1/32 020000000002 01020000000002 TWO.example.org"
	whole := []string{
		"I " + one + " is 0", "R " + one + " was 0 is 0", "R " + one + " was 0 is 2", "X " + one + " was 2 is 0", "N " + two + " was 2 is 0",
		"O " + two + " was 0 is 0", "C " + other + " was 0 is 0", "D " + other + " was 0",
	}
	for name, tt := range map[string]struct {
		filter EventFilter
		want   []string
	}{
		"address":          {EventFilter{Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.1/32")}}, whole},
		"newest first":     {EventFilter{Addresses: []netip.Prefix{netip.MustParsePrefix("203.0.113.1/32")}, Newest: true, Limit: 2}, []string{whole[7], whole[6]}},
		"hardware address": {EventFilter{HWAddr: []byte{2, 0, 0, 0, 0, 1}}, whole[:4]},
		"client id":        {EventFilter{Client: []byte{1, 2, 0, 0, 0, 0, 2}}, whole[4:]},
		"host name":        {EventFilter{Hostname: "two.EXAMPLE.org"}, whole[6:]},
		"DUID":             {EventFilter{Client: []byte{0, 1, 2, 3}}, []string{"I 2001:db8::1/128  00010203  is 0", "I 2001:db8:1::/56  00010203  is 0"}},
		"in a prefix":      {EventFilter{Addresses: []netip.Prefix{netip.MustParsePrefix("2001:db8:1:7::9/128")}}, []string{"I 2001:db8:1::/56  00010203  is 0"}},
		"since":            {EventFilter{Since: time.Now().Add(-time.Minute), Limit: 3}, whole[:3]},
		"until":            {EventFilter{Until: time.Now().Add(-time.Hour)}, nil},
		"after":            {EventFilter{After: 1 << 40}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, told(t, db, tt.filter)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestHistoryAt reads the leases as they were, at every moment between changes, and compares with what was read then.
func TestHistoryAt(t *testing.T) {
	db := withHistory(t)
	where := " where address = inet '203.0.113.1' - inet '0.0.0.0'"
	changes := []string{
		grant4("203.0.113.1", "020000000001", "one"), grant4("203.0.113.2", "020000000002", ""), grant6("2001:db8::1", "00010203", 0, 128), grant6("2001:db8:1::", "00010203", 2, 56),
		"update lease4 set expire = expire + interval '1 minute', valid_lifetime = 3660" + where,
		`update lease4 set hwaddr = '\x020000000003', client_id = '\x', user_context = '{"a": 1}', fqdn_fwd = true` + where,
		"update lease6 set state = 2 where duid = '\\x00010203'", "delete from lease4" + where, grant4("203.0.113.1", "020000000009", "nine"),
		"delete from lease6 where duid = '\\x00010203'", "update lease4 set hostname = 'ten', state = 1" + where,
	}
	read := func(at time.Time) []Lease {
		t.Helper()
		var all []Lease
		keep := func(l *Lease) error {
			if l.SubnetID >= 4294967290 {
				c := *l
				c.HWAddr, c.ClientID, c.DUID = append([]byte{}, l.HWAddr...), append([]byte{}, l.ClientID...), append([]byte{}, l.DUID...)
				c.Hostname, c.UserContext = strings.Clone(l.Hostname), strings.Clone(l.UserContext)
				all = append(all, c)
			}
			return nil
		}
		var err error
		f := LeaseFilter{Order: ByHostname}
		if at.IsZero() {
			err = db.AllLeases(t.Context(), f, f, keep)
		} else {
			err = db.AllLeasesAt(t.Context(), at, f, f, keep)
		}
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	type moment struct {
		at  time.Time
		was []Lease
	}
	var moments []moment
	for _, change := range append([]string{""}, changes...) {
		if change != "" {
			exec(t, db, change)
		}
		var at time.Time
		if err := db.conn.QueryRow(t.Context(), "select clock_timestamp()").Scan(&at); err != nil {
			t.Fatal(err)
		}
		moments = append(moments, moment{at, read(time.Time{})})
	}
	for i, m := range moments {
		if diff := cmp.Diff(m.was, read(m.at), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("moment %d: %s", i, diff)
		}
		// One family alone, by address.
		var n int
		if err := db.LeasesAt(t.Context(), m.at, IPv4, LeaseFilter{Ranges: []AddressRange{{netip.MustParseAddr("203.0.113.1"), netip.MustParseAddr("203.0.113.1")}}, At: m.at, States: []LeaseState{Active, Declined}}, func(*Lease) error { n++; return nil }); err != nil {
			t.Error(err)
		}
		if want := map[bool]int{true: 1, false: 0}[i >= 1 && i != 8]; n != want {
			t.Errorf("moment %d: %d leases of the address, want %d", i, n, want)
		}
	}
}

func TestHistoryTwice(t *testing.T) {
	db := withHistory(t)
	first, err := db.History(t.Context())
	if err != nil || !first.Complete() || first.Outdated || first.Since.IsZero() || first.Keep != 30*24*time.Hour || first.Missed != 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	if done, err := db.EnableHistory(t.Context(), first.Keep, quiet); err != nil || len(done) != 0 {
		t.Errorf("the second time did %v, %v", done, err)
	}
	again, err := db.History(t.Context())
	if err != nil || !again.Since.Equal(first.Since) {
		t.Errorf("%v, since %v, was %v", err, again.Since, first.Since)
	}
	exec(t, db, "alter table lease6 disable trigger kea_history")
	exec(t, db, "drop trigger kea_history on lease4")
	broken, err := db.History(t.Context())
	if err != nil || broken.Complete() || len(broken.Missing) != 2 {
		t.Errorf("%+v, %v", broken, err)
	}
	h, err := db.Health(t.Context())
	if err != nil || !h.History.Enabled || len(h.History.Missing) != 2 {
		t.Errorf("health says %+v, %v", h.History, err)
	}
	if done, err := db.EnableHistory(t.Context(), 0, quiet); err != nil || len(done) != 2 {
		t.Errorf("mending did %v, %v", done, err)
	}
	mended, err := db.History(t.Context())
	if err != nil || !mended.Complete() || !mended.Since.After(first.Since) || mended.Keep != 0 {
		t.Errorf("%+v, %v", mended, err)
	}
	if err := db.RestartHistory(t.Context()); err != nil {
		t.Fatal(err)
	}
	restarted, err := db.History(t.Context())
	if err != nil || !restarted.Since.After(mended.Since) {
		t.Errorf("%+v, %v", restarted, err)
	}
	if err := db.DisableHistory(t.Context(), false, quiet); err != nil {
		t.Fatal(err)
	}
	off, err := db.History(t.Context())
	if err != nil || off.Enabled || !off.Since.IsZero() {
		t.Errorf("%+v, %v", off, err)
	}
	if h, err = db.Health(t.Context()); err != nil || h.History.Enabled || h.History.Missing != nil {
		t.Errorf("health says %+v, %v", h.History, err)
	}
}

// TestHistoryNeverStops: whatever happens to the history, leases go on.
func TestHistoryNeverStops(t *testing.T) {
	db, other := withHistory(t), connect(t, target(t))
	exec(t, other, "begin")
	exec(t, other, "lock table kea_history.lease_event in access exclusive mode")
	start := time.Now()
	exec(t, db, grant4("203.0.113.1", "020000000001", ""))
	if took := time.Since(start); took > time.Second {
		t.Errorf("a lease waited %s for the history", took)
	}
	exec(t, other, "rollback")
	exec(t, db, "alter table kea_history.lease_event rename to elsewhere")
	exec(t, db, grant4("203.0.113.2", "020000000002", ""))
	exec(t, db, "alter table kea_history.elsewhere rename to lease_event")
	if h, err := db.History(t.Context()); err != nil || h.Missed != 2 {
		t.Errorf("%d missed, %v", h.Missed, err)
	}
	exec(t, db, "drop sequence kea_history.missed")
	exec(t, db, "drop table kea_history.lease_event")
	exec(t, db, grant4("203.0.113.3", "020000000003", ""))
	if h, err := db.Health(t.Context()); err != nil || !h.History.Enabled || !h.History.Lost {
		t.Errorf("health says %+v, %v", h.History, err)
	}
	before := time.Now()
	if did, err := db.EnableHistory(t.Context(), 0, quiet); err != nil || len(did) != 3 {
		t.Errorf("mending did %v, %v", did, err)
	}
	if h, err := db.History(t.Context()); err != nil || !h.Complete() || h.Since.Before(before.Add(-time.Second)) {
		t.Errorf("%+v, %v", h, err)
	}
	exec(t, db, "drop table kea_history.state")
	var n int
	if err := db.conn.QueryRow(t.Context(), "select count(*) from lease4 where subnet_id = 4294967290").Scan(&n); err != nil || n != 3 {
		t.Errorf("%d leases, %v", n, err)
	}
}

// TestHistoryWaitsItsTurn: who writes leases is not held up by a change of the triggers that cannot have the tables.
func TestHistoryWaitsItsTurn(t *testing.T) {
	db, holder, kea := withHistory(t), connect(t, target(t)), connect(t, target(t))
	if err := db.DisableHistory(t.Context(), false, quiet); err != nil {
		t.Fatal(err)
	}
	exec(t, holder, "begin")
	// A transaction that does not end, of another subnet: within one, the row of its counter is held too.
	exec(t, holder, strings.Replace(grant4("203.0.113.1", "020000000001", ""), "4294967290", "4294967291", 1))
	tries := 0
	worst := time.Duration(0)
	enabled := make(chan error)
	go func() {
		_, err := db.EnableHistory(t.Context(), 0, func(string) { tries++ })
		enabled <- err
	}()
	for i := range 30 {
		start := time.Now()
		exec(t, kea, grant4(fmt.Sprintf("203.0.113.%d", 10+i), "020000000001", ""))
		worst = max(worst, time.Since(start))
		time.Sleep(100 * time.Millisecond)
	}
	exec(t, holder, "rollback")
	if err := <-enabled; err != nil || tries == 0 {
		t.Errorf("%d tries, %v", tries, err)
	}
	if worst > time.Second {
		t.Errorf("a lease waited %s", worst)
	}
	t.Logf("%d tries, worst %s", tries, worst)
}

func TestHistoryPrune(t *testing.T) {
	db := withHistory(t)
	exec(t, db, `insert into kea_history.lease_event (at, op, address, type) select now() - interval '40 days' + n * interval '1 minute', 'R', '203.0.113.1', -1 from generate_series(1, 25000) n`)
	exec(t, db, grant4("203.0.113.1", "020000000001", ""))
	cut := time.Now().Add(-30 * 24 * time.Hour)
	var told []int64
	gone, err := db.PruneHistory(t.Context(), cut, func(n int64) { told = append(told, n) })
	if err != nil || gone != 14400 || len(told) < 2 || told[0] != pruneBatch {
		t.Errorf("%d gone, told %v, %v", gone, told, err)
	}
	h, err := db.History(t.Context())
	if err != nil || h.Oldest.Before(cut) || h.Since.Before(cut) || h.Events != 25001-14400 {
		t.Errorf("%+v, %v", h, err)
	}
	if gone, err = db.PruneHistory(t.Context(), cut, quietly); err != nil || gone != 0 {
		t.Errorf("%d gone the second time, %v", gone, err)
	}
	// By half-way looking: from the middle of what is left.
	n := 0
	if err := db.Events(t.Context(), EventFilter{Since: time.Now().Add(-24 * 25 * time.Hour)}, func(*Event) error { n++; return nil }); err != nil || n < 3400 || n > 3402 {
		t.Errorf("%d events since 25 days, %v", n, err)
	}
}

func quietly(int64) {}

func TestNoHistory(t *testing.T) {
	db := connect(t, target(t))
	_, err := db.History(t.Context())
	events := db.Events(t.Context(), EventFilter{}, func(*Event) error { return nil })
	_, prune := db.PruneHistory(t.Context(), time.Now(), quietly)
	for _, err := range []error{err, events, prune, db.DisableHistory(t.Context(), false, quiet)} {
		if !errors.Is(err, ErrNoHistory) {
			t.Errorf("got %v", err)
		}
	}
	if h, err := db.Health(t.Context()); err != nil || h.History.Enabled || h.History.Missing != nil {
		t.Errorf("%+v, %v", h.History, err)
	}
}
