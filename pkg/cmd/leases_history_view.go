package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// historyPage is the events, one below the other, and what the forensic log says.
func historyPage(h leases.History, c printer.Canvas) printer.Page {
	var p printer.Page
	if len(h.Events) > 0 {
		p.Table(eventTable(h.Events, c))
	}
	if len(h.Logs) > 0 {
		if !p.Empty() {
			p.Blank()
		}
		p.Text(printer.Heading.Text("Kea's forensic log"))
		for _, l := range h.Logs {
			p.Indented(2, 24, printer.Concat(printer.Dim.Text(l.Time.UTC().Format(time.RFC3339)+"  "), printer.Text(l.Text)))
		}
	}
	return p
}

// eventLayout is how much of events a table has room for.
type eventLayout struct {
	narrow bool   // no room for the year, the VLAN and the lease's end
	long   bool   // addresses that leave no room for a host name either
	notes  bool   // there is something to note
	time   string // how a moment is written
}

func layoutOfEvents(events []leases.Event, c printer.Canvas) eventLayout {
	y := eventLayout{narrow: !c.Wide && c.Width > 0 && c.Width < 110, time: time.RFC3339}
	switch {
	case c.Wide:
		y.time = "2006-01-02T15:04:05.000000Z07:00"
	case y.narrow:
		y.time = "01-02 15:04:05Z07:00"
	}
	for i := range events {
		y.notes = y.notes || events[i].Note != ""
		y.long = y.long || y.narrow && len(events[i].Lease.Resource()) > 24
	}
	return y
}

// eventTable is a table of events.
func eventTable(events []leases.Event, c printer.Canvas) printer.Table {
	y := layoutOfEvents(events, c)
	client := printer.Column{Header: "client", Give: 2, Min: 17}
	if y.long {
		client.Min = 6
	}
	t := printer.Table{Columns: []printer.Column{
		{Header: "time"},
		{Header: "event"},
		{Header: "address"},
		client,
		{Header: "hostname", Give: 5, Min: 8, Wide: y.long},
		{Header: "VLAN", Give: 4, Min: 8, Wide: y.narrow},
		{Header: "expires", Wide: y.narrow},
		{Header: "client id", Wide: true},
		{Header: "DUID", Wide: true},
		{Header: "subnet", Wide: true},
		{Header: "subnet id", Wide: true},
		{Header: "lifetime", Wide: true},
		{Header: "id", Wide: true},
		{Header: "note", Give: 3, Min: 12, Wide: y.narrow || !y.notes},
	}}
	for i := range events {
		t.Add(y.cells(&events[i])...)
	}
	return t
}

func (y eventLayout) cells(e *leases.Event) []printer.Line {
	l := &e.Lease
	client := l.HWAddress // people know it from labels and switches
	if len(client) == 0 {
		client = l.Client()
	}
	return []printer.Line{
		printer.Text(e.Time.UTC().Format(y.time)), eventKind(e.Kind), printer.Bold.Text(l.Resource()), printer.Or(client.String(), "-"),
		printer.Or(l.Hostname, "-"), leaseVLAN(l), eventEnd(e),
		printer.Or(l.ClientID.String(), "-"), printer.Or(l.DUID.String(), "-"), printer.Or(l.Subnet, "gone"), printer.Text(fmt.Sprint(l.SubnetID)),
		printer.Text(lifetime(l.ValidLifetime)), printer.Text(fmt.Sprint(e.ID)), printer.Dim.Text(e.Note),
	}
}

// eventKind is what happened.
func eventKind(k leases.EventKind) printer.Line {
	switch k {
	case leases.Granted, leases.Announced, leases.Recovered:
		return printer.Good.Text(string(k))
	case leases.Refused:
		return printer.Bad.Text(string(k))
	case leases.Moved, leases.Erased, leases.RanOut:
		return printer.Warn.Text(string(k))
	case leases.Cleaned:
		return printer.Dim.Text(string(k))
	case leases.Renewed, leases.Altered, leases.Freed, leases.Seen, leases.Counted, leases.Lost, leases.Back:
	}
	return printer.Text(string(k))
}

