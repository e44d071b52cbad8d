//go:build e2e

package keadb

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// target is the database of KEADB_TEST_DSN, as postgres://USER:PASSWORD@HOST:PORT/DATABASE: one with Kea's schema whose
// lease tables may be written to, with the role that owns them. KEADB_TEST_CA names a CA certificate's file; with it
// the connection is verified for KEADB_TEST_SERVERNAME.
func target(t testing.TB) Target {
	t.Helper()
	u, err := url.Parse(os.Getenv("KEADB_TEST_DSN"))
	if err != nil || u.Host == "" {
		t.Fatal("KEADB_TEST_DSN does not name a database")
	}
	port, _ := strconv.Atoi(u.Port())
	password, _ := u.User.Password()
	target := Target{
		Host: u.Hostname(), Port: port, Database: strings.TrimPrefix(u.Path, "/"), User: u.User.Username(),
		Password: func() string { return password },
	}
	if ca := os.Getenv("KEADB_TEST_CA"); ca != "" {
		pem, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		if target.TLS, err = VerifyFull(pem, os.Getenv("KEADB_TEST_SERVERNAME")); err != nil {
			t.Fatal(err)
		}
	}
	return target
}

func connect(t testing.TB, target Target) *DB {
	t.Helper()
	db, err := Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	return db
}

