//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/clients"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// ward is a deployment whose database is restored.
type ward struct {
	namespace, scenario, deployment, service, cluster, database string
	pods                                                        []string // of Kea
}

func recoveryWard() ward {
	return ward{"recovery", "recovery", "kea-dhcp", "kea-database", "kea-database", "kea", []string{"kea-dhcp-0", "kea-dhcp-1"}}
}

func campusWard() ward {
	return ward{"campus", "load-balancing", "kea", "kea-database", "campus-db", "kea", []string{"kea-0", "kea-1"}}
}

// marks has a row written into a table of its own every 25 ms, each in a transaction of its own, until stop is called: what a
// restore to a moment has to hold to the row.
func (w ward) marks(t *testing.T, count int) (wait func()) {
	t.Helper()
	cluster := w.current(t)
	psql(t, w.namespace, cluster, w.database, "create table if not exists public.e2e_marks (n serial, at timestamptz not null default clock_timestamp())")
	done := make(chan string, 1)
	go func() {
		// Every statement of psql's own loop is a transaction: a DO block would be one for all.
		sql := strings.Repeat("insert into public.e2e_marks default values; select pg_sleep(0.025);\n", count)
		primary, err := tryKubectl("-n", w.namespace, "get", "clusters.postgresql.cnpg.io", cluster, "-o", "jsonpath={.status.currentPrimary}")
		if err != nil {
			done <- primary
			return
		}
		out, err := tryKubectl("-n", w.namespace, "exec", primary, "-c", "postgres", "--", "sh", "-c", "psql -XAtq -d "+w.database+" >/dev/null <<'EOF'\n"+sql+"EOF")
		if err == nil {
			out = ""
		}
		done <- out
	}()
	return func() {
		t.Helper()
		if out := <-done; out != "" {
			t.Fatalf("write marks: %s", out)
		}
	}
}

// up waits until there is a backup to restore from: a scenario that is fresh has only begun its first.
func (w ward) up(t *testing.T) {
	t.Helper()
	until(t, w.namespace, "it has a backup", 3*time.Minute, func(r status.Report) error {
		if b := r.Databases[0].Backups; b == nil || b.LastSuccessful == nil {
			return errors.New("no backup yet")
		}
		return healthy(r)
	})
}

// current is the cluster that the servers' Service leads to.
func (w ward) current(t *testing.T) string {
	t.Helper()
	return kubectl(t, "-n", w.namespace, "get", "service", w.service, "-o", "jsonpath={.spec.selector.cnpg\\.io/cluster}")
}

// clock is the database's.
func (w ward) clock(t *testing.T) time.Time {
	t.Helper()
	text := psql(t, w.namespace, w.current(t), w.database, "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// numbers are the rows of a query, one number each.
func (w ward) numbers(t *testing.T, cluster, sql string) []int {
	t.Helper()
	found := []int{}
	for line := range strings.Lines(psql(t, w.namespace, cluster, w.database, sql)) {
		n, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, n)
	}
	return found
}

// exact: a restored cluster holds the marks and the leases that were there at a moment, and none that came later.
func (w ward) exact(t *testing.T, live, restored string, at time.Time) {
	t.Helper()
	moment := at.UTC().Format("2006-01-02 15:04:05.999999") + "+00"
	want := w.numbers(t, live, "select n from public.e2e_marks where at <= '"+moment+"' order by n")
	got := w.numbers(t, restored, "select n from public.e2e_marks order by n")
	// A row's time is taken just before its commit: the last one before the target may have been committed after it.
	if len(want) == 0 || len(got) < len(want)-1 || len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
		t.Errorf("%s holds %d marks, %s had %d at %s", restored, len(got), live, len(want), moment)
	}
	leases := func(cluster, where string) string {
		return psql(t, w.namespace, cluster, w.database, `select count(*), coalesce(md5(string_agg(address::text || encode(hwaddr, 'hex'), ',' order by address)), '')
			from lease4 where extract(epoch from expire) - valid_lifetime `+where)
	}
	// A lease's time is in whole seconds and by the servers' clocks.
	before := fmt.Sprintf("< %d", at.Unix()-1)
	if a, b := leases(live, before), leases(restored, before); a != b {
		t.Errorf("leases from before the target: %s in %s, %s in %s", a, live, b, restored)
	}
	if n := psql(t, w.namespace, restored, w.database, fmt.Sprintf("select count(*) from lease4 where extract(epoch from expire) - valid_lifetime > %d", at.Unix()+1)); n != "0" {
		t.Errorf("%s leases in %s are newer than the target", n, restored)
	}
}

// keeps: every address that clients hold is theirs in the database in service.
func (w ward) keeps(t *testing.T, m clients.Seen) {
	t.Helper()
	cluster := w.current(t)
	has := map[string]string{}
	for line := range strings.Lines(psql(t, w.namespace, cluster, w.database, `select host('0.0.0.0'::inet + address) || ' ' || encode(hwaddr, 'hex') from lease4 where state = 0
		union all select host(address::inet) || ' ' || right(encode(duid, 'hex'), 12) from lease6 where state = 0 and lease_type = 0`)) {
		address, client, _ := strings.Cut(strings.TrimSpace(line), " ")
		has[address] = client
	}
	missing := 0
	for _, h := range m.Held {
		if client := strings.ReplaceAll(h.Client, ":", ""); has[h.Address] != client {
			missing++
			if missing <= 3 {
				t.Errorf("%s was given to %s; the database in service has %q", h.Address, h.Client, has[h.Address])
			}
		}
	}
	if len(m.Held) == 0 || missing > 0 {
		t.Errorf("%d of %d leases that clients hold are missing in %s", missing, len(m.Held), cluster)
	}
}

