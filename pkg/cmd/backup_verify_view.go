package cmd

import (
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// verifyPlanLine says what would be verified, and by what.
func verifyPlanLine(plan *backup.Verification, now time.Time) printer.Line {
	taken := ""
	if plan.Backup.Stopped != nil {
		taken = ", ended " + printer.Ago(*plan.Backup.Stopped, now)
	}
	return printer.Concat(printer.Text("Verify "), printer.Bold.Text(plan.Backup.Name), printer.Textf(" of cluster %s%s, in the throw-away cluster ", plan.Backup.Cluster, taken), printer.Bold.Text(plan.Name))
}

// verdictPage is what a verification found.
func verdictPage(v backup.Verdict) printer.Page {
	var p printer.Page
	if v.OK {
		p.Text(printer.Concat(printer.Good.Text("✓"), printer.Text(" "), printer.Bold.Text(v.Backup), printer.Text(" can be restored, and Kea can use it")))
	} else {
		p.Text(printer.Concat(printer.Bad.Text("✗"), printer.Text(" "), printer.Bold.Text(v.Backup), printer.Bad.Text(" is not good")))
	}
	p.Blank()
	for _, c := range v.Checks {
		mark, text := printer.Good.Text("✓"), printer.Text(c.Text)
		if !c.OK {
			mark, text = printer.Bad.Text("✗"), printer.Bad.Text(c.Text)
		}
		p.Indented(2, 16, printer.Concat(mark, printer.Textf(" %-12s", c.Name), text))
	}
	if v.Next != "" {
		p.Indented(2, 8, printer.Concat(printer.Dim.Text("next: "), printer.Accent.Text(v.Next)))
	}
	vlanPart(&p, v.VLANs)
	timesPart(&p, v)
	return p
}

// vlanPart is the table of the leases.
func vlanPart(p *printer.Page, vlans []backup.VLANCount) {
	if len(vlans) == 0 {
		return
	}
	p.Blank()
	t := printer.Table{Columns: []printer.Column{
		{Header: "vlan"}, {Header: "name", Give: 1, Min: 8}, {Header: "subnet"}, {Header: "valid", Align: printer.Right}, {Header: "rows", Align: printer.Right},
	}}
	for _, c := range vlans {
		vlan := ""
		if c.VLAN > 0 {
			vlan = fmt.Sprint(c.VLAN)
		}
		subnet := c.Subnet
		if subnet == "" {
			subnet = fmt.Sprintf("%s subnet %d, not configured", c.Service, c.SubnetID)
		}
		t.Add(printer.OrNone(vlan), printer.OrNone(c.VLANName), printer.Text(subnet), printer.Text(fmt.Sprint(c.Leases)), printer.Text(fmt.Sprint(c.Rows)))
	}
	p.Table(t)
}

// timesPart says how long a recovery takes and how old the data is.
func timesPart(p *printer.Page, v backup.Verdict) {
	if v.RecoverySeconds == 0 {
		return
	}
	p.Blank()
	p.Text(printer.Textf("The recovery took %s until Kea could log in. The backup ended %s before that: so much would be lost without the write-ahead log after it.",
		seconds(v.RecoverySeconds), seconds(v.DataAgeSeconds)))
	if !v.Newest.IsZero() {
		p.Text(printer.Textf("A client was last seen at %s, as far as it knows.", v.Newest.UTC().Format("2006-01-02 15:04:05 UTC")))
	}
}

func seconds(s float64) string { return printer.Duration(time.Duration(s * float64(time.Second))) }
