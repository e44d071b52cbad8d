//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

func TestStandbyGoneAndBack(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	comeBack := keepAway(t, "network")
	kubectl(t, "-n", "network", "delete", "pod", "kea-dhcp-1", "--grace-period=1")
	r := until(t, "network", "the primary says partner-down", time.Minute, func(r status.Report) error {
		for _, server := range []string{"kea-dhcp-0/dhcp4", "kea-dhcp-0/dhcp6"} {
			if p := peer(r, server); p.State != kea.StatePartnerDown {
				return fmt.Errorf("%s is %s", server, p.State)
			}
		}
		return has(r, "warning/server-down")
	})
	if r.Worst != "warning" || !yes(relationship(r, "dhcp4").Serving) {
		t.Errorf("the clients are served, and the worst is %q: %v", r.Worst, codes(r))
	}
	if p := peer(r, "kea-dhcp-1/dhcp4"); p.Reached || !no(p.Serves) || p.Why != "Unschedulable" {
		t.Errorf("the standby: %+v", p)
	}
	comeBack()
	restored(t, "network")
}

// The primary dies while nobody asks: the standby never sees an unanswered client and waits for ever. Then clients ask,
// and it takes over.
func TestPrimaryKilledFirstWithoutThenWithClients(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	comeBack := keepAway(t, "network")
	kubectl(t, "-n", "network", "delete", "pod", "kea-dhcp-0", "--grace-period=0", "--force")
	r := until(t, "network", "nobody serves", time.Minute, func(r status.Report) error {
		p := peer(r, "kea-dhcp-1/dhcp4")
		if p.SeenState != nil || p.State != kea.StateHotStandby || p.Unacked == nil {
			return fmt.Errorf("the standby is %s, unacked %v", p.State, p.Unacked)
		}
		return has(r, "critical/standby-waits")
	})
	for _, service := range []string{"dhcp4", "dhcp6"} {
		if rel := relationship(r, service); !no(rel.Serving) || len(rel.Unserved) != 1 || rel.Unserved[0] != "kea-dhcp-0" {
			t.Errorf("%s: serving %v, unserved %v", service, rel.Serving, rel.Unserved)
		}
	}
	if p := find(r, "critical/standby-waits"); !strings.Contains(p.Text, "takes over only after it has seen more than 2 clients") || p.Next != "kubectl kea ha force-takeover kea-dhcp-1/dhcp4 -n network" {
		t.Errorf("not explained: %+v", p)
	}
	text := plugin(t, "status", "-n", "network")
	if text.code != 3 || !strings.HasPrefix(text.out, "CRITICAL  namespace network: kea-dhcp-0 + kea-dhcp-1 dhcp4: nobody serves: no client gets an address") {
		t.Errorf("exit %d:\n%s", text.code, text.out)
	}

	asking := startClients(t, "hot-standby", "-rate", "30", "-duration", "40s", "-clients", "200", "-retry")
	r = until(t, "network", "the standby took over", time.Minute, func(r status.Report) error {
		for _, server := range []string{"kea-dhcp-1/dhcp4", "kea-dhcp-1/dhcp6"} {
			if p := peer(r, server); p.State != kea.StatePartnerDown || !yes(p.Serves) {
				return fmt.Errorf("%s is %s", server, p.State)
			}
		}
		return has(r, "warning/partner-down")
	})
	if r.Worst != "warning" {
		t.Errorf("clients are served again, and the worst is %q: %v", r.Worst, codes(r))
	}
	asking.Stop()
	seen(t, asking)
	comeBack()
	restored(t, "network")
}

