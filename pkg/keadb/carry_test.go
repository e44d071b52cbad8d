package keadb

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMarkTells(t *testing.T) {
	const round = 1 << 32
	tests := map[string]struct {
		mark, now Mark
		next      uint64
		want      bool
	}{
		"nothing was read yet":        {Mark{}, Mark{xid: 1000, server: 1}, 1000, false},
		"a moment ago":                {Mark{xid: 1000, server: 1}, Mark{xid: 1010, server: 1}, 1020, true},
		"in another round":            {Mark{xid: round + 7, server: 1}, Mark{xid: round + 9, server: 1}, round + 9, true},
		"the numbers have gone round": {Mark{xid: round - 2, server: 1}, Mark{xid: round + 9, server: 1}, round + 9, true},
		"another server":              {Mark{xid: 1000, server: 1}, Mark{xid: 1010, server: 2}, 1010, false},
		"a server that went back":     {Mark{xid: 1000, server: 1}, Mark{xid: 900, server: 1}, 900, false},
		"half a round ago":            {Mark{xid: 1000, server: 1}, Mark{xid: 1000 + round/2, server: 1}, 1000 + round/2, false},
		"nearly half a round ago":     {Mark{xid: 1000, server: 1}, Mark{xid: 999 + round/2, server: 1}, 999 + round/2, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.mark.tells(tt.now, tt.next); got != tt.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// TestAgesTellWhatChanged does with numbers what the server does: rows of later transactions are always taken, however old
// the others are.
func TestAgesTellWhatChanged(t *testing.T) {
	age := func(xid, next uint64) int32 {
		if uint32(xid) < 3 { // those that stand for no transaction are older than all
			return math.MaxInt32
		}
		return int32(uint32(next) - uint32(xid))
	}
	for _, mark := range []uint64{3, 5000, 1<<31 - 1, 1 << 31, 1<<32 - 3, 1<<32 + 2, 1<<32 + 3, 5<<32 + 17} {
		for _, later := range []uint64{0, 1, 2, 3, 1000, 1<<31 - 4} {
			next := mark + later + 1
			if !(Mark{xid: mark}).tells(Mark{}, next) {
				continue
			}
			for _, xid := range []uint64{mark, mark + later/2, mark + later} {
				if uint32(xid) < 3 {
					continue // no transaction has such a number
				}
				if age(xid, next) > age(mark, next) {
					t.Errorf("the row of %d is missed, marked at %d, next is %d", xid, mark, next)
				}
			}
		}
	}
	if age(2000, 5000) <= age(4000, 5000) {
		t.Error("an old row is read again")
	}
}

func TestHistoryGap(t *testing.T) {
	kept, off := carriedHistory{there: true, complete: true}, carriedHistory{there: true}
	old := carriedHistory{there: true, complete: true, outdated: true}
	tests := map[string]struct {
		from, to carriedHistory
		limited  bool
		want     string
	}{
		"none":                   {carriedHistory{}, carriedHistory{}, false, ""},
		"ended before and after": {off, off, false, ""},
		"whole":                  {kept, kept, false, ""},
		"enabled since":          {kept, carriedHistory{}, false, "enabled there"},
		"enabled again since":    {kept, off, false, "enabled there"},
		"ended since":            {off, kept, false, "no history was kept"},
		"dropped since":          {carriedHistory{}, kept, false, "no history was kept"},
		"an old one in service":  {old, kept, false, "another version"},
		"an old one restored":    {kept, old, false, "another version"},
		"some subnets":           {kept, kept, true, "some subnets"},
		"some subnets of none":   {off, carriedHistory{}, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := historyGap(tt.from, tt.to, tt.limited)
			if got == "" != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTriggersAreNamed(t *testing.T) {
	p := &passage{Carry: &Carry{}, to: carried{triggers: []tableTrigger{
		{table: "lease4", name: "kea_history"},
		{table: "lease4", name: "lease4_ains"},
		{table: "lease6", name: `odd"name`, always: true},
	}}}
	both := []Family{IPv4, IPv6}
	want := []string{`alter table lease4 disable trigger "kea_history", disable trigger "lease4_ains"`, `alter table lease6 disable trigger "odd""name"`}
	if diff := cmp.Diff(want, p.triggers("disable", both)); diff != "" {
		t.Error(diff)
	}
	want = []string{`alter table lease6 enable always trigger "odd""name"`}
	if diff := cmp.Diff(want, p.triggers("enable", both[1:])); diff != "" {
		t.Error(diff)
	}
}

func TestCountersOfSchemas(t *testing.T) {
	tables := func(all []counter) []string {
		names := []string{}
		for _, c := range all {
			names = append(names, c.table+" "+c.states)
		}
		return names
	}
	c := carried{schema: Schema{Version: 13}, columns: map[string][]tableColumn{"lease6_stat_by_client_class": {{"client_class", "text"}}}}
	if diff := cmp.Diff([]string{"lease6_stat 0, 1", "lease6_stat_by_client_class 0"}, tables(c.counters(IPv6))); diff != "" {
		t.Error(diff)
	}
	c = carried{schema: Schema{Version: 29}, columns: map[string][]tableColumn{"lease6_pool_stat": {{"subnet_id", "bigint"}}}}
	if diff := cmp.Diff([]string{"lease6_stat 0, 1, 4", "lease6_pool_stat 0, 1"}, tables(c.counters(IPv6))); diff != "" {
		t.Error(diff)
	}
}

func TestTexts(t *testing.T) {
	var s texts
	if got, want := s.time([]byte("1795499622.000250")), time.Unix(1795499622, 250000).UTC(); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := s.time([]byte("1795499622")), time.Unix(1795499622, 0).UTC(); !got.Equal(want) || !s.time(nil).IsZero() {
		t.Errorf("got %s, want %s", got, want)
	}
	if s.hex([]byte("0000001F")) != 31 || s.int(nil) != 0 || s.err != nil {
		t.Errorf("error: %v", s.err)
	}
	for _, read := range []func(*texts){
		func(s *texts) { s.int([]byte("x")) },
		func(s *texts) { s.uint([]byte("-1")) },
		func(s *texts) { s.hex([]byte("xyz")) },
		func(s *texts) { s.time([]byte("infinity")) },
	} {
		bad := &texts{}
		if read(bad); bad.err == nil {
			t.Error("nonsense is read")
		}
	}
}
