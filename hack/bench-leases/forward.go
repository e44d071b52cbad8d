package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// copySQL is what somebody would type to get the columns of our export by hand.
const copySQL = `\copy (select 'dhcp4' as service, 'V4' as type, host('0.0.0.0'::inet + address) as address, null as prefix_length, vlan, vlan_name, subnet_id, subnet,
 encode(hwaddr, 'hex')::macaddr::text as hw_address, regexp_replace(encode(client_id, 'hex'), '(..)(?=.)', '\1:', 'g') as client_id, null as duid, null as iaid, nullif(hostname, '') as hostname,
 case when state = 0 and expire > now() then 'active' when state = 0 then 'expired' when state = 1 then 'declined' else 'reclaimed' end as state, valid_lifetime,
 to_char(expire at time zone 'utc' - valid_lifetime * interval '1 s', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as cltt, to_char(expire at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as expires, nullif(user_context, '') as user_context
 from lease4 join (select 200 + n as id, 200 + n as vlan, 'floor' || lpad(n::text, 2, '0') as vlan_name, '10.' || 200 + n || '.0.0/16' as subnet from generate_series(1, 50) n) v on v.id = subnet_id) to pstdout csv header`

// rawSQL is the table as it is, which no person could read.
const rawSQL = `\copy lease4 to pstdout csv header`

// byHand does what our export does with kubectl port-forward and psql, and writes its rows to w.
func (b *bench) byHand(ctx context.Context, sql string, w io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	forward := exec.CommandContext(ctx, b.kubectl, "-n", b.namespace, "port-forward", "pod/"+b.primary, ":5432")
	out, err := forward.StdoutPipe()
	if err != nil {
		return err
	}
	if err := forward.Start(); err != nil {
		return err
	}
	defer func() {
		cancel()
		_ = forward.Wait()
	}()
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	port := regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindStringSubmatch(first)
	if port == nil {
		return fmt.Errorf("kubectl port-forward said %q, %w", first, errors.Join(err, errors.New("not a port")))
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	c := exec.CommandContext(ctx, "psql", "-h", "127.0.0.1", "-p", port[1], "-U", "kea", "-d", "kea", "-q", "-v", "ON_ERROR_STOP=1", "-c", strings.ReplaceAll(sql, "\n", " "))
	c.Env = append(os.Environ(), "PGPASSWORD="+b.password)
	c.Stdout = w
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("psql: %w: %s", err, stderr.String())
	}
	return nil
}

// login reads Kea's own password, for psql.
func (b *bench) login(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, b.kubectl, "-n", b.namespace, "get", "secret", "kea-db-credentials", "-o", "jsonpath={.data.password}").Output()
	if err != nil {
		return said(err)
	}
	password, err := base64.StdEncoding.DecodeString(string(out))
	b.password = string(password)
	return err
}

// said adds to a program's error the last line of what it said.
func said(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n")
		return fmt.Errorf("%w: %s", err, lines[len(lines)-1])
	}
	return err
}
