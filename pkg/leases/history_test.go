package leases

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// TestJudge has what real servers of Kea 2.6 and 3.0 wrote for real clients, and what 2.2 is known to write.
func TestJudge(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	moment := func(state int, valid uint32, left time.Duration) *keadb.Moment {
		return &keadb.Moment{State: state, Valid: valid, Expires: at.Add(left)}
	}
	live, longer, past, never := moment(0, 3600, time.Hour), moment(0, 3600, 2*time.Hour), moment(0, 3600, -time.Minute), &keadb.Moment{Valid: keadb.Infinite}
	freed26, freed30 := moment(0, 0, -time.Minute), moment(3, 0, -time.Minute)
	gone, refused := moment(2, 3600, -time.Minute), moment(1, 86400, 24*time.Hour)
	gone26 := moment(2, 0, -time.Minute)
	somebody := []byte{2, 0, 0, 0, 0, 1}
	tests := map[string]struct {
		operation     keadb.Operation
		before, after *keadb.Moment
		hwaddr        []byte
		want          EventKind
		note          string
	}{
		"granted":                            {'I', nil, live, somebody, Granted, ""},
		"granted for ever":                   {'I', nil, never, somebody, Granted, ""},
		"declined by an administrator":       {'I', nil, refused, somebody, Refused, ""},
		"renewed":                            {'R', live, longer, somebody, Renewed, ""},
		"renewed for ever":                   {'R', live, never, somebody, Renewed, ""},
		"renewed with another name":          {'C', live, longer, somebody, Renewed, ""},
		"what it was called before":          {'O', live, longer, somebody, "", ""},
		"another name":                       {'C', live, live, somebody, Altered, ""},
		"released, 3.0":                      {'R', live, freed30, somebody, Freed, ""},
		"released, 2.6":                      {'R', live, freed26, somebody, Freed, ""},
		"released or deleted, 2.2":           {'D', live, nil, somebody, Erased, noteDeleted},
		"reclaimed after a release, 3.0":     {'R', freed30, gone26, somebody, Cleaned, ""},
		"reclaimed after a release, 2.6":     {'R', freed26, gone26, somebody, Cleaned, ""},
		"back after a release, 3.0":          {'R', freed30, live, somebody, Granted, noteAgain},
		"back after a release, 2.6":          {'R', freed26, live, somebody, Granted, noteAgain},
		"back after it was reclaimed":        {'R', gone, live, somebody, Granted, noteAgain},
		"back after its end":                 {'R', past, live, somebody, Granted, noteAgain},
		"expired":                            {'R', past, gone, somebody, RanOut, ""},
		"expired, and deleted at once":       {'D', past, nil, somebody, RanOut, ""},
		"deleted after it was reclaimed":     {'D', gone, nil, somebody, Cleaned, ""},
		"declined":                           {'X', live, refused, somebody, Refused, ""},
		"what is left of who declined":       {'N', live, refused, nil, "", ""},
		"what is left of it, DHCPv6":         {'N', live, refused, nil, "", ""},
		"given again after it was declined":  {'N', refused, live, somebody, Granted, ""},
		"its probation ends with it":         {'X', refused, live, nil, Recovered, ""},
		"probation is over":                  {'D', refused, nil, nil, Recovered, ""},
		"probation is over, the row is kept": {'R', refused, gone, nil, Recovered, ""},
		"taken over after its end":           {'X', past, live, somebody, RanOut, noteTaken},
		"taken over after it was reclaimed":  {'X', gone, live, somebody, Cleaned, noteTaken},
		"taken over before its end":          {'X', live, live, somebody, Moved, noteTaken},
		"the new holder":                     {'N', past, live, somebody, Granted, ""},
		"registered":                         {'I', nil, moment(4, 3600, time.Hour), somebody, Announced, ""},
		"registered again":                   {'R', moment(4, 3600, time.Hour), moment(4, 3600, 2*time.Hour), somebody, Renewed, ""},
		"something of a later version":       {'Z', live, live, somebody, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := &keadb.Event{At: at, Operation: tt.operation, Before: tt.before, After: tt.after, HWAddr: tt.hwaddr, Client: []byte{0, 0, 0}}
			if kind, note := judge(e); kind != tt.want || note != tt.note {
				t.Errorf("got %q, %q; want %q, %q", kind, note, tt.want, tt.note)
			}
		})
	}
}

