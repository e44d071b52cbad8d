//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// heartbeat is what the lab's servers are configured with.
const heartbeat = 2 * time.Second

// does runs an operation that has to succeed.
func does(t *testing.T, args ...string) run {
	t.Helper()
	r := plugin(t, append([]string{"ha"}, args...)...)
	if r.code != 0 {
		t.Fatalf("ha %v: exit %d\n%s%s", args, r.code, r.out, r.err)
	}
	return r
}

// refuses runs an operation that has to be refused, with a reason and the command that helps.
func refuses(t *testing.T, reason, hint string, args ...string) {
	t.Helper()
	r := plugin(t, append([]string{"ha"}, args...)...)
	if r.code != 1 || !strings.Contains(r.out, reason) || !strings.HasSuffix(strings.TrimSpace(r.err), "hint: "+hint) {
		t.Errorf("ha %v: exit %d, want the reason %q and the hint %q\n%s%s", args, r.code, reason, hint, r.out, r.err)
	}
}

// states compares the states of a pair's servers of one family, and sees that nothing is left unfinished.
func states(t *testing.T, namespace, family, first, second string, want ...kea.HAState) {
	t.Helper()
	r := look(t, namespace)
	for i, pod := range []string{first, second} {
		if p := peer(r, pod+"/"+family); p.State != want[i] {
			t.Errorf("%s is %s, want %s", p.Server, p.State, want[i])
		}
	}
	if len(r.Operations) != 0 {
		t.Errorf("unfinished: %+v", r.Operations)
	}
}

// The serving peer is taken out of service and back while clients ask: its partner takes over without a pause that counts, and
// the way back costs a heartbeat at most. What that comes to is printed.
func TestMaintenanceOfTheServingPeer(t *testing.T) {
	restored(t, "network")
	t.Cleanup(func() { restored(t, "network") })
	const server = "kea-dhcp-0/dhcp4"
	under := func(what string, limit time.Duration, args ...string) {
		m := aroundLoad(t, func() { does(t, args...) }, "hot-standby", "-4", "-rate", "25")
		t.Logf("%s: lost %d of %d, longest silence %.2f s (heartbeat %s)", what, m.Lost, m.Started, m.Silence.Longest.Seconds(), heartbeat)
		if m.Naks != 0 || m.Duplicates != 0 || m.Silence.Longest > limit {
			t.Errorf("%s: %d NAKs, %d duplicates, longest silence %s, want at most %s", what, m.Naks, m.Duplicates, m.Silence.Longest, limit)
		}
	}
	under("takeover", time.Second, "maintenance", "start", server, "-n", "network", "--yes")
	states(t, "network", "dhcp4", "kea-dhcp-0", "kea-dhcp-1", kea.StateInMaintenance, kea.StatePartnerInMaintenance)
	states(t, "network", "dhcp6", "kea-dhcp-0", "kea-dhcp-1", kea.StateHotStandby, kea.StateHotStandby)
	if r := does(t, "maintenance", "start", server, "-n", "network", "--yes"); !strings.Contains(r.out, "done     it is in maintenance") || r.err != "" {
		t.Errorf("a second time:\n%s%s", r.out, r.err)
	}
	if p := find(look(t, "network"), "warning/in-maintenance"); p.Next != "kubectl kea ha maintenance cancel kea-dhcp-0/dhcp4 -n network" {
		t.Errorf("status says %+v", p)
	}
	refuses(t, "nobody else would", "kubectl kea ha maintenance cancel kea-dhcp-0/dhcp4 -n network", "maintenance", "start", "kea-dhcp-1/dhcp4", "-n", "network", "--yes")

	under("way back, left alone meanwhile", time.Second, "maintenance", "cancel", server, "-n", "network", "--yes")
	states(t, "network", "dhcp4", "kea-dhcp-0", "kea-dhcp-1", kea.StateHotStandby, kea.StateHotStandby)

	// A reset begins the state machine anew, as a restart or a reload does.
	does(t, "maintenance", "start", server, "-n", "network", "--yes")
	does(t, "reset", server, "-n", "network", "--confirm", server)
	states(t, "network", "dhcp4", "kea-dhcp-0", "kea-dhcp-1", kea.StateInMaintenance, kea.StatePartnerInMaintenance)
	under("way back, begun anew meanwhile", heartbeat+time.Second, "maintenance", "cancel", server, "-n", "network", "--yes")
	states(t, "network", "dhcp4", "kea-dhcp-0", "kea-dhcp-1", kea.StateHotStandby, kea.StateHotStandby)

	refuses(t, "it serves, and would stop", "kubectl kea ha maintenance start kea-dhcp-0/dhcp4 -n network", "reset", server, "-n", "network", "--confirm", server)
	refuses(t, "one shared database", "kubectl kea ha status -n network", "sync", "kea-dhcp-1/dhcp4", "-n", "network", "--confirm", "kea-dhcp-1/dhcp4")
	if r := does(t, "wait", "--for", "healthy", "-n", "network"); !strings.Contains(r.out, "healthy: kea-dhcp-0 + kea-dhcp-1 dhcp4 (hot-standby)") {
		t.Errorf("wait:\n%s", r.out)
	}
}

