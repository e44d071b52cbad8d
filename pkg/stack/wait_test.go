package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestPoll(t *testing.T) {
	late, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	taken, take := context.WithCancelCause(t.Context())
	take(errors.New("the lock was taken over"))
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	hopeless := errors.New("the schema is too old")
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		looks []any // what each look gives: a text, or an error
		err   string
		notes []string
	}{
		{"out of time", late, []any{"kea-dhcp-0: Pending"}, "time ran out; last seen: kea-dhcp-0: Pending", []string{"kea-dhcp-0: Pending"}},
		{"at once", t.Context(), []any{""}, "", []string{}},
		{"after a while", t.Context(), []any{"kea-dhcp-0: Pending", ""}, "", []string{"kea-dhcp-0: Pending"}},
		{"a look that fails", t.Context(), []any{errors.New("no answer"), ""}, "", []string{"no answer"}},
		{"no waiting mends it", t.Context(), []any{fmt.Errorf("look: %w", final{hopeless})}, "the schema is too old", []string{}},
		{"a permission is missing", t.Context(), []any{forbidden("list", "pods")}, forbidden("list", "pods").Error(), []string{}},
		{"the lock is lost", taken, []any{"kea-dhcp-0: Pending"}, "the lock was taken over; last seen: nothing yet", []string{}},
		{"interrupted before any look", interrupted, []any{context.Canceled}, "context canceled; last seen: nothing yet", []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			notes := []string{}
			n := 0
			err := poll(tt.ctx, func(what string) { notes = append(notes, what) }, func(context.Context) (string, error) {
				seen := tt.looks[n]
				n++
				if err, ok := seen.(error); ok {
					return "", err
				}
				return fmt.Sprint(seen), nil
			})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.err {
				t.Errorf("got  %s\nwant %s", got, tt.err)
			}
			if diff := cmp.Diff(tt.notes, notes); diff != "" {
				t.Error(diff)
			}
			var unready *NotReadyError
			if waited := errors.As(err, &unready); waited != strings.Contains(tt.err, "last seen") {
				t.Errorf("%T", err)
			}
			if unready != nil && !errors.Is(err, context.Cause(tt.ctx)) {
				t.Errorf("%v is not %v", err, context.Cause(tt.ctx))
			}
		})
	}
}