// newcomers are the flags of a load whose clients nobody has seen before.
func newcomers() []string {
	return []string{"-clients", "0", "-seed", strconv.FormatInt(time.Now().UnixNano()%1e9, 10), "-held"}
}

// load runs newcomers while something happens.
func (w ward) load(t *testing.T, rate int, duration time.Duration, during func()) clients.Seen {
	t.Helper()
	return underLoad(t, during, append([]string{w.scenario, "-rate", strconv.Itoa(rate), "-duration", duration.String()}, newcomers()...)...)
}

// loadAround is load for as long as something takes.
func (w ward) loadAround(t *testing.T, rate int, during func()) clients.Seen {
	t.Helper()
	return aroundLoad(t, during, append([]string{w.scenario, "-rate", strconv.Itoa(rate)}, newcomers()...)...)
}

// unharmed: clients saw a pause and nothing worse.
func unharmed(t *testing.T, what string, m clients.Seen) {
	t.Helper()
	t.Logf("%s: lost %d of %d, %d NAKs, %d duplicates, longest silence %.2f s", what, m.Lost, m.Started, m.Naks, m.Duplicates, m.Silence.Longest.Seconds())
	if m.Naks != 0 || m.Duplicates != 0 || m.Lost == m.Started {
		t.Errorf("%s: lost %d of %d, %d NAKs, %d duplicates", what, m.Lost, m.Started, m.Naks, m.Duplicates)
	}
}

// restoreTo restores, and must succeed.
func (w ward) restoreTo(t *testing.T, args ...string) restore.Report {
	t.Helper()
	r := plugin(t, append([]string{"restore", "-n", w.namespace, "--yes", "-o", "json"}, args...)...)
	if r.code != 0 {
		t.Fatalf("restore %v: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	var report restore.Report
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	t.Logf("restored %s in %.1f s", report.Name, report.Seconds)
	return report
}

// move cuts over or rolls back, and must succeed.
func (w ward) move(t *testing.T, direction, to string, more ...string) restore.MoveReport {
	t.Helper()
	r := plugin(t, append([]string{"restore", direction, to, "-n", w.namespace, "--confirm=" + to, "-o", "json"}, more...)...)
	if r.code != 0 {
		t.Fatalf("%s to %s: exit %d\n%s%s", direction, to, r.code, r.out, r.err)
	}
	var report restore.MoveReport
	if err := json.Unmarshal([]byte(r.out), &report); err != nil {
		t.Fatalf("%v\n%s", err, r.out)
	}
	t.Logf("%s to %s: a pause of %.2f s", direction, to, report.PauseSeconds)
	return report
}

// serves: the deployment is served from one cluster alone: the Service, the sessions and the servers' states say so, the other
// cluster is fenced, nothing is left unfinished.
func (w ward) serves(t *testing.T, from, former string) {
	t.Helper()
	restored(t, w.namespace)
	if got := w.current(t); got != from {
		t.Errorf("the service leads to %s, want %s", got, from)
	}
	if n := psql(t, w.namespace, from, w.database, "select count(distinct client_addr) from pg_stat_activity where usename = 'kea' and application_name <> 'kubectl-kea'"); n != "2" {
		t.Errorf("%s pods have sessions in %s, want 2", n, from)
	}
	if former != "" {
		fenced := kubectl(t, "-n", w.namespace, "get", "clusters.postgresql.cnpg.io", former, "-o", `jsonpath={.metadata.annotations.cnpg\.io/fencedInstances}`)
		if fenced != `["*"]` {
			t.Errorf("the former cluster %s is not fenced: %q", former, fenced)
		}
	}
	if out, err := tryKubectl("-n", w.namespace, "get", "lease", w.deployment+"-operation"); err == nil {
		t.Errorf("the lock is still there: %s", out)
	}
	if state := kubectl(t, "-n", w.namespace, "get", "service", w.service, "-o", `jsonpath={.metadata.annotations.kea\.fos1\.io/operation-state}`); state != "" {
		t.Errorf("an unfinished operation stands on the service: %s", state)
	}
}

// cleanUp removes a cluster that is not in service.
func (w ward) cleanUp(t *testing.T, name string) {
	t.Helper()
	r := plugin(t, "restore", "cleanup", name, "-n", w.namespace, "--confirm="+name)
	if r.code != 0 {
		t.Errorf("cleanup %s: exit %d\n%s%s", name, r.code, r.out, r.err)
	}
	if out, err := tryKubectl("-n", w.namespace, "get", "clusters.postgresql.cnpg.io", name); err == nil {
		t.Errorf("%s is still there: %s", name, out)
	}
}
