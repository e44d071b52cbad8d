//go:build e2e

package keadb

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGrowth(t *testing.T) {
	db := withHistory(t)
	first, second := " where address = inet '203.0.113.1' - inet '0.0.0.0'", " where address = inet '203.0.113.2' - inet '0.0.0.0'"
	for _, sql := range []string{
		grant4("203.0.113.1", "020000000001", "one"), grant4("203.0.113.2", "020000000002", "two"), grant4("203.0.113.3", "020000000003", ""),
		"update lease4 set expire = expire + interval '1 minute'" + first,        // renewed: neither
		"update lease4 set hostname = 'three'" + first,                           // the same client: neither
		`update lease4 set hwaddr = '\x020000000009'` + first,                    // one ends, one begins
		"update lease4 set state = 2" + second,                                   // ended
		"update lease4 set state = 0" + second,                                   // it came back
		"update lease4 set state = 2" + second,                                   // ended again
		`update lease4 set state = 0, hwaddr = '\x020000000008'` + second,        // another client got what was nobody's
		"delete from lease4 where address = inet '203.0.113.3' - inet '0.0.0.0'", // ended
		grant6("2001:db8::1", "00010203", 0, 128), grant6("2001:db8::2", "00010203", 1, 128), grant6("2001:db8:1::", "00010203", 2, 56),
		"delete from lease6 where address = '2001:db8::2'",
	} {
		exec(t, db, sql)
	}
	want := []Growth{
		{Type: TypeV4, SubnetID: 4294967290, Granted: 6, Ended: 4},
		{Type: TypeNA, SubnetID: 4294967290, Granted: 2, Ended: 1},
		{Type: TypePD, SubnetID: 4294967290, Granted: 1},
	}
	for since, want := range map[time.Duration][]Growth{time.Minute: want, -time.Hour: nil} {
		all, err := db.Growth(t.Context(), time.Now().Add(-since))
		if err != nil {
			t.Fatal(err)
		}
		var got []Growth
		for _, g := range all {
			if g.SubnetID >= 4294967290 {
				got = append(got, g)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("since %s (-want +got):\n%s", since, diff)
		}
	}
}
