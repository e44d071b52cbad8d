package printer

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

func TestRuler(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 22, hour, minute, 0, 0, time.UTC) }
	now := Mark{At: at(12, 0), Label: "now"}
	one := Ruler{Indent: 2, Lanes: []Lane{{From: at(2, 0), To: at(11, 0), Open: at(12, 0), Ticks: []time.Time{at(2, 0), at(8, 0)}}}, Marks: []Mark{{At: at(2, 0), Label: "02:00"}, now}}
	two := Ruler{Lanes: []Lane{
		{Name: Text("db"), From: at(2, 0), To: at(6, 0), Ticks: []time.Time{at(2, 0)}},
		{Name: Text("db-20261122-060000"), From: at(8, 0), To: at(8, 0), Open: at(12, 0), Ticks: []time.Time{at(8, 0)}},
	}, Marks: []Mark{{At: at(5, 30), Label: "target 05:30", Strong: true}, {At: at(6, 0), Label: "06:00 the service moved on"}, now}}
	for name, tt := range map[string]struct {
		ruler  Ruler
		canvas Canvas
		want   string
	}{
		"one lane": {one, Canvas{Width: 40}, `
  ●─────────────────────●───────────····
  │                                    │
  02:00                              now
`},
		"ASCII": {one, Canvas{Width: 40, ASCII: true}, `
  o---------------------o-----------....
  |                                    |
  02:00                              now
`},
		"two lanes": {two, Canvas{Width: 60}, `
db                  ●─────────────│──
db-20261122-060000                │        ●················
                                  ▲ │                      │
                                  target 05:30           now
                                  06:00 the service moved on
`},
		"narrow": {two, Canvas{Width: 30}, `
db        ●──────│─
db-2026…         │   ●········
                 ▲│          │
                           now
          06:00 the service m…
                 target 05:30
`},
		"no edge": {one, Canvas{}, `
  ●─────────────────────────────────────────────●───────────────────────········
  │                                                                            │
  02:00                                                                      now
`},
		"much room": {one, Canvas{Width: 300}, `
  ●─────────────────────────────────────────────────────────────────────●───────────────────────────────────············
  │                                                                                                                    │
  02:00                                                                                                              now
`},
		"many marks": {Ruler{Lanes: []Lane{{From: at(2, 0), To: at(12, 0)}}, Marks: []Mark{
			{At: at(2, 0), Label: "begin"},
			{At: at(7, 0), Label: "the first move"},
			{At: at(7, 1), Label: "the second move"},
			{At: at(7, 2), Label: "the third move"},
			{At: at(7, 3), Label: "the fourth move"},
			{At: at(6, 50), Label: "target", Strong: true},
			now,
		}}, Canvas{Width: 40}, `
───────────────────│────────────────────
│                  ▲│                  │
begin              target            now
                    the fourth move
                    the third move
`},
		"nothing":  {Ruler{}, Canvas{Width: 80}, "\n\n"},
		"a moment": {Ruler{Marks: []Mark{now}}, Canvas{Width: 80}, "\n\n"},
		"only a mark": {Ruler{Lanes: []Lane{{}}, Marks: []Mark{now, {At: at(1, 0), Label: "a label that is much longer than there is room for\x1b[2J", Strong: true}}}, Canvas{Width: 30}, `
│
▲                            │
                           now
a label that is much longer t…
`},
		"same columns": {Ruler{Lanes: []Lane{{From: at(1, 0), To: at(2, 0)}}, Marks: []Mark{now, {At: at(12, 0), Label: "target", Strong: true}}}, Canvas{Width: 30}, `
────                         │
                             ▲
                        target
                           now
`},
	} {
		t.Run(name, func(t *testing.T) {
			var p Page
			p.Ruler(tt.ruler)
			lines := p.Lines(tt.canvas)
			got := "\n" + strings.Join(lines, "\n") + "\n"
			if tt.want != got {
				t.Errorf("%s", cmp.Diff(tt.want, got))
			}
			edge := tt.canvas.Width
			if edge == 0 || edge > rulerMost {
				edge = rulerMost
			}
			for _, line := range lines {
				if ansi.StringWidth(line) > edge || strings.ContainsAny(line, "\x1b") {
					t.Errorf("%d columns: %q", ansi.StringWidth(line), line)
				}
			}
			tt.canvas.Theme = NewTheme()
			if diff := cmp.Diff(lines, strings.Split(ansi.Strip(strings.Join(p.Lines(tt.canvas), "\n")), "\n")); diff != "" && len(lines) > 0 {
				t.Errorf("colour changes the words:\n%s", diff)
			}
		})
	}
}
