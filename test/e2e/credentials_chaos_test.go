//go:build e2e && chaos

package e2e

import (
	"testing"
	"time"
)

// PostgreSQL's primary goes, while CNPG is to set the password, and while the serving server logs in anew.
func TestChaosRotateDuringFailover(t *testing.T) {
	w := networkWard()
	restored(t, w.namespace)
	w.tended(t, "failover", func() {
		for _, i := range []int{2, 5} {
			primary := look(t, w.namespace).Databases[0].Cluster.Primary
			w.survives(t, rotationSteps(w)[i], nil, func() { kubectl(t, "-n", w.namespace, "delete", "pod", primary, "--wait=false") })
		}
	})
}

// A server dies during the rotation: the standby at its turn, the serving one at its turn, and one that stays away.
func TestChaosRotateServerKilled(t *testing.T) {
	w := networkWard()
	restored(t, w.namespace)
	kill := func(pod string) { kubectl(t, "-n", w.namespace, "delete", "pod", pod, "--grace-period=0", "--force") }
	w.tended(t, "server killed", func() {
		w.survives(t, rotationSteps(w)[4], nil, func() { kill(w.pods[1]) })
		w.survives(t, rotationSteps(w)[5], nil, func() { kill(w.pods[0]) })
		comeBack := keepAway(t, w.namespace)
		w.survives(t, rotationSteps(w)[2], nil, func() {
			kill(w.pods[1])
			time.Sleep(15 * time.Second)
			comeBack()
		})
	})
}
