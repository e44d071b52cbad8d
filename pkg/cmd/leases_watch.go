package cmd

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// follow shows what happens to leases, as it happens, until the context ends.
func (o *leasesListOptions) follow(ctx context.Context, session *leaseSession, filter leases.Filter, format printer.Format) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	lines := &eventLines{out: &o.out, format: format, all: o.source.all}
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	err := o.each(ctx, session, filter, func(d *leases.Deployment, filter leases.Filter) error {
		feed, err := d.Feed(ctx, filter, o.interval)
		if err != nil {
			return err
		}
		if feed.Why != nil {
			o.env.remark("%v: what shows in the leases and the counters is told, not releases and ends%s", feed.Why, recordHint(d))
		}
		// The feed goes on after the namespaces were opened one after the other, and its deployment stays open with it.
		namespace := d.About().Namespace
		keep := o.keep(ctx, d)
		wait.Go(func() {
			defer keep()
			err := feed.Run(ctx, func(e *leases.Event) error {
				mu.Lock()
				defer mu.Unlock()
				return lines.write(namespace, e)
			})
			mu.Lock()
			defer mu.Unlock()
			if failed == nil {
				failed = err
			}
			cancel()
		})
		return nil
	})
	if err != nil {
		cancel()
		wait.Wait()
		return err
	}
	if !format.Human() || o.env.OutSize == nil {
		o.env.remark("following; Ctrl-C ends it")
	}
	wait.Wait()
	return failed
}

// eventLines writes events under each other. Columns are as wide as the widest cell so far.
type eventLines struct {
	out    *output
	format printer.Format
	all    bool
	begun  bool
	widths []int
}

func (w *eventLines) write(namespace string, e *leases.Event) error {
	canvas := w.out.canvas()
	canvas.NoHeaders = canvas.NoHeaders || w.begun
	defer func() { w.begun = true }()
	return w.format.Write(w.out.env.Out, e, printer.View{
		Page: func() printer.Page { return w.page(namespace, e, canvas) },
		Names: func() []string {
			if !e.Lease.Address.IsValid() {
				return nil
			}
			return []string{"lease/" + e.Lease.Resource()}
		},
		Records: func() printer.Records { return eventRecord(namespace, e, w.all) },
	}, canvas)
}

// feedHost is how much of a host name a terminal shows: what follows it matters too.
const feedHost = 40

// page is one event on a line. What does not fit goes on below.
func (w *eventLines) page(namespace string, e *leases.Event, c printer.Canvas) printer.Page {
	narrow := c.Width > 0 && c.Width < 100
	if w.widths == nil {
		w.widths = []int{len("namespace"), 8, 10, 18, 10, 17}
		if narrow {
			w.widths = []int{len("namespace"), 8, 8, 13, 4, 17}
		}
	}
	var p printer.Page
	if !c.NoHeaders {
		head := []printer.Line{}
		for _, name := range []string{"NAMESPACE", "TIME", "EVENT", "ADDRESS", "VLAN", "CLIENT", "HOSTNAME, NOTE"} {
			head = append(head, printer.Heading.Text(name))
		}
		p.Text(w.line(head))
	}
	cells := []printer.Line{printer.Text(namespace), printer.Dim.Text(e.Time.In(w.out.env.Now().Location()).Format(time.TimeOnly)), feedKind(e.Kind)}
	line := w.line(append(cells, leaseCells(&e.Lease, narrow)...))
	if !e.Lease.Address.IsValid() {
		line = w.line(append(cells, printer.Text(noLease(e))))
	}
	host := printer.Text(e.Lease.Hostname)
	switch {
	case c.Width > 0 && e.Note == "":
		host = host.Truncate(max(8, c.Width-line.Width()-3))
	case c.Width > 0:
		host = host.Truncate(feedHost)
	}
	if rest := printer.Join("  ", host, printer.Dim.Text(e.Note)); !rest.Empty() && e.Lease.Address.IsValid() {
		line = printer.Concat(line, printer.Text("   "), rest)
	}
	p.Indented(0, 11, line)
	return p
}

