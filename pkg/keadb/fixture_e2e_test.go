//go:build e2e

package keadb

import (
	"context"
	"strings"
	"testing"
)

// The leases of the tests, in subnets that no configuration has, named by what is special about them. Of the first
// address of each row follow the rest.
const (
	fixtureSubnet = 4294967200

	fixture4 = `insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state, user_context) values
	(3325256705, '\x02005e000001', '\x0102005e000001', 3600, now() + interval '1800 s', 4294967200, true, false, 'alpha.example.org', 0, '{"a": 1}'),
	(3325256706, '\x02005e000002', null, 3600, now() - interval '60 s', 4294967200, false, false, 'beta.example.org', 0, null),
	(3325256707, '\x', '\x', 86400, now() + interval '86000 s', 4294967200, false, false, '', 1, null),
	(3325256708, '\x02005e000004', '\x00', 3600, now() - interval '90 s', 4294967200, false, false, 'Delta.example.org', 2, null),
	(3325256709, '\x02005effff05', '\xff', 4294967295, date_trunc('second', now()) - interval '1 day', 4294967201, false, false, 'forever', 0, null),
	(3325256710, '\x03ffffffffff', '\x01', 7200, now() + interval '60 s', 4294967201, false, false, E'\x1b[31m50%_\\\u202e', 0, null),
	(3325256711, null, null, 600, now() + interval '600 s', 4294967202, null, null, null, 0, null),
	(3325256712, '\x02005e000001', '\x0102005e000001', 3600, now() + interval '3599 s', 4294967202, false, true, repeat('x', 255), 0, null)`

	fixture6 = `insert into lease6 (address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, fqdn_fwd, fqdn_rev, hostname, state, hwaddr) values
	('2001:db8:ffff::2', '\x00030001aa01', 3600, now() + interval '1800 s', 4294967200, 1800, 0, -1, 128, true, true, 'six.example.org', 0, '\x02005e000001'),
	('2001:db8:ffff::10', '\x00030001aa02', 4294967295, date_trunc('second', now()) - interval '2 days', 4294967200, 4294967295, 0, -2147483648, 128, false, false, '', 0, '\x'),
	('2001:db8:ffff:1::', '\x000000', 3600, now() + interval '300 s', 4294967201, 0, 1, 7, 128, false, false, '', 1, null),
	('2001:db8:ffff:8000::', '\x00030001aa01', 3600, now() + interval '3600 s', 4294967201, 1800, 2, 8, 50, false, false, 'pd', 0, null)`
)

// fixture fills the lease tables of a scratch database, with Kea's triggers, for one test.
func fixture(t *testing.T) *DB {
	t.Helper()
	db := scratch(t)
	empty := func() {
		for _, sql := range []string{"delete from lease4 where address between 3325256704 and 3325256959", "delete from lease6 where subnet_id between 4294967200 and 4294967202"} {
			if _, err := db.conn.Exec(context.Background(), sql); err != nil {
				t.Error(err)
			}
		}
	}
	empty()
	exec(t, db, fixture4)
	exec(t, db, fixture6)
	// The connection that is tested makes nothing of its own.
	t.Cleanup(empty)
	return connect(t, target(t))
}

// scratch connects to a database that may be written to as one likes.
func scratch(t *testing.T) *DB {
	t.Helper()
	target := target(t)
	if !strings.HasPrefix(target.Database, "scratch_") {
		t.Fatal("the database's name does not begin with scratch_")
	}
	db, err := Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	return db
}