// A clock is put ahead in one container only: libfaketime, in the standby's environment.
func TestClockSkew(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	const ahead = 40
	patch := func(value string) {
		kubectl(t, "-n", "branch", "patch", "statefulset", "kea-dhcp", "--type=strategic", "-p", fmt.Sprintf(
			`{"spec":{"template":{"spec":{"containers":[{"name":"dhcp4","env":[%s]}]}}}}`, value))
		kubectl(t, "-n", "branch", "delete", "pod", "kea-dhcp-1", "--grace-period=1")
	}
	t.Cleanup(func() {
		patch(`{"name":"LD_PRELOAD","$patch":"delete"},{"name":"FAKETIME","$patch":"delete"}`)
		restored(t, "branch")
	})
	patch(fmt.Sprintf(`{"name":"LD_PRELOAD","value":"/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"},{"name":"FAKETIME","value":"+%d"}`, ahead))
	r := until(t, "branch", "the skew is seen", time.Minute, func(r status.Report) error { return has(r, "warning/clock-skew") })
	skew := relationship(r, "dhcp4").ClockSkewSeconds
	if skew == nil || *skew < ahead-2 || *skew > ahead+2 {
		t.Errorf("skew %v s, want about %d", skew, ahead)
	}
}

// A control agent that hangs must not hold up the rest, and its partner's word tells that the server still works.
func TestAgentThatHangs(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	pid := firstProcess(t, "kea-dhcp-0", "ctrl-agent")
	lab(t, "shell", "kill", "-STOP", pid)
	t.Cleanup(func() {
		lab(t, "shell", "kill", "-CONT", pid)
		restored(t, "branch")
	})
	start := time.Now()
	r := look(t, "branch")
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("one server that hangs made it take %s", took)
	}
	if p := peer(r, "kea-dhcp-0/dhcp4"); p.Reached || p.Serves != nil || p.SeenState == nil || *p.SeenState != kea.StateHotStandby {
		t.Errorf("the server behind the hanging agent: %+v", p)
	}
	if err := has(r, "warning/not-reached"); err != nil {
		t.Error(err)
	}
	if rel := relationship(r, "dhcp4"); !yes(rel.Serving) {
		t.Errorf("its partner hears from it, and serving is %v (%v)", rel.Serving, codes(r))
	}
	if p := peer(r, "kea-dhcp-1/dhcp4"); !p.Reached || p.Version == "" {
		t.Errorf("the other server: %+v", p)
	}
}

// A daemon that the kernel kills, for memory perhaps, comes back in its pod: the PID file of the dead one is not in the way.
func TestKilledDaemonsComeBack(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	for _, container := range []string{"dhcp4", "ctrl-agent"} {
		lab(t, "shell", "kill", "-KILL", firstProcess(t, "kea-dhcp-1", container))
	}
	until(t, "branch", "both were started again", time.Minute, func(status.Report) error {
		restarts := kubectl(t, "-n", "branch", "get", "pod", "kea-dhcp-1", "-o", "jsonpath={.status.containerStatuses[*].restartCount}")
		if restarts != "1 1" {
			return fmt.Errorf("restarts: %s", restarts)
		}
		return nil
	})
	restored(t, "branch")
	if restarts := kubectl(t, "-n", "branch", "get", "pod", "kea-dhcp-1", "-o", "jsonpath={.status.containerStatuses[*].restartCount}"); restarts != "1 1" {
		t.Errorf("restarts: %s, want one of each", restarts)
	}
	kubectl(t, "-n", "branch", "delete", "pod", "kea-dhcp-1") // and its count of restarts
	restored(t, "branch")
}

// firstProcess is a container's first process as the lab's machine numbers it.
func firstProcess(t *testing.T, pod, container string) string {
	t.Helper()
	id := kubectl(t, "-n", "branch", "get", "pod", pod, "-o", `jsonpath={.status.containerStatuses[?(@.name=="`+container+`")].containerID}`)
	id = strings.TrimPrefix(id, "containerd://")
	socket := filepath.Join(filepath.Dir(os.Getenv("KUBECONFIG")), "run", "containerd.sock")
	for line := range strings.Lines(lab(t, "shell", "ctr", "-a", socket, "-n", "k8s.io", "tasks", "ls")) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == id {
			return f[1]
		}
	}
	t.Fatalf("no process of container %s", id)
	return ""
}
