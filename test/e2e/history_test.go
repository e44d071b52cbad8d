//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// keptHistory has campus keep a history until the test ends.
func keptHistory(t *testing.T) {
	t.Helper()
	end := func() {
		if r := plugin(t, "leases", "history", "disable", "-n", "campus", "--drop", "--confirm=kea"); r.code != 0 {
			t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
		}
	}
	end()
	t.Cleanup(end)
	if r := plugin(t, "leases", "history", "enable", "-n", "campus", "--yes"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

func historyStates(t *testing.T) (leases.HistoryState, run) {
	t.Helper()
	r := plugin(t, "leases", "history", "status", "-n", "campus", "-o", "json")
	states := decode[leases.HistoryStates](t, r)
	if len(states.Databases) != 1 {
		t.Fatalf("%d databases\n%s", len(states.Databases), r.out)
	}
	return states.Databases[0], r
}

// The commands that turn a history on and off, and what status says when somebody took a trigger away.
func TestHistoryOnAndOff(t *testing.T) {
	claims(t, "campus")
	keptHistory(t)
	if r := plugin(t, "leases", "history", "enable", "-n", "campus", "--yes"); r.code != 0 || r.out != "nothing to do\n" {
		t.Errorf("the second time: exit %d\n%s%s", r.code, r.out, r.err)
	}
	first, r := historyStates(t)
	if r.code != 0 || !first.Kept || first.Keep != "30d" || first.Missed != 0 || first.Since.IsZero() {
		t.Errorf("exit %d, %+v", r.code, first)
	}
	psql(t, "campus", "campus-db", "kea", "drop trigger kea_history on lease6")
	until(t, "campus", "the missing trigger is seen", 10*time.Second, func(r status.Report) error { return has(r, "warning/history-incomplete") })
	if broken, r := historyStates(t); r.code != 3 || broken.Kept || !slices.Equal(broken.Missing, []string{"lease6"}) {
		t.Errorf("exit %d, %+v", r.code, broken)
	}
	if r := plugin(t, "leases", "--at", "1s ago", "-n", "campus"); r.code != 1 || !strings.Contains(r.err, "the trigger on lease6 is missing") || !strings.Contains(r.err, "history enable") {
		t.Errorf("--at with a gap: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "history", "enable", "-n", "campus", "--yes", "--keep", "7d"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if mended, _ := historyStates(t); !mended.Kept || !mended.Since.After(first.Since) || mended.Keep != "7d" {
		t.Errorf("%+v", mended)
	}

	// Old events go; the history begins later.
	psql(t, "campus", "campus-db", "kea", `insert into kea_history.lease_event (at, op, address, type, hwaddr, was_state, was_valid_lifetime, was_expire)
		select now() - interval '10 days' + n * interval '1 minute', 'D', '10.110.0.60', -1, '\x02aabbccddee', 0, 3600, now() from generate_series(1, 8000) n`)
	if r := plugin(t, "leases", "history", "02:aa:bb:cc:dd:ee", "-n", "campus", "-o", "json", "--limit", "3"); r.code != 0 || len(decode[leases.History](t, r).Events) != 3 {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "history", "prune", "-n", "campus", "--yes"); r.code != 0 || !strings.Contains(r.err, "4320 events deleted") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}

	if r := plugin(t, "leases", "history", "disable", "-n", "campus", "--yes"); r.code != 0 {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if off, r := historyStates(t); r.code != 0 || off.Enabled || off.Kept || off.Events == 0 {
		t.Errorf("exit %d, %+v", r.code, off)
	}
	until(t, "campus", "no history is nothing to warn of", 10*time.Second, func(r status.Report) error {
		if has(r, "warning/history-incomplete") == nil {
			return fmt.Errorf("%v", codes(r))
		}
		return nil
	})
}

// The read-only login sees the history, and cannot change it.
func TestHistoryForViewers(t *testing.T) {
	claims(t, "campus")
	keptHistory(t)
	lab(t, "load", "load-balancing", "-4", "-vlan", "120", "-rate", "5", "-duration", "2s", "-seed", fmt.Sprint(time.Now().Unix()))
	const who = "history-viewer"
	kubectl(t, "-n", "campus", "create", "rolebinding", "history-viewer", "--role=kea-viewer", "--user="+who)
	t.Cleanup(func() { kubectl(t, "-n", "campus", "delete", "rolebinding", "history-viewer") })
	if r := plugin(t, "--as", who, "leases", "history", "status", "-n", "campus"); r.code != 0 || !strings.Contains(r.out, ": on\n") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "--as", who, "leases", "history", "disable", "-n", "campus", "--yes"); r.code != 1 || !strings.Contains(r.err, "Kea's password could not be read") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// What was listed at a time is what --at shows of that time, after clients renewed, came and went.
func TestLeasesAtATime(t *testing.T) {
	claims(t, "campus")
	keptHistory(t)
	seed := time.Now().Unix()
	load := func(n int64) {
		lab(t, "load", "load-balancing", "-rate", "20", "-duration", "4s", "-clients", "40", "-seed", fmt.Sprint(seed+n))
	}
	load(0)
	type saved struct {
		at   time.Time
		rows string
	}
	var all []saved
	list := func(more ...string) string {
		t.Helper()
		r := plugin(t, append([]string{"leases", "-n", "campus", "-o", "csv", "--sort", "address", "--limit", "0"}, more...)...)
		if r.code != 0 {
			t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
		}
		return r.out
	}
	for n := range int64(3) {
		time.Sleep(1100 * time.Millisecond)
		rows := list()
		// Nothing happens meanwhile, so the second after is as good.
		time.Sleep(1100 * time.Millisecond)
		all = append(all, saved{time.Now().Add(-time.Second).Truncate(time.Second), rows})
		time.Sleep(1100 * time.Millisecond)
		psql(t, "campus", "campus-db", "kea", fmt.Sprintf(`delete from lease4 where address %% 7 = %d; delete from lease6 where iaid %% 5 = %[1]d;
			update lease4 set hostname = 'was-%[1]d' where address %% 11 = %[1]d`, n))
		load(n % 2)
	}
	for i, s := range all {
		if got := list("--at", s.at.UTC().Format(time.RFC3339)); got != s.rows {
			t.Errorf("moment %d, %s: %s", i, s.at, cmp.Diff(strings.Split(s.rows, "\n"), strings.Split(got, "\n")))
		}
		if n := strings.Count(s.rows, "\n"); n < 40 {
			t.Errorf("moment %d: only %d leases to compare", i, n)
		}
	}
	if r := plugin(t, "leases", "-n", "campus", "--at", "3d ago"); r.code != 1 || !strings.Contains(r.err, "its history of leases begins at") {
		t.Errorf("before the history: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// Somebody drops the history's table while clients come and go: no client notices.
func TestHistoryTableDroppedUnderLoad(t *testing.T) {
	keptHistory(t)
	rate := []string{"load-balancing", "-rate", "40", "-duration", "12s", "-clients", "0"} // a new client every time
	without := underLoad(t, func() {}, append(rate, "-seed", fmt.Sprint(time.Now().Unix()))...)
	dropped := underLoad(t, func() {
		time.Sleep(4 * time.Second)
		psql(t, "campus", "campus-db", "kea", "drop table kea_history.lease_event")
	}, append(rate, "-seed", fmt.Sprint(time.Now().Unix()+1))...)
	// A busy machine loses some either way; with every client barred from the fourth second on it would be most of them.
	if dropped.Lost > max(without.Lost, dropped.Started/20) || dropped.Naks > without.Naks || dropped.Started == 0 {
		t.Errorf("%+v; with the table there it was %+v", dropped, without)
	}
	t.Logf("%+v, before %+v", dropped, without)
	if missed := psql(t, "campus", "campus-db", "kea", "select last_value > 50 from kea_history.missed"); missed != "t" {
		t.Error("the events that were missed are not counted")
	}
	until(t, "campus", "status tells", 10*time.Second, func(r status.Report) error { return has(r, "warning/history-incomplete") })
	if r := plugin(t, "leases", "history", "enable", "-n", "campus", "--yes"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if mended, _ := historyStates(t); !mended.Kept {
		t.Errorf("%+v", mended)
	}
	until(t, "campus", "status tells of the holes", 10*time.Second, func(r status.Report) error { return has(r, "info/history-missed-events") })
}

// Kea restarts, and its events go on.
func TestHistoryOverARestartOfKea(t *testing.T) {
	claims(t, "campus")
	keptHistory(t)
	for _, pod := range []string{"kea-0", "kea-1"} {
		kubectl(t, "-n", "campus", "exec", pod, "-c", "dhcp4", "--", "sh", "-c", "kill $(pidof kea-dhcp4)")
	}
	restored(t, "campus")
	before, _ := historyStates(t)
	lab(t, "load", "load-balancing", "-4", "-rate", "10", "-duration", "3s", "-seed", fmt.Sprint(time.Now().Unix()))
	if after, _ := historyStates(t); after.Events < before.Events+20 || after.Missed != 0 || !after.Kept {
		t.Errorf("%d events, then %d, %d missed", before.Events, after.Events, after.Missed)
	}
}

// kea-admin db-upgrade runs from Kea 2.2's schema to 2.6's to 3.0's with the triggers in place, and every change of a lease
// is written before, between and after.
func TestHistoryOverUpgrades(t *testing.T) {
	claims(t, "campus", "network")
	const name = "scratch_e2e_upgrade"
	schemaDatabase(t, name, "2.2")
	address := forwarded(t, "network", primaryOf(t, "network", "kea-database"), 5432)
	connect := func() *keadb.DB { return connectAs(t, address, name) }
	password := kubectl(t, "-n", "network", "get", "secret", "kea-db-credentials", "-o", "go-template={{.data.password | base64decode}}")
	if _, err := connect().EnableHistory(t.Context(), 0, func(string) {}); err != nil {
		t.Fatal(err)
	}
	// One lease of each kind is changed in every schema, and one comes.
	psql(t, "network", "kea-database", name, `insert into lease6 (address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, fqdn_fwd, fqdn_rev, hostname, state)
		values ('2001:db8::1', '\x000102', 3600, '2030-01-01', 1, 1800, 0, 1, 128, false, false, '', 0), ('2001:db8:1::', '\x000102', 3600, '2030-01-01', 1, 1800, 2, 2, 56, false, false, '', 0)`)
	change := func(n int) {
		t.Helper()
		psql(t, "network", "kea-database", name, fmt.Sprintf(`insert into lease4 (address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state) values (%d, '\x0200', '\x', 3600, '2030-01-01', 1, false, false, '', 0)`, 167772160+n))
		psql(t, "network", "kea-database", name, "update lease4 set expire = expire + interval '1 hour'; update lease6 set expire = expire + interval '1 hour'")
	}
	wantEvents := func(version string, want int, outdated bool) {
		t.Helper()
		h, err := connect().History(t.Context())
		if err != nil || !h.Complete() || h.Missed != 0 || int(h.Events) != want || h.Outdated != outdated {
			t.Errorf("Kea %s: %+v, %v; want %d events", version, h, err, want)
		}
	}
	upgrade := func(namespace, pod, version string) {
		t.Helper()
		out, err := tryKubectl("-n", namespace, "exec", pod, "-c", "dhcp4", "--", "env", "-u", "PGSERVICE", "-u", "PGSERVICEFILE", "-u", "PGSSLROOTCERT", "PGSSLMODE=require", "KEA_ADMIN_DB_PASSWORD="+password,
			"kea-admin", "db-upgrade", "pgsql", "-h", "kea-database.network.svc", "-u", "kea", "-n", name)
		if err != nil || !strings.Contains(out, "reported after upgrade: "+version) {
			t.Fatalf("upgrade to %s: %v\n%s", version, err, out)
		}
	}
	events := 2
	for n, step := range []func(){
		func() {},
		func() { upgrade("network", "kea-dhcp-0", "22.2") },
		func() { upgrade("campus", "kea-0", "29.0") },
	} {
		step()
		change(n)
		events += 1 + (n + 1) + 2                // one lease came, and all of both tables were renewed
		wantEvents(schemas()[n], events, n == 1) // from 22.2 on all columns are there
		if n == 1 {
			if did, err := connect().EnableHistory(t.Context(), 0, func(string) {}); err != nil || len(did) != 1 {
				t.Errorf("bringing it up to date did %v, %v", did, err)
			}
			wantEvents(schemas()[n], events, false)
		}
	}
}

// auditEnabled has install keep a history, a second install changes nothing of it, and the nightly maintenance ends what is
// too old. A file that does not ask for a history any more leaves it as it is.
func TestInstallKeepsHistory(t *testing.T) {
	claims(t, small)
	t.Cleanup(func() { _, _ = tryKubectl("delete", "namespace", small, "--timeout=2m") })
	file := changed(t, "  database:\n", "  database:\n    auditEnabled: true\n    auditRetention: 7d\n")
	r := install(t, file, "--create-namespace")
	if !strings.Contains(r.err, "history of leases: tables and functions made, events are kept for 7 days, triggers at work") {
		t.Errorf("%s%s", r.out, r.err)
	}
	state := func() leases.HistoryState {
		t.Helper()
		return decode[leases.HistoryStates](t, plugin(t, "leases", "history", "status", "-n", small, "-o", "json")).Databases[0]
	}
	first := state()
	if !first.Kept || first.Keep != "7d" {
		t.Errorf("%+v", first)
	}
	r = install(t, file)
	if !strings.Contains(r.out, "nothing to change") || !strings.Contains(r.err, "it is as it should be") {
		t.Errorf("%s%s", r.out, r.err)
	}
	if again := state(); !again.Since.Equal(first.Since) {
		t.Errorf("complete since %s, then %s", first.Since, again.Since)
	}

	psql(t, small, "kea-database", "kea", `insert into kea_history.lease_event (at, op, address, type, hwaddr, was_state, was_valid_lifetime, was_expire)
		select now() - interval '10 days' + n * interval '1 minute', 'D', '10.70.0.60', -1, '\x02aabbccddee', 0, 3600, now() from generate_series(1, 12000) n`)
	kubectl(t, "-n", small, "create", "job", "tonight", "--from=cronjob/kea-dhcp-maintenance")
	kubectl(t, "-n", small, "wait", "--for=condition=Complete", "job/tonight", "--timeout=2m")
	if left := psql(t, small, "kea-database", "kea", "select count(*) from kea_history.lease_event where hwaddr = '\\x02aabbccddee'"); left != "7680" && left != "7681" {
		t.Errorf("%s events are left", left)
	}

	psql(t, small, "kea-database", "kea", "alter table lease4 disable trigger kea_history")
	r = plugin(t, "install", "-f", file, "--dry-run=server")
	if r.code != 0 || !strings.Contains(r.out, "the trigger on lease4 is missing") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	install(t, file)
	if !state().Kept {
		t.Error("it was not mended")
	}
	install(t, smallFile())
	if !state().Kept {
		t.Error("a file that does not ask for a history ended it")
	}
}

// clientScript is a DHCP client behind a relay: it gets three leases, renews and releases one, declines another, and lets
// the third run out.
const clientScript = `
import os, random, socket, struct, sys, time
server, relay = sys.argv[1], sys.argv[2]
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((relay, 67)); s.settimeout(3)
def option(code, value): return bytes([code, len(value)]) + value
def ask(kind, mac, options=b"", ciaddr="0.0.0.0", answer=True):
    xid = random.getrandbits(32)
    s.sendto(struct.pack("!BBBBIHH", 1, 1, 6, 1, xid, 0, 0) + socket.inet_aton(ciaddr) + bytes(8) + socket.inet_aton(relay) + mac + bytes(202) +
        bytes([0x63, 0x82, 0x53, 0x63]) + option(53, bytes([kind])) + option(61, b"\1" + mac) + options + b"\xff", (server, 67))
    while answer:
        d = s.recv(4096)
        if struct.unpack("!I", d[4:8])[0] == xid:
            o, i, found = d[240:], 0, {}
            while o[i] != 255:
                if o[i]: found[o[i]] = o[i+2:i+2+o[i+1]]; i += 1 + o[i+1]
                i += 1
            assert found[53] in (b"\2", b"\5"), found
            return d[16:20], found[54]
def lease(mac):
    address, server_id = ask(1, mac)
    return ask(3, mac, option(50, address) + option(54, server_id))
macs = [bytes([2, 0xe2, 0xe0, 0, 0, n]) for n in range(3)]
held = [lease(m) for m in macs]
time.sleep(3)
a = socket.inet_ntoa(held[0][0])
ask(3, macs[0], ciaddr=a)
time.sleep(1)
ask(7, macs[0], option(54, held[0][1]), ciaddr=a, answer=False)
ask(4, macs[1], option(50, held[1][0]) + option(54, held[1][1]), answer=False)
time.sleep(1)
for address, _ in held: print(socket.inet_ntoa(address))
`

// Real servers of both generations write what real clients do, and every event is told in order.
func TestHistoryOfRealClients(t *testing.T) {
	claims(t, "network")
	for _, version := range []string{"2.6", "3.0"} {
		t.Run(version, func(t *testing.T) {
			short := strings.ReplaceAll(version, ".", "")
			name := "scratch_e2e_clients" + short
			schemaDatabase(t, name, version)
			address := forwarded(t, "network", primaryOf(t, "network", "kea-database"), 5432)
			db := connectAs(t, address, name)
			if _, err := db.EnableHistory(t.Context(), 0, func(string) {}); err != nil {
				t.Fatal(err)
			}
			server, client := keaPod(t, "history-server-"+short, version), keaPod(t, "history-client-"+short, version)
			startKea(t, "history-server-"+short, version, name, client)
			script := exec.Command(world.kubectl, "-n", "network", "exec", "-i", "history-client-"+short, "--", "python3", "-", server, client)
			script.Stdin = strings.NewReader(clientScript)
			out, err := script.CombinedOutput()
			held := strings.Fields(string(out))
			if err != nil || len(held) != 3 {
				t.Fatalf("%v\n%s\n%s", err, out, kubectl(t, "-n", "network", "exec", "history-server-"+short, "--", "cat", "/tmp/kea.log"))
			}
			want := map[string]string{
				held[0]: "granted renewed released cleaned",
				held[1]: "granted declined recovered",
				held[2]: "granted expired cleaned",
			}
			deadline := time.Now().Add(40 * time.Second)
			for {
				got := map[string]string{}
				err := leases.EachEvent(t.Context(), db, keadb.EventFilter{}, func(e *leases.Event) error {
					got[e.Lease.Resource()] = strings.TrimSpace(got[e.Lease.Resource()] + " " + string(e.Kind))
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				for a := range got { // rows that are cleaned away in one step or in two
					got[a] = strings.ReplaceAll(got[a], "cleaned cleaned", "cleaned")
				}
				diff := cmp.Diff(want, got)
				if diff == "" {
					return
				}
				if time.Now().After(deadline) {
					t.Fatal(diff)
				}
				time.Sleep(time.Second)
			}
		})
	}
}

// connectAs logs in to a scratch database as Kea's role.
func connectAs(t *testing.T, address, name string) *keadb.DB {
	t.Helper()
	dsn, err := url.Parse(keaDSN(t, address, name))
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscan(dsn.Port(), &port); err != nil {
		t.Fatal(err)
	}
	verify, err := keadb.VerifyFull([]byte(kubectl(t, "-n", "network", "get", "secret", "kea-db-ca", "-o", `go-template={{index .data "ca.crt" | base64decode}}`)), "kea-database")
	if err != nil {
		t.Fatal(err)
	}
	db, err := keadb.Connect(t.Context(), keadb.Target{
		Host: "127.0.0.1", Port: port, Database: name, User: "kea", TLS: verify,
		Password: func() string { p, _ := dsn.User.Password(); return p },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.WithoutCancel(t.Context())) })
	return db
}

// keaPod makes a pod with Kea's programs that runs none of them, and returns its address.
func keaPod(t *testing.T, name, version string) string {
	t.Helper()
	pod := map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"terminationGracePeriodSeconds": 1, "containers": []any{map[string]any{
			"name": "kea", "image": "docker.io/kealab/kea:" + version, "imagePullPolicy": "Never",
			"command": []any{"sh", "-c", "mkdir -p /run/kea && chmod 750 /run/kea && sleep 600"}, "securityContext": map[string]any{"runAsUser": 0},
		}}},
	}
	text, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "pod.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	remove := func() {
		_, _ = tryKubectl("-n", "network", "delete", "pod", name, "--ignore-not-found", "--grace-period=1")
	}
	remove()
	t.Cleanup(remove)
	kubectl(t, "-n", "network", "apply", "-f", file)
	kubectl(t, "-n", "network", "wait", "--for=condition=Ready", "pod/"+name, "--timeout=60s")
	return kubectl(t, "-n", "network", "get", "pod", name, "-o", "jsonpath={.status.podIP}")
}

// startKea runs a DHCPv4 server in a pod, whose leases last some seconds and stand in a scratch database.
func startKea(t *testing.T, pod, version, database, relay string) {
	t.Helper()
	hooks := []any{}
	if version != "2.6" {
		hooks = append(hooks, map[string]any{"library": "/usr/lib/x86_64-linux-gnu/kea/hooks/libdhcp_pgsql.so"})
	}
	password := kubectl(t, "-n", "network", "get", "secret", "kea-db-credentials", "-o", "go-template={{.data.password | base64decode}}")
	config := map[string]any{"Dhcp4": map[string]any{
		"interfaces-config": map[string]any{"interfaces": []any{"eth0"}, "dhcp-socket-type": "udp"},
		"hooks-libraries":   hooks,
		"lease-database":    map[string]any{"type": "postgresql", "host": "kea-database", "name": database, "user": "kea", "password": password},
		"valid-lifetime":    8, "renew-timer": 2, "rebind-timer": 4, "decline-probation-period": 6,
		"expired-leases-processing": map[string]any{"reclaim-timer-wait-time": 2, "hold-reclaimed-time": 4, "flush-reclaimed-timer-wait-time": 2},
		"subnet4": []any{map[string]any{
			"id": 1, "subnet": "192.0.2.0/24", "pools": []any{map[string]any{"pool": "192.0.2.10-192.0.2.200"}}, "relay": map[string]any{"ip-addresses": []any{relay}},
		}},
	}}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	put := exec.Command(world.kubectl, "-n", "network", "exec", "-i", pod, "--", "sh", "-c", "cat >/tmp/kea.conf; kea-dhcp4 -c /tmp/kea.conf >/tmp/kea.log 2>&1 & sleep 3")
	put.Stdin = strings.NewReader(string(text))
	if out, err := put.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