// eventEnd is when the lease ends after an event, where there is one after it.
func eventEnd(e *leases.Event) printer.Line {
	switch {
	case e.Kind.Ends() && e.Kind != leases.Refused, e.Kind == leases.Cleaned, e.Kind == leases.Recovered:
		return printer.Dim.Text("-")
	case e.Lease.Expires.IsZero():
		return printer.Text("never")
	}
	return printer.Text(e.Lease.Expires.UTC().Format(time.RFC3339))
}

// historyRecords are the events as CSV has them.
func historyRecords(h leases.History) printer.Records {
	r := printer.Records{Header: []string{
		"id", "time", "event", "service", "type", "address", "hwAddress", "clientId", "duid", "iaid", "hostname", "vlan", "vlanName", "subnetId", "subnet", "state", "validLifetime", "cltt", "expires", "until", "note",
	}}
	for i := range h.Events {
		e := &h.Events[i]
		l := &e.Lease
		r.Rows = append(r.Rows, []string{
			fmt.Sprint(e.ID), e.Time.UTC().Format(time.RFC3339Nano), string(e.Kind), string(l.Service), string(l.Type), l.Resource(),
			l.HWAddress.String(), l.ClientID.String(), l.DUID.String(), number(l.IAID), l.Hostname, number(uint32(l.VLAN)), l.VLANName, fmt.Sprint(l.SubnetID), l.Subnet,
			string(l.State), fmt.Sprint(l.ValidLifetime), stamp(l.LastSeen), stamp(l.Expires), stamp(e.Until), e.Note,
		})
	}
	return r
}

// number is a number that may not be known.
func number(n uint32) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

// stamp is a time that may not be known.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// historyStatePage is how histories stand.
func historyStatePage(states leases.HistoryStates, now time.Time) printer.Page {
	var p printer.Page
	for i, s := range states.Databases {
		if i > 0 {
			p.Blank()
		}
		p.Text(printer.Concat(printer.Text("history of leases in "), printer.Bold.Text(s.Database), printer.Text(": "), historyVerdict(s)))
		f := facts{page: &p, width: 14}
		if s.Why != "" {
			f.add("why", printer.Text(s.Why))
		}
		if !s.Since.IsZero() {
			f.add("complete since", printer.Concat(printer.Text(s.Since.UTC().Format(time.RFC3339)), printer.Dim.Text(", "+printer.Ago(s.Since, now))))
		}
		if s.Enabled {
			f.add("kept for", printer.Text(keptFor(s.Keep)))
		}
		if s.Events > 0 {
			f.add("events", printer.Concat(printer.Textf("about %d", s.Events), printer.Dim.Textf(", from %s to %s", s.Oldest.UTC().Format(time.RFC3339), s.Newest.UTC().Format(time.RFC3339))))
		}
		if s.Bytes > 0 {
			f.add("size", printer.Text(printer.Bytes(s.Bytes)))
		}
		if s.EventsPerDay > 0 {
			f.add("grows by", printer.Textf("%s a day, %d events", printer.Bytes(s.BytesPerDay), s.EventsPerDay))
		}
		if s.Missed > 0 {
			f.add("missed", printer.Warn.Textf("%s could not be written, ever: the database's log says why", count(int(s.Missed), "event")))
		}
		f.add("servers", printer.Text(strings.Join(s.Servers, ", ")))
	}
	return p
}

func historyVerdict(s leases.HistoryState) printer.Line {
	switch {
	case s.Kept && s.Outdated:
		return printer.Warn.Text("on, outdated")
	case s.Kept:
		return printer.Good.Text("on")
	case s.Enabled:
		return printer.Bad.Text("incomplete")
	}
	return printer.Dim.Text("off")
}

// keptFor is how long events are kept, in words.
func keptFor(keep string) string {
	if keep == "" {
		return "for ever"
	}
	return keep
}
