package cmd

import (
	"fmt"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// usagePage is a row a VLAN and family, and what is counted differently.
func usagePage(u leases.Usage, c printer.Canvas) printer.Page {
	var p printer.Page
	if len(u.VLANs) == 0 {
		p.Text(printer.Dim.Text("the configuration has no subnet, and there are no leases"))
		return p
	}
	p.Table(usageTable(u, c))
	if len(u.Differences) == 0 {
		return p
	}
	p.Heading("Counts that differ")
	for _, d := range u.Differences {
		p.Indented(2, 4, printer.Concat(
			printer.Warn.Textf("%s %s", family(d.Service), d.Subnet), printer.Textf(" %s: %s says ", d.What, d.A),
			printer.Bold.Text(d.ACount.String()), printer.Textf(", %s says ", d.B), printer.Bold.Text(d.BCount.String())))
		if d.Means != "" {
			p.Indented(4, 4, printer.Dim.Text(d.Means))
		}
	}
	return p
}

// usageTable has a row a VLAN, with -o wide its subnets and pools below it, and the totals last.
func usageTable(u leases.Usage, c printer.Canvas) printer.Table {
	rates, reserved := false, false
	for _, v := range u.VLANs {
		rates = rates || v.PerHour != nil
		reserved = reserved || !v.Amount.Reserved.IsZero()
	}
	narrow := c.Width > 0 && c.Width < 100
	declined := "declined"
	if narrow && rates {
		declined = "decl."
	}
	t := printer.Table{Columns: []printer.Column{
		{Header: "VLAN"},
		{Header: "name", Give: 2, Min: 6},
		{Header: ""},
		{Header: "assigned", Align: printer.Right},
		{Header: "of", Align: printer.Right, Give: 1, Min: 8},
		{Header: "", Wide: narrow && rates},
		{Header: "use", Align: printer.Right},
		{Header: declined, Align: printer.Right},
		{Header: "reserved", Align: printer.Right, Wide: narrow || !reserved},
		{Header: "free", Align: printer.Right, Give: 1, Min: 6},
		{Header: "new/h", Align: printer.Right, Wide: !rates || narrow},
		{Header: "full in", Wide: !rates},
		{Header: "VLAN from", Wide: true},
	}}
	for _, v := range u.VLANs {
		for _, row := range vlanRows(v, c) {
			t.Add(row...)
		}
	}
	if len(u.VLANs) > 1 {
		for _, total := range u.Totals {
			t.Add(amountRow(printer.Bold.Text("total"), printer.Line{}, total.Service, total.Amount, c)...)
			if total.Prefix != nil {
				t.Add(amountRow(printer.Line{}, printer.Text("prefixes"), total.Service, *total.Prefix, c)...)
			}
		}
	}
	return t
}

// vlanRows are the rows of a VLAN.
func vlanRows(v leases.VLANUsage, c printer.Canvas) [][]printer.Line {
	number := printer.Dim.Text("-")
	if v.VLAN != 0 {
		number = printer.Bold.Text(fmt.Sprint(v.VLAN))
	}
	row := amountRow(number, usageName(v), v.Service, v.Amount, c)
	perHour, fullIn := printer.Dim.Text("-"), printer.Dim.Text("-")
	if v.PerHour != nil {
		perHour = printer.Text(fmt.Sprintf("%.1f", *v.PerHour))
		if v.FullIn != "" {
			fullIn = printer.Warn.Text(v.FullIn)
		}
	}
	rows := [][]printer.Line{append(row, perHour, fullIn, printer.Or(v.From, "-"))}
	if v.Prefix != nil {
		rows = append(rows, amountRow(printer.Line{}, printer.Text("prefixes"), v.Service, *v.Prefix, c))
	}
	if c.Wide {
		for _, s := range v.Subnets {
			rows = append(rows, subnetRows(s, v.Service, c)...)
		}
	}
	return rows
}

// usageName is what a VLAN is called, or the subnet that stands alone.
func usageName(v leases.VLANUsage) printer.Line {
	switch {
	case v.Name != "":
		return printer.Text(v.Name)
	case v.VLAN != 0 || len(v.Subnets) != 1:
		return printer.Dim.Text("-")
	case v.Subnets[0].Subnet == "":
		return printer.Warn.Textf("subnet %d gone", v.Subnets[0].ID)
	}
	return printer.Text(v.Subnets[0].Subnet)
}

// subnetRows are a subnet and its pools.
func subnetRows(s leases.SubnetUsage, service kea.Service, c printer.Canvas) [][]printer.Line {
	name := printer.Concat(printer.Text("  "+s.Subnet), printer.Dim.Textf(" id %d", s.ID))
	if s.Subnet == "" {
		name = printer.Warn.Textf("  subnet %d gone", s.ID)
	}
	rows := [][]printer.Line{amountRow(printer.Line{}, name, service, s.Amount, c)}
	if s.Prefix != nil {
		rows = append(rows, amountRow(printer.Line{}, printer.Text("  prefixes"), service, *s.Prefix, c))
	}
	for _, p := range s.Pools {
		assigned, bar, use := printer.Dim.Text("?"), printer.Line{}, printer.Line{}
		if p.Assigned != nil {
			share := 0.0
			if !p.Total.IsZero() {
				share = p.Assigned.Float64() / p.Total.Float64()
			}
			assigned = printer.Text(p.Assigned.String())
			bar, use = printer.Bar(fullness(share), p.Assigned.Float64(), p.Total.Float64(), barWidth(c)), fullness(share).Text(percent(share))
		}
		rows = append(rows, []printer.Line{
			{}, printer.Dim.Text("    " + p.Pool), {}, assigned, printer.Text(total(p.Total)), bar, use, {}, printer.Text(p.Reserved.String()),
		})
	}
	return rows
}

// amountRow are the cells of an amount, up to what is free.
func amountRow(number, name printer.Line, service kea.Service, a leases.Amount, c printer.Canvas) []printer.Line {
	share := a.Share()
	use := fullness(share).Text(percent(share))
	bar := printer.Bar(fullness(share), share, 1, barWidth(c))
	declined := printer.Text(total(a.Declined))
	if !a.Declined.IsZero() {
		declined = printer.Warn.Text(total(a.Declined))
	}
	if a.Total.IsZero() { // a subnet without pools, or one that is gone
		bar, use = printer.Dim.Text("no pool"), printer.Dim.Text("-")
	}
	return []printer.Line{
		number, name, printer.Dim.Text(family(service)), printer.Text(total(a.Assigned)), printer.Text(total(a.Total)), bar, use, declined,
		printer.Text(total(a.Reserved)), printer.Text(total(a.Free)),
	}
}

// fullness is the tone of a share: from 80 % on it needs attention, from 90 % on it is bad.
func fullness(share float64) printer.Tone {
	switch {
	case share >= 0.9:
		return printer.Bad
	case share >= 0.8:
		return printer.Warn
	}
	return printer.Good
}

// usageRecords is a row a VLAN and family for a spreadsheet.
func usageRecords(found []leases.Usage) printer.Records {
	r := printer.Records{Header: []string{
		"namespace", "vlan", "name", "family", "kind", "assigned", "total", "declined", "reserved", "use_percent", "free", "vlan_from",
	}}
	add := func(u leases.Usage, v leases.VLANUsage, kind string, a leases.Amount) {
		vlan := ""
		if v.VLAN != 0 {
			vlan = fmt.Sprint(v.VLAN)
		}
		r.Rows = append(r.Rows, []string{
			u.Namespace, vlan, usageName(v).String(), family(v.Service), kind, a.Assigned.String(), a.Total.String(), a.Declined.String(),
			a.Reserved.String(), fmt.Sprintf("%.1f", a.Share()*100), a.Free.String(), v.From,
		})
	}
	for _, u := range found {
		for _, v := range u.VLANs {
			add(u, v, "addresses", v.Amount)
			if v.Prefix != nil {
				add(u, v, "prefixes", *v.Prefix)
			}
		}
	}
	return r
}
