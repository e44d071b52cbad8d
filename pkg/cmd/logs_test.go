package cmd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/logs"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func TestWrongCommandLinesOfLogs(t *testing.T) {
	for _, test := range []struct {
		args []string
		err  string
	}{
		{[]string{"-f", "--previous"}, "--previous shows what has ended, and --follow goes on: choose one"},
		{[]string{"--since", "-3s"}, "--since -3s is negative"},
		{[]string{"--tail", "-2"}, "--tail -2: it takes a number of lines, or -1 for all"},
		{[]string{"--level", "loud"}, `--level "loud": it takes debug, info, warn, error or fatal`},
	} {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			want := result{err: lines("error: "+test.err, "hint: kubectl kea logs --help"), code: ExitUsage}
			same(t, want, run(t.Context(), noCluster(t), append([]string{"logs"}, test.args...)...))
		})
	}
}

func TestLogLines(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 8, 7, 60_000_000, time.UTC)
	all := []logs.Line{
		{Server: "kea-0/dhcp4", Time: at, Level: kea.LogInfo, Logger: "kea-dhcp4.leases", Message: "DHCP4_LEASE_ALLOC", Text: "[hwtype=1 02:00:00:00:00:01], cid=[no info]: lease 10.20.1.2 has been allocated for 3600 seconds"},
		{Server: "kea-0/dhcp4", Time: at, Text: "\x1b[2J a client's words"},
		{Server: "kea-0/agent", Time: at, Level: kea.LogError, Logger: "kea-ctrl-agent", Message: "CTRL_AGENT_FAILED", Text: "no"},
	}
	for name, test := range map[string]struct {
		format string
		width  int
		want   string
	}{
		"pipe": {"", 0, lines(
			"kea-10/dhcp4  11-22 09:08:07.060  INFO   DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:01], cid=[no info]: lease 10.20.1.2 has been allocated for 3600 seconds",
			`kea-0/dhcp4   11-22 09:08:07.060         \x1b[2J a client's words`,
			"kea-0/agent   11-22 09:08:07.060  ERROR  CTRL_AGENT_FAILED no",
		)},
		"80 columns": {"", 80, lines(
			"kea-10/dhcp4  09:08:07.060  INFO   DHCP4_LEASE_ALLOC [hwtype=1",
			"    02:00:00:00:00:01], cid=[no info]: lease 10.20.1.2 has been allocated for",
			"    3600 seconds",
			`kea-0/dhcp4   09:08:07.060         \x1b[2J a client's words`,
			"kea-0/agent   09:08:07.060  ERROR  CTRL_AGENT_FAILED no",
		)},
		"wide": {"wide", 120, lines(
			"kea-10/dhcp4  11-22 09:08:07.060  INFO   kea-dhcp4.leases  DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:01], cid=[no info]: lease 10.20.1.2 has been allocated for 3600 seconds",
			`kea-0/dhcp4   11-22 09:08:07.060         \x1b[2J a client's words`,
			"kea-0/agent   11-22 09:08:07.060  ERROR  kea-ctrl-agent  CTRL_AGENT_FAILED no",
		)},
		"json": {"json", 80, lines(
			`{"server":"kea-10/dhcp4","time":"2026-11-22T09:08:07.06Z","level":"INFO","logger":"kea-dhcp4.leases","messageId":"DHCP4_LEASE_ALLOC","text":"[hwtype=1 02:00:00:00:00:01], cid=[no info]: lease 10.20.1.2 has been allocated for 3600 seconds"}`,
			`{"server":"kea-0/dhcp4","time":"2026-11-22T09:08:07.06Z","text":"\u001b[2J a client's words"}`,
			`{"server":"kea-0/agent","time":"2026-11-22T09:08:07.06Z","level":"ERROR","logger":"kea-ctrl-agent","messageId":"CTRL_AGENT_FAILED","text":"no"}`,
		)},
	} {
		t.Run(name, func(t *testing.T) {
			env, out, _ := testEnv()
			if test.width > 0 {
				env.OutSize = func() printer.Size { return printer.Size{Width: test.width, Height: 24} }
			}
			env.color = printer.ColorNever
			format, err := printer.ParseFormat(test.format, printer.Choices{})
			if err != nil {
				t.Fatal(err)
			}
			w := &logLines{out: &output{env: &env}, format: format}
			for i, l := range all {
				if i == 0 {
					l.Server = "kea-10/dhcp4" // the widest
				}
				if err := w.write(l); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(test.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Levels are told apart by colour, and by their words without it.
func TestLogLevelsInColour(t *testing.T) {
	seen := map[string]bool{}
	for _, level := range []kea.LogLevel{kea.LogDebug, kea.LogInfo, kea.LogWarn, kea.LogError} {
		drawn := levelOf(level).Render(printer.Canvas{Theme: printer.NewTheme()})
		look, _, _ := strings.Cut(drawn, string(level))
		if look == "" || seen[look] {
			t.Errorf("%s looks like another: %q", level, drawn)
		}
		seen[look] = true
	}
}
