package ha

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// fake answers as a test wants, and notes what it was asked.
type fake struct {
	asked  []string
	number kea.Version
	config kea.Config
	errs   map[string]error // by command
	hang   string           // this command answers only when its time is over
	mends  bool             // errors come once only
}

func (f *fake) say(ctx context.Context, command string) error {
	f.asked = append(f.asked, command)
	if f.hang == command {
		<-ctx.Done()
		return ctx.Err()
	}
	err := f.errs[command]
	if f.mends {
		delete(f.errs, command)
	}
	return err
}

func (f *fake) Status(ctx context.Context, _ kea.Service) (kea.Status, error) {
	return kea.Status{}, f.say(ctx, "status")
}

func (f *fake) Version(ctx context.Context, _ kea.Service) (kea.Version, error) {
	return f.number, f.say(ctx, "version")
}

func (f *fake) Config(ctx context.Context, _ kea.Service) (kea.Config, error) {
	return f.config, f.say(ctx, "config")
}

func (f *fake) Heartbeat(ctx context.Context, _ kea.Service) (kea.Heartbeat, error) {
	return kea.Heartbeat{State: kea.StateHotStandby, Time: clock().Add(42 * time.Second)}, f.say(ctx, "heartbeat")
}

func (f *fake) ProbeLeases(ctx context.Context, _ kea.Service) error { return f.say(ctx, "leases") }

func (f *fake) LeaseStats(ctx context.Context, _ kea.Service) (kea.LeaseStats, error) {
	return kea.LeaseStats{}, f.say(ctx, "statistics")
}

func answer(result int, text string) error {
	return &kea.Error{Command: "x", Result: result, Text: text}
}