func TestBroken(t *testing.T) {
	ended := func(code int32, message string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Message: message}}
	}
	waiting := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	const old = "schema 22.2 is older than 30.0\n"
	for name, tt := range map[string]struct {
		pod         string
		state, last corev1.ContainerState
		want        string
	}{
		"it gave up just now":           {"kea-dhcp-1", ended(3, old), corev1.ContainerState{}, "kea-dhcp-1: schema 22.2 is older than 30.0"},
		"it waits for the next try":     {"kea-dhcp-1", waiting, ended(3, old), "kea-dhcp-1: schema 22.2 is older than 30.0"},
		"it tries again":                {"kea-dhcp-1", running, ended(3, old), "kea-dhcp-1: schema 22.2 is older than 30.0"},
		"mended since":                  {"kea-dhcp-1", ended(0, ""), ended(3, old), ""},
		"something that may pass":       {"kea-dhcp-1", ended(1, "no database yet"), ended(3, old), ""},
		"it waits for what may pass":    {"kea-dhcp-1", waiting, ended(2, "no database yet"), ""},
		"done":                          {"kea-dhcp-1", ended(0, ""), corev1.ContainerState{}, ""},
		"somebody else's pod":           {"kea-dhcp-maintenance-1", ended(3, old), corev1.ContainerState{}, ""},
		"a pod whose name begins alike": {"kea-dhcp-10", ended(3, old), corev1.ContainerState{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: tt.pod}}
			pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{State: tt.state, LastTerminationState: tt.last}}
			got := ""
			if err := broken([]corev1.Pod{{}, pod}, []string{"kea-dhcp-0", "kea-dhcp-1"}); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNotReady(t *testing.T) {
	server := func(pod string, service kea.Service, state inventory.PodState) inventory.Server {
		return inventory.Server{Pod: pod, Service: service, State: state}
	}
	fine := inventory.PodState{Running: true, Ready: true, Reason: "Running"}
	for name, tt := range map[string]struct {
		servers []inventory.Server
		want    string
	}{
		"all run":                {[]inventory.Server{server("kea-dhcp-0", kea.DHCP4, fine), server("kea-dhcp-1", kea.DHCP4, fine)}, ""},
		"none":                   {nil, ""},
		"running is not ready":   {[]inventory.Server{server("kea-dhcp-0", kea.DHCP4, inventory.PodState{Running: true, Reason: "Running"})}, "kea-dhcp-0/dhcp4: not ready"},
		"a pod is said once":     {[]inventory.Server{server("kea-dhcp-0", kea.DHCP4, inventory.PodState{Reason: "Pending"}), server("kea-dhcp-0", kea.DHCP6, inventory.PodState{Reason: "Pending"})}, "kea-dhcp-0: Pending"},
		"why it does not run":    {[]inventory.Server{server("kea-dhcp-0", kea.DHCP4, fine), server("kea-dhcp-1", kea.DHCP4, inventory.PodState{Reason: "CrashLoopBackOff", LastExit: "Error, exit code 1"})}, "kea-dhcp-1: CrashLoopBackOff, last: Error, exit code 1"},
		"nobody knows why":       {[]inventory.Server{server("kea-dhcp-0", kea.DHCP4, inventory.PodState{})}, "kea-dhcp-0: not running"},
		"two daemons, one ready": {[]inventory.Server{server("kea-dhcp-0", kea.DHCP4, fine), server("kea-dhcp-0", kea.DHCP6, inventory.PodState{Running: true})}, "kea-dhcp-0/dhcp6: not ready"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := notReady(tt.servers); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestNotServing(t *testing.T) {
	fine := ha.Peer{Server: "kea-dhcp-0/dhcp4", Reached: true, State: kea.StateHotStandby, LeaseQuery: ha.Works}
	other := ha.Peer{Server: "kea-dhcp-1/dhcp4", Reached: true, State: kea.StateHotStandby, LeaseQuery: ha.Works}
	with := func(p ha.Peer, change func(*ha.Peer)) ha.Peer { change(&p); return p }
	pair := func(peers ...ha.Peer) ha.Report {
		return ha.Report{Relationships: []ha.Relationship{{Name: "kea-dhcp-0 + kea-dhcp-1 dhcp4", Mode: kea.ModeHotStandby, Peers: peers}}}
	}
	for name, tt := range map[string]struct {
		report        ha.Report
		want, serving string
	}{
		"as it should be": {pair(fine, other), "", "kea-dhcp-0 + kea-dhcp-1 dhcp4 hot-standby"},
		"not reached":     {pair(fine, with(other, func(p *ha.Peer) { p.Reached, p.Why = false, "connection refused" })), "kea-dhcp-1/dhcp4: connection refused", ""},
		"on the way": {
			pair(with(fine, func(p *ha.Peer) { p.State = kea.StateWaiting }), with(other, func(p *ha.Peer) { p.State = kea.StateSyncing })),
			"kea-dhcp-0/dhcp4: waiting; kea-dhcp-1/dhcp4: syncing", "",
		},
		"the hook is not there": {pair(fine, with(other, func(p *ha.Peer) { p.State = "" })), "kea-dhcp-1/dhcp4: high availability does not run", ""},
		"no database":           {pair(with(fine, func(p *ha.Peer) { p.LeaseQuery = ha.Broken }), other), "kea-dhcp-0/dhcp4: no answer from the lease database", ""},
		"disabled":              {pair(with(fine, func(p *ha.Peer) { p.Disabled = []string{"by a user"} }), other), "kea-dhcp-0/dhcp4: DHCP disabled by a user", ""},
		"alone":                 {ha.Report{Standalone: []ha.Peer{with(fine, func(p *ha.Peer) { p.State = "" })}}, "", "kea-dhcp-0/dhcp4"},
		"alone, no database":    {ha.Report{Standalone: []ha.Peer{with(fine, func(p *ha.Peer) { p.State, p.LeaseQuery = "", ha.Unknown })}}, "kea-dhcp-0/dhcp4: no answer from the lease database", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := notServing(tt.report); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := serving(tt.report); tt.want == "" && got != tt.serving {
				t.Errorf("serving %q, want %q", got, tt.serving)
			}
		})
	}
}

// asker is a Kea that runs what its file says, in the state that the test wants.
type asker struct {
	config kea.Config
	state  kea.HAState
}

func (a asker) Status(context.Context, kea.Service) (kea.Status, error) {
	return kea.Status{Uptime: time.Hour, Reload: time.Hour, HA: []kea.HARelationship{{Mode: kea.ModeHotStandby, Local: kea.HALocal{State: a.state, Scopes: []string{}}}}}, nil
}

func (a asker) Version(context.Context, kea.Service) (kea.Version, error) {
	return kea.Version{Number: "2.6.3", Major: 2, Minor: 6, Patch: 3}, nil
}

func (a asker) Config(context.Context, kea.Service) (kea.Config, error) { return a.config, nil }

func (a asker) Heartbeat(context.Context, kea.Service) (kea.Heartbeat, error) {
	return kea.Heartbeat{State: a.state, Time: today()}, nil
}

func (a asker) ProbeLeases(context.Context, kea.Service) error { return nil }

func (a asker) LeaseStats(context.Context, kea.Service) (kea.LeaseStats, error) {
	return kea.LeaseStats{}, nil
}

// run starts the pods of the StatefulSet, as its controller and the kubelet do. They start later than now: the fake API
// server writes down a new time for each apply, also when nothing changes.
func (f *cluster) run(t *testing.T) {
	t.Helper()
	var set appsv1.StatefulSet
	f.get(t, "kea-dhcp", &set)
	set.UID = "set-1"
	if err := f.store.Update(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
	set.Status = appsv1.StatefulSetStatus{ObservedGeneration: set.Generation, UpdateRevision: "kea-dhcp-1"}
	if err := f.store.Status().Update(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
	for n := range *set.Spec.Replicas {
		pod := &corev1.Pod{ObjectMeta: *set.Spec.Template.ObjectMeta.DeepCopy(), Spec: *set.Spec.Template.Spec.DeepCopy()}
		pod.Namespace, pod.Name = "network", fmt.Sprintf("kea-dhcp-%d", n)
		pod.Labels[appsv1.StatefulSetRevisionLabel] = "kea-dhcp-1"
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "StatefulSet", Name: "kea-dhcp", UID: set.UID, Controller: new(true)}}
		if err := f.store.Create(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
		pod.Status.Phase = corev1.PodRunning
		for _, c := range pod.Spec.Containers {
			pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
				Name: c.Name, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(time.Now().Add(time.Minute))}},
			})
		}
		if err := f.store.Status().Update(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
}

// postgres makes the database's operator bring its instances about.
func (f *cluster) postgres(t *testing.T, phase string) {
	t.Helper()
	var c cnpgv1.Cluster
	f.get(t, "kea-database", &c)
	c.Status.Phase, c.Status.Instances, c.Status.ReadyInstances = phase, 3, 3
	c.Status.CurrentPrimary, c.Status.TargetPrimary = "kea-database-1", "kea-database-1"
	c.Status.InstancesStatus = map[cnpgv1.PodStatus][]string{cnpgv1.PodHealthy: {"kea-database-1", "kea-database-2", "kea-database-3"}}
	c.Status.InstanceNames = []string{"kea-database-1", "kea-database-2", "kea-database-3"}
	c.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionTrue}}
	if err := f.store.Update(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	for i, name := range c.Status.InstanceNames {
		role := cnpg.RolePrimary
		if i > 0 {
			role = cnpg.RoleReplica
		}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: map[string]string{
			cnpg.LabelCluster: "kea-database", cnpg.LabelPodRole: "instance", cnpg.LabelInstanceRole: string(role), "cnpg.io/instanceName": name,
		}}}
		if err := f.store.Create(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
		pod.Status.Phase = corev1.PodRunning
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "postgres", Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
		if err := f.store.Status().Update(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
	}
}