func TestFillEvent(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	row := &keadb.Event{
		ID: 7, At: at, Operation: keadb.Ended, Type: keadb.TypePD, Address: netip.MustParseAddr("2001:db8:1::"), PrefixLen: 56, SubnetID: 3, Client: []byte{0, 1}, IAID: 9, Hostname: "one",
		Before: &keadb.Moment{Valid: 3600, Expires: at.Add(time.Minute)}, After: &keadb.Moment{Valid: 7200, Expires: at.Add(2 * time.Hour)},
	}
	var e Event
	if !fillEvent(&e, row) || e.Kind != Moved || e.Lease.Resource() != "2001:db8:1::/56" || !e.Lease.Expires.Equal(at.Add(time.Minute)) || e.Lease.DUID.String() != "00:01" || e.Lease.IAID != 9 {
		t.Errorf("got %+v", e)
	}
	row.Operation, row.Type, row.Address, row.PrefixLen = keadb.Changed, keadb.TypeV4, netip.MustParseAddr("10.0.0.1"), 32
	row.Client[1] = 2
	if e.Lease.DUID.String() != "00:01" {
		t.Error("what the event holds is still the row's")
	}
	if !fillEvent(&e, row) || e.Kind != Renewed || !e.Lease.Expires.Equal(at.Add(2*time.Hour)) || !e.Until.Equal(at.Add(time.Minute)) || e.Lease.ClientID.String() != "00:02" {
		t.Errorf("got %+v", e)
	}
	row.Operation = keadb.WasNamed
	if fillEvent(&e, row) {
		t.Errorf("got %+v", e)
	}
}

func TestTailTake(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	numbers := func(ids ...int64) (batch []numberedEvent) {
		for _, id := range ids {
			batch = append(batch, numberedEvent{id: id, event: Event{ID: id}, shown: id != 13})
		}
		return batch
	}
	end := &tailEnd{last: 10}
	steps := []struct {
		after time.Duration
		batch []numberedEvent
		want  []int64
	}{
		{0, numbers(11, 13, 14), []int64{11}},                              // 12 may still come
		{time.Second, numbers(13, 14), nil},                                //
		{time.Second, numbers(12, 13, 14), []int64{12, 14}},                // it came; 13 is not shown
		{2 * time.Second, numbers(16), nil},                                // 15 may still come
		{2*time.Second + tailPatience, numbers(16, 17), []int64{16, 17}},   // it never did
		{3*time.Second + tailPatience, nil, nil},                           //
		{4*time.Second + tailPatience, numbers(18, 19), []int64{18, 19}},   //
		{5*time.Second + tailPatience, numbers(22, 23), nil},               // two are missing
		{5*time.Second + 2*tailPatience, numbers(22, 23), []int64{22, 23}}, //
	}
	for i, s := range steps {
		var got []int64
		for _, e := range end.take(s.batch, start.Add(s.after)) {
			got = append(got, e.ID)
		}
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
}

func TestFormerHolders(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }
	event := func(n int, kind EventKind, client byte) Event {
		return Event{Time: hour(n), Kind: kind, Lease: Lease{HWAddress: Octets{client}, Hostname: string('a' + rune(client))}}
	}
	events := []Event{
		event(0, Renewed, 1), event(1, RanOut, 1), // who had it when the history began
		event(2, Granted, 2), event(3, Freed, 2), event(4, Granted, 2), event(5, Refused, 2), // the same twice
		event(6, Recovered, 0), event(7, Granted, 3), event(8, Moved, 3), event(8, Granted, 4), event(9, Renewed, 4),
	}
	want := []FormerHolder{
		{"03", "d", hour(7), hour(8), "moved"}, {"02", "c", hour(2), hour(5), "declined"}, {"01", "b", time.Time{}, hour(1), "expired"},
	}
	if diff := cmp.Diff(want, FormerHolders(events, &Lease{HWAddress: Octets{4}, State: Active})); diff != "" {
		t.Error(diff)
	}
	// One who has it again had it before, unless somebody else did in between.
	back := append(events[:6:6], event(6, Granted, 2))
	if diff := cmp.Diff(want[2:], FormerHolders(back, &Lease{HWAddress: Octets{2}, State: Active})); diff != "" {
		t.Error(diff)
	}
	if got := FormerHolders(nil, &Lease{}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

func TestCovers(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	whole := keadb.History{Enabled: true, Since: now.Add(-time.Hour)}
	off, gap := whole, whole
	off.Enabled, gap.Missing = false, []string{"lease6"}
	for name, tt := range map[string]struct {
		history keadb.History
		err     error
		at      time.Time
		want    string
	}{
		"covered":      {whole, nil, now, ""},
		"the first":    {whole, nil, now.Add(-time.Hour), ""},
		"too early":    {whole, nil, now.Add(-2 * time.Hour), "database kea: its history of leases begins at 2026-03-01T11:00:00Z"},
		"none":         {keadb.History{}, keadb.ErrNoHistory, now, "database kea: it keeps no history of leases"},
		"switched off": {off, nil, now, "database kea: its history of leases is switched off"},
		"gap":          {gap, nil, now, "database kea: its history of leases has a gap: the trigger on lease6 is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := Covers(tt.history, tt.err, "kea", tt.at); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
