//go:build e2e

package keadb

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// pairWithHistory is pair with a history kept in both, and leases 0 to 9 granted, carried and so in both.
func pairWithHistory(t *testing.T) (*Carry, int64) {
	t.Helper()
	from, to := pair(t)
	for _, db := range []*DB{from, to} {
		if _, err := db.EnableHistory(t.Context(), 24*time.Hour, quiet); err != nil {
			t.Fatal(err)
		}
	}
	start := now(t, from)
	c := &Carry{From: from, To: to, Since: time.Unix(start-600, 0)}
	for n := range 10 {
		grant(t, from, n, start-1200+int64(n))
	}
	c.Since = time.Unix(start-3600, 0)
	carry(t, c, Mark{}, false, "")
	c.Since = time.Unix(start-600, 0)
	return c, start
}

// grant gives lease n to a client, or renews it.
func grant(t *testing.T, db *DB, n int, seen int64) {
	t.Helper()
	r := row{N: n, Subnet: 4294967200 + n%2, Lifetime: 3600, Seen: seen, Client: n}
	exec(t, db, "insert into lease4 "+columnsOf4+" values "+r.values(IPv4)+" on conflict (address) do update set expire = excluded.expire")
}

func carry(t *testing.T, c *Carry, since Mark, final bool, gap string) Carried {
	t.Helper()
	done, err := c.Run(t.Context(), since, final, quiet)
	if err != nil {
		t.Fatal(err)
	}
	if done.HistoryGap == "" != (gap == "") || !strings.Contains(done.HistoryGap, gap) {
		t.Errorf("the gap is %q, want %q", done.HistoryGap, gap)
	}
	return done
}

func eventsOf(t *testing.T, db *DB, where string) string {
	t.Helper()
	sets, err := db.script(t.Context(), "select coalesce(string_agg(e::text, E'\\n' order by id), '') from kea_history.lease_event e where "+where)
	if err != nil {
		t.Fatal(err)
	}
	return string(sets[0].Rows[0][0])
}

// TestCarryHistory has the events arrive as they are, with what is known of their history.
func TestCarryHistory(t *testing.T) {
	c, start := pairWithHistory(t)
	same := func() {
		t.Helper()
		if diff := cmp.Diff(eventsOf(t, c.From, "true"), eventsOf(t, c.To, "true")); diff != "" {
			t.Error(diff)
		}
	}
	same()
	for n := range 20 {
		grant(t, c.From, n, start-int64(n))
	}
	first := carry(t, c, Mark{}, false, "")
	if first.Events != 20 {
		t.Errorf("%d events came", first.Events)
	}
	same()
	if again := carry(t, c, Mark{}, false, ""); again.Events != 0 {
		t.Errorf("%d events came twice", again.Events)
	}

	// The last run merges few rows with the triggers at work, whose events must not stay.
	grant(t, c.From, 3, start+1)
	grant(t, c.From, 30, start+1)
	exec(t, c.From, "update kea_history.state set keep = interval '3 days', pruned_until = since + interval '1 second'; select setval('kea_history.missed', 7)")
	last := carry(t, c, first.Mark, true, "")
	if last.Events != 2 || len(last.Counts) != 2 {
		t.Errorf("carried %+v", last)
	}
	same()
	a, err := c.From.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.To.History(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !b.Complete() || b.Missed != 7 || b.Keep != a.Keep || b.Since.Before(a.Since) {
		t.Errorf("got %+v of %+v", b, a)
	}
	// What happens now in the database that took over goes on behind it.
	grant(t, c.To, 5, start+5)
	if got := strings.Count(eventsOf(t, c.To, fmt.Sprintf("id > %d", a.Last)), "\n"); got != 0 || eventsOf(t, c.To, fmt.Sprintf("id > %d", a.Last)) == "" {
		t.Errorf("%d events more", got)
	}
	counted(t, c.To)
}

// TestCarryHistoryAgain has a carrying end with an extended lease, and service go on in the old database after all.
func TestCarryHistoryAgain(t *testing.T) {
	c, start := pairWithHistory(t)
	exec(t, c.To, "update lease4 set expire = to_timestamp("+fmt.Sprint(start-30)+"), valid_lifetime = 60 where address = 3405803776")
	exec(t, c.To, "delete from kea_history.lease_event where id > 10")
	exec(t, c.From, "alter table lease4 disable trigger kea_history")
	exec(t, c.From, "delete from lease4 where address = 3405803776")
	exec(t, c.From, "alter table lease4 enable trigger kea_history")
	c.Extend = true
	first := carry(t, c, Mark{}, false, "")
	last := carry(t, c, first.Mark, true, "")
	if len(last.Counts) != 1 || last.Counts[0].Extended != 1 {
		t.Fatalf("carried %+v", last)
	}
	extended := eventsOf(t, c.To, "address = '203.0.113.0' and op = 'R'")
	if extended == "" {
		t.Fatal("the extension is no event")
	}
	for n := 1; n < 6; n++ {
		grant(t, c.From, n, start+int64(n))
	}
	c.Extend = false
	carry(t, c, Mark{}, false, "")
	theirs := eventsOf(t, c.From, "true")
	if diff := cmp.Diff(theirs, eventsOf(t, c.To, "id <= (select count(*) from kea_history.lease_event) - 1")); diff != "" {
		t.Error(diff)
	}
	// The extension has another number, behind them.
	_, was, _ := strings.Cut(extended, ",")
	if _, is, _ := strings.Cut(eventsOf(t, c.To, "id = (select max(id) from kea_history.lease_event)"), ","); is != was {
		t.Errorf("the last event is %s, want %s", is, was)
	}
}

func TestCarryHistoryGaps(t *testing.T) {
	c, start := pairWithHistory(t)
	restarted := func() {
		t.Helper()
		h, err := c.To.History(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if h.Since.Before(time.Unix(start, 0)) {
			t.Errorf("complete since %s, it is %s", h.Since, h.Now)
		}
	}
	exec(t, c.To, "update kea_history.state set since = now() - interval '1 hour'")
	for n := range 4 {
		grant(t, c.From, n, start)
	}
	c.Subnets = map[Family][]uint32{IPv4: {4294967200}}
	if done := carry(t, c, Mark{}, false, "some subnets"); done.Events != 2 || len(done.Counts) != 1 {
		t.Errorf("carried %+v", done)
	}
	restarted()

	c.Subnets = nil
	exec(t, c.To, "update kea_history.state set since = now() - interval '1 hour'")
	exec(t, c.From, "alter table lease4 disable trigger kea_history")
	grant(t, c.From, 7, start)
	if done := carry(t, c, Mark{}, false, "no history was kept"); done.Events != 0 || len(done.Counts) != 1 || done.Counts[0].Newer != 3 {
		t.Errorf("carried %+v", done)
	}
	restarted()

	exec(t, c.From, "alter table lease4 enable trigger kea_history")
	if err := c.To.DisableHistory(t.Context(), true, quiet); err != nil {
		t.Fatal(err)
	}
	grant(t, c.From, 8, start)
	carry(t, c, Mark{}, true, "enabled there")
	if err := c.From.DisableHistory(t.Context(), true, quiet); err != nil {
		t.Fatal(err)
	}
	grant(t, c.From, 9, start)
	carry(t, c, Mark{}, true, "")
}
