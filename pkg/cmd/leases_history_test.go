package cmd

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// someHistory has an event of every kind.
func someHistory() leases.History {
	h := leases.History{Origin: someOrigin(), Asked: "10.10.1.1", As: "IPv4 address", Since: day().Add(-48 * time.Hour), Logs: []leases.LogEntry{}}
	for i, kind := range leases.EventKinds() {
		e := leases.Event{ID: int64(100 + i), Time: day().Add(time.Duration(i) * time.Minute), Kind: kind, Lease: lease4(1), Until: day()}
		switch kind {
		case leases.Freed:
			e.Lease.State, e.Lease.ValidLifetime = leases.Released, 0
		case leases.Refused:
			e.Lease.State = leases.Declined
		case leases.Moved:
			e.Note = "another client got the address"
		case leases.Altered:
			e.Lease.Hostname = evil
		case leases.Recovered:
			e.Lease.HWAddress, e.Lease.ClientID, e.Lease.Hostname = nil, nil, ""
		case leases.Renewed:
			e.Lease.Expires = time.Time{}
		}
		h.Events = append(h.Events, e)
	}
	return h
}

func TestHistoryScreens(t *testing.T) {
	six := someHistory()
	for i := range six.Events {
		l := lease6(1)
		l.Address = netip.MustParseAddr("2001:db8:1234:5678:9abc:def0:1234:5678")
		six.Events[i].Lease = l
	}
	logged := someHistory()
	logged.Events = logged.Events[:1]
	logged.Logs = []leases.LogEntry{{Time: day(), Address: netip.MustParseAddr("10.10.1.1"), Text: "Address: 10.10.1.1 has been assigned for 1 hrs 0 mins 0 secs to a device with hardware address: hwtype=1 02:00:00:00:00:01, client-id: 01:02:00:00:00:00:01 connected via relay at address: 10.10.0.1 " + evil}}
	for _, test := range []struct {
		name    string
		history leases.History
		format  string
		width   int
		colour  bool
	}{
		{"80", someHistory(), "", 80, false},
		{"140", someHistory(), "", 140, false},
		{"colour", someHistory(), "", 140, true},
		{"wide", someHistory(), "wide", 0, false},
		{"six-80", six, "", 80, false},
		{"logs-80", logged, "", 80, false},
		{"csv", someHistory(), "csv", 0, false},
		{"json", logged, "json", 0, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			env, out, _ := testEnv()
			if test.width > 0 {
				env.OutSize = func() printer.Size { return printer.Size{Width: test.width} }
			}
			coloured(t, &env, test.colour)
			o := &output{env: &env, spec: test.format, choices: printer.Choices{CSV: true, Dialects: dialects(false)}}
			f, err := o.format()
			if err != nil {
				t.Fatal(err)
			}
			err = o.write(f, test.history, printer.View{
				Page: func() printer.Page {
					canvas := o.canvas()
					canvas.Wide = f.Wide()
					return historyPage(test.history, canvas)
				},
				Records: func() printer.Records { return historyRecords(test.history) },
			})
			if err != nil {
				t.Fatal(err)
			}
			screen(t, "leases-history-"+test.name, out.String(), test.width)
		})
	}
}

// someStates are histories in every state that there is.
func someStates() leases.HistoryStates {
	whole := leases.HistoryState{
		Database: "kea at kea-database", Servers: []string{"kea-dhcp-0/dhcp4", "kea-dhcp-1/dhcp4"}, Kept: true, Enabled: true, Missing: []string{}, Since: day().Add(-48 * time.Hour), Keep: "30d",
		Bytes: 3 << 30, Events: 12_345_678, Oldest: day().Add(-48 * time.Hour), Newest: day(), EventsPerDay: 400_000, BytesPerDay: 99 << 20,
	}
	gap, off, none, holes := whole, whole, whole, whole
	gap.Kept, gap.Missing, gap.Since, gap.Why = false, []string{"lease6"}, time.Time{}, "the trigger on lease6 is missing: what happens now is not written"
	off.Kept, off.Enabled, off.Since, off.Why = false, false, time.Time{}, "it is switched off; what was written before is still there"
	none = leases.HistoryState{Database: none.Database, Servers: none.Servers, Why: "none was ever kept"}
	holes.Outdated, holes.Missed, holes.Keep, holes.Why = true, 3, "", "it was made by an older version"
	return leases.HistoryStates{Origin: someOrigin(), Databases: []leases.HistoryState{whole, gap, off, none, holes}}
}