// line pads the cells of a line; the last one stays as it is.
func (w *eventLines) line(cells []printer.Line) printer.Line {
	line := printer.Line{}
	for i, cell := range cells {
		if i == 0 && !w.all {
			continue
		}
		line = printer.Concat(line, cell)
		if i == len(cells)-1 {
			break
		}
		w.widths[i] = max(w.widths[i], cell.Width())
		line = printer.Concat(line, printer.Text(strings.Repeat(" ", w.widths[i]-cell.Width()+3)))
	}
	return line
}

// leaseCells are address, VLAN and client of an event's lease.
func leaseCells(l *leases.Lease, narrow bool) []printer.Line {
	vlan := leaseVLAN(l)
	if narrow {
		vlan = shortVLAN(l)
	}
	client := l.HWAddress
	if len(client) == 0 {
		client = l.Client()
	}
	return []printer.Line{printer.Bold.Text(l.Resource()), vlan, printer.Or(client.String(), "-")}
}

// noLease is an event that is about no lease: about a VLAN, or about the feed.
func noLease(e *leases.Event) string {
	place := ""
	switch l := &e.Lease; {
	case l.VLAN != 0:
		place = strings.TrimSpace(fmt.Sprintf("VLAN %d %s", l.VLAN, l.VLANName)) + " " + family(l.Service) + ": "
	case l.Subnet != "":
		place = l.Subnet + " " + family(l.Service) + ": "
	}
	return place + e.Note
}

// feedKind is what happened, in a feed.
func feedKind(k leases.EventKind) printer.Line {
	switch {
	case k == leases.Back:
		return printer.Good.Text(string(k))
	case k == leases.Lost:
		return printer.Bad.Text(string(k))
	case k == leases.Renewed, k == leases.Seen:
		return printer.Dim.Text(string(k)) // most of what happens
	}
	return eventKind(k)
}

// eventRecord is an event for a spreadsheet.
func eventRecord(namespace string, e *leases.Event, all bool) printer.Records {
	l := &e.Lease
	address, vlan, ends := "", "", ""
	if l.Address.IsValid() {
		address = l.Resource()
	}
	if l.VLAN != 0 {
		vlan = fmt.Sprint(l.VLAN)
	}
	if !l.Expires.IsZero() {
		ends = l.Expires.UTC().Format(time.RFC3339)
	}
	r := printer.Records{
		Header: []string{"time", "event", "address", "vlan", "vlan_name", "hw_address", "client_id", "duid", "hostname", "expires", "note"},
		Rows: [][]string{{
			e.Time.UTC().Format(time.RFC3339), string(e.Kind), address, vlan, l.VLANName, l.HWAddress.String(), l.ClientID.String(), l.DUID.String(), l.Hostname, ends, e.Note,
		}},
	}
	if all {
		r.Header, r.Rows[0] = append([]string{"namespace"}, r.Header...), append([]string{namespace}, r.Rows[0]...)
	}
	return r
}

// validateFollow refuses what a feed has no use for.
func (o *leasesListOptions) validateFollow() error {
	switch {
	case !o.watch:
		return nil
	case o.at != "":
		return usagef("--watch follows what happens from now on, and --at asks for the past: choose one")
	case o.limit > 0, o.sort != "", o.reverse:
		return usagef("--watch shows events as they happen: it takes no --sort, --reverse or --limit")
	case o.interval < 100*time.Millisecond:
		return usagef("--interval %s is too short; 100ms is the least", o.interval)
	}
	return nil
}

// recordHint is how a history is begun, where there is a database to keep it.
func recordHint(d *leases.Deployment) string {
	about := d.About()
	if about.Source != string(leases.SQL) {
		return ""
	}
	return "; kubectl kea leases history enable -n " + about.Namespace + " records everything"
}

// noHistory gives an error of asking for the past its next command, where there is a database to keep a history.
func noHistory(err error, d *leases.Deployment) error {
	about := d.About()
	if about.Source == string(leases.SQL) {
		err = historyHint(err, about.Namespace)
	}
	return leaseHint(err, about.Namespace)
}
