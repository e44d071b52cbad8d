package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// cardsAtOnce is how many leases are shown in full; of more than these there is a list.
const cardsAtOnce = 5

// cardPage is all that is known of what was asked for.
func cardPage(card leases.Card, wanted leases.Wanted, c printer.Canvas) printer.Page {
	var p printer.Page
	switch n := len(card.Entries); {
	case n == 0:
		vacancyPart(&p, card, wanted)
		return p
	case n > cardsAtOnce && !c.Wide:
		p.Text(printer.Concat(printer.Bold.Text(card.Asked), printer.Textf(": %s as %s; -o wide shows each in full", plural(n, "lease"), card.As)))
		p.Blank()
		p.Table(leaseTable(entriesLeases(card.Entries), card.Time, c))
		return p
	}
	for i, e := range card.Entries {
		if i > 0 {
			p.Blank()
		}
		entryPart(&p, e, card.Time, c)
	}
	return p
}

func entriesLeases(entries []leases.Entry) []leases.Lease {
	var all []leases.Lease
	for _, e := range entries {
		all = append(all, e.Lease)
	}
	return all
}

// facts is a list of names and what they are, one below the other.
type facts struct {
	page  *printer.Page
	width int
}

// add adds a fact, unless nothing is known. Long ones wrap below themselves.
func (f facts) add(name string, value printer.Line) {
	if value.Empty() {
		return
	}
	f.page.Indented(2, 2+f.width+2, printer.Concat(printer.Dim.Text(fmt.Sprintf("%-*s", f.width+2, name)), value))
}

// entryPart is one lease with all that surrounds it.
func entryPart(p *printer.Page, e leases.Entry, now time.Time, c printer.Canvas) {
	l := &e.Lease
	head := printer.Join("  ", printer.Bold.Text(l.Resource()), printer.Concat(leaseState(l), printer.Dim.Text(stateMeans(l.State))), printer.Bold.Text(l.Hostname))
	p.Text(head)
	f := facts{page: p, width: 14}
	f.add("client", printer.Text(l.HWAddress.String()))
	f.add("client id", withMeaning(l.ClientID, e.ClientID))
	f.add("DUID", withMeaning(l.DUID, e.DUID))
	if len(l.DUID) > 0 {
		f.add("IAID", printer.Textf("%d", l.IAID))
	}
	f.add("host name", hostLine(l))
	ends := "expires"
	if !l.Expires.IsZero() && !l.Expires.After(now) {
		ends = "ended"
	}
	f.add(ends, momentLine(l, now))
	f.add("last seen", printer.Concat(printer.Text(printer.Ago(l.LastSeen, now)), printer.Dim.Text(", "+l.LastSeen.UTC().Format(time.RFC3339))))
	f.add("type", typeLine(l.Type))
	f.add("VLAN", vlanLine(e))
	f.add("subnet", subnetLine(e))
	f.add("pool", poolLine(e))
	for _, r := range e.Reservations {
		f.add("reservation", reservationLine(r))
	}
	if len(e.Reservations) == 0 {
		f.add("reservation", printer.Dim.Text("none"))
	}
	for _, r := range e.Relay {
		f.add("relay", relayLine(r))
	}
	if len(l.MissingOn) > 0 {
		f.add("missing on", printer.Warn.Text(strings.Join(l.MissingOn, ", ")))
	}
	f.add("user context", userContext(l.UserContext))
	if len(e.Others) > 0 {
		p.Blank()
		p.Indented(2, 2, printer.Heading.Text("Other leases of this client"))
		inner := c
		inner.Width = max(c.Width-2, 0)
		t := leaseTable(e.Others, now, inner)
		t.Indent = 2
		p.Table(t)
	}
	if len(e.Before) > 0 {
		p.Blank()
		p.Indented(2, 2, printer.Heading.Text("Who had it before"))
		p.Table(beforeTable(e.Before, c))
	}
}

func withMeaning(id leases.Octets, means string) printer.Line {
	if len(id) == 0 {
		return printer.Line{}
	}
	if means == "" {
		return printer.Text(id.String())
	}
	return printer.Concat(printer.Text(id.String()+" "), printer.Dim.Text("("+means+")"))
}