// Killed as a power cut kills, at each step, the same command finishes what was begun.
func TestMaintenanceKilledAndRunAgain(t *testing.T) {
	claims(t, "campus")
	restored(t, "campus")
	t.Cleanup(func() { restored(t, "campus") })
	start := []string{"ha", "maintenance", "start", "kea-0", "-n", "campus", "--yes"}
	cancel := []string{"ha", "maintenance", "cancel", "kea-0", "-n", "campus", "--yes"}
	for _, family := range []string{"dhcp4", "dhcp6"} {
		for _, step := range []string{"take kea-0/%s out of service", "watch kea-0/%s and its partner"} {
			killAt(t, strings.ReplaceAll(step, "%s", family), start...)
			does(t, start[1:]...)
			for _, each := range []string{"dhcp4", "dhcp6"} {
				states(t, "campus", each, "kea-0", "kea-1", kea.StateInMaintenance, kea.StatePartnerInMaintenance)
			}
			killAt(t, strings.ReplaceAll(strings.Replace(step, "take kea-0/%s out of", "bring kea-0/%s back into", 1), "%s", family), cancel...)
			does(t, cancel[1:]...)
			for _, each := range []string{"dhcp4", "dhcp6"} {
				states(t, "campus", each, "kea-0", "kea-1", kea.StateLoadBalancing, kea.StateLoadBalancing)
			}
		}
	}
}

// The standby is sent back to its beginning, and fetches its partner's leases, each killed at each step and run again.
func TestResetAndSyncKilledAndRunAgain(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	t.Cleanup(func() { restored(t, "network") })
	const server = "kea-dhcp-1/dhcp4"
	for _, operation := range []string{"reset", "sync"} {
		args := []string{"ha", operation, server, "-n", "network", "--force", "--confirm", server}
		for _, step := range []string{operation + " " + server, "watch " + server + " and its partner"} {
			killAt(t, step, args...)
			does(t, args[1:]...)
			does(t, "wait", "-n", "network")
			states(t, "network", "dhcp4", "kea-dhcp-0", "kea-dhcp-1", kea.StateHotStandby, kea.StateHotStandby)
		}
	}
	// The pair joins again by itself; what has nothing to do then ends the note of what was killed, too.
	killAt(t, "watch "+server+" and its partner", "ha", "reset", server, "-n", "network", "--force", "--confirm", server)
	does(t, "wait", "-n", "network")
	const primary = "kea-dhcp-0/dhcp4"
	if r := plugin(t, "ha", "force-takeover", primary, "-n", "network", "--confirm", primary); r.code != 1 || !strings.Contains(r.out, "it serves, and its partner") || !strings.Contains(r.err, "the unfinished operation is over") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := look(t, "network"); len(r.Operations) != 0 {
		t.Errorf("unfinished: %+v", r.Operations)
	}
}

// The primary is dead and no client asks: the standby would wait for ever, and takes over when it is told to.
func TestForcedTakeover(t *testing.T) {
	restored(t, "network")
	t.Cleanup(func() { restored(t, "network") })
	refuses(t, "and serves; to have kea-dhcp-1/dhcp4 serve in its place", "kubectl kea ha maintenance start kea-dhcp-0/dhcp4 -n network", "force-takeover", "kea-dhcp-1", "-n", "network", "--confirm=kea-dhcp-1")
	comeBack := keepAway(t, "network")
	kubectl(t, "-n", "network", "delete", "pod", "kea-dhcp-0", "--grace-period=0", "--force")
	time.Sleep(heartbeat)
	refuses(t, "nobody would serve", "kubectl -n network describe pod kea-dhcp-0", "maintenance", "start", "kea-dhcp-1", "-n", "network", "--yes")
	refuses(t, "its partner can be made to take over", "kubectl kea ha force-takeover kea-dhcp-1/dhcp4 -n network", "maintenance", "start", "kea-dhcp-0", "-n", "network", "--yes")
	if r := plugin(t, "ha", "wait", "--timeout", "2s", "-n", "network"); r.code != 124 || !strings.Contains(r.err, "kea-dhcp-0/dhcp4 is down or does not answer") {
		t.Errorf("wait: exit %d\n%s", r.code, r.err)
	}
	if r := plugin(t, "ha", "force-takeover", "kea-dhcp-1", "-n", "network"); r.code != 1 || !strings.Contains(r.err, "hint: add --confirm=kea-dhcp-1") {
		t.Errorf("unasked: exit %d\n%s", r.code, r.err)
	}
	for _, step := range []string{"have kea-dhcp-1/dhcp4 take over", "watch kea-dhcp-1/dhcp6 and its partner"} {
		killAt(t, step, "ha", "force-takeover", "kea-dhcp-1", "-n", "network", "--confirm=kea-dhcp-1")
	}
	r := does(t, "force-takeover", "kea-dhcp-1", "-n", "network", "--confirm=kea-dhcp-1")
	t.Logf("forced takeover of both families: %.1f s", r.took.Seconds())
	for _, family := range []string{"dhcp4", "dhcp6"} {
		if p := peer(look(t, "network"), "kea-dhcp-1/"+family); p.State != kea.StatePartnerDown || !yes(p.Serves) {
			t.Errorf("%s is %s", p.Server, p.State)
		}
	}
	m := underLoad(t, func() {}, "hot-standby", "-4", "-rate", "25", "-duration", "3s")
	if m.Lost == m.Started || m.Silence.Longest > time.Second {
		t.Errorf("after it: %+v", m)
	}
	does(t, "wait", "--for", "serving", "-n", "network", "--timeout", "10s")
	comeBack()
	does(t, "wait", "-n", "network")
	states(t, "network", "dhcp4", "kea-dhcp-0", "kea-dhcp-1", kea.StateHotStandby, kea.StateHotStandby)
}

