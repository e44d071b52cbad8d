//go:build e2e

package e2e

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/probe"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// probed runs a probe and checks that it left nothing behind.
func probed(t *testing.T, namespace string, code int, more ...string) probe.Report {
	t.Helper()
	r := plugin(t, append([]string{"probe", "-n", namespace, "-o", "json"}, more...)...)
	if r.code != code {
		t.Fatalf("exit %d, want %d:\n%s%s", r.code, code, r.out, r.err)
	}
	noProbe(t, namespace, 10*time.Second)
	return decode[probe.Report](t, r)
}

// noProbe waits until nothing of a probe is left.
func noProbe(t *testing.T, namespace string, limit time.Duration) {
	t.Helper()
	for end := time.Now().Add(limit); ; time.Sleep(200 * time.Millisecond) {
		left := kubectl(t, "-n", namespace, "get", "jobs,pods", "-l", "kea.fos1.io/component=probe", "-o", "name")
		if left == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left after %s: %s", limit, left)
		}
	}
}

// probeLeases are the leases of probes in a database that still are in use, by the hardware address and the DUID of probes.
func probeLeases(t *testing.T, namespace string) []string {
	t.Helper()
	mac := hex.EncodeToString([]byte{2, 'K', 'E', 'A'})
	rows := psql(t, namespace, "kea-database", "kea", fmt.Sprintf(`select 'v4 ' || address from lease4 where encode(hwaddr,'hex') like '%s%%' and state = 0 and valid_lifetime > 0
		union all select 'v6 ' || address from lease6 where encode(duid,'hex') like '00030001%s%%' and state = 0 and valid_lifetime > 0`, mac, mac))
	return strings.Fields(rows)
}

// The serving server offers an address of every VLAN in both families, the standby is silent, and nothing is taken.
func TestProbeOffers(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	before := psql(t, "network", "kea-database", "kea", "select (select count(*) from lease4), (select count(*) from lease6)")
	r := probed(t, "network", 0)
	if len(r.Links) != 6 || r.Worst != "" || len(r.Problems) != 0 {
		t.Fatalf("%d links, %+v", len(r.Links), r.Problems)
	}
	for _, l := range r.Links {
		if len(l.Servers) != 2 || l.Clients != 1 || l.Answered != 1 {
			t.Fatalf("%s: %+v", l.Label(), l)
		}
		a, err := netip.ParseAddr(l.Servers[0].Address)
		if s := l.Servers[0]; err != nil || s.Outcome != probe.Offered || s.LeaseSeconds != 3600 || s.Milliseconds == nil || !netip.MustParsePrefix(l.Subnets[0]).Contains(a) {
			t.Errorf("%s: the primary: %+v", l.Label(), s)
		}
		if s := l.Servers[1]; s.Outcome != probe.Silent || s.Why != "standby" {
			t.Errorf("%s: the standby: %+v", l.Label(), s)
		}
	}
	if got := probeLeases(t, "network"); len(got) > 0 {
		t.Errorf("leases were taken: %v", got)
	}
	if after := psql(t, "network", "kea-database", "kea", "select (select count(*) from lease4), (select count(*) from lease6)"); after != before {
		t.Errorf("rows before %s, after %s", before, after)
	}
	text := plugin(t, "probe", "-n", "network", "--vlan", "users", "-4")
	if text.code != 0 || !strings.HasPrefix(text.out, "HEALTHY  namespace network: VLAN 10 (users) dhcp4 gets addresses\n") || strings.Count(text.out, "silent, standby") != 1 {
		t.Errorf("exit %d:\n%s", text.code, text.out)
	}
	if only := probed(t, "network", 0, "--server", "kea-dhcp-1"); only.Worst != "" || len(only.Links) != 6 || only.Links[0].Answered != 0 {
		t.Errorf("the standby alone: %+v", only)
	}
}

// A full probe takes a lease from the serving server on every network, and gives all of them back.
func TestProbeFull(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	r := probed(t, "network", 0, "--full")
	for _, l := range r.Links {
		if s := l.Servers[0]; s.Outcome != probe.Granted || !yes(s.Released) || s.AckMilliseconds == nil {
			t.Errorf("%s: %+v", l.Label(), s)
		}
	}
	if got := probeLeases(t, "network"); len(r.Links) != 6 || len(got) > 0 {
		t.Errorf("%d links, leases left: %v", len(r.Links), got)
	}
}

// What would disturb clients, or leaves something behind for a while, is tried on a stack of its own.
func TestProbeOfASmallStack(t *testing.T) {
	claims(t, small)
	withSmall(t)
	t.Run("dry run", testProbeDryRun)
	t.Run("killed", testProbeKilled)
	t.Run("without service", testProbeWithoutService)
}

// Nobody serves: the answer is bad, and says why.
func testProbeWithoutService(t *testing.T) {
	t.Cleanup(func() { smallServes(t) })
	t.Cleanup(func() { keaCommand(t, small, "kea-dhcp-0", "dhcp-enable", map[string]any{}) })
	keaCommand(t, small, "kea-dhcp-0", "dhcp-disable", map[string]any{"max-period": 60})
	r := probed(t, small, 3)
	codes := []string{}
	for _, p := range r.Problems {
		codes = append(codes, string(p.Severity)+"/"+p.Code)
	}
	if !slices.Equal(codes, []string{"critical/no-answer"}) || !strings.Contains(r.Problems[0].Text, "kea-dhcp-0/dhcp4 is disabled by a user") {
		t.Errorf("%+v", r.Problems)
	}
}

// withSmall has the small stack stand, and takes it down again where it did not.
func withSmall(t *testing.T) {
	t.Helper()
	if _, err := tryKubectl("get", "namespace", small); err != nil {
		t.Cleanup(func() { _, _ = tryKubectl("delete", "namespace", small, "--timeout=2m") })
	}
	install(t, smallFile(), "--create-namespace")
	smallServes(t)
}

func smallServes(t *testing.T) {
	t.Helper()
	until(t, small, "the small stack serves", time.Minute, func(r status.Report) error {
		if p := peer(r, "kea-dhcp-0/dhcp4"); !yes(p.Serves) || p.State != kea.StateHotStandby {
			return fmt.Errorf("%s, disabled %v", p.State, p.Disabled)
		}
		return nil
	})
}

// What a killed probe leaves is gone within its deadline.
func testProbeKilled(t *testing.T) {
	cmd := exec.Command(world.plugin, "probe", "-n", small, "--server", "kea-dhcp-1", "--wait", "5s")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if strings.Contains(kubectl(t, "-n", small, "get", "pods", "-l", "kea.fos1.io/component=probe", "-o", "jsonpath={.items[*].status.phase}"), "Running") {
			break
		}
		if time.Now().After(end) {
			t.Fatal("its pod does not run")
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	noProbe(t, small, 80*time.Second)
}

// The manifest can be had without anything being made.
func testProbeDryRun(t *testing.T) {
	for _, way := range []string{"client", "server"} {
		r := plugin(t, "probe", "-n", small, "--dry-run="+way, "-o", "yaml")
		if r.code != 0 || !strings.Contains(r.out, "generateName: kea-probe-") || !strings.Contains(r.out, "runAsNonRoot: true") {
			t.Errorf("%s: exit %d:\n%s%s", way, r.code, r.out, r.err)
		}
	}
	noProbe(t, small, 0)
}
