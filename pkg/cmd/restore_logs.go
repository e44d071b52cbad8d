package cmd

import (
	"context"
	"encoding/json"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

func newRestoreLogsCmd(env *Env) *cobra.Command {
	o := newRestoreWork(env)
	follow := false
	c := &cobra.Command{
		Use:   "logs NAME",
		Short: "Show what a restored cluster's pods wrote",
		Long: `Show what the pods wrote that recover a cluster: fetching the base backup,
replaying the write-ahead log, promotion, and why it failed. When it is
recovered those pods are gone, and the primary's log is shown. A line for each
entry, with its time; -o json gives an object a line.`,
		Example: `  kubectl kea restore logs kea-database-20250310-143000
  kubectl kea restore logs kea-database-20250310-143000 -f`,
		Args:              exactName("which restored cluster?"),
		ValidArgsFunction: env.completeRestored,
		RunE:              func(c *cobra.Command, args []string) error { return o.logs(c.Context(), args[0], follow) },
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "Go on as they write")
	o.out.bind(c, printer.Choices{})
	needs(c,
		rule{"list", "pods", "", "the cluster's pods"},
		rule{"get", "pods/log", "", "what they wrote"},
		rule{"list", "clusters", "postgresql.cnpg.io", "completion of names"},
	)
	return c
}

// logEntry is a line for programs.
type logEntry struct {
	Pod    string    `json:"pod"`
	At     time.Time `json:"at,omitzero"`
	Severe bool      `json:"severe"`
	Text   string    `json:"text"`
}

func (o *restoreWork) logs(ctx context.Context, name string, follow bool) error {
	limit := lookLimit
	if follow {
		limit = 0
	}
	s, ctx, done, err := o.begin(ctx, limit)
	if err != nil {
		return err
	}
	defer done()
	encoder := json.NewEncoder(o.env.Out)
	last := ""
	err = restore.Logs(ctx, s.Source, s.namespace, name, follow, func(pod string, line cnpg.LogLine) error {
		switch entry := (logEntry{pod, line.At, line.Severe, line.Text}); {
		case s.format.String() == "yaml": // lists of one behind each other are one list
			return printer.WriteYAML(o.env.Out, []logEntry{entry})
		case !s.format.Human():
			return encoder.Encode(entry)
		}
		var p printer.Page
		if pod != last {
			p.Text(printer.Dim.Text("pod " + pod))
			last = pod
		}
		clock := "            "
		if !line.At.IsZero() {
			clock = line.At.In(o.env.Now().Location()).Format("15:04:05.000")
		}
		text := printer.Text(line.Text)
		if line.Severe {
			text = printer.Bad.Text(line.Text)
		}
		p.Indented(0, 14, printer.Concat(printer.Dim.Text(clock+"  "), text))
		return p.Write(o.env.Out, o.env.canvas())
	})
	return o.explain(err, s.namespace)
}
