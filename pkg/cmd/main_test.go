package cmd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func TestWrongCommandLines(t *testing.T) {
	const formats = "table, wide, json, yaml, jsonpath=…, jsonpath-file=…, custom-columns=…, go-template=…, go-template-file=…"
	for _, tt := range []struct {
		args []string
		err  string
	}{
		{[]string{"nonsense"}, lines(`error: unknown command "nonsense" for "kubectl kea"`, "hint: kubectl kea --help")},
		{[]string{"verson"}, lines(`error: unknown command "verson" for "kubectl kea"`, "hint: kubectl kea version")},
		{[]string{"evil\x1b[2J"}, lines(`error: unknown command "evil\x1b[2J" for "kubectl kea"`, "hint: kubectl kea --help")},
		{[]string{"help", "nonsense"}, lines(`error: unknown command "nonsense" for "kubectl kea"`, "hint: kubectl kea help --help")},
		{[]string{"completion", "bogus"}, lines(`error: unknown command "bogus" for "kubectl kea completion"`, "hint: kubectl kea completion --help")},
		{[]string{"version", "--bogus"}, lines("error: unknown flag: --bogus", "hint: kubectl kea version --help")},
		{[]string{"version", "extra"}, lines(`error: what is "extra"? kubectl kea version takes flags only`, "hint: kubectl kea version --help")},
		{[]string{"version", "-o", "xml"}, lines(`error: unknown output format "xml"; valid are `+formats, "hint: kubectl kea version --help")},
		{[]string{"version", "-o", "jsonpath={"}, lines("error: output format jsonpath: unclosed action", "hint: kubectl kea version --help")},
		{[]string{"version", "-o", "jsonpath-file=/does/not/exist"}, lines("error: output format jsonpath-file: open /does/not/exist: no such file or directory", "hint: kubectl kea version --help")},
		{[]string{"version", "--timeout=-1s"}, lines("error: --timeout -1s is negative", "hint: kubectl kea version --help")},
		{[]string{"version", "--color=red"}, lines(`error: invalid argument "red" for "--color" flag: "red" is none of auto, always, never`, "hint: kubectl kea version --help")},
	} {
		t.Run(fmt.Sprint(tt.args), func(t *testing.T) {
			same(t, result{err: tt.err, code: ExitUsage}, run(t.Context(), nil, tt.args...))
		})
	}
}

func TestErrorsAndExitCodes(t *testing.T) {
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		want result
	}{
		{"done", t.Context(), nil, result{}},
		{"failed", t.Context(), errors.New("read pods: refused"), result{err: "error: read pods: refused\n", code: ExitFailed}},
		{
			"failed with a hint", t.Context(), fmt.Errorf("restore: %w", WithHint(errors.New("no backup"), "kubectl kea backup")),
			result{err: lines("error: restore: no backup", "hint: kubectl kea backup"), code: ExitFailed},
		},
		{
			"several lines, and what a server said", t.Context(), fmt.Errorf("%s", "one\ntwo\x1b[2J\n"),
			result{err: "error: one\n       two\\x1b[2J\n", code: ExitFailed},
		},
		{
			"wrong value", t.Context(), usagef("--vlan %d is not a VLAN id", 5000),
			result{err: lines("error: --vlan 5000 is not a VLAN id", "hint: kubectl kea try --help"), code: ExitUsage},
		},
		{"bad answer, already printed", t.Context(), fmt.Errorf("status: %w", ErrBadAnswer), result{code: ExitBadAnswer}},
		{"not found, in its own words", t.Context(), WithHint(&missingError{errors.New("there is no cluster x")}, "look"), result{err: "error: there is no cluster x\nhint: look\n", code: ExitNotFound}},
		{"not found", t.Context(), &NotFoundError{"lease 192.0.2.7"}, result{err: "error: lease 192.0.2.7 not found\n", code: ExitNotFound}},
		{
			"timeout", t.Context(), fmt.Errorf("ask kea-dhcp-0: %w", context.DeadlineExceeded),
			result{err: lines("error: ask kea-dhcp-0: context deadline exceeded",
				"hint: give it longer with --timeout, or look at the cluster with: kubectl get nodes"), code: ExitTimeout},
		},
		{"interrupted", interrupted, context.Canceled, result{code: ExitInterrupted}},
		{
			"interrupted with something to say", interrupted, errors.New("stopped after step 3 of 5"),
			result{err: "error: stopped after step 3 of 5\n", code: ExitInterrupted},
		},
		{"cancelled by itself is no interrupt", t.Context(), context.Canceled, result{code: ExitFailed, err: "error: context canceled\n"}},
		{"done although interrupted", interrupted, nil, result{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			try := func(*Env) *cobra.Command {
				return &cobra.Command{Use: "try", RunE: func(*cobra.Command, []string) error { return tt.err }}
			}
			same(t, tt.want, runWith(tt.ctx, try, "try"))
		})
	}
}

// Mistakes that cobra finds between the flags and the command are usage errors too.
func TestCobrasOwnChecksAreUsageErrors(t *testing.T) {
	try := func(*Env) *cobra.Command {
		c := &cobra.Command{Use: "try", RunE: func(*cobra.Command, []string) error { return nil }}
		c.Flags().Bool("a", false, "")
		c.Flags().Bool("b", false, "")
		c.MarkFlagsMutuallyExclusive("a", "b")
		return c
	}
	got := runWith(t.Context(), try, "try", "--a", "--b")
	if got.code != ExitUsage {
		t.Errorf("exit code %d, want %d: %s", got.code, ExitUsage, got.err)
	}
}

func TestColorOfErrors(t *testing.T) {
	const want = "\x1b[1;31merror:\x1b[m unknown flag: --bogus\n\x1b[2mhint:\x1b[m \x1b[36mkubectl kea version --help\x1b[m\n"
	onTerminal := func(e *Env) { e.ErrSize = func() printer.Size { return printer.Size{Width: 80, Height: 24} } }
	if got := run(t.Context(), onTerminal, "version", "--bogus"); got.err != want {
		t.Errorf("on a terminal: %q, want %q", got.err, want)
	}
	if got := run(t.Context(), onTerminal, "version", "--color=never", "--bogus"); got.err == want {
		t.Errorf("with --color=never: %q", got.err)
	}
	if got := run(t.Context(), nil, "version", "--color=always", "--bogus"); got.err != want {
		t.Errorf("with --color=always: %q, want %q", got.err, want)
	}
}
