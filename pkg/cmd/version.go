package cmd

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// versionReport says what this binary is.
type versionReport struct {
	Version   string `json:"version"`
	GoVersion string `json:"goVersion"`
	Platform  string `json:"platform"`
}

func newVersionCmd(env *Env) *cobra.Command {
	out := output{env: env}
	c := &cobra.Command{
		Use:     "version",
		Short:   "Show the version of this plugin",
		Long:    "Show the version of this plugin. No cluster is asked.",
		Example: "  kubectl kea version\n  kubectl kea version -o json",
		GroupID: groupOther,
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			format, err := out.format()
			if err != nil {
				return err
			}
			report := versionReport{Version: env.Version, GoVersion: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
			return out.write(format, report, printer.View{Page: report.page})
		},
	}
	out.bind(c, printer.Choices{})
	return c
}

func (r versionReport) page() printer.Page {
	var p printer.Page
	p.Text(printer.Textf("kubectl-kea %s (%s, %s)", r.Version, r.GoVersion, r.Platform))
	return p
}
