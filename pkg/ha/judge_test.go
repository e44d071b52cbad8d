package ha

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

const (
	standbyPair = "kea-dhcp-0 + kea-dhcp-1 dhcp4"
	campusPair  = "kea-0 + kea-1 dhcp4"
)

// judged is a judgement in short: what a table of tests compares.
type judged struct {
	Serving  string   // yes, no, unknown
	Serves   []string // of each peer: yes, no, unknown
	Unserved []string
	Doubled  []string
	Problems []string // "severity code subject"
}

func yesNo(b *bool) string {
	if b == nil {
		return "unknown"
	}
	return map[bool]string{true: "yes", false: "no"}[*b]
}

func short(r Relationship, problems []problem.Problem) judged {
	j := judged{Serving: yesNo(r.Serving), Serves: []string{}, Unserved: r.Unserved, Doubled: r.Doubled, Problems: []string{}}
	for _, p := range r.Peers {
		j.Serves = append(j.Serves, yesNo(p.Serves))
	}
	for _, p := range problems {
		j.Problems = append(j.Problems, fmt.Sprintf("%s %s %s", p.Severity, p.Code, p.Subject))
	}
	return j
}

var errForbidden = apierrors.NewForbidden(schema.GroupResource{Resource: "pods/portforward"}, "kea-dhcp-0", nil)

