package cmd

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// Every command in the tree keeps the project's manners.
func TestManners(t *testing.T) {
	env, _, _ := testEnv()
	root := NewRoot(&env)
	walk(root, func(c *cobra.Command) {
		t.Run(strings.ReplaceAll(c.CommandPath(), " ", "_"), func(t *testing.T) {
			if c.Short == "" || strings.HasSuffix(c.Short, ".") || strings.ToUpper(c.Short[:1]) != c.Short[:1] {
				t.Errorf("short text %q: want a capital letter and no full stop", c.Short)
			}
			if c.Run != nil && c.Parent().Name() != "completion" {
				t.Error("has Run: use RunE, so that the error reaches main")
			}
			if c.Parent() == root && c.GroupID == "" && !c.Hidden {
				t.Error("stands in no group of the help")
			}
			if c.Parent() == nil || c.Parent().Name() != "completion" { // whose texts are cobra's
				for line := range strings.SplitSeq(c.Long, "\n") {
					if n := utf8.RuneCountInString(line); n > 80 {
						t.Errorf("a line of its help has %d columns: %s", n, line)
					}
				}
			}
			if c.Runnable() && c.Args == nil && !c.Hidden {
				t.Error("does not say which arguments it takes")
			}
			for line := range strings.SplitSeq(c.Example, "\n") {
				if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "kubectl kea ") && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "chmod ") {
					t.Errorf("example %q does not begin with kubectl kea", line)
				}
			}
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" || strings.HasSuffix(f.Usage, ".") && !f.Hidden {
					t.Errorf("--%s: usage %q: want some text and no full stop", f.Name, f.Usage)
				}
			})
		})
	})
}

// Help, version and completion work without a cluster and never prepare a client.
func TestNoClusterIsNeeded(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--help"},
		{"help"},
		{"help", "version"},
		{"version"},
		{"version", "-h"},
		{"options"},
		{"completion", "bash"},
		{"completion", "zsh"},
		{"completion", "fish"},
		{"completion", "powershell"},
		{"completion", "kubectl"},
		{"__complete", ""},
		{"__complete", "version", "-o", ""},
	} {
		got := run(t.Context(), func(e *Env) {
			e.Kube = func() (*kube.Client, error) {
				t.Errorf("%v prepared a client", args)
				return nil, errors.New("no cluster")
			}
		}, args...)
		if got.code != ExitOK || got.out == "" {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, got.code, got.out, got.err)
		}
	}
}

func TestHelp(t *testing.T) {
	const want = `Show the version of this plugin. No cluster is asked.

Usage:
  kubectl kea version [flags]

Examples:
  kubectl kea version
  kubectl kea version -o json

Flags:
  -o, --output string   Output format: table, wide, json, yaml, jsonpath=…, custom-columns=…, go-template=…

Flags of every command:
      --as string                 The user to impersonate
      --color auto|always|never   Whether to use colour; auto looks at the terminal, NO_COLOR and CLICOLOR_FORCE (default auto)
      --context string            The kubeconfig context to use
      --kubeconfig string         Path to the kubeconfig file to use
  -n, --namespace string          The namespace to look at
      --timeout duration          How long the command may take (with --watch, each look), as in 30s or 5m; by default its own limit
  -v, --verbose count             Show each call to Kubernetes, Kea and the database with its time
`
	same(t, result{out: want}, run(t.Context(), nil, "version", "--help"))
}

func TestPermissionsInHelp(t *testing.T) {
	try := func(*Env) *cobra.Command {
		c := &cobra.Command{Use: "try", Short: "Try", RunE: func(*cobra.Command, []string) error { return nil }}
		needs(c, rule{"get, list", "pods", "", "finding the servers"}, rule{"create", "pods/portforward", "", "asking them"},
			rule{"get", "clusters", "postgresql.cnpg.io", "the database"})
		return c
	}
	got := runWith(t.Context(), try, "try", "--help")
	const want = `
Permissions needed:
  VERBS       RESOURCES          API GROUP            FOR
  get, list   pods               core                 finding the servers
  create      pods/portforward   core                 asking them
  get         clusters           postgresql.cnpg.io   the database
`
	if !strings.Contains(got.out, want) {
		t.Errorf("help lacks the permissions:\n%s", got.out)
	}
}

func TestOptionsListsWhatHelpHides(t *testing.T) {
	got := run(t.Context(), nil, "options")
	for _, flag := range []string{"--token", "--request-timeout", "--insecure-skip-tls-verify", "--namespace"} {
		if !strings.Contains(got.out, flag) {
			t.Errorf("options lacks %s", flag)
		}
	}
	if help := run(t.Context(), nil, "--help"); strings.Contains(help.out, "--token") {
		t.Error("the help shows --token")
	}
}
