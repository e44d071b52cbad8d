package cmd

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/logs"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// logsOptions are those of `kubectl kea logs`.
type logsOptions struct {
	env      *Env
	out      output
	selector string
	level    string
	follow   bool
	request  logs.Request
}

func newLogsCmd(env *Env) *cobra.Command {
	o := &logsOptions{env: env, out: output{env: env}}
	c := &cobra.Command{
		Use:   "logs [SERVER...]",
		Short: "Show the logs of all Kea daemons in one stream",
		Long: `Show what all daemons of the deployment wrote, DHCPv4, DHCPv6, control agents
and DDNS, in one stream in the order of time. Each line has its server in front,
the time at which the node took it, and its level. -o wide shows the logger too,
-o json an object a line.

SERVER is a daemon in its pod, a pod, or a daemon in every pod:
kea-dhcp-0/dhcp4, kea-dhcp-0, dhcp4.

With -f it goes on as they write. A daemon that starts again is named and
followed on, also in a pod that replaces its own. Passwords are taken out of
what is shown.`,
		Example: `  kubectl kea logs --since 10m
  kubectl kea logs -f --tail 20
  kubectl kea logs --level warn --since 24h
  kubectl kea logs dhcp4 -n network -f
  kubectl kea logs kea-dhcp-0/dhcp4 --previous
  kubectl kea logs -o json | jq 'select(.messageId == "DHCP4_LEASE_ALLOC")'`,
		GroupID:           groupLook,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: env.completeLogs,
		RunE:              func(c *cobra.Command, args []string) error { return o.run(c.Context(), args) },
	}
	o.out.bind(c, printer.Choices{})
	flags := c.Flags()
	flags.BoolVarP(&o.follow, "follow", "f", false, "Go on as they write, until Ctrl-C")
	flags.DurationVar(&o.request.Since, "since", 0, "Only what was written in this time, as in 10m")
	flags.IntVar(&o.request.Tail, "tail", -1, "Only the last so many lines of all daemons together; -1 shows all")
	flags.StringVar(&o.level, "level", "", "Only lines as grave as this or graver: debug, info, warn, error, fatal")
	flags.BoolVarP(&o.request.Previous, "previous", "p", false, "What the containers wrote before they restarted")
	flags.StringVarP(&o.selector, "selector", "l", "", "Look only at pods and workloads with these labels")
	complete(c, "level", cobra.FixedCompletions([]cobra.Completion{"debug", "info", "warn", "error", "fatal"}, cobra.ShellCompDirectiveNoFileComp))
	needs(c,
		rule{"list", "pods", "", "finding the daemons"},
		rule{"get", "pods/log", "", "what they wrote"},
		rule{"list", "statefulsets, deployments", "apps", "daemons that have no pod"},
		rule{"get", "secrets, configmaps", "", "where else they write, and the passwords to take out"},
	)
	return c
}

func (o *logsOptions) run(ctx context.Context, servers []string) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	o.request.Servers = servers
	if err := o.validate(); err != nil {
		return err
	}
	client, err := o.env.Kube()
	if err != nil {
		return err
	}
	o.request.Namespace = client.Namespace
	ctx, cancel := o.env.deadline(ctx, 0) // a long log, or a pager that waits for its reader, takes its time
	defer cancel()
	stream, err := o.open(ctx, client)
	if err != nil {
		return err
	}
	for _, note := range stream.Notes() {
		o.note(note)
	}
	lines := &logLines{out: &o.out, format: format, names: stream.Names()}
	tell := func(n logs.Note) error { o.note(n); return nil }
	if o.follow {
		return stream.Follow(ctx, lines.write, tell)
	}
	if err := stream.Read(ctx, lines.write, tell); err != nil {
		return err
	}
	if !lines.begun {
		o.env.remark("nothing was written%s", o.bounds())
	}
	return nil
}

func (o *logsOptions) open(ctx context.Context, client *kube.Client) (*logs.Stream, error) {
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	stream, err := logs.Open(ctx, logs.Source{Reader: client, Pods: client}, o.request)
	return stream, o.explain(ctx, client, err)
}

// validate checks the flags.
func (o *logsOptions) validate() error {
	var err error
	switch {
	case o.follow && o.request.Previous:
		return usagef("--previous shows what has ended, and --follow goes on: choose one")
	case o.request.Since < 0:
		return usagef("--since %s is negative", o.request.Since)
	case o.request.Tail < -1:
		return usagef("--tail %d: it takes a number of lines, or -1 for all", o.request.Tail)
	}
	if o.level != "" {
		level, ok := kea.ParseLogLevel(o.level)
		if !ok {
			return usagef("--level %q: it takes debug, info, warn, error or fatal", o.level)
		}
		o.request.Level = level
	}
	if o.selector != "" {
		if o.request.Inventory.Selector, err = labels.Parse(o.selector); err != nil {
			return usagef("--selector: %w", err)
		}
	}
	return nil
}

