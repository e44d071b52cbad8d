package ha

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// clock is when the captures were taken.
func clock() time.Time { return time.Date(2026, 11, 22, 22, 8, 20, 0, time.UTC) }

// captured observes a server of the lab by what it answered: testdata/SCENARIO/POD.json holds an answer a command.
func captured(t *testing.T, scenario, pod string) Observation {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", scenario, pod+".json"))
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &answers); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var sent struct{ Command string }
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil || answers[sent.Command] == nil {
			t.Errorf("asked for %q: %v", sent.Command, err)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answers[sent.Command])
	}))
	t.Cleanup(server.Close)
	s := inventory.Server{
		Namespace: scenario, Pod: pod, Container: "dhcp4", Service: kea.DHCP4,
		State: inventory.PodState{Exists: true, Running: true, Ready: true, Reason: "Running"},
	}
	connect := func(context.Context, inventory.Server) (Asker, inventory.Endpoint, error) {
		return kea.NewClient(kea.Options{URL: server.URL, HTTP: server.Client()}), inventory.Endpoint{Via: "control agent"}, nil
	}
	o := Observe(t.Context(), s, connect, clock)
	if !o.Reached || len(o.Unread) != 0 {
		t.Fatalf("capture %s/%s: %+v", scenario, pod, o.Unread)
	}
	o.ClockOffset = new(time.Duration(0)) // the captures were taken at several moments
	return o
}

// pair is the two servers of a scenario, as captured.
func pair(t *testing.T, scenario string) []Observation {
	t.Helper()
	prefix := map[string]string{"campus": "kea-"}[scenario]
	if prefix == "" {
		prefix = "kea-dhcp-"
	}
	return []Observation{captured(t, scenario, prefix+"0"), captured(t, scenario, prefix+"1")}
}

// remote is what an observed server says of its partner, local what it says of itself.
func remote(o *Observation) *kea.HARemote { return &o.Status.HA[0].Remote }
func local(o *Observation) *kea.HALocal   { return &o.Status.HA[0].Local }

// in puts a server in a state, with the scopes that it then has.
func in(o *Observation, state kea.HAState, scopes ...string) {
	local(o).State, local(o).Scopes = state, scopes
	o.Heartbeat.State, o.Heartbeat.Scopes = state, scopes
}

// down takes a server away: its pod is gone or its container does not run. Its file stays known.
func down(o *Observation, reason string) {
	s := o.Server
	s.File = o.Config
	s.State = inventory.PodState{Exists: reason != "no pod", Reason: reason}
	*o = Observation{Server: s, Failure: ErrNotRunning}
}

// unreached leaves a server running that does not answer us.
func unreached(o *Observation, why error) {
	s := o.Server
	s.File = o.Config
	*o = Observation{Server: s, Failure: why}
}

// lost is what a server says of a partner that it lost some time ago.
func lost(o *Observation, age time.Duration) {
	r := remote(o)
	r.LastState, r.Age, r.CommunicationInterrupted = kea.StateUnavailable, age, true
}

// sees is what a server heard last from its partner.
func sees(o *Observation, state kea.HAState, scopes ...string) {
	r := remote(o)
	r.LastState, r.LastScopes = state, scopes
}

// young is a server that has started a moment ago.
func young(o *Observation) { o.Status.Uptime, o.Status.Reload = 3*time.Second, 3*time.Second }

// noDB takes the lease database away: only the lease query tells.
func noDB(o *Observation) { o.LeaseQuery, o.Leases = Broken, nil }

// ownDB gives a server a database of its own.
func ownDB(o *Observation) {
	c := *o.Config
	c.LeaseDatabase.Host = "database-of-" + o.Server.Pod
	o.Config = &c
}
