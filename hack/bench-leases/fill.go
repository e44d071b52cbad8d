package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// fillSQL makes the leases of clients that are all different, spread over the subnets 201 to 250 and over a day. The
// triggers are off meanwhile, with them on it takes hours; the counters are put right afterwards, as kea-admin does. None of
// them ends within two hours, so that two exports of one run are of the same leases.
const fillSQL = `begin;
alter table lease4 disable trigger user;
truncate lease4, lease4_stat, lease4_pool_stat;
insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state)
select ('10.' || 201 + n %% 50 || '.1.0')::inet - '0.0.0.0'::inet + n / 50, decode('02' || lpad(to_hex(n), 10, '0'), 'hex'),
	decode('0102' || lpad(to_hex(n), 10, '0'), 'hex'), 86400, date_trunc('second', now()) + (n::bigint * 7919 %% 79000 + 7200) * interval '1 s',
	201 + n %% 50, true, true, 'client-' || n || '.floor' || lpad((n %% 50 + 1)::text, 2, '0') || '.example.org', 0
from generate_series(0, %d - 1) n;
insert into lease4_stat (subnet_id, state, leases) select subnet_id, state, count(*) from lease4 group by 1, 2;
insert into lease4_pool_stat (subnet_id, pool_id, state, leases) select subnet_id, pool_id, state, count(*) from lease4 group by 1, 2, 3;
alter table lease4 enable trigger user;
commit;`

// client is one of the leases that fillSQL makes.
type client struct{ address, mac, clientID, hostname, vlan string }

func clientOf(n int) client {
	host := n/50 + 1<<8
	mac := fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", n>>24&255, n>>16&255, n>>8&255, n&255)
	return client{
		address: fmt.Sprintf("10.%d.%d.%d", 201+n%50, host>>8, host&255), mac: mac, clientID: "01:" + mac,
		hostname: fmt.Sprintf("client-%d.floor%02d.example.org", n, n%50+1), vlan: strconv.Itoa(201 + n%50),
	}
}

// fill makes the leases unless there are as many already.
func (b *bench) fill(ctx context.Context) error {
	have, err := b.psql(ctx, "select count(*) from lease4")
	if err != nil {
		return fmt.Errorf("%w; is the scenario up? (make lab-up LAB_FLAGS=large)", err)
	}
	if have == strconv.Itoa(b.leases) {
		return nil
	}
	fmt.Fprintf(os.Stderr, "making %d leases in place of %s\n", b.leases, have)
	if _, err := b.psql(ctx, fmt.Sprintf(fillSQL, b.leases)); err != nil {
		return err
	}
	_, err = b.psql(ctx, "vacuum analyze lease4")
	return err
}

// psql runs a script inside the primary's pod, as postgres.
func (b *bench) psql(ctx context.Context, sql string) (string, error) {
	c := exec.CommandContext(ctx, b.kubectl, "-n", b.namespace, "exec", "-i", b.primary, "-c", "postgres", "--",
		"psql", "-U", "postgres", "-d", "kea", "-qAt", "-v", "ON_ERROR_STOP=1", "-f", "-")
	c.Stdin = strings.NewReader(sql)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(out)), nil
}