// bounds says what was asked for, where nothing was found.
func (o *logsOptions) bounds() string {
	text := ""
	if o.request.Since > 0 {
		text += " in the last " + o.request.Since.String()
	}
	if o.request.Level != "" {
		text += " at level " + string(o.request.Level) + " or above"
	}
	return text
}

func (o *logsOptions) explain(ctx context.Context, client *kube.Client, err error) error {
	var unfinished *inventory.UnfinishedError
	var unknown *logs.UnknownServerError
	switch {
	case errors.Is(err, inventory.ErrNone):
		return elsewhere(ctx, client, o.request.Inventory, o.selector, "logs", err)
	case errors.As(err, &unfinished) && unfinished.Operation.Continue != "":
		return WithHint(err, unfinished.Operation.Continue)
	case errors.As(err, &unknown) && len(unknown.Known) > 0:
		return WithHint(&missingError{err}, "kubectl kea logs "+unknown.Known[0]+" -n "+unknown.Namespace)
	}
	return err
}

// note writes what is to be known of a log beside its lines.
func (o *logsOptions) note(n logs.Note) {
	var p printer.Page
	text := printer.Join(" ", printer.Warn.Text("note:"), printer.Bold.Text(n.Server), printer.Text(n.Text))
	if n.Next != "" {
		text = printer.Concat(text, printer.Dim.Text("; "), printer.Accent.Text(n.Next))
	}
	p.Indented(0, 6, text)
	_ = p.Write(o.env.ErrOut, o.env.errCanvas()) // what cannot be written must not stop the lines
}

// completeLogs offers the daemons of the namespace that are not yet named, and the names that mean several.
func (e *Env) completeLogs(c *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	return e.completeObjects(c, func(ctx context.Context, k *kube.Client) ([]string, error) {
		found, err := inventory.ListLogs(ctx, k, k.Namespace, inventory.Options{})
		names := []string{}
		add := func(name string) {
			if !slices.Contains(names, name) && !slices.Contains(args, name) {
				names = append(names, name)
			}
		}
		for _, l := range found {
			for _, d := range l.Daemons {
				add(d)
			}
		}
		for _, l := range found {
			add(l.Pod)
			for _, name := range l.Names() {
				add(name)
			}
		}
		return names, err
	})
}

// logLines writes lines under each other.
type logLines struct {
	out    *output
	format printer.Format
	names  []string // of the servers, for the width of their column
	width  int
	begun  bool
}

func (w *logLines) write(l logs.Line) error {
	w.begun = true
	switch w.format.String() {
	case "yaml": // lists of one behind each other are one list
		return printer.WriteYAML(w.out.env.Out, []logs.Line{l})
	case "json":
		return printer.WriteJSONLine(w.out.env.Out, l)
	}
	canvas := w.out.canvas()
	return w.format.Write(w.out.env.Out, l, printer.View{Page: func() printer.Page { return w.page(l, canvas) }}, canvas)
}

// wideLine is the least width at which a long text goes on below its beginning, and the time has its day.
const wideLine = 100

func (w *logLines) page(l logs.Line, c printer.Canvas) printer.Page {
	for _, name := range append(w.names, l.Server) {
		w.width = max(w.width, len(name))
	}
	w.names = nil
	narrow := c.Width > 0 && c.Width < wideLine
	layout := "01-02 15:04:05.000"
	if narrow {
		layout = "15:04:05.000"
	}
	at := strings.Repeat(" ", len(layout))
	if !l.Time.IsZero() {
		at = l.Time.In(w.out.env.Now().Location()).Format(layout)
	}
	line := printer.Concat(
		printer.Text(l.Server), pad(w.width-len(l.Server)+2), printer.Dim.Text(at), pad(2), levelOf(l.Level), pad(len(kea.LogDebug)-len(l.Level)+2))
	rest := line.Width()
	if narrow {
		rest = 4
	}
	if w.format.Wide() && l.Logger != "" {
		line = printer.Concat(line, printer.Dim.Text(l.Logger), pad(2))
	}
	var p printer.Page
	p.Indented(0, rest, printer.Concat(line, printer.Join(" ", printer.Bold.Text(l.Message), printer.Text(l.Text))))
	return p
}

func pad(n int) printer.Line { return printer.Text(strings.Repeat(" ", max(n, 0))) }

func levelOf(l kea.LogLevel) printer.Line {
	switch l {
	case kea.LogDebug:
		return printer.Dim.Text(string(l))
	case kea.LogInfo:
		return printer.Good.Text(string(l))
	case kea.LogWarn:
		return printer.Warn.Text(string(l))
	case kea.LogError, kea.LogFatal:
		return printer.Bad.Text(string(l))
	}
	return printer.Text(string(l))
}