func TestHistoryStateScreens(t *testing.T) {
	page := historyStatePage(someStates(), day())
	screen(t, "leases-history-status-80", strings.Join(page.Lines(printer.Canvas{Width: 80}), "\n"), 80)
}

func TestEnablePlan(t *testing.T) {
	states := someStates().Databases
	month := 30 * 24 * time.Hour
	for name, tt := range map[string]struct {
		state leases.HistoryState
		keep  time.Duration
		want  []string
	}{
		"none yet":     {states[3], month, []string{"make schema kea_history beside Kea's tables", "make a trigger each on lease4 and lease6: the tables are locked against writing for some milliseconds", "keep events for 30d"}},
		"as it should": {states[0], month, nil},
		"longer":       {states[0], 2 * month, []string{"keep events for 60d"}},
		"for ever":     {states[0], 0, []string{"keep events for ever"}},
		"a gap":        {states[1], month, []string{"make the trigger on lease6 again; the history is complete from now on only"}},
		"off":          {states[2], month, []string{"make a trigger each on lease4 and lease6; what was written before stays, between then and now there is a gap", "keep events for 30d"}},
		"outdated":     {states[4], 0, []string{"bring the triggers' functions up to date"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, l := range enablePlan(tt.state, tt.keep) {
				got = append(got, strings.TrimPrefix(ansi.Strip(l.String()), "kea at kea-database: "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrongCommandLinesOfHistory(t *testing.T) {
	for line, want := range map[string]string{
		"leases history":                                "WHAT to look for is missing",
		"leases history 10.0.0.1 10.0.0.2":              "one at a time",
		"leases history 10.0.0.300":                     `"10.0.0.300"`,
		"leases history 10.0.0.1 --since tomorrow":      "--since",
		"leases history 10.0.0.1 --since 1h --until 2h": "is not before --until",
		"leases history 10.0.0.1 --limit -1":            "--limit -1 is negative",
		"leases history 10.0.0.1 -o name":               `unknown output format "name"`,
		"leases history enable --keep 5m":               "less than an hour",
		"leases history enable --keep soon":             "--keep",
		"leases history prune --keep forever":           "deletes nothing",
		"leases history status 10.0.0.1":                "takes flags only",
		"leases history disable --dry-run=perhaps":      "--dry-run",
	} {
		t.Run(line, func(t *testing.T) {
			got := run(t.Context(), noCluster(t), strings.Fields(line)...)
			if got.code != ExitUsage || got.out != "" || !strings.Contains(got.err, want) || !strings.Contains(got.err, "\nhint: kubectl kea ") {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.out, got.err)
			}
		})
	}
}

func TestHistoryHints(t *testing.T) {
	none := historyHint(&leases.NoHistoryError{Database: "kea", Why: "it keeps no history of leases"}, "network")
	if hintOf(none) != "kubectl kea leases history enable -n network" {
		t.Errorf("got %q", hintOf(none))
	}
	late := historyHint(&leases.NoHistoryError{Database: "kea", Why: "it begins later", Since: day()}, "network")
	if hintOf(late) != "ask for a moment since 2026-11-22T12:00:00Z" {
		t.Errorf("got %q", hintOf(late))
	}
	if other := errors.New("no"); !errors.Is(historyHint(other, "network"), other) {
		t.Error("another error is not what it was")
	}
}