func TestJudge(t *testing.T) {
	none := []string{}
	hot := []string{"kea-dhcp-0"}
	for _, test := range []struct {
		name     string
		scenario string
		change   func(a, b *Observation) // the primary, and the standby or secondary
		want     judged
	}{
		{
			"healthy hot-standby: a standby without scopes is normal", "network", func(*Observation, *Observation) {},
			judged{"yes", []string{"yes", "no"}, none, none, none},
		},
		{
			"healthy load-balancing", "campus", func(*Observation, *Observation) {},
			judged{"yes", []string{"yes", "yes"}, none, none, none},
		},
		{
			"healthy memfile", "branch", func(*Observation, *Observation) {},
			judged{"yes", []string{"yes", "no"}, none, none, none},
		},
		{
			"the primary comes back, as captured", "returning", func(*Observation, *Observation) {},
			judged{"yes", []string{"no", "yes"}, none, none, []string{"warning partner-down kea-dhcp-1/dhcp4", "info not-ready kea-dhcp-0/dhcp4"}},
		},
		{
			"standby gone", "network", func(a, b *Observation) {
				down(b, "no pod")
				lost(a, 20*time.Second)
				in(a, kea.StatePartnerDown, "kea-dhcp-0")
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{"warning partner-down kea-dhcp-0/dhcp4", "warning server-down kea-dhcp-1/dhcp4"}},
		},
		{
			"primary killed, the standby waits", "network", func(a, b *Observation) {
				down(a, "CrashLoopBackOff")
				lost(b, 40*time.Second)
				remote(b).UnackedClients = 1
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{"critical standby-waits " + standbyPair, "warning server-down kea-dhcp-0/dhcp4"}},
		},
		{
			"primary killed, the standby has taken over", "network", func(a, b *Observation) {
				down(a, "no pod")
				lost(b, 40*time.Second)
				in(b, kea.StatePartnerDown, "kea-dhcp-0")
			},
			judged{"yes", []string{"no", "yes"}, none, none, []string{"warning server-down kea-dhcp-0/dhcp4", "warning partner-down kea-dhcp-1/dhcp4"}},
		},
		{
			"the primary's node is dead: nobody reaches it", "network", func(a, b *Observation) {
				unreached(a, context.DeadlineExceeded)
				lost(b, 40*time.Second)
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{"critical standby-waits " + standbyPair, "warning not-reached kea-dhcp-0/dhcp4"}},
		},
		{
			"both in partner-down over one database", "network", func(a, b *Observation) {
				lost(a, time.Minute)
				lost(b, time.Minute)
				in(a, kea.StatePartnerDown, "kea-dhcp-0")
				in(b, kea.StatePartnerDown, "kea-dhcp-0")
			},
			judged{"yes", []string{"yes", "yes"}, none, hot, []string{
				"warning partner-down kea-dhcp-0/dhcp4", "warning partner-down kea-dhcp-1/dhcp4", "warning split-brain " + standbyPair,
			}},
		},
		{
			"both in partner-down with databases of their own", "branch", func(a, b *Observation) {
				lost(a, time.Minute)
				lost(b, time.Minute)
				in(a, kea.StatePartnerDown, "kea-dhcp-0")
				in(b, kea.StatePartnerDown, "kea-dhcp-0")
			},
			judged{"yes", []string{"yes", "yes"}, none, hot, []string{
				"critical split-brain " + standbyPair, "warning partner-down kea-dhcp-0/dhcp4", "warning partner-down kea-dhcp-1/dhcp4",
			}},
		},
		{
			"load-balancing: one half is unserved", "campus", func(a, b *Observation) {
				down(b, "no pod")
				lost(a, 6*time.Second)
				in(a, kea.StateCommunicationRecovery, "kea-0")
			},
			judged{"no", []string{"yes", "no"}, []string{"kea-1"}, none, []string{
				"critical half-waits " + campusPair, "warning communication-recovery kea-0/dhcp4", "warning server-down kea-1/dhcp4",
			}},
		},
		{
			"load-balancing: one serves both halves", "campus", func(a, b *Observation) {
				down(a, "Pending")
				lost(b, time.Minute)
				in(b, kea.StatePartnerDown, "kea-0", "kea-1")
			},
			judged{"yes", []string{"no", "yes"}, none, none, []string{"warning server-down kea-0/dhcp4", "warning partner-down kea-1/dhcp4"}},
		},
		{
			"both start", "network", func(a, b *Observation) {
				young(a)
				young(b)
				in(a, kea.StateWaiting)
				in(b, kea.StateReady)
				sees(a, kea.StateReady)
				sees(b, kea.StateWaiting)
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{
				"critical nobody-serves " + standbyPair, "info not-ready kea-dhcp-0/dhcp4", "info not-ready kea-dhcp-1/dhcp4",
			}},
		},
		{
			"both are stuck in waiting", "network", func(a, b *Observation) {
				in(a, kea.StateWaiting)
				in(b, kea.StateWaiting)
				a.Status.Reload, b.Status.Reload = time.Hour, time.Hour
				a.Status.Uptime, b.Status.Uptime = time.Hour, time.Hour
				lost(a, time.Minute)
				lost(b, time.Minute)
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{
				"critical nobody-serves " + standbyPair, "warning not-ready kea-dhcp-0/dhcp4", "warning not-ready kea-dhcp-1/dhcp4",
				"warning split-view " + standbyPair, "warning split-view " + standbyPair,
			}},
		},
		{
			"a reload counts as a start", "network", func(a, b *Observation) {
				a.Status.Uptime, a.Status.Reload = time.Hour, time.Second
				in(a, kea.StateSyncing)
				sees(b, kea.StateWaiting)
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{"critical nobody-serves " + standbyPair, "info not-ready kea-dhcp-0/dhcp4"}},
		},
		{
			"maintenance", "network", func(a, b *Observation) {
				in(a, kea.StateInMaintenance)
				in(b, kea.StatePartnerInMaintenance, "kea-dhcp-0")
				sees(a, kea.StatePartnerInMaintenance, "kea-dhcp-0")
				sees(b, kea.StateInMaintenance)
			},
			judged{"yes", []string{"no", "yes"}, none, none, []string{
				"warning in-maintenance kea-dhcp-0/dhcp4", "warning partner-in-maintenance kea-dhcp-1/dhcp4",
			}},
		},
		{
			"terminated: clocks apart by the heartbeats", "network", func(a, b *Observation) {
				in(a, kea.StateTerminated, "kea-dhcp-0")
				in(b, kea.StateTerminated)
				remote(a).Age, remote(b).Age = time.Hour, time.Hour
				b.ClockOffset = new(90 * time.Second)
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{
				"warning terminated kea-dhcp-0/dhcp4", "warning terminated kea-dhcp-1/dhcp4", "warning clock-skew " + standbyPair,
			}},
		},
		{
			"clocks apart by the daemon's own word (3.0)", "campus", func(a, b *Observation) {
				remote(a).ClockSkew, remote(b).ClockSkew = new(40), new(-40)
			},
			judged{"yes", []string{"yes", "yes"}, none, none, []string{"warning clock-skew " + campusPair}},
		},
		{
			"the standby's HA hook is gone", "network", func(_, b *Observation) {
				b.Status.HA, b.Heartbeat, b.WithoutHA = nil, nil, true
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{"warning ha-hook-gone kea-dhcp-1/dhcp4"}},
		},
		{
			"the primary's HA hook is gone", "network", func(a, b *Observation) {
				a.Status.HA, a.Heartbeat, a.WithoutHA = nil, nil, true
				lost(b, time.Minute)
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{"critical ha-hook-gone " + standbyPair, "critical ha-hook-gone kea-dhcp-0/dhcp4"}},
		},
		{
			"the HA hook of a 2.2 is gone: its status was not asked", "network", func(a, b *Observation) {
				a.Status, a.Heartbeat, a.WithoutHA = nil, nil, true
				lost(b, time.Minute)
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{"critical ha-hook-gone " + standbyPair, "critical ha-hook-gone kea-dhcp-0/dhcp4"}},
		},
		{
			"status and heartbeat did not come: not known", "network", func(a, _ *Observation) { a.Status, a.Heartbeat = nil, nil },
			judged{"yes", []string{"unknown", "no"}, none, none, none}, // its partner hears from it
		},
		{
			"no database on both: the HA states look healthy", "network", func(a, b *Observation) { noDB(a); noDB(b) },
			judged{"no", []string{"no", "no"}, hot, none, []string{
				"critical no-lease-database " + standbyPair, "critical no-lease-database kea-dhcp-0/dhcp4", "critical no-lease-database kea-dhcp-1/dhcp4",
			}},
		},
		{
			"no database on the standby", "network", func(_, b *Observation) { noDB(b) },
			judged{"yes", []string{"yes", "no"}, none, none, []string{"warning no-lease-database kea-dhcp-1/dhcp4"}},
		},
		{
			"no database on one half", "campus", func(_, b *Observation) { noDB(b) },
			judged{"no", []string{"yes", "no"}, []string{"kea-1"}, none, []string{
				"critical no-lease-database " + campusPair, "critical no-lease-database kea-1/dhcp4",
			}},
		},
		{
			"disabled for want of a database", "network", func(a, _ *Observation) {
				a.Status.DHCP.GloballyDisabled, a.Status.DHCP.DisabledByDBConnection = true, []int{6000}
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{
				"critical no-lease-database " + standbyPair, "critical no-lease-database kea-dhcp-0/dhcp4",
			}},
		},
		{
			"a user disabled the server that serves", "network", func(a, _ *Observation) {
				a.Status.DHCP.GloballyDisabled, a.Status.DHCP.DisabledByUser = true, true
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{
				"critical service-disabled " + standbyPair, "warning service-disabled kea-dhcp-0/dhcp4",
			}},
		},
		{
			"a user disabled the standby", "network", func(_, b *Observation) {
				b.Status.DHCP.GloballyDisabled, b.Status.DHCP.DisabledByUser = true, true
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{"warning service-disabled kea-dhcp-1/dhcp4"}},
		},
		{
			"the sockets failed", "network", func(a, _ *Observation) {
				a.Status.Sockets = kea.Sockets{Status: "failed", Errors: []string{"Failed to bind socket 12 to 10.99.2.2/port=67"}}
			},
			judged{"no", []string{"no", "no"}, hot, none, []string{
				"critical socket-failed " + standbyPair, "critical socket-failed kea-dhcp-0/dhcp4",
			}},
		},
		{
			"we may not ask the primary, and its partner hears from it", "network", func(a, _ *Observation) { unreached(a, errForbidden) },
			judged{"yes", []string{"unknown", "no"}, none, none, []string{"warning not-reached kea-dhcp-0/dhcp4"}},
		},
		{
			"the primary does not answer us in time, and its partner hears from it", "network", func(a, _ *Observation) {
				unreached(a, context.DeadlineExceeded)
			},
			judged{"yes", []string{"unknown", "no"}, none, none, []string{"warning not-reached kea-dhcp-0/dhcp4"}},
		},
		{
			"we may not ask the primary, and its partner lost it", "network", func(a, b *Observation) {
				unreached(a, errForbidden)
				lost(b, time.Minute)
			},
			judged{"unknown", []string{"unknown", "no"}, none, none, []string{"warning not-reached kea-dhcp-0/dhcp4"}},
		},
		{
			"the standby is not reached by us only", "network", func(_, b *Observation) { unreached(b, kea.ErrUnreachable) },
			judged{"yes", []string{"yes", "unknown"}, none, none, []string{"warning not-reached kea-dhcp-1/dhcp4"}},
		},
		{
			"nobody is reached", "network", func(a, b *Observation) {
				unreached(a, context.DeadlineExceeded)
				unreached(b, context.DeadlineExceeded)
			},
			judged{"unknown", []string{"unknown", "unknown"}, none, none, []string{
				"warning not-reached kea-dhcp-0/dhcp4", "warning not-reached kea-dhcp-1/dhcp4",
			}},
		},
		{
			"ha-scopes: both serve over one database", "network", func(_, b *Observation) {
				in(b, kea.StateHotStandby, "kea-dhcp-0")
			},
			judged{"yes", []string{"yes", "yes"}, none, hot, []string{"warning both-serve " + standbyPair}},
		},
		{
			"ha-scopes: both serve from databases of their own", "branch", func(_, b *Observation) {
				in(b, kea.StateHotStandby, "kea-dhcp-0")
			},
			judged{"yes", []string{"yes", "yes"}, none, hot, []string{"critical both-serve " + standbyPair}},
		},
		{
			"split view: the way between the peers is broken", "network", func(a, b *Observation) {
				lost(b, 40*time.Second)
				young(b)
				a.Status.Uptime, a.Status.Reload = time.Hour, time.Hour
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{"warning split-view " + standbyPair}},
		},
		{
			"the configurations differ", "campus", func(_, b *Observation) {
				b.Config.Raw["valid-lifetime"] = int64(60)
			},
			judged{"yes", []string{"yes", "yes"}, none, none, []string{"warning configuration-differs " + campusPair}},
		},
		{
			"a server runs another configuration than its file", "network", func(a, _ *Observation) {
				a.Server.File = &kea.Config{Service: kea.DHCP4, HA: a.Config.HA, Raw: map[string]any{"valid-lifetime": int64(60)}}
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{"info file-differs kea-dhcp-0/dhcp4"}},
		},
		{
			"lease updates over one database", "network", func(a, b *Observation) {
				for _, o := range []*Observation{a, b} {
					o.Config.HA[0].SendLeaseUpdates = true
				}
			},
			judged{"yes", []string{"yes", "no"}, none, none, []string{"warning lease-updates-over-shared-database " + standbyPair}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			observations := pair(t, test.scenario)
			test.change(&observations[0], &observations[1])
			report, problems := Judge(observations)
			if len(report.Relationships) != 1 || len(report.Standalone) != 0 {
				t.Fatalf("%d relationships, %d alone", len(report.Relationships), len(report.Standalone))
			}
			if diff := cmp.Diff(test.want, short(report.Relationships[0], problems)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, p := range problems {
				if p.Text == "" || strings.Contains(p.Text, "()") || strings.Contains(p.Text, "%!") || strings.HasSuffix(p.Text, " ") || strings.HasSuffix(p.Text, ".") {
					t.Errorf("the text of %s does not read well: %q", p.Code, p.Text)
				}
				if strings.Contains(p.Next, "-n  ") || strings.HasSuffix(p.Next, "-n ") {
					t.Errorf("the command of %s lacks a namespace: %q", p.Code, p.Next)
				}
			}
		})
	}
}

// A server whose pod does not exist and that no StatefulSet wants: only the configuration of its partner names it.
func TestJudgeWithOnePeerOnly(t *testing.T) {
	for _, test := range []struct {
		name   string
		pod    string
		change func(*Observation)
		want   judged
	}{
		{
			"the primary runs elsewhere", "kea-dhcp-1", func(*Observation) {},
			judged{"yes", []string{"unknown", "no"}, []string{}, []string{}, []string{"info peer-elsewhere kea-dhcp-0/dhcp4"}},
		},
		{
			"the primary is not there", "kea-dhcp-1", func(o *Observation) { lost(o, time.Minute) },
			judged{"no", []string{"no", "no"}, []string{"kea-dhcp-0"}, []string{}, []string{"critical standby-waits " + standbyPair, "warning peer-not-found kea-dhcp-0/dhcp4"}},
		},
		{
			"the standby is not there", "kea-dhcp-0", func(o *Observation) { lost(o, time.Minute); in(o, kea.StatePartnerDown, "kea-dhcp-0") },
			judged{"yes", []string{"yes", "no"}, []string{}, []string{}, []string{"warning partner-down kea-dhcp-0/dhcp4", "warning peer-not-found kea-dhcp-1/dhcp4"}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := captured(t, "network", test.pod)
			test.change(&o)
			report, problems := Judge([]Observation{o})
			if diff := cmp.Diff(test.want, short(report.Relationships[0], problems)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestJudgeStandalone(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Observation)
		serves string
		want   []string
	}{
		{"healthy", func(*Observation) {}, "yes", []string{}},
		{"down", func(o *Observation) { down(o, "CrashLoopBackOff") }, "no", []string{"critical server-down address-service/dhcp4"}},
		{"no database", noDB, "no", []string{"critical no-lease-database address-service/dhcp4"}},
		{"not reached", func(o *Observation) { unreached(o, context.DeadlineExceeded) }, "unknown", []string{"warning not-reached address-service/dhcp4"}},
		{"sockets failed", func(o *Observation) { o.Status.Sockets = kea.Sockets{Status: "failed"} }, "no", []string{"critical socket-failed address-service/dhcp4"}},
		{"disabled", func(o *Observation) {
			o.Status.DHCP = &kea.DHCPState{GloballyDisabled: true, DisabledByUser: true, DisabledByDBConnection: []int{6000}}
		}, "no", []string{"critical service-disabled address-service/dhcp4", "critical no-lease-database address-service/dhcp4"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := captured(t, "foreign", "address-service")
			test.change(&o)
			report, problems := Judge([]Observation{o})
			if len(report.Relationships) != 0 || len(report.Standalone) != 1 {
				t.Fatalf("%+v", report)
			}
			if diff := cmp.Diff(test.want, short(Relationship{}, problems).Problems); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if got := yesNo(report.Standalone[0].Serves); got != test.serves {
				t.Errorf("serves: %s, want %s", got, test.serves)
			}
		})
	}
}

// A server that cannot be read at all still belongs to the relationship that names its pod.
func TestJudgeAdoptsAServerWithoutConfiguration(t *testing.T) {
	observations := pair(t, "network")
	s := observations[1].Server
	s.File = nil
	observations[1] = Observation{Server: s, Failure: errForbidden}
	report, problems := Judge([]Observation{observations[1], observations[0]})
	if len(report.Relationships) != 1 || len(report.Standalone) != 0 {
		t.Fatalf("%d relationships, %d alone", len(report.Relationships), len(report.Standalone))
	}
	want := judged{"yes", []string{"yes", "unknown"}, []string{}, []string{}, []string{"warning not-reached kea-dhcp-1/dhcp4"}}
	if diff := cmp.Diff(want, short(report.Relationships[0], problems)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := report.Relationships[0]; r.ConfigurationAlike != nil || r.SharedDatabase != nil {
		t.Errorf("compared with a configuration that is not known: %+v", r)
	}
}

func TestStandbyWaitsSaysHowMany(t *testing.T) {
	observations := pair(t, "network")
	down(&observations[0], "CrashLoopBackOff")
	observations[0].Server.State.LastExit = "Error, exit code 1"
	lost(&observations[1], 40*time.Second)
	remote(&observations[1]).UnackedClients = 1
	report, problems := Judge(observations)
	want := problem.Problem{
		Severity: problem.Critical, Code: "standby-waits", Subject: standbyPair,
		Text: "nobody serves: no client gets an address; kea-dhcp-0/dhcp4 is down (CrashLoopBackOff, last: Error, exit code 1), and kea-dhcp-1/dhcp4 takes over only after it has seen " +
			"more than 2 clients that the primary leaves unanswered (seen: 1)",
		Next: "kubectl kea ha force-takeover kea-dhcp-1/dhcp4 -n network",
	}
	if diff := cmp.Diff(want, problems[0]); diff != "" {
		t.Error(diff)
	}
	standby := report.Relationships[0].Peers[1]
	if standby.Unacked == nil || *standby.Unacked != 1 || standby.UnackedAllowed != 2 {
		t.Errorf("unacked: %v of %d", standby.Unacked, standby.UnackedAllowed)
	}
	primary := report.Relationships[0].Peers[0]
	if primary.SeenState == nil || *primary.SeenState != kea.StateUnavailable || primary.SeenAge == nil || *primary.SeenAge != 40 {
		t.Errorf("seen %v, %v", primary.SeenState, primary.SeenAge)
	}
}

func TestSkewHasASign(t *testing.T) {
	observations := pair(t, "network")
	observations[1].ClockOffset = new(-90 * time.Second)
	report, _ := Judge(observations)
	if got := report.Relationships[0].ClockSkewSeconds; got == nil || *got != -90 {
		t.Errorf("skew %v, want -90: the standby is behind", got)
	}
	observations[1].ClockOffset = new(time.Second)
	report, _ = Judge(observations)
	if got := report.Relationships[0].ClockSkewSeconds; got == nil || *got != 0 {
		t.Errorf("skew %v, want 0: one second is what two readings differ by", got)
	}
}

func TestSharedDatabase(t *testing.T) {
	observations := pair(t, "campus")
	report, _ := Judge(observations)
	if got := yesNo(report.Relationships[0].SharedDatabase); got != "yes" {
		t.Errorf("campus shares its database: %s", got)
	}
	ownDB(&observations[1])
	report, _ = Judge(observations)
	if got := yesNo(report.Relationships[0].SharedDatabase); got != "no" {
		t.Errorf("another host is another database: %s", got)
	}
	report, _ = Judge(pair(t, "branch"))
	if got := yesNo(report.Relationships[0].SharedDatabase); got != "no" {
		t.Errorf("branch has files of its own: %s", got)
	}
}