// hostLine is the host name and whether DNS has it.
func hostLine(l *leases.Lease) printer.Line {
	if l.Hostname == "" {
		return printer.Dim.Text("none")
	}
	dns := map[[2]bool]string{
		{true, true}: "Kea made its DNS entries", {true, false}: "Kea made its DNS entry, not the reverse one", {false, true}: "Kea made its reverse DNS entry only",
	}[[2]bool{l.FQDNForward, l.FQDNReverse}]
	if dns != "" {
		dns = " (" + dns + ")"
	}
	return printer.Concat(printer.Text(l.Hostname), printer.Dim.Text(dns))
}

// momentLine is when a lease ends.
// stateMeans says what a state means for the address, where the word alone does not.
func stateMeans(s leases.State) string {
	switch s {
	case leases.Expired:
		return " (nobody's, unless its client comes back)"
	case leases.Declined:
		return " (a client found it in use: nobody gets it)"
	case leases.Reclaimed, leases.Released:
		return " (nobody's; kept a while for its last client)"
	case leases.Registered:
		return " (the client made the address itself)"
	case leases.Active:
	}
	return ""
}

func momentLine(l *leases.Lease, now time.Time) printer.Line {
	of := printer.Dim.Textf(", after a lifetime of %s", lifetime(l.ValidLifetime))
	switch {
	case l.Expires.IsZero():
		return printer.Text("never")
	case l.Expires.After(now):
		return printer.Concat(printer.Text("in "+printer.Duration(l.Expires.Sub(now))), printer.Dim.Text(", "+l.Expires.UTC().Format(time.RFC3339)), of)
	}
	return printer.Concat(printer.Warn.Text(printer.Ago(l.Expires, now)), printer.Dim.Text(", "+l.Expires.UTC().Format(time.RFC3339)), of)
}

func typeLine(t leases.Type) printer.Line {
	switch t {
	case leases.NA:
		return printer.Text("IA_NA, an address")
	case leases.TA:
		return printer.Text("IA_TA, a temporary address")
	case leases.PD:
		return printer.Text("IA_PD, a delegated prefix")
	case leases.V4:
	}
	return printer.Line{}
}

func vlanLine(e leases.Entry) printer.Line {
	switch l := &e.Lease; {
	case l.VLAN != 0:
		return printer.Concat(printer.Text(strings.TrimSpace(fmt.Sprintf("%d %s", l.VLAN, l.VLANName))), printer.Dim.Text(parenthesis(e.VLANFrom)))
	case l.VLANName != "":
		return printer.Text(l.VLANName)
	}
	return printer.Dim.Text("not known")
}

