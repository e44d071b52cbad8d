package cmd

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// silence is a terminal on which nobody types.
type silence struct{ ctx context.Context }

func (s silence) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, io.EOF
}

// failing is a terminal that is gone.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("input/output error") }

func TestAsk(t *testing.T) {
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	const (
		prompt   = "Apply this to namespace network? [y/N] "
		declined = "nothing was changed: the question was not answered with yes"
	)
	for name, tt := range map[string]struct {
		ctx         context.Context
		in          io.Reader
		noTerminal  bool
		yes         bool
		prompt, err string
	}{
		"y":                    {in: strings.NewReader("y\n"), prompt: prompt},
		"Yes, with blanks":     {in: strings.NewReader("  Yes \r\nmore"), prompt: prompt},
		"yes without an end":   {in: strings.NewReader("yes"), prompt: prompt + "\n"},
		"no":                   {in: strings.NewReader("n\n"), prompt: prompt, err: declined},
		"only Enter":           {in: strings.NewReader("\n"), prompt: prompt, err: declined},
		"something else":       {in: strings.NewReader("yesterday\n"), prompt: prompt, err: declined},
		"end of input":         {in: strings.NewReader(""), prompt: prompt + "\n", err: declined},
		"Ctrl-C":               {ctx: interrupted, in: silence{t.Context()}, prompt: prompt + "\n", err: "context canceled"},
		"a terminal that died": {in: failing{}, prompt: prompt + "\n", err: "read the answer: input/output error"},
		"no terminal":          {in: strings.NewReader("y\n"), noTerminal: true, err: "nothing was changed: there is no terminal to ask on"},
		"--yes":                {in: strings.NewReader("n\n"), yes: true},
		"--yes, no terminal":   {in: failing{}, noTerminal: true, yes: true},
	} {
		t.Run(name, func(t *testing.T) {
			env, out, errOut := testEnv()
			env.In, env.InTerminal = tt.in, !tt.noTerminal
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			err := (&confirm{env: &env, yes: tt.yes}).ask(ctx, "Apply this to namespace network?")
			check(t, err, tt.err)
			if errOut.String() != tt.prompt || out.String() != "" {
				t.Errorf("prompt %q, want %q; stdout %q", errOut, tt.prompt, out)
			}
			if hint := hintOf(err); (hint != "") != (tt.noTerminal && !tt.yes) || hint != "" && hint != "add --yes, or --dry-run=server to look only" {
				t.Errorf("hint %q", hint)
			}
		})
	}
}

func TestAskName(t *testing.T) {
	interrupted, interrupt := context.WithCancel(t.Context())
	interrupt()
	const (
		prompt = "This ends DHCP. Type kea-dhcp to go on: "
		wrong  = `nothing was changed: the answer was not "kea-dhcp"`
	)
	for name, tt := range map[string]struct {
		ctx         context.Context
		in          io.Reader
		noTerminal  bool
		confirmed   string
		prompt, err string
	}{
		"the name":                     {in: strings.NewReader("kea-dhcp\n"), prompt: prompt},
		"another":                      {in: strings.NewReader("kea-dhcp-2\n"), prompt: prompt, err: wrong},
		"yes is no name":               {in: strings.NewReader("y\n"), prompt: prompt, err: wrong},
		"in capitals":                  {in: strings.NewReader("KEA-DHCP\n"), prompt: prompt, err: wrong},
		"only Enter":                   {in: strings.NewReader("\n"), prompt: prompt, err: wrong},
		"end of input":                 {in: strings.NewReader(""), prompt: prompt + "\n", err: wrong},
		"Ctrl-C":                       {ctx: interrupted, in: silence{t.Context()}, prompt: prompt + "\n", err: "context canceled"},
		"no terminal":                  {in: failing{}, noTerminal: true, err: "nothing was changed: there is no terminal to ask on"},
		"--confirm":                    {in: failing{}, noTerminal: true, confirmed: "kea-dhcp"},
		"--confirm with another name":  {in: strings.NewReader("kea-dhcp\n"), confirmed: "kea", err: `nothing was changed: --confirm says "kea", the name is "kea-dhcp"`},
		"--confirm wrong, no terminal": {in: failing{}, noTerminal: true, confirmed: "kea", err: `nothing was changed: --confirm says "kea", the name is "kea-dhcp"`},
	} {
		t.Run(name, func(t *testing.T) {
			env, out, errOut := testEnv()
			env.In, env.InTerminal = tt.in, !tt.noTerminal
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			err := (&confirm{env: &env, name: tt.confirmed}).askName(ctx, "This ends DHCP.", "kea-dhcp")
			check(t, err, tt.err)
			if errOut.String() != tt.prompt || out.String() != "" {
				t.Errorf("prompt %q, want %q; stdout %q", errOut, tt.prompt, out)
			}
			if hint := hintOf(err); (hint != "") != (tt.noTerminal && tt.confirmed == "") || hint != "" && hint != "add --confirm=kea-dhcp" {
				t.Errorf("hint %q", hint)
			}
		})
	}
}

// On a narrow terminal a question is wrapped between words, and the answer stands on a line of its own.
func TestAskOnANarrowTerminal(t *testing.T) {
	env, _, errOut := testEnv()
	env.In, env.InTerminal = strings.NewReader("kea-dhcp\n"), true
	env.ErrSize = func() printer.Size { return printer.Size{Width: 30, Height: 24} }
	check(t, (&confirm{env: &env}).askName(t.Context(), "This ends DHCP for everybody in this building.", "kea-dhcp"), "")
	want := "This ends DHCP for everybody\nin this building.\nType kea-dhcp to go on: "
	if errOut.String() != want {
		t.Errorf("prompt %q, want %q", errOut, want)
	}
}

// check compares an error's text.
func check(t *testing.T, err error, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}
