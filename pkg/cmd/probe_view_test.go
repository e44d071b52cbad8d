package cmd

import (
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/probe"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

func TestProbePage(t *testing.T) {
	ms, yes := 4.46, true
	link := func(a, b probe.ServerReport) probe.LinkReport {
		a.Server, b.Server = "kea-0/dhcp4", "kea-1/dhcp4"
		return probe.LinkReport{Service: "dhcp4", VLAN: 10, VLANName: "users", Subnets: []string{"10.10.0.0/16"}, Clients: 1, Servers: []probe.ServerReport{a, b}}
	}
	standby := probe.ServerReport{Outcome: probe.Silent, Why: "standby"}
	served := link(probe.ServerReport{Outcome: probe.Offered, Address: "10.10.1.7", Milliseconds: &ms, LeaseSeconds: 3600, Clients: 1}, standby)
	served.Answered = 1
	leased := link(probe.ServerReport{Outcome: probe.Granted, Address: "10.10.1.7", Milliseconds: &ms, AckMilliseconds: &ms, Released: &yes, Clients: 1}, standby)
	leased.Answered = 1
	silent := link(probe.ServerReport{Outcome: probe.Silent}, standby)
	halves := link(probe.ServerReport{Outcome: probe.Offered, Clients: 3}, probe.ServerReport{Outcome: probe.Offered, Clients: 1})
	halves.Clients, halves.Answered = 4, 4
	info := problem.Problem{Severity: problem.Info, Code: "cannot-tell", Subject: "VLAN 10 (users) dhcp4", Text: "it has no pool"}
	for name, c := range map[string]struct {
		report probe.Report
		want   []string // lines that are there
	}{
		"an offer": {probe.Report{Links: []probe.LinkReport{served}}, []string{
			"HEALTHY  namespace network: VLAN 10 (users) dhcp4 gets addresses",
			"VLAN   NAME    SERVER        ANSWER            ADDRESS       TOOK",
			"10     users   kea-0/dhcp4   offer             10.10.1.7   4.5 ms",
			"10     users   kea-1/dhcp4   silent, standby   -                -",
		}},
		"two":          {probe.Report{Links: []probe.LinkReport{served, served}}, []string{"HEALTHY  namespace network: 2 networks get addresses"}},
		"the standby":  {probe.Report{Links: []probe.LinkReport{silent}}, []string{"HEALTHY  namespace network: the servers asked are silent, as they should be: others are to answer"}},
		"both halves":  {probe.Report{Links: []probe.LinkReport{halves}}, []string{"10     users   kea-0/dhcp4   offer    -            -    3 of 4"}},
		"a full one":   {probe.Report{Full: true, Links: []probe.LinkReport{leased}}, []string{"10     users   kea-0/dhcp4   ack, released     10.10.1.7   4.5 ms   4.5 ms"}},
		"nothing told": {probe.Report{Worst: problem.Info, Problems: []problem.Problem{info}, Links: []probe.LinkReport{silent}}, []string{"UNKNOWN  namespace network: a probe can tell nothing of 1 network, see below"}},
		"some told": {probe.Report{Worst: problem.Info, Problems: []problem.Problem{info}, Links: []probe.LinkReport{served, silent}}, []string{
			"HEALTHY  namespace network: VLAN 10 (users) dhcp4 gets addresses; of 1 more a probe can tell nothing, see below",
		}},
		"nobody": {probe.Report{Worst: problem.Critical, Links: []probe.LinkReport{silent}, Problems: []problem.Problem{
			problem.NewCritical("no-answer", "VLAN 10 (users) dhcp4", "no server answers clients: nobody serves", ""),
		}}, []string{"CRITICAL  namespace network: VLAN 10 (users) dhcp4: no server answers clients: nobody serves"}},
	} {
		c.report.Namespace = "network"
		page := probePage(c.report, printer.Canvas{})
		text := strings.Join(page.Lines(printer.Canvas{}), "\n")
		for _, line := range c.want {
			if !strings.Contains(text+"\n", line+"\n") {
				t.Errorf("%s: no line %q in:\n%s", name, line, text)
			}
		}
	}
}
