package probe

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// unanswered are the facts of a pair of which nobody answers.
func unanswered(mode kea.HAMode) facts {
	p := pair(mode, true, false)
	f := facts{namespace: "network", links: p.Links, report: p.report, observations: p.observations}
	for _, s := range p.Links[0].Servers {
		f.asks = append(f.asks, &ask{server: s, service: kea.DHCP4})
	}
	return f
}

func TestWhyNobodyAnswers(t *testing.T) {
	no := false
	for name, c := range map[string]struct {
		change func(*facts)
		want   string
	}{
		"nothing is known": {func(*facts) {}, "class DROP, a hook"},
		"nobody serves": {func(f *facts) {
			peers := f.report.Relationships[0].Peers
			peers[0].Serves, peers[0].LeaseQuery = &no, ha.Broken
			f.report.Relationships[0].Serving = &no
		}, "nobody serves; kea-0/dhcp4 has no lease database, kea-1/dhcp4 is hot-standby as standby"},
		"packets do not arrive": {func(f *facts) { f.deaf = []string{"kea-0/dhcp4", "kea-1/dhcp4"} }, "the packets do not arrive"},
		"a busy standby":        {func(f *facts) { f.deaf = []string{"kea-1/dhcp4"} }, "class DROP, a hook"},
		"no pool":               {func(f *facts) { f.links[0].Subnets[0].Pools = nil }, "info: it has no pool"},
		"the pool is full": {func(f *facts) {
			f.observations[1].Server.Service = kea.DHCP4
			f.observations[1].Leases = &kea.LeaseStats{Subnets: []kea.SubnetStats{{SubnetID: 10, Addresses: kea.Addresses{Assigned: kea.CountOf(250), Declined: kea.CountOf(6)}}}}
		}, "every address is in use"},
		"the pool has room": {func(f *facts) {
			f.observations[1].Leases = &kea.LeaseStats{Subnets: []kea.SubnetStats{{SubnetID: 10, Addresses: kea.Addresses{Assigned: kea.CountOf(255)}}}}
		}, "class DROP, a hook"},
		"by class": {func(f *facts) { f.links[0].Subnets[0].ClientClasses = []string{"phones"} }, "info: it is for clients of class phones"},
		"by the relay's address": {func(f *facts) {
			f.observations[0].Config = &kea.Config{Raw: map[string]any{"compatibility": map[string]any{"ignore-rai-link-selection": true}}}
		}, "info: the configuration ignores the link selection"},
		"nothing could be sent": {func(f *facts) {
			for _, a := range f.asks {
				a.failure = "No route to host"
			}
		}, "no packet could be sent to kea-0/dhcp4 (No route to host), kea-1/dhcp4"},
	} {
		f := unanswered(kea.ModeHotStandby)
		c.change(&f)
		_, problems := judge(f)
		severity, text := problem.Critical, c.want
		if after, ok := strings.CutPrefix(c.want, "info: "); ok {
			severity, text = problem.Info, after
		}
		if len(problems) != 1 || problems[0].Severity != severity || problems[0].Subject != "VLAN 10 (users) dhcp4" || !strings.Contains(problems[0].Text, text) {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}

func TestJudgeAnswers(t *testing.T) {
	address := netip.MustParseAddr("10.10.1.7")
	for name, c := range map[string]struct {
		replies [2]*reply
		want    string // the problem's code and a piece of its text; "" for none
	}{
		"the primary":              {replies: [2]*reply{{address: address}}},
		"the standby in its place": {replies: [2]*reply{nil, {address: address}}, want: "warning server-silent kea-0/dhcp4 is to answer"},
		"no address":               {replies: [2]*reply{{reason: "NoAddrsAvail"}}, want: "critical no-address gives no address: NoAddrsAvail"},
		"of another network":       {replies: [2]*reply{{address: netip.MustParseAddr("10.20.0.1")}}, want: "warning other-subnet 10.20.0.1"},
	} {
		f := unanswered(kea.ModeHotStandby)
		f.asks[0].reply, f.asks[1].reply = c.replies[0], c.replies[1]
		_, problems := judge(f)
		if c.want == "" {
			if len(problems) > 0 {
				t.Errorf("%s: %+v", name, problems)
			}
			continue
		}
		words := strings.SplitN(c.want, " ", 3)
		if len(problems) != 1 || string(problems[0].Severity) != words[0] || problems[0].Code != words[1] || !strings.Contains(problems[0].Text, words[2]) {
			t.Errorf("%s: %+v", name, problems)
		}
	}
}

func TestLeaseThatStays(t *testing.T) {
	f := unanswered(kea.ModeHotStandby)
	r := &reply{kind: "ack", address: netip.MustParseAddr("10.10.1.7")}
	f.asks[0].reply = r
	taken := f.asks[0].next(request, *r)
	taken.reply = r
	f.requests, f.released = []*ask{taken}, map[*ask]bool{taken: false}
	links, problems := judge(f)
	if len(problems) != 1 || problems[0].Code != "not-released" || *links[0].Servers[0].Released {
		t.Errorf("%+v", problems)
	}
	taken.reply = &reply{kind: "nak"}
	if links, problems = judge(f); problems[0].Code != "no-address" || links[0].Servers[0].Outcome != Refused {
		t.Errorf("%+v", problems)
	}
}
