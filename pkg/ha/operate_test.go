package ha

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// maintained puts the first of two servers in maintenance, with its partner serving.
func maintained(out, serving *Observation, scopes ...string) {
	in(out, kea.StateInMaintenance)
	in(serving, kea.StatePartnerInMaintenance, scopes...)
}

// verdict is an act in short: what is sent where, why not, or what is done already.
func verdict(a Act) string {
	switch {
	case a.Refused != "":
		return "refused: " + a.Refused + " | " + a.Next
	case a.Done != "":
		return "done: " + a.Done
	case a.Command != "":
		return a.Command + " to " + a.To
	}
	return "wait"
}

func TestMakePlan(t *testing.T) {
	const (
		a0, b0 = "kea-dhcp-0/dhcp4", "kea-dhcp-1/dhcp4"
		onNet  = " -n network"
	)
	for _, test := range []struct {
		name     string
		scenario string
		kind     Kind
		server   string
		force    bool
		change   func(a, b *Observation)
		want     string
	}{
		{"the serving one is taken out", "network", MaintenanceStart, a0, false, nil, "ha-maintenance-start to " + b0},
		{"the standby is taken out, by its pod's name", "network", MaintenanceStart, "kea-dhcp-1", false, nil, "ha-maintenance-start to " + a0},
		{"half of the load", "campus", MaintenanceStart, "kea-1/dhcp4", false, nil, "ha-maintenance-start to kea-0/dhcp4"},
		{"taken out already", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			maintained(a, b, "kea-dhcp-0")
		}, "done: it is in maintenance, and " + b0 + " serves all clients"},
		{"taken out and stopped", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			down(a, "no pod")
			in(b, kea.StatePartnerDown, "kea-dhcp-0")
		}, "done: it is down (no pod), and " + b0 + " serves all clients"},
		{"restarted while out", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			in(a, kea.StateReady)
			in(b, kea.StatePartnerInMaintenance, "kea-dhcp-0")
		}, "wait"},
		{"the partner is in maintenance", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			maintained(b, a, "kea-dhcp-0")
		}, "refused: " + b0 + " is in maintenance, and " + a0 + " serves its clients: nobody else would | kubectl kea ha maintenance cancel " + b0 + onNet},
		{"the partner is down", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			down(b, "no pod")
			lost(a, time.Minute)
		}, "refused: its partner " + b0 + " is down or does not answer (no pod): nobody would serve | kubectl -n network get statefulsets,deployments,events"},
		{"the partner has no database", "network", MaintenanceStart, a0, false, func(_, b *Observation) {
			noDB(b)
		}, "refused: its partner " + b0 + " has no lease database: nobody would serve | kubectl -n network describe pod kea-dhcp-1"},
		{"the partner was disabled by hand", "network", MaintenanceStart, a0, false, func(_, b *Observation) {
			b.Status.DHCP = &kea.DHCPState{GloballyDisabled: true, DisabledByUser: true}
		}, "refused: its partner " + b0 + " has its DHCP service disabled by a user (dhcp-disable): nobody would serve | kubectl -n network describe pod kea-dhcp-1"},
		{"the partner is not ready yet", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			in(a, kea.StatePartnerDown, "kea-dhcp-0")
			in(b, kea.StateWaiting)
		}, "refused: " + a0 + " is partner-down and " + b0 + " is waiting, and a server is only taken out of a pair that is hot-standby on both sides and in touch | kubectl kea ha wait --for healthy -n network"},
		{"they do not hear each other: both would serve", "network", MaintenanceStart, a0, false, func(_, b *Observation) {
			lost(b, time.Minute)
		}, "refused: " + a0 + " is hot-standby and " + b0 + " is hot-standby, and a server is only taken out of a pair that is hot-standby on both sides and in touch | kubectl kea ha wait --for healthy -n network"},
		{"the one to be taken out is dead", "network", MaintenanceStart, a0, false, func(a, b *Observation) {
			down(a, "no pod")
			lost(b, time.Minute)
		}, "refused: it is down or does not answer (no pod), which its partner cannot agree on with it; when it is dead, its partner can be made to take over | kubectl kea ha force-takeover " + b0 + onNet},

		{"back into service", "network", MaintenanceCancel, a0, false, func(a, b *Observation) {
			maintained(a, b, "kea-dhcp-0")
		}, "ha-maintenance-cancel to " + b0},
		{"whoever is in maintenance", "network", MaintenanceCancel, "", false, func(a, b *Observation) {
			maintained(b, a, "kea-dhcp-0")
		}, "ha-maintenance-cancel to " + a0},
		{"nothing to cancel", "network", MaintenanceCancel, a0, false, nil, "done: it is not in maintenance: both servers are hot-standby"},
		{"the wrong one is named", "network", MaintenanceCancel, b0, false, func(a, b *Observation) {
			maintained(a, b, "kea-dhcp-0")
		}, "refused: it serves; it is " + a0 + " that is in maintenance | kubectl kea ha maintenance cancel " + a0 + onNet},
		{"a cancel while it is down would leave nobody", "network", MaintenanceCancel, a0, false, func(a, b *Observation) {
			down(a, "no pod")
			in(b, kea.StatePartnerInMaintenance, "kea-dhcp-0")
		}, "refused: it is down or does not answer (no pod): " + b0 + ", which serves its clients, would stop, and nobody would serve | kubectl -n network get statefulsets,deployments,events"},
		{"restarted, and not yet back in maintenance", "network", MaintenanceCancel, a0, false, func(a, b *Observation) {
			in(a, kea.StateReady)
			in(b, kea.StatePartnerInMaintenance, "kea-dhcp-0")
		}, "ha-maintenance-cancel to " + b0},
		{"the partner has not heard of it yet", "network", MaintenanceCancel, a0, false, func(_, b *Observation) {
			in(b, kea.StatePartnerInMaintenance, "kea-dhcp-0")
		}, "wait"},
		{"cancelled, and joining", "network", MaintenanceCancel, a0, false, func(a, _ *Observation) {
			in(a, kea.StateReady)
		}, "wait"},
		{"the one that served died", "network", MaintenanceCancel, a0, false, func(a, b *Observation) {
			in(a, kea.StateInMaintenance)
			down(b, "no pod")
			lost(a, time.Minute)
		}, "refused: its partner " + b0 + " is down or does not answer (no pod), and that one has to cancel; nobody serves | kubectl kea ha force-takeover " + a0 + onNet},

		{"a standby that waits", "network", ForceTakeover, b0, false, func(a, b *Observation) {
			down(a, "no pod")
			lost(b, time.Minute)
		}, "ha-maintenance-start to " + b0},
		{"in maintenance, and its partner died", "network", ForceTakeover, a0, false, func(a, b *Observation) {
			in(a, kea.StateInMaintenance)
			down(b, "no pod")
			lost(a, time.Minute)
		}, "ha-reset to " + a0},
		{"begun anew, without a partner", "network", ForceTakeover, a0, false, func(a, b *Observation) {
			in(a, kea.StateWaiting)
			down(b, "no pod")
		}, "ha-maintenance-start to " + a0},
		{"it has taken over", "network", ForceTakeover, b0, false, func(a, b *Observation) {
			down(a, "no pod")
			in(b, kea.StatePartnerDown, "kea-dhcp-0")
		}, "done: it is partner-down and serves all clients"},
		{"the primary serves", "network", ForceTakeover, b0, false, nil, "refused: its partner " + a0 + " is hot-standby and serves; to have " + b0 + " serve in its place, take that one out of service | kubectl kea ha maintenance start " + a0 + onNet},
		{"it serves already", "network", ForceTakeover, a0, false, nil, "refused: it serves, and its partner " + b0 + " is well; to have " + a0 + " serve alone, take that one out of service | kubectl kea ha maintenance start " + b0 + onNet},
		{"it could not serve", "network", ForceTakeover, b0, false, func(a, b *Observation) {
			down(a, "no pod")
			noDB(b)
		}, "refused: it has no lease database: it could not serve | kubectl -n network describe pod kea-dhcp-1"},
		{"half of the clients are left alone", "campus", ForceTakeover, "kea-0", false, func(a, b *Observation) {
			down(b, "no pod")
			lost(a, time.Minute)
			in(a, kea.StateCommunicationRecovery, "kea-0")
		}, "ha-maintenance-start to kea-0/dhcp4"},

		{"a standby is reset", "network", Reset, b0, false, nil, "ha-reset to " + b0},
		{"a reset of the one that serves", "network", Reset, a0, false, nil, "refused: it serves, and would stop for a heartbeat or two, while " + b0 + " does not step in: take it out of service first, reset it then, and cancel the maintenance | kubectl kea ha maintenance start " + a0 + onNet},
		{"the same, forced", "network", Reset, a0, true, nil, "ha-reset to " + a0},
		{"a reset does not bring an ended one back", "network", Reset, a0, false, func(a, b *Observation) {
			in(a, kea.StateTerminated, "kea-dhcp-0")
			in(b, kea.StateTerminated)
		}, "refused: high availability has ended (clocks apart, or rejected lease updates), and it serves: mend the cause, then restart both servers, one after the other | kubectl -n network logs kea-dhcp-0 -c dhcp4 --tail=50"},
		{"continue a healthy one", "network", Continue, b0, false, nil, "done: it is hot-standby, and so is its partner"},
		{"continue a paused one", "network", Continue, b0, false, func(_, b *Observation) { in(b, kea.StateWaiting) }, "ha-continue to " + b0},
		{"continue does not end a maintenance", "network", Continue, a0, false, func(a, b *Observation) {
			maintained(a, b, "kea-dhcp-0")
		}, "refused: it is in maintenance, which ha-continue does not end | kubectl kea ha maintenance cancel " + a0 + onNet},
		{"sync over one database", "network", Sync, b0, false, nil, "refused: both servers keep their leases in one shared database: there is nothing to fetch, and " + a0 + " would stop serving meanwhile | "},
		{"sync over one database, forced", "network", Sync, b0, true, nil, "ha-sync to " + b0},
		{"sync of two databases", "branch", Sync, b0, false, nil, "ha-sync to " + b0},
	} {
		t.Run(test.name, func(t *testing.T) {
			servers := pair(t, test.scenario)
			if test.change != nil {
				test.change(&servers[0], &servers[1])
			}
			p, err := MakePlan(test.scenario, servers, Request{test.kind, test.server, test.force})
			if err != nil || len(p.Acts) != 1 {
				t.Fatalf("%d acts, %v", len(p.Acts), err)
			}
			if diff := cmp.Diff(test.want, verdict(p.Acts[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMakePlanOfNoServer(t *testing.T) {
	servers := pair(t, "network")
	_, err := MakePlan("network", servers, Request{Kind: Reset, Server: "kea-9"})
	var unknown *UnknownServerError
	if !errors.As(err, &unknown) || strings.Join(unknown.Servers, " ") != "kea-dhcp-0/dhcp4 kea-dhcp-1/dhcp4" {
		t.Errorf("error %v", err)
	}
	p, err := MakePlan("network", servers, Request{Kind: MaintenanceCancel})
	if err != nil || len(p.Acts) != 0 || !p.Done() || p.Refused() != nil {
		t.Errorf("nobody is in maintenance: %+v, %v", p, err)
	}
}

// A way back after which clients wait says so; one that costs nothing says that too.
func TestCostsOfACancel(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(a, b *Observation)
		server string
		want   string
	}{
		"the primary": {func(a, b *Observation) { maintained(a, b, "kea-dhcp-0") }, "kea-dhcp-0/dhcp4", "not gapless: "},
		"the standby": {func(a, b *Observation) { maintained(b, a, "kea-dhcp-0") }, "kea-dhcp-1/dhcp4", "none for clients: "},
	} {
		t.Run(name, func(t *testing.T) {
			servers := pair(t, "network")
			tt.change(&servers[0], &servers[1])
			p, err := MakePlan("network", servers, Request{Kind: MaintenanceCancel, Server: tt.server})
			if err != nil || len(p.Acts[0].Costs) != 1 || !strings.HasPrefix(p.Acts[0].Costs[0], tt.want) {
				t.Errorf("%+v, %v", p.Acts, err)
			}
		})
	}
}

// Over two databases a partner that only seems dead is a danger, and it is said.
func TestTakeoverFromAPartnerThatMayLive(t *testing.T) {
	servers := pair(t, "branch")
	unreached(&servers[0], context.DeadlineExceeded)
	lost(&servers[1], time.Minute)
	p, err := MakePlan("branch", servers, Request{Kind: ForceTakeover, Server: "kea-dhcp-1"})
	if err != nil || len(p.Acts[0].Costs) != 2 || !strings.HasPrefix(p.Acts[0].Costs[1], "DANGER: if kea-dhcp-0/dhcp4 is alive") {
		t.Errorf("%+v, %v", p.Acts, err)
	}
}

func TestMissing(t *testing.T) {
	for name, tt := range map[string]struct {
		change           func(a, b *Observation)
		healthy, serving []string
	}{
		"all is well": {func(*Observation, *Observation) {}, []string{}, []string{}},
		"standby gone": {
			func(a, b *Observation) {
				down(b, "no pod")
				lost(a, time.Minute)
				in(a, kea.StatePartnerDown, "kea-dhcp-0")
			},
			[]string{"kea-dhcp-0/dhcp4 is partner-down", "kea-dhcp-1/dhcp4 is down or does not answer (no pod)"},
			[]string{},
		},
		"just back": {
			func(a, b *Observation) { in(a, kea.StateReady); in(b, kea.StateHotStandby) },
			[]string{"kea-dhcp-0/dhcp4 is ready", "dhcp4: nobody serves scope kea-dhcp-0"},
			[]string{"dhcp4: nobody serves scope kea-dhcp-0"},
		},
		"not heard": {
			func(_, b *Observation) { lost(b, time.Minute) },
			[]string{"kea-dhcp-0/dhcp4 is not heard by its partner"},
			[]string{},
		},
		"its partner has not heard of it yet": {
			func(a, _ *Observation) { sees(a, kea.StateReady) },
			[]string{"kea-dhcp-1/dhcp4 is still ready for its partner"},
			[]string{},
		},
		"the standby lost the database": {
			func(_, b *Observation) { noDB(b) }, []string{"kea-dhcp-1/dhcp4 has no lease database"}, []string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			servers := pair(t, "network")
			tt.change(&servers[0], &servers[1])
			report, _ := Judge(servers)
			if diff := cmp.Diff(tt.healthy, Missing(report, Healthy)); diff != "" {
				t.Error("healthy:", diff)
			}
			if diff := cmp.Diff(tt.serving, Missing(report, Serving)); diff != "" {
				t.Error("serving:", diff)
			}
		})
	}
}

// commander notes the commands, and can fail.
type commander struct {
	sent []string
	err  error
}

func (c *commander) do(name string) error {
	c.sent = append(c.sent, name)
	return c.err
}

func (c *commander) StartMaintenance(context.Context, kea.Service) error  { return c.do("start") }
func (c *commander) CancelMaintenance(context.Context, kea.Service) error { return c.do("cancel") }
func (c *commander) ContinueHA(context.Context, kea.Service) error        { return c.do("continue") }
func (c *commander) ResetHA(context.Context, kea.Service) error           { return c.do("reset") }
func (c *commander) SyncHA(_ context.Context, _ kea.Service, partner string, _ time.Duration) error {
	return c.do("sync from " + partner)
}

// What Kea answers is no proof: only the states that both servers show end a step, and a cancel that was taken back is sent
// again.
func TestWatch(t *testing.T) {
	normal := func(*Observation, *Observation) {}
	out := func(a, b *Observation) { maintained(a, b, "kea-dhcp-0") }
	joining := func(a, _ *Observation) { in(a, kea.StateReady) }
	dead := func(s kea.HAState) func(a, b *Observation) {
		return func(a, b *Observation) {
			down(b, "no pod")
			in(a, s)
			if s == kea.StatePartnerDown {
				in(a, s, "kea-dhcp-0")
			}
		}
	}
	for name, tt := range map[string]struct {
		kind   Kind
		looks  []func(a, b *Observation) // what each look finds; the last for ever
		fails  error
		sent   []string
		failed string // the beginning of the error
	}{
		"start":                                {MaintenanceStart, []func(a, b *Observation){normal, out}, nil, []string{"start"}, ""},
		"start, the answer unheard":            {MaintenanceStart, []func(a, b *Observation){normal, out}, errors.New("cut off"), []string{"start"}, ""},
		"start, refused by Kea":                {MaintenanceStart, []func(a, b *Observation){normal}, errors.New("no"), []string{"start"}, "kea-dhcp-1/dhcp4: no"},
		"started by an earlier run":            {MaintenanceStart, []func(a, b *Observation){out}, nil, nil, ""},
		"cancel":                               {MaintenanceCancel, []func(a, b *Observation){out, joining, normal}, nil, []string{"cancel"}, ""},
		"cancel, taken back once":              {MaintenanceCancel, []func(a, b *Observation){out, out, normal}, nil, []string{"cancel", "cancel"}, ""},
		"cancelled by an earlier run":          {MaintenanceCancel, []func(a, b *Observation){joining, normal}, nil, nil, ""},
		"out of maintenance, the partner dead": {ForceTakeover, []func(a, b *Observation){dead(kea.StateInMaintenance), dead(kea.StateWaiting), dead(kea.StatePartnerDown)}, nil, []string{"reset", "start"}, ""},
		"start that hangs":                     {MaintenanceStart, []func(a, b *Observation){normal, normal}, nil, []string{"start"}, "kea-dhcp-0/dhcp4 is hot-standby, kea-dhcp-1/dhcp4 is hot-standby"},
		"a partner that died meanwhile": {
			MaintenanceStart,
			[]func(a, b *Observation){func(_, b *Observation) { down(b, "no pod") }},
			nil, nil,
			"kea-dhcp-0/dhcp4: its partner kea-dhcp-1/dhcp4 is down",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &commander{err: tt.fails}
			looks, clockNow := 0, clock()
			src := Source{
				Namespace: "network",
				Command:   func(context.Context, inventory.Server) (Commander, error) { return c, nil },
				Now:       func() time.Time { clockNow = clockNow.Add(time.Second); return clockNow },
			}
			request := Request{Kind: tt.kind, Server: "kea-dhcp-0/dhcp4"}
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			w := &work{Source: src, request: request, observe: func(context.Context) ([]Observation, error) {
				servers := pair(t, "network")
				tt.looks[min(looks, len(tt.looks)-1)](&servers[0], &servers[1])
				looks++
				return servers, nil
			}}
			note := func(string) {}
			_, err := w.tell(ctx, note)
			if err == nil {
				_, err = w.watch(ctx, note)
			}
			if tt.failed == "" && err != nil || tt.failed != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.failed)) {
				t.Errorf("error %v, want %q", err, tt.failed)
			}
			if diff := cmp.Diff(tt.sent, c.sent); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Who waits for a server to serve is told what keeps it.
func TestFullStateSaysWhatKeepsAServerFromServing(t *testing.T) {
	no, yes := false, true
	for want, p := range map[string]Peer{
		"partner-down":                           {Reached: true, State: kea.StatePartnerDown, Serves: &yes},
		"hot-standby":                            {Reached: true, State: kea.StateHotStandby, Serves: &no},
		"waiting":                                {Reached: true, State: kea.StateWaiting, Serves: &no},
		"partner-down and has no lease database": {Reached: true, State: kea.StatePartnerDown, Serves: &no, LeaseQuery: Broken},
		"partner-down and has its DHCP service disabled (by the HA state machine)":       {Reached: true, State: kea.StatePartnerDown, Serves: &no, Disabled: []string{"by the HA state machine"}},
		"hot-standby and has its DHCP service disabled by a user (dhcp-disable)":         {Reached: true, State: kea.StateHotStandby, Serves: &no, Disabled: []string{byUser}},
		"partner-in-maintenance and serves nobody":                                       {Reached: true, State: kea.StatePartnerInMaintenance, Serves: &no},
		"partner-down and is down or does not answer (the control channel is not there)": {State: kea.StatePartnerDown, Serves: &no, Why: "the control channel is not there"},
	} {
		if got := fullState(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