// The server that serves alone dies while its partner is in maintenance: nobody serves, and only that one can help.
func TestServingPeerDiesDuringMaintenance(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	t.Cleanup(func() { restored(t, "network") })
	does(t, "maintenance", "start", "kea-dhcp-0/dhcp4", "-n", "network", "--yes")
	comeBack := keepAway(t, "network")
	kubectl(t, "-n", "network", "delete", "pod", "kea-dhcp-1", "--grace-period=0", "--force")
	time.Sleep(heartbeat)
	const helps = "kubectl kea ha force-takeover kea-dhcp-0/dhcp4 -n network"
	if p := find(look(t, "network"), "critical/nobody-serves"); p.Next != helps {
		t.Errorf("status says %+v", p)
	}
	refuses(t, "that one has to cancel; nobody serves", helps, "maintenance", "cancel", "-n", "network", "--yes")
	r := does(t, "force-takeover", "kea-dhcp-0/dhcp4", "-n", "network", "--confirm=kea-dhcp-0/dhcp4")
	t.Logf("forced takeover out of maintenance: %.1f s", r.took.Seconds())
	if p := peer(look(t, "network"), "kea-dhcp-0/dhcp4"); p.State != kea.StatePartnerDown || !yes(p.Serves) {
		t.Errorf("it is %s", p.State)
	}
	comeBack()
	does(t, "wait", "-n", "network")
}

// A server whose state machine is configured to pause waits until it is told to go on; that is killed at each step and run again.
func TestContinueKilledAndRunAgain(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	const pod, server = "kea-dhcp-1", "kea-dhcp-1/dhcp4"
	t.Cleanup(func() {
		keaCommand(t, "branch", pod, "config-reload", map[string]any{})
		restored(t, "branch")
	})
	for _, step := range []string{"continue " + server, "watch " + server + " and its partner"} {
		pauseWhenReady(t, pod)
		ready := func(r status.Report) error {
			if p := peer(r, server); p.State != kea.StateReady {
				return fmt.Errorf("%s is %s", server, p.State)
			}
			return nil
		}
		until(t, "branch", "it is ready", time.Minute, ready)
		time.Sleep(2 * heartbeat)
		if err := ready(look(t, "branch")); err != nil {
			t.Fatalf("it does not pause: %v", err)
		}
		killAt(t, step, "ha", "continue", server, "-n", "branch", "--yes")
		does(t, "continue", server, "-n", "branch", "--yes")
		does(t, "wait", "-n", "branch")
		states(t, "branch", "dhcp4", "kea-dhcp-0", pod, kea.StateHotStandby, kea.StateHotStandby)
	}
}

// pauseWhenReady has a server begin anew with a configuration that pauses its state machine, once, when it is ready to join.
func pauseWhenReady(t *testing.T, pod string) {
	t.Helper()
	var config map[string]any
	if err := json.Unmarshal(keaCommand(t, "branch", pod, "config-get", map[string]any{}), &config); err != nil {
		t.Fatal(err)
	}
	delete(config, "hash")
	for _, library := range config["Dhcp4"].(map[string]any)["hooks-libraries"].([]any) {
		if parameters, ok := library.(map[string]any)["parameters"].(map[string]any); ok && parameters["high-availability"] != nil {
			relationship := parameters["high-availability"].([]any)[0].(map[string]any)
			relationship["state-machine"] = map[string]any{"states": []any{map[string]any{"state": "ready", "pause": "once"}}}
		}
	}
	keaCommand(t, "branch", pod, "config-set", config)
}
