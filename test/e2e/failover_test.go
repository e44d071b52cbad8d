//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// PostgreSQL's primary stops as it should, with its sessions open: install's short smartShutdownTimeout makes that a
// matter of seconds, Kea finds the new primary through the Service that does not move, and nothing is handed out twice.
func TestFailoverUnderLoad(t *testing.T) {
	restored(t, "network")
	before := look(t, "network").Databases[0].Cluster.Primary
	pods := kubectl(t, "-n", "network", "get", "pods", "kea-dhcp-0", "kea-dhcp-1", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}")
	m := underLoad(t, func() {
		time.Sleep(5 * time.Second)
		kubectl(t, "-n", "network", "delete", "pod", before, "--wait=false")
	}, "hot-standby", "-4", "-rate", "50", "-duration", "60s")
	t.Logf("failover: lost %d of %d, %d NAKs, longest silence %.1f s", m.Lost, m.Started, m.Naks, m.Silence.Longest.Seconds())
	if m.Duplicates != 0 || m.Started < 2000 {
		t.Errorf("%+v", m)
	}
	if m.Lost == 0 || m.Lost == m.Started {
		t.Errorf("lost %d of %d: that was no failover that Kea lived through", m.Lost, m.Started)
	}
	restored(t, "network")
	if after := look(t, "network").Databases[0].Cluster.Primary; after == before {
		t.Errorf("the primary is still %s", after)
	}
	if after := kubectl(t, "-n", "network", "get", "pods", "kea-dhcp-0", "kea-dhcp-1", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}"); after != pods {
		t.Errorf("restarts before %s, after %s", pods, after)
	}
	if m := underLoad(t, func() {}, "hot-standby", "-4", "-rate", "50", "-duration", "4s"); m.Lost > m.Started/20 || m.Duplicates != 0 {
		t.Errorf("after the failover: %+v", m)
	}
}