func TestObserve(t *testing.T) {
	running := inventory.PodState{Exists: true, Running: true}
	withHA := kea.Config{HA: []kea.HAConfig{{Mode: kea.ModeHotStandby}}}
	all := []string{"version", "heartbeat", "config", "status", "leases", "statistics"}
	offline := answer(1, "unable to forward command to the dhcp4 service: Connection refused. The server is likely to be offline")
	type want struct {
		Asked   []string
		Reached bool
		Failure bool
		Unread  []string
		Query   Outcome
	}
	for _, test := range []struct {
		name  string
		fake  fake
		state inventory.PodState
		file  *kea.Config
		way   error
		want  want
	}{
		{"all answered", fake{}, running, nil, nil, want{Asked: all, Reached: true, Query: Works}},
		{"not running: not asked", fake{}, inventory.PodState{Reason: "no pod"}, nil, nil, want{Failure: true}},
		{"no way in", fake{}, running, nil, errors.New("refused"), want{Failure: true}},
		{
			"the first command fails: nothing else is asked",
			fake{errs: map[string]error{"version": kea.ErrUnreachable}},
			running, nil, nil,
			want{Asked: []string{"version"}, Failure: true},
		},
		{
			"wrong password",
			fake{errs: map[string]error{"version": answer(401, "Unauthorized")}},
			running, nil, nil,
			want{Asked: []string{"version"}, Failure: true},
		},
		{
			"the agent is there, the daemon is not",
			fake{errs: map[string]error{"version": offline}},
			running, nil, nil,
			want{Asked: []string{"version"}, Failure: true},
		},
		{
			"hooks that are not loaded are no fault",
			fake{errs: map[string]error{"heartbeat": answer(2, "not supported"), "leases": answer(2, "not supported"), "statistics": answer(2, "not supported")}},
			running, nil, nil,
			want{Asked: all, Reached: true},
		},
		{
			"an error is an answer, and is named",
			fake{errs: map[string]error{"config": answer(1, "no"), "statistics": answer(1, "no")}},
			running, nil, nil,
			want{Asked: all, Reached: true, Unread: []string{"kea-0/dhcp4 config-get", "kea-0/dhcp4 lease statistics"}, Query: Works},
		},
		{
			"no database: the statistics would say the same",
			fake{errs: map[string]error{"leases": answer(1, "no current lease manager is available")}},
			running, nil, nil,
			want{Asked: append(slices.Clone(all[:5]), "leases"), Reached: true, Query: Broken}, // twice: the first query after a loss may be the one that mends it
		},
		{
			"the database is back with the second query",
			fake{mends: true, errs: map[string]error{"leases": answer(1, "server closed the connection unexpectedly")}},
			running, nil, nil,
			want{Asked: []string{"version", "heartbeat", "config", "status", "leases", "leases", "statistics"}, Reached: true, Query: Works},
		},
		{
			"it dies on the way",
			fake{errs: map[string]error{"status": kea.ErrUnreachable, "leases": offline, "statistics": offline}},
			running, nil, nil,
			want{Asked: all, Reached: true, Unread: []string{"kea-0/dhcp4 status-get", "kea-0/dhcp4 lease query", "kea-0/dhcp4 lease statistics"}},
		},
		{
			"2.2 after a failed reload: status-get would end it",
			fake{number: kea.Version{Major: 2, Minor: 2}, config: withHA, errs: map[string]error{"heartbeat": answer(2, "not supported")}},
			running, nil, nil,
			want{Asked: []string{"version", "heartbeat", "config", "leases", "statistics"}, Reached: true, Unread: []string{"kea-0/dhcp4 status-get"}, Query: Works},
		},
		{
			"2.2 whose configuration is not known: the same",
			fake{number: kea.Version{Major: 2, Minor: 2}, errs: map[string]error{"heartbeat": answer(2, "not supported"), "config": answer(1, "no")}},
			running, nil, nil,
			want{Asked: []string{"version", "heartbeat", "config", "leases", "statistics"}, Reached: true, Unread: []string{"kea-0/dhcp4 config-get", "kea-0/dhcp4 status-get"}, Query: Works},
		},
		{
			"2.2 without HA",
			fake{number: kea.Version{Major: 2, Minor: 2}, errs: map[string]error{"heartbeat": answer(2, "not supported")}},
			running, nil, nil,
			want{Asked: all, Reached: true, Query: Works},
		},
		{"2.2 with HA that works", fake{number: kea.Version{Major: 2, Minor: 2}, config: withHA}, running, nil, nil, want{Asked: all, Reached: true, Query: Works}},
		{
			"2.6 after a failed reload may be asked",
			fake{number: kea.Version{Major: 2, Minor: 6}, config: withHA, errs: map[string]error{"heartbeat": answer(2, "not supported")}},
			running, nil, nil,
			want{Asked: all, Reached: true, Query: Works},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := inventory.Server{Pod: "kea-0", Service: kea.DHCP4, State: test.state, File: test.file}
			o := Observe(t.Context(), s, func(context.Context, inventory.Server) (Asker, inventory.Endpoint, error) {
				return &test.fake, inventory.Endpoint{Via: "control agent"}, test.way
			}, clock)
			got := want{Asked: test.fake.asked, Reached: o.Reached, Failure: o.Failure != nil, Query: o.LeaseQuery}
			for _, u := range o.Unread {
				got.Unread = append(got.Unread, u.Source)
				if u.Err == nil || u.Error == "" {
					t.Errorf("%s: no reason", u.Source)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if o.Heartbeat != nil && (o.ClockOffset == nil || *o.ClockOffset != 42*time.Second) {
				t.Errorf("clock offset %v, want 42s", o.ClockOffset)
			}
		})
	}
}

// A daemon whose database hangs answers everything but the lease query.
func TestAHangingLeaseQueryLeavesTheRest(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f := &fake{hang: "leases"}
	o := Observe(ctx, inventory.Server{Pod: "kea-0", Service: kea.DHCP4, State: inventory.PodState{Running: true}},
		func(context.Context, inventory.Server) (Asker, inventory.Endpoint, error) {
			return f, inventory.Endpoint{}, nil
		}, clock)
	if !o.Reached || o.Status == nil || o.Config == nil || o.Version == nil || o.Heartbeat == nil || o.LeaseQuery != Unknown {
		t.Errorf("%+v", o)
	}
	if len(o.Unread) == 0 || o.Unread[0].Source != "kea-0/dhcp4 lease query" || !errors.Is(o.Unread[0].Err, context.DeadlineExceeded) {
		t.Errorf("unread: %+v", o.Unread)
	}
}

// One server's silence costs no other's answers, and all are asked at the same time.
func TestGatherAsksAllAtOnce(t *testing.T) {
	pods := []string{"a", "b", "c"}
	servers := []inventory.Server{}
	for _, pod := range pods {
		servers = append(servers, inventory.Server{Pod: pod, Service: kea.DHCP4, State: inventory.PodState{Running: true}})
	}
	here, open := make(chan string), make(chan struct{})
	go func() {
		for range pods {
			<-here
		}
		close(open)
	}()
	found := Gather(t.Context(), servers, func(ctx context.Context, s inventory.Server) (Asker, inventory.Endpoint, error) {
		here <- s.Pod
		select {
		case <-open:
			return &fake{}, inventory.Endpoint{}, nil
		case <-ctx.Done():
			return nil, inventory.Endpoint{}, ctx.Err()
		}
	}, clock)
	got := []string{}
	for _, o := range found {
		if !o.Reached {
			t.Errorf("%s was asked alone: %v", o.Server.Pod, o.Failure)
		}
		got = append(got, o.Server.Pod)
	}
	if !slices.Equal(got, pods) {
		t.Errorf("the order is %v", got)
	}
}
