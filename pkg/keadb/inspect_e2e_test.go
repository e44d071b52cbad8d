//go:build e2e

package keadb

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInspect(t *testing.T) {
	db, _ := pair(t)
	start := now(t, db)
	leases := map[int]row{
		0: {N: 0, Subnet: 10, Lifetime: 3600, Seen: start - 5, Client: 0},
		1: {N: 1, Subnet: 10, Lifetime: 60, Seen: start - 500, Client: 1},
		2: {N: 2, Subnet: 10, State: 1, Lifetime: 86400, Seen: start - 20, Client: 2},
		3: {N: 3, Subnet: 20, State: 2, Lifetime: 60, Seen: start - 900, Client: 3},
		4: {N: 4, Subnet: 20, Lifetime: Infinite, Seen: start - 9000, Client: 4},
	}
	write(t, db, IPv4, leases)
	write(t, db, IPv6, map[int]row{0: {N: 0, Subnet: 30, Lifetime: 3600, Seen: start - 50, Type: 2}, 1: {N: 1, Subnet: 30, Lifetime: 3600, Seen: start - 60}})
	exec(t, db, "update lease4_stat set leases = 7 where subnet_id = 10 and state = 1")
	exec(t, db, "insert into lease4_stat (subnet_id, state, leases) values (40, 0, 2)")
	got, err := db.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.InRecovery || got.Timeline < 1 || got.Schema.Version < 13 || got.History || got.Now.Sub(time.Unix(start, 0)).Abs() > time.Minute || got.Hosts < 0 {
		t.Errorf("got %+v", got)
	}
	want := LeasesInspection{Rows: 5, Valid: 3, Newest: time.Unix(start-5, 0).UTC(), Subnets: []SubnetInspection{
		{SubnetID: 10, Rows: map[int]int64{0: 2, 1: 1}, Counted: map[int]int64{0: 2, 1: 7}, Valid: 2},
		{SubnetID: 20, Rows: map[int]int64{0: 1}, Counted: map[int]int64{0: 1}, Valid: 1},
		{SubnetID: 40, Rows: map[int]int64{}, Counted: map[int]int64{0: 2}},
	}}
	if diff := cmp.Diff(want, got.IPv4); diff != "" {
		t.Error(diff)
	}
	want = LeasesInspection{Rows: 2, Valid: 2, Newest: time.Unix(start-50, 0).UTC(), Subnets: []SubnetInspection{
		{SubnetID: 30, Rows: map[int]int64{0: 2}, Counted: map[int]int64{0: 2}, Valid: 2},
	}}
	if diff := cmp.Diff(want, got.IPv6); diff != "" {
		t.Error(diff)
	}
	if _, err := db.EnableHistory(t.Context(), 0, quiet); err != nil {
		t.Fatal(err)
	}
	if got, err = db.Inspect(t.Context()); err != nil || !got.History {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestInspectDuplicates has an address twice, as a broken index lets it happen.
func TestInspectDuplicates(t *testing.T) {
	db, _ := pair(t)
	start := now(t, db)
	exec(t, db, "alter table lease4 drop constraint lease4_pkey")
	write(t, db, IPv4, map[int]row{0: {N: 0, Subnet: 10, Lifetime: 3600, Seen: start}, 1: {N: 1, Subnet: 10, Lifetime: 3600, Seen: start}})
	write(t, db, IPv4, map[int]row{1: {N: 1, Subnet: 10, Lifetime: 3600, Seen: start, Client: 7}})
	got, err := db.Inspect(t.Context())
	exec(t, db, "delete from lease4")
	exec(t, db, "alter table lease4 add constraint lease4_pkey primary key (address)")
	if err != nil || got.IPv4.Duplicates != 1 || got.IPv4.Rows != 3 || got.IPv6.Duplicates != 0 {
		t.Errorf("got %+v, %v", got.IPv4, err)
	}
}

func TestInspectWithoutSchema(t *testing.T) {
	db := connect(t, target(t))
	exec(t, db, "set search_path = pg_catalog")
	if _, err := db.Inspect(t.Context()); !errors.Is(err, ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
	exec(t, db, "set search_path to default")
	if _, err := db.Inspect(t.Context()); err != nil {
		t.Errorf("not usable after an error: %v", err)
	}
}

func TestAfter(t *testing.T) {
	db, _ := pair(t)
	start := now(t, db)
	leases := map[int]row{
		0: {N: 0, Subnet: 10, Lifetime: 3600, Seen: start - 5},
		1: {N: 1, Subnet: 10, Lifetime: 3600, Seen: start - 600},           // at that moment, not after it
		2: {N: 2, Subnet: 10, State: 2, Lifetime: 3600, Seen: start - 5},   // reclaimed
		3: {N: 3, Subnet: 10, Lifetime: 60, Seen: start - 500},             // expired
		4: {N: 4, Subnet: 20, Lifetime: Infinite, Seen: start - 599},       // never ends
		5: {N: 5, Subnet: 20, State: 1, Lifetime: 86400, Seen: start - 99}, // declined
	}
	write(t, db, IPv4, leases)
	write(t, db, IPv6, leases)
	got, err := db.After(t.Context(), time.Unix(start-600, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := []AfterCount{{IPv4, 10, 1}, {IPv4, 20, 2}, {IPv6, 10, 1}, {IPv6, 20, 2}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