func parenthesis(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

func subnetLine(e leases.Entry) printer.Line {
	l := &e.Lease
	if l.Orphan() {
		return printer.Warn.Textf("id %d, which the configuration has no more", l.SubnetID)
	}
	return printer.Concat(printer.Text(l.Subnet), printer.Dim.Textf(" (id %d)", l.SubnetID), sharedNetwork(e.SharedNetwork))
}

func sharedNetwork(name string) printer.Line {
	if name == "" {
		return printer.Line{}
	}
	return printer.Text(", shared network " + name)
}

func poolLine(e leases.Entry) printer.Line {
	switch {
	case e.Lease.Orphan():
		return printer.Line{}
	case e.Pool == "":
		return printer.Warn.Text("outside of all pools")
	}
	return printer.Text(e.Pool)
}

func reservationLine(r leases.ReservedFor) printer.Line {
	fits := printer.Good.Text("fits")
	if !r.Fits {
		fits = printer.Warn.Text("does not fit: " + r.Why)
	}
	return printer.Concat(reservedLine(r), printer.Text(": "), fits)
}

// reservedLine is who has what reserved.
func reservedLine(r leases.ReservedFor) printer.Line {
	what := []string{}
	for _, s := range []string{r.Address, r.Hostname} {
		if s != "" {
			what = append(what, s)
		}
	}
	text := r.Identifier
	if len(what) > 0 {
		text += " has " + strings.Join(what, " and ")
	}
	return printer.Concat(printer.Text(text), printer.Dim.Text(parenthesis(r.From)))
}

func relayLine(r leases.RelayFact) printer.Line {
	if r.Text == "" {
		return printer.Text(r.Name + " " + r.Hex.String())
	}
	return printer.Concat(printer.Text(r.Name+" "+r.Text), printer.Dim.Text(parenthesis(r.Hex.String())))
}

// userContext is what somebody or a hook noted with the lease, without what the relay's lines show already.
func userContext(raw json.RawMessage) printer.Line {
	var all map[string]any
	if len(raw) == 0 || json.Unmarshal(raw, &all) != nil {
		return printer.Text(string(raw))
	}
	if isc, ok := all["ISC"].(map[string]any); ok {
		delete(isc, "relay-agent-info")
		delete(isc, "relay-info")
		if len(isc) == 0 {
			delete(all, "ISC")
		}
	}
	if len(all) == 0 {
		return printer.Line{}
	}
	text, err := json.Marshal(all)
	if err != nil {
		return printer.Line{}
	}
	return printer.Text(string(text))
}

// beforeTable is who had an address before.
func beforeTable(all []leases.FormerHolder, c printer.Canvas) printer.Table {
	t := printer.Table{Indent: 2, Columns: []printer.Column{
		{Header: "client", Give: 1, Min: 17}, {Header: "hostname", Give: 2, Min: 6}, {Header: "from"}, {Header: "until"}, {Header: "end"},
	}}
	layout := time.RFC3339
	if c.Width > 0 && c.Width < 100 {
		layout = "2006-01-02 15:04Z"
	}
	for _, f := range all {
		t.Add(printer.Text(f.Client), printer.Or(f.Hostname, "-"), sinceWhen(f.From, layout),
			printer.Text(f.Until.UTC().Format(layout)), printer.Text(f.End))
	}
	return t
}

// sinceWhen is when somebody got an address, which a history does not know that began later.
func sinceWhen(t time.Time, layout string) printer.Line {
	if t.IsZero() {
		return printer.Dim.Text("earlier")
	}
	return printer.Text(t.UTC().Format(layout))
}

// vacancyPart says what is known of something that has no lease.
func vacancyPart(p *printer.Page, card leases.Card, wanted leases.Wanted) {
	p.Text(printer.Concat(printer.Bold.Text(card.Asked), printer.Text(": no lease")))
	v := card.Address
	if v == nil {
		kinds := []string{}
		for _, k := range wanted.Kinds {
			kinds = append(kinds, string(k))
		}
		p.Indented(2, 2, printer.Textf("looked for as %s", strings.Join(kinds, ", ")))
		return
	}
	place := vacancyPlace(v)
	switch v.Verdict {
	case "free":
		p.Indented(2, 2, printer.Concat(printer.Good.Text("free"), printer.Textf(": it lies in pool %s of %s", v.Pool, place)))
	case "outside-pools":
		p.Indented(2, 2, printer.Concat(printer.Warn.Text("outside of all pools"), printer.Textf(" of %s: Kea gives it only to a client that has it reserved", place)))
	case "reserved":
		p.Indented(2, 2, printer.Concat(printer.Warn.Text("reserved"), printer.Textf(" in %s, and its client has not asked for it:", place)))
		for _, r := range v.Reserved {
			p.Indented(4, 6, reservedLine(r))
		}
	case "no-subnet":
		p.Indented(2, 2, printer.Concat(printer.Warn.Text("in no subnet"), printer.Text(" of the configuration: these servers do not hand it out")))
	default:
		p.Indented(2, 2, printer.Text(v.Verdict))
	}
}

func vacancyPlace(v *leases.Vacancy) string {
	vlan := ""
	switch {
	case v.VLAN != 0:
		vlan = strings.TrimSpace(fmt.Sprintf(", VLAN %d %s", v.VLAN, v.VLANName))
	case v.VLANName != "":
		vlan = ", " + v.VLANName
	}
	return "subnet " + v.Subnet + vlan
}
