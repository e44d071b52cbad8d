package cmd

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

func credentialsView(r credentials.Report, c printer.Canvas, wide bool) printer.View {
	return printer.View{
		Page: func() printer.Page { return credentialsPage(r, c, wide) },
		Names: func() []string {
			names := []string{}
			for _, found := range r.Credentials {
				if found.Secret != "" {
					names = append(names, "secret/"+found.Secret)
				}
			}
			return names
		},
	}
}

// credentialsPage is the answer, each role with its holders, certificates, and what is wrong.
func credentialsPage(r credentials.Report, c printer.Canvas, wide bool) printer.Page {
	var p printer.Page
	p.Text(credentialsVerdict(r))
	operationsPart(&p, r.Operations, r.Time)
	for _, found := range r.Credentials {
		credentialPart(&p, found, r.Time, wide)
	}
	if len(r.Certificates) > 0 {
		p.Heading("Certificates")
		t := printer.Table{Indent: 2, Columns: []printer.Column{{Header: "secret"}, {Header: "days left", Align: printer.Right}, {Header: "expires", Wide: true}}}
		for _, found := range r.Certificates {
			days := int(found.Expires.Sub(r.Time).Hours() / 24)
			tone := printer.Plain
			if days < 7 {
				tone = printer.Warn
			}
			t.Add(printer.Text(found.Secret), tone.Textf("%d", days), printer.Text(found.Expires.Format(time.RFC3339)))
		}
		p.Table(t)
	}
	problemsPart(&p, r.Problems, c)
	unreadPart(&p, r.Unread)
	return p
}

// credentialsVerdict is the first line: the answer.
func credentialsVerdict(r credentials.Report) printer.Line {
	where := printer.Bold.Text("namespace " + r.Namespace)
	known := true
	for _, c := range r.Credentials {
		known = known && c.Login == credentials.Agrees
		for _, h := range c.Holders {
			known = known && h.FileIs == credentials.Agrees
		}
	}
	switch {
	case r.Worst == problem.Critical:
		return printer.Concat(printer.Bad.Text("CRITICAL"), printer.Text("  "), where, printer.Text(": "+r.Problems[0].Subject+": "+firstClause(r.Problems[0].Text)))
	case r.Worst == problem.Warning:
		return printer.Concat(printer.Warn.Text("WARNING"), printer.Text("  "), where, printer.Text(": "+r.Problems[0].Subject+": "+firstClause(r.Problems[0].Text)))
	case !known:
		return printer.Concat(printer.Warn.Text("UNKNOWN"), printer.Text("  "), where, printer.Text(": not everything could be compared"))
	}
	return printer.Concat(printer.Good.Text("HEALTHY"), printer.Text("  "), where, printer.Text(": the Secret, the servers' files and the database agree"))
}

func credentialPart(p *printer.Page, c credentials.Credential, now time.Time, wide bool) {
	p.Heading(fmt.Sprintf("Role %s in database %s at %s", c.Role, c.Database, c.Host))
	row := func(name string, parts ...printer.Line) {
		p.Indented(2, 12, printer.Concat(printer.Dim.Textf("%-10s", name), printer.Join(", ", parts...)))
	}
	row("password", printer.Text("in "+c.Source))
	set := printer.Dim.Text("not known since when")
	if c.Set != nil {
		set = printer.Text("set " + printer.Ago(*c.Set, now))
	}
	rotated := printer.Dim.Text("never rotated by this program")
	if c.Rotated != nil {
		rotated = printer.Text(fmt.Sprintf("rotated %s by %s", printer.Ago(c.Rotated.Time, now), c.Rotated.By))
	}
	row("", set, rotated)
	row("database", loginOutcome(c))
	t := printer.Table{Indent: 2, Columns: []printer.Column{
		{Header: "pod"},
		{Header: "servers"},
		{Header: "file"},
		{Header: "sessions", Align: printer.Right},
		{Header: "oldest", Align: printer.Right},
		{Header: "without tls", Align: printer.Right},
		{Header: "path", Wide: true},
	}}
	for _, h := range c.Holders {
		oldest, bare := printer.Dim.Text("-"), printer.Text("0")
		if h.Since != nil {
			oldest = printer.Text(printer.Duration(now.Sub(*h.Since)))
		}
		if h.WithoutTLS > 0 {
			bare = printer.Warn.Textf("%d", h.WithoutTLS)
		}
		t.Add(printer.Bold.Text(h.Pod), printer.Text(strings.Join(h.Servers, ", ")), comparison(h.FileIs), printer.Textf("%d", h.Sessions), oldest, bare, printer.Or(h.File, "-"))
	}
	if len(t.Rows) > 0 {
		p.Blank()
		p.Table(t)
	}
	if wide {
		for _, o := range c.Others {
			p.Indented(2, 4, printer.Warn.Textf("others: %d sessions from %s in database %s", o.Sessions, o.Address, o.Database))
		}
	}
}

// loginOutcome is what came of the login.
func loginOutcome(c credentials.Credential) printer.Line {
	switch c.Login {
	case credentials.Agrees:
		return printer.Good.Text("takes it")
	case credentials.Differs:
		return printer.Bad.Text("refuses it")
	case credentials.Unknown:
	}
	return printer.Warn.Text("not tried: " + c.LoginError)
}

// comparison is what a file is, beside the Secret.
func comparison(o credentials.Outcome) printer.Line {
	switch o {
	case credentials.Agrees:
		return printer.Good.Text(string(o))
	case credentials.Differs:
		return printer.Bad.Text(string(o))
	case credentials.Unknown:
	}
	return printer.Warn.Text(string(o))
}
