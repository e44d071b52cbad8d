//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

// rolloutSteps are the steps of a rollout, in their order.
func rolloutSteps(w ward, object string) []string {
	first, second := w.pods[1]+" reloads", w.pods[0]+" reloads, "+w.pods[1]+" covers it"
	if w.scenario == "load-balancing" {
		first, second = w.pods[0]+" reloads, "+w.pods[1]+" covers it", w.pods[1]+" reloads, "+w.pods[0]+" covers it"
	}
	return []string{
		"keep the former configuration", "write " + object, "bring it to " + strings.Join(w.pods, ", "),
		first, second, "forget the former configuration",
	}
}

// runs is what a server runs.
type runs struct {
	Lifetime int
	Host     string
	State    string
	Scopes   string
}

// running asks every server what it runs.
func (w ward) running(t *testing.T) map[string]runs {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	k, err := kube.NewForConfig(config, kube.Options{})
	if err != nil {
		t.Fatal(err)
	}
	in, err := inventory.Discover(t.Context(), k, w.namespace, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	connector := inventory.NewConnector(k, nil)
	defer connector.Close()
	found := map[string]runs{}
	for _, o := range ha.Gather(t.Context(), in.Servers, ha.Via(connector), time.Now) {
		if o.Config == nil || o.Status == nil || len(o.Status.HA) == 0 {
			t.Fatalf("%s: %v %v", o.Server.Name(), o.Failure, o.Unread)
		}
		local := o.Status.HA[0].Local
		found[o.Server.Name()] = runs{o.Config.ValidLifetime, o.Config.LeaseDatabase.Host, string(local.State), strings.Join(local.Scopes, " ")}
	}
	return found
}

// all have a lifetime, and are otherwise as they were.
func (w ward) all(t *testing.T, before map[string]runs, lifetime int) {
	t.Helper()
	now := w.running(t)
	for server, was := range before {
		if was.Lifetime = lifetime; now[server] != was {
			t.Errorf("%s runs %+v, not %+v", server, now[server], was)
		}
	}
}

// nothingLeft: no rollout is under way.
func (w ward) nothingLeft(t *testing.T) {
	t.Helper()
	if out, err := tryKubectl("-n", w.namespace, "get", "secret", rollout.KeptName(w.deployment)); err == nil {
		t.Errorf("the former configuration is still kept: %s", out)
	}
	if out, err := tryKubectl("-n", w.namespace, "get", "lease", w.deployment+"-operation"); err == nil {
		t.Errorf("the lock is still there: %s", out)
	}
}

// lifetimes are two values that the servers can have, the one that they have not first.
func lifetimes(before map[string]runs) (other, now int) {
	for _, r := range before {
		now = r.Lifetime
	}
	if other = 3500; now == other {
		other = 3400
	}
	return other, now
}

// steady has the stack's value back when the test ends, and its namespace healthy.
func (w ward) steady(t *testing.T) {
	t.Helper()
	restored(t, w.namespace)
	t.Cleanup(func() {
		plugin(t, "config", "abort", "-n", w.namespace, "--yes")
		does(t, "wait", "-n", w.namespace)
		if r := plugin(t, "config", "apply", "-n", w.namespace, "--set", "valid-lifetime=3600", "--yes"); r.code != 0 {
			t.Errorf("the stack's value is not back:\n%s%s", r.out, r.err)
		}
		restored(t, w.namespace)
	})
}

func setLifetime(w ward, seconds int) []string {
	return []string{"config", "apply", "-n", w.namespace, "--set", fmt.Sprintf("valid-lifetime=%d", seconds), "--yes"}
}

// A value changes on a pair of two families, and on one in which both serve, while clients come and renew: nobody is refused,
// and the servers' states are the same before and after.
func TestRolloutUnderLoad(t *testing.T) {
	claims(t, "recovery", "campus")
	for _, w := range []ward{recoveryWard(), campusWard()} {
		t.Run(w.scenario, func(t *testing.T) {
			w.steady(t)
			before := w.running(t)
			wanted, _ := lifetimes(before)
			var r run
			m := aroundLoad(t, func() {
				r = plugin(t, append(setLifetime(w, wanted), "-o", "json")...)
			}, w.scenario, "-rate", "20", "-renew")
			if r.code != 0 {
				t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
			}
			var report rollout.Report
			if err := json.Unmarshal([]byte(r.out), &report); err != nil {
				t.Fatal(err)
			}
			t.Logf("%d of %d lost, longest silence %s, in %.1f s", m.Lost, m.Started, m.Silence.Longest, report.Seconds)
			names := []string{}
			for _, s := range report.Servers {
				names = append(names, s.Server)
				t.Logf("%s: %s, %.1f s", s.Server, s.Way, s.Seconds)
				if s.Way != rollout.WayCovered {
					t.Errorf("%s was not covered", s.Server)
				}
			}
			if len(names) != len(before) {
				t.Errorf("reloaded: %v", names)
			}
			if m.Naks > 0 || m.Duplicates > 0 {
				t.Errorf("%d NAKs, %d duplicates", m.Naks, m.Duplicates)
			}
			w.all(t, before, wanted)
			w.nothingLeft(t)
		})
	}
}

// Killed at each of its steps and run again, a rollout ends where it was to; status names it meanwhile.
func TestRolloutIsKilled(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.steady(t)
	before := w.running(t)
	for _, step := range rolloutSteps(w, "configmap kea-dhcp-config") {
		t.Run(step, func(t *testing.T) {
			wanted, _ := lifetimes(w.running(t))
			killAt(t, step, setLifetime(w, wanted)...)
			if r := plugin(t, "status", "-n", w.namespace); !strings.Contains(r.out, "kubectl kea config apply -n recovery") {
				t.Errorf("status does not name what goes on:\n%s", r.out)
			}
			if r := plugin(t, setLifetime(w, wanted)...); r.code != 0 {
				t.Fatalf("again: exit %d\n%s%s", r.code, r.out, r.err)
			}
			w.all(t, before, wanted)
			w.nothingLeft(t)
		})
	}
}

// What a killed rollout left can be taken back as well.
func TestRolloutIsAborted(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.steady(t)
	before := w.running(t)
	wanted, now := lifetimes(before)
	killAt(t, rolloutSteps(w, "configmap kea-dhcp-config")[4], setLifetime(w, wanted)...)
	if r := plugin(t, "config", "abort", "-n", w.namespace, "--yes"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	w.all(t, before, now)
	w.nothingLeft(t)
	if text := kubectl(t, "-n", w.namespace, "get", "configmap", "kea-dhcp-config", "-o", "yaml"); strings.Contains(text, fmt.Sprint(`"valid-lifetime": `, wanted, ",")) {
		t.Error("the ConfigMap still has the new value")
	}
}

// What Kea's parser refuses is refused before anything is changed, in Kea's own words.
func TestRolloutRefused(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	restored(t, w.namespace)
	version := func() string {
		return kubectl(t, "-n", w.namespace, "get", "configmap", "kea-dhcp-config", "-o", "jsonpath={.metadata.resourceVersion}")
	}
	was := version()
	for value, words := range map[string]string{
		"valid-lifetime=9999":                      "is not less than max-valid-lifetime (3600)",
		`hooks-libraries[0].library="/no/such.so"`: "hooks library configuration error",
		`control-socket.socket-name="/run/kea/x"`:  "would change the way to the server itself",
	} {
		r := plugin(t, "config", "apply", "-n", w.namespace, "--set", value, "--yes")
		if r.code != 1 || !strings.Contains(strings.Join(strings.Fields(r.out), " "), words) {
			t.Errorf("%s: exit %d\n%s%s", value, r.code, r.out, r.err)
		}
	}
	if now := version(); now != was {
		t.Errorf("the ConfigMap was changed: %s, then %s", was, now)
	}
	w.nothingLeft(t)
}

// A reload that leaves a server without its database, which Kea's parser does not notice, is taken back while its partner
// serves its clients: here the host is one that has no PostgreSQL.
func TestRolloutIsTakenBack(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.steady(t)
	before := w.running(t)
	text := func() string {
		return kubectl(t, "-n", w.namespace, "get", "configmap", "kea-dhcp-config", "-o", "jsonpath={.data}")
	}
	was := text()
	var r run
	m := aroundLoad(t, func() {
		r = plugin(t, "config", "apply", "-n", w.namespace, "--server", w.pods[0]+"/dhcp4", "--set", `lease-database.host="10.90.55.10"`, "--yes")
	}, w.scenario, "-4", "-rate", "10", "-renew")
	t.Logf("%d of %d lost, longest silence %s, in %s", m.Lost, m.Started, m.Silence.Longest, r.took)
	if r.code != 1 || !strings.Contains(r.err, "the former configuration is back everywhere") {
		t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if m.Naks > 0 || m.Duplicates > 0 {
		t.Errorf("%d NAKs, %d duplicates", m.Naks, m.Duplicates)
	}
	for server, now := range w.running(t) {
		if now != before[server] {
			t.Errorf("%s runs %+v, not %+v", server, now, before[server])
		}
	}
	if !slices.Equal(strings.Fields(text()), strings.Fields(was)) {
		t.Error("the ConfigMap is not what it was")
	}
	w.nothingLeft(t)
}

// A value changes while the standby is dead: refused, until it is said that clients may wait; the dead one has it when it is back.
func TestRolloutBesideADeadPartner(t *testing.T) {
	claims(t, "recovery")
	w := recoveryWard()
	w.steady(t)
	before := w.running(t)
	wanted, _ := lifetimes(before)
	comeBack := keepAway(t, w.namespace)
	kubectl(t, "-n", w.namespace, "delete", "pod", w.pods[1], "--grace-period=1")
	until(t, w.namespace, "the primary says partner-down", time.Minute, func(r status.Report) error {
		for _, family := range []string{"/dhcp4", "/dhcp6"} {
			if p := peer(r, w.pods[0]+family); p.State != kea.StatePartnerDown {
				return fmt.Errorf("%s is %s", p.Server, p.State)
			}
		}
		return nil
	})
	r := plugin(t, setLifetime(w, wanted)...)
	if r.code != 1 || !strings.Contains(r.out, "its partner does not serve, and its clients would wait") {
		t.Errorf("unasked: exit %d\n%s%s", r.code, r.out, r.err)
	}
	password := w.password(t)
	r = plugin(t, "credentials", "rotate", "-n", w.namespace, "--yes")
	if r.code != 1 || !strings.Contains(r.out, w.pods[1]) || !strings.Contains(r.err, "nothing was changed") || w.password(t) != password {
		t.Errorf("a rotation has to wait for both: exit %d\n%s%s", r.code, r.out, r.err)
	}
	m := aroundLoad(t, func() {
		r = plugin(t, "config", "apply", "-n", w.namespace, "--set", fmt.Sprintf("valid-lifetime=%d", wanted), "--accept-outage", "--confirm", w.deployment)
	}, w.scenario, "-rate", "20", "-renew")
	t.Logf("alone: %d of %d lost, longest silence %s, in %s", m.Lost, m.Started, m.Silence.Longest, r.took)
	if r.code != 0 || m.Naks > 0 || m.Duplicates > 0 {
		t.Errorf("exit %d, %d NAKs, %d duplicates\n%s%s", r.code, m.Naks, m.Duplicates, r.out, r.err)
	}
	comeBack()
	restored(t, w.namespace)
	w.all(t, before, wanted)
	w.nothingLeft(t)
}
