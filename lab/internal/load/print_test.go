package load

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() Result {
	r := tell(nil,
		event{ms: 0, what: "start", n: 1, group: 0}, event{ms: 2, what: "ack", n: 1, addr: "10.10.1.1", server: "kea-dhcp-0"},
		event{ms: 2000, what: "start", n: 2, group: 1}, event{ms: 2004, what: "ack", n: 2, addr: "fd00::1", server: "kea-dhcp-0"},
		event{ms: 3000, what: "start", n: 3, group: 2}, event{ms: 3010, what: "nak", n: 3, server: "kea-dhcp-1"},
		event{ms: 4000, what: "start", n: 4, group: 0}, event{ms: 5500, what: "ack", n: 4, addr: "10.10.1.1", server: "kea-dhcp-0"},
		event{ms: 5600, what: "retry", n: 5, group: 0}, event{ms: 9000, what: "ack", n: 5, addr: "10.10.1.2", server: "kea-dhcp-0"},
	)
	r.Rate = 0.4
	for i, vlan := range []int{10, 10, 20} {
		r.Segments[i].VLAN, r.Segments[i].Segment, r.Segments[i].Family = vlan, []string{"users", "users", "phones"}[i], testGroups[i]
	}
	r.Generator = Generator{LateStarts: 2, Worst: 73 * time.Millisecond}
	r.Errors = errorTally{"send to kea-dhcp-1 over v4: network is unreachable": 3}
	return r
}

func TestPrint(t *testing.T) {
	var b strings.Builder
	sample().Print(&b)
	want := `
lost 2 of 4 exchanges (50.00 %), 1 NAKs, 1 duplicate addresses
longest silence 3.500 s (from 12:00:05.500 to 12:00:09.000)
latency p50 2.0, p90 4.0, p99 4.0, max 4.0 ms
0.4 exchanges/s for 10.000 s (12:00:00.000 to 12:00:10.000), 1 of the lost ACKed late, 1 retries (1 ACKed)
duplicate: 10.10.1.1 ACKed to 02:00:00:00:00:04 at 12:00:05.500, held by 02:00:00:00:00:01
WARNING: the load itself fell behind: 2 starts more than 50ms late, the worst 73.0 ms: do not trust these figures
error: send to kea-dhcp-1 over v4: network is unreachable (3 times)

  VLAN  segment  family  started  ACKed  lost  NAKs  duplicates  silence s  p50 ms  p99 ms  max ms
    10    users      v4        2      1     1     0           1      5.498     2.0     2.0     2.0
    10    users      v6        1      1     0     0           0      7.996     4.0     4.0     4.0
    20   phones      v4        1      0     1     1           0     10.000     0.0     0.0     0.0

      server  ACKs  NAKs
  kea-dhcp-0     4     0
  kea-dhcp-1     0     1
`
	if got := "\n" + b.String(); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestResultJSON(t *testing.T) {
	want := sample()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"started":4,`, `"silence":{"longest_ns":3500000000,`, `"family":"v6"`, `"late_starts":2`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("no %s in %s", part, b)
		}
	}
	var got Result
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