// serve connects to servers that run what the ConfigMap says.
func (f *cluster) serve(t *testing.T, state kea.HAState) ha.Connect {
	t.Helper()
	return func(ctx context.Context, s inventory.Server) (ha.Asker, inventory.Endpoint, error) {
		if s.File == nil {
			return nil, inventory.Endpoint{}, errors.New("no file")
		}
		return asker{*s.File, state}, inventory.Endpoint{Via: "control agent"}, ctx.Err()
	}
}

func TestApplyWaits(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	f.run(t)
	f.postgres(t, cnpgv1.PhaseHealthy)
	src := f.source()
	src.Connect = f.serve(t, kea.StateHotStandby)
	var r recorder
	p := f.plan(t, office, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	result, err := Apply(ctx, src, p, Options{}, true, lock(), &r)
	if err != nil {
		t.Fatal(err, r.lines)
	}
	want := []string{
		"start wait for the database", "done kea-database, 3 of 3 instances ready",
		"start wait for the servers to hand out leases", "done kea-dhcp-0 + kea-dhcp-1 dhcp4 hot-standby",
	}
	if diff := cmp.Diff(want, r.lines[len(r.lines)-4:]); diff != "" {
		t.Error(diff)
	}
	if len(result.Lagging) != 0 {
		t.Errorf("%+v", result.Lagging)
	}
}

func TestApplyWaitsInVain(t *testing.T) {
	for name, tt := range map[string]struct {
		phase string
		state kea.HAState
		want  string
	}{
		"no plugin of that name": {cnpgv1.PhaseUnknownPlugin, kea.StateHotStandby, "wait for the database: cluster kea-database: "},
		"the pair does not find together": {
			cnpgv1.PhaseHealthy, kea.StateWaiting,
			"wait for the servers to hand out leases: time ran out; last seen: kea-dhcp-0/dhcp4: waiting; kea-dhcp-1/dhcp4: waiting",
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			f.install(t, office)
			f.run(t)
			f.postgres(t, tt.phase)
			src := f.source()
			src.Connect = f.serve(t, tt.state)
			p := f.plan(t, office, Options{})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_, err := Apply(ctx, src, p, Options{}, true, lock(), &recorder{})
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}
