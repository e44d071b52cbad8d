package keadb

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestHistoryFunctions: a function reads the columns that its version of the schema has, and no others.
func TestHistoryFunctions(t *testing.T) {
	for _, tt := range []struct {
		version int
		table   int
		has     []string
		lacks   []string
	}{
		{13, 0, []string{"new.client_id", "null::bigint", "null::bytea"}, []string{"new.pool_id", "new.relay_id", "new.duid"}},
		{13, 1, []string{"new.duid", "new.address::inet"}, []string{"new.pool_id", "new.client_id"}},
		{22, 0, []string{"new.pool_id", "old.relay_id is distinct from new.relay_id"}, []string{"null::bytea"}},
		{29, 1, []string{"new.pref_lifetime", "old.pool_id is distinct from new.pool_id"}, []string{"new.relay_id"}},
	} {
		text := watchedTables(Schema{Version: tt.version})[tt.table].function()
		for _, want := range append(tt.has, "exception when others", "set lock_timeout") {
			if !strings.Contains(text, want) {
				t.Errorf("schema %d, table %d: no %q in\n%s", tt.version, tt.table, want, text)
			}
		}
		for _, no := range append(tt.lacks, "$.") {
			if strings.Contains(text, no) {
				t.Errorf("schema %d, table %d: %q in\n%s", tt.version, tt.table, no, text)
			}
		}
	}
	if a, b := watchedTables(Schema{Version: 22}), watchedTables(Schema{Version: 29}); a[0].sum() != b[0].sum() || a[0].sum() == a[1].sum() {
		t.Error("the same function has another sum, or another one the same")
	}
}

// TestEventQuery: every value is a parameter, and the time bound's own is the first.
func TestEventQuery(t *testing.T) {
	evil := "x'; drop table lease4; --"
	r := EventFilter{Hostname: evil, HWAddr: []byte(evil), Client: []byte(evil), Since: time.Unix(1, 0), Until: time.Unix(2, 0), After: 7, Limit: 3, Newest: true}.query()
	if strings.Contains(r.sql, "drop table") || len(r.args) != 7 || string(r.args[0]) != "1970-01-01 00:00:01Z" {
		t.Errorf("%d parameters in\n%s", len(r.args), r.sql)
	}
	if r := (EventFilter{Since: time.Unix(1, 0)}).query(); !strings.Contains(r.sql, "search(low, high)") || r.timeout != unbounded {
		t.Errorf("by time alone all events are read:\n%s", r.sql)
	}
	if r := (EventFilter{}).query(); strings.Contains(r.sql, "where") || len(r.args) != 0 {
		t.Errorf("all events:\n%s", r.sql)
	}
}

func TestHolding(t *testing.T) {
	six := holding([]netip.Prefix{netip.MustParsePrefix("2001:db8:1:7::9/128")})
	if len(six) != 128 || six[0].Bits() != 128 || six[72].String() != "2001:db8:1::/56" {
		t.Errorf("%d: %v", len(six), six)
	}
	if four := holding([]netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}); len(four) != 1 {
		t.Errorf("%v", four)
	}
	if prefix := holding([]netip.Prefix{netip.MustParsePrefix("2001:db8::/56")}); len(prefix) != 1 {
		t.Errorf("%v", prefix)
	}
}

func TestMissingFrom(t *testing.T) {
	for list, want := range map[string]string{"": "lease4 lease6", "lease4": "lease6", "lease6,lease4": "", "other": "lease4 lease6"} {
		if got := strings.Join(missingFrom(list), " "); got != want {
			t.Errorf("%q lacks %q, want %q", list, got, want)
		}
	}
}
