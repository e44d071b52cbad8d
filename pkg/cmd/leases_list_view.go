package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leaseLayout is how much of leases a table has room for.
type leaseLayout struct {
	namespaces bool // several of them
	narrow     bool // no room for words that say nothing new
	unseen     bool // none for when a client was seen
	cut        bool // none for a whole identifier
}

// layoutOf looks at what there is to show. An address is never cut off: somebody will copy it.
func layoutOf(c printer.Canvas, namespaces bool, rows []*leases.Lease) leaseLayout {
	y := leaseLayout{namespaces: namespaces}
	if c.Wide || c.Width == 0 {
		return y
	}
	address := 0
	for _, l := range rows {
		address = max(address, len(l.Resource()))
	}
	room := c.Width - address
	if namespaces {
		room -= 12
	}
	// What the other columns take at least, with the gaps between them.
	const all, narrow, unseen = 80, 61, 52
	y.narrow, y.unseen, y.cut = room < all, room < narrow, room < unseen
	return y
}

// columns are the columns of a table of leases. A narrow one says the state and when it ends in one column.
func (y leaseLayout) columns() []printer.Column {
	columns := []printer.Column{
		{Header: "address"},
		{Header: "VLAN", Give: 3, Min: 5},
		{Header: "client", Give: 2, Min: 17},
		{Header: "hostname", Give: 4, Min: 12},
		{Header: "state"},
		{Header: "expires in"},
		{Header: "last seen"},
	}
	if y.narrow {
		client := printer.Column{Header: "client", Give: 4, Min: 17}
		if y.cut {
			client.Min = 6
		}
		columns = []printer.Column{
			{Header: "address"},
			{Header: "VLAN", Give: 2, Min: 4},
			client,
			{Header: "hostname", Give: 3, Min: 6},
			{Header: "state, ends"},
			{Header: "seen", Wide: y.unseen},
		}
	}
	columns = append(columns,
		printer.Column{Header: "client id", Wide: true},
		printer.Column{Header: "DUID", Wide: true},
		printer.Column{Header: "IAID", Wide: true},
		printer.Column{Header: "type", Wide: true},
		printer.Column{Header: "subnet", Wide: true},
		printer.Column{Header: "subnet id", Wide: true},
		printer.Column{Header: "lifetime", Wide: true},
		printer.Column{Header: "expires at", Wide: true},
		printer.Column{Header: "last seen at", Wide: true},
		printer.Column{Header: "missing on", Wide: true},
	)
	if y.namespaces {
		columns = append([]printer.Column{{Header: "namespace", Give: 1}}, columns...)
	}
	return columns
}

// row is the cells of a lease.
func (y leaseLayout) row(namespace string, l *leases.Lease, now time.Time) []printer.Line {
	client := l.HWAddress // people know it from labels and switches
	if len(client) == 0 {
		client = l.Client()
	}
	var cells []printer.Line
	if y.namespaces {
		cells = append(cells, printer.Text(namespace))
	}
	cells = append(cells, printer.Bold.Text(l.Resource()))
	if y.narrow {
		cells = append(cells, shortVLAN(l), printer.Or(client.String(), "-"), printer.Or(l.Hostname, "-"),
			printer.Join(" ", leaseState(l), leaseEnd(l, now)), printer.Text(strings.TrimSuffix(printer.Ago(l.LastSeen, now), " ago")))
	} else {
		cells = append(cells, leaseVLAN(l), printer.Or(client.String(), "-"), printer.Or(l.Hostname, "-"),
			leaseState(l), expiresIn(l, now), printer.Text(printer.Ago(l.LastSeen, now)))
	}
	return append(cells, details(l)...)
}

// details are the cells that -o wide adds.
func details(l *leases.Lease) []printer.Line {
	iaid, expires := "-", "never"
	if len(l.DUID) > 0 {
		iaid = fmt.Sprint(l.IAID)
	}
	if !l.Expires.IsZero() {
		expires = l.Expires.UTC().Format(time.RFC3339)
	}
	return []printer.Line{
		printer.Or(l.ClientID.String(), "-"), printer.Or(l.DUID.String(), "-"), printer.Text(iaid), printer.Text(string(l.Type)),
		printer.Or(l.Subnet, "gone"), printer.Text(fmt.Sprint(l.SubnetID)), printer.Text(lifetime(l.ValidLifetime)),
		printer.Text(expires), printer.Text(l.LastSeen.UTC().Format(time.RFC3339)), printer.Or(strings.Join(l.MissingOn, ","), "-"),
	}
}

// leaseTable is a table of a few leases.
func leaseTable(all []leases.Lease, now time.Time, c printer.Canvas) printer.Table {
	rows := make([]*leases.Lease, len(all))
	for i := range all {
		rows[i] = &all[i]
	}
	y := layoutOf(c, false, rows)
	t := printer.Table{Columns: y.columns()}
	for _, l := range rows {
		t.Add(y.row("", l, now)...)
	}
	return t
}

// leaseVLAN is where a lease belongs: its VLAN, else its subnet.
func leaseVLAN(l *leases.Lease) printer.Line {
	switch {
	case l.Orphan():
		return printer.Warn.Textf("subnet %d gone", l.SubnetID)
	case l.VLAN != 0:
		return printer.Text(strings.TrimSpace(fmt.Sprintf("%d %s", l.VLAN, l.VLANName)))
	case l.VLANName != "":
		return printer.Text(l.VLANName)
	}
	return printer.Dim.Text(l.Subnet)
}

// leaseState is a lease's state.
func leaseState(l *leases.Lease) printer.Line {
	switch l.State {
	case leases.Active, leases.Registered:
		return printer.Good.Text(string(l.State))
	case leases.Declined:
		return printer.Bad.Text(string(l.State))
	case leases.Expired:
		return printer.Warn.Text(string(l.State))
	case leases.Reclaimed, leases.Released:
		return printer.Dim.Text(string(l.State))
	}
	return printer.Warn.Text(string(l.State))
}

// expiresIn is how long a lease goes on, or for how long it has been over.
func expiresIn(l *leases.Lease, now time.Time) printer.Line {
	switch left := l.Expires.Sub(now); {
	case l.Expires.IsZero():
		return printer.Text("never")
	case left <= 0:
		return printer.Dim.Text(printer.Duration(-left) + " ago")
	default:
		return printer.Text(printer.Duration(left))
	}
}

// leaseEnd is expiresIn where there is little room, for states in which it matters.
func leaseEnd(l *leases.Lease, now time.Time) printer.Line {
	switch {
	case l.State == leases.Reclaimed, l.State == leases.Released:
		return printer.Line{}
	case l.Expires.IsZero():
		return printer.Text("never")
	}
	return printer.Text(printer.Duration(l.Expires.Sub(now).Abs()))
}

// shortVLAN is leaseVLAN where there is little room.
func shortVLAN(l *leases.Lease) printer.Line {
	switch {
	case l.Orphan():
		return printer.Warn.Text("gone")
	case l.VLAN != 0:
		return printer.Text(fmt.Sprint(l.VLAN))
	}
	return printer.Or(l.VLANName, "-")
}

// lifetime is a lifetime in seconds as people say it.
func lifetime(seconds uint32) string {
	if seconds == 1<<32-1 {
		return "for ever"
	}
	return printer.Duration(time.Duration(seconds) * time.Second)
}