// exec prepares what a test needs, past the package's own functions.
func exec(t testing.TB, db *DB, sql string) {
	t.Helper()
	if _, err := db.conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

// flights counts how often a connection turned from writing to reading.
type flights struct {
	net.Conn
	wrote atomic.Bool
	n     *atomic.Int32
}

func (f *flights) Write(b []byte) (int, error) {
	f.wrote.Store(true)
	return f.Conn.Write(b)
}

func (f *flights) Read(b []byte) (int, error) {
	if f.wrote.Swap(false) {
		f.n.Add(1)
	}
	return f.Conn.Read(b)
}

func TestHealth(t *testing.T) {
	var n atomic.Int32
	target := target(t)
	target.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return &flights{Conn: c, n: &n}, err
	}
	db, other := connect(t, target), connect(t, target)
	exec(t, other, "select 1")
	n.Store(0)
	h, err := db.Health(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Load(); got != 1 {
		t.Errorf("took %d round trips", got)
	}
	if h.Schema == nil || h.Schema.Version < 13 || h.InRecovery || h.ReadOnly || h.SizeBytes < 1<<20 || h.MaxConnections < 10 ||
		h.ServerVersion < 130000 || h.Backends < 2 || time.Since(h.Now).Abs() > time.Minute || h.Started.After(h.Now) {
		t.Errorf("got %+v", h)
	}
	var ours []Session // the server may still be about to end one of an earlier test
	for _, s := range h.Sessions {
		if s.ApplicationName == ApplicationName && !s.Hidden && s.PID == int(other.conn.PgConn().PID()) {
			ours = append(ours, s)
		}
	}
	if len(ours) != 1 || ours[0].User != target.User || ours[0].State != "idle" || !ours[0].ClientAddr.IsValid() || ours[0].BackendStart.IsZero() {
		t.Errorf("the other session is %+v", ours)
	}
}

// TestHealthWithoutSchema looks at a search path on which nothing of Kea's is.
func TestHealthWithoutSchema(t *testing.T) {
	db := connect(t, target(t))
	exec(t, db, "set search_path = pg_catalog")
	h, err := db.Health(t.Context())
	if err != nil || h.Schema != nil || h.MaxConnections == 0 {
		t.Errorf("got %+v, %v", h, err)
	}
	if _, err := db.LeaseCounts(t.Context(), IPv4); !errors.Is(err, ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
	if err := db.WriteProbe(t.Context()); !errors.Is(err, ErrNoSchema) {
		t.Errorf("got %v, want ErrNoSchema", err)
	}
	if h, err = db.Health(t.Context()); err != nil || h.Schema != nil {
		t.Errorf("the connection is not usable after an error: %+v, %v", h, err)
	}
}

func TestRefused(t *testing.T) {
	tests := map[string]struct {
		change func(*Target)
		want   error
	}{
		"wrong password": {func(t *Target) { t.Password = func() string { return "pw-wrong" } }, ErrAuth},
		"no password":    {func(t *Target) { t.Password = nil }, ErrAuth},
		"no such role":   {func(t *Target) { t.User = "no-such-role" }, ErrAuth},
		"no database":    {func(t *Target) { t.Database = "no-such-database" }, ErrNoDatabase},
		"nobody there":   {func(t *Target) { t.Port = 1 }, ErrUnreachable},
	}
	if target(t).TLS != nil {
		tests["another name"] = struct {
			change func(*Target)
			want   error
		}{func(t *Target) { t.TLS.ServerName = "another" }, ErrTLS}
		tests["another CA"] = struct {
			change func(*Target)
			want   error
		}{func(t *Target) { t.TLS.RootCAs = nil }, ErrTLS}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			target := target(t)
			tt.change(&target)
			_, err := Connect(t.Context(), target)
			if !errors.Is(err, tt.want) || strings.Contains(err.Error(), "pw-wrong") {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			t.Log(err)
		})
	}
}

// TestLeaseCounts writes leases of subnets that no real configuration has, in a transaction that it rolls back.
func TestLeaseCounts(t *testing.T) {
	db := connect(t, target(t))
	exec(t, db, "begin")
	exec(t, db, `insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, hostname, state)
		select 3405803776 + n, '\x0200', '\x', 3600, now(), 4294967290 + n % 2, '', case n when 5 then 1 when 6 then 2 else 0 end from generate_series(1, 7) n`)
	exec(t, db, `insert into lease6 (address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, hostname, state)
		select ('2001:db8::' || n)::inet, '\x00', 3600, now(), 4294967290, 3600, case when n > 4 then 2 else 0 end, n, case when n > 4 then 56 else 128 end, '',
		case n when 4 then 1 else 0 end from generate_series(1, 6) n`)
	defer exec(t, db, "rollback")
	for family, want := range map[Family][]LeaseCount{
		IPv4: {{SubnetID: 4294967290, Assigned: 2}, {SubnetID: 4294967291, Assigned: 3, Declined: 1}},
		IPv6: {{SubnetID: 4294967290, Assigned: 3, Declined: 1, Prefixes: 2}},
	} {
		all, err := db.LeaseCounts(t.Context(), family)
		if err != nil {
			t.Fatal(err)
		}
		var got []LeaseCount
		for _, c := range all {
			if c.SubnetID >= 4294967290 {
				got = append(got, c)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("IPv%d: %s", family, diff)
		}
	}
}

func TestWriteProbe(t *testing.T) {
	db := connect(t, target(t))
	if err := db.WriteProbe(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, db, "set default_transaction_read_only = on")
	if err := db.WriteProbe(t.Context()); !errors.Is(err, ErrReadOnly) {
		t.Errorf("got %v, want ErrReadOnly", err)
	}
	if h, err := db.Health(t.Context()); err != nil || !h.ReadOnly || h.InRecovery {
		t.Errorf("got %+v, %v", h, err)
	}
	exec(t, db, "set default_transaction_read_only = off")

	other := connect(t, target(t))
	exec(t, other, "begin")
	exec(t, other, "lock table lease4 in share row exclusive mode")
	if err := db.WriteProbe(t.Context()); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	exec(t, other, "rollback")
	if err := db.WriteProbe(t.Context()); err != nil {
		t.Errorf("not usable after an error: %v", err)
	}
}

func TestTerminated(t *testing.T) {
	db, other := connect(t, target(t)), connect(t, target(t))
	exec(t, other, "select pg_terminate_backend("+strconv.Itoa(int(db.conn.PgConn().PID()))+")")
	time.Sleep(100 * time.Millisecond)
	if _, err := db.Health(t.Context()); !errors.Is(err, ErrTerminated) && !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	} else {
		t.Log(err)
	}
	if _, err := db.Health(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}

func TestDeadline(t *testing.T) {
	db, other := connect(t, target(t)), connect(t, target(t))
	exec(t, other, "begin")
	exec(t, other, "lock table lease4_stat in access exclusive mode")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := db.LeaseCounts(ctx, IPv4); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
	exec(t, other, "rollback")
}
