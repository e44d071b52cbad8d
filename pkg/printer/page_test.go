package printer

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"
	"github.com/google/go-cmp/cmp"
)

// samplePage has all that a page can have: wide runes, hostile text, tones,
// columns that give way, bars and text longer than the terminal.
func samplePage() Page {
	var p Page
	p.Text(Concat(Good.Text("✓ healthy"), Text("  2 servers, 3 instances")))
	p.Heading("Leases")
	t := Table{
		Indent: 2,
		Columns: []Column{
			{Header: "vlan"},
			{Header: "subnet", Give: 1},
			{Header: "used", Align: Right},
			{Header: ""},
			{Header: "source", Wide: true},
			{Header: "last client", Give: 3, Min: 8},
		},
	}
	t.Add(Text("users (10)"), Text("192.0.2.0/24"), Text("57"), Bar(Good, 57, 254, 10), Text("user-context"), Text("laptop-事務所-7.office.example.net"))
	t.Add(Text("voice (20)"), Text("2001:db8:10:20::/64"), Text("254"), Bar(Warn, 254, 254, 10), Text("interface suffix"), Text("evil\x1b[2J\n"))
	t.Add(Text("guests (30)"), Text("198.51.100.0/24"), Text("0"), Bar(Good, 0, 254, 10), Text("shared network"), OrNone(""))
	p.Table(t)
	p.Heading("Problems")
	p.Indented(0, 2, Concat(Bad.Text("critical"), Text("  kea-dhcp-1 does not answer, so nobody takes over when kea-dhcp-0 fails, and its last heartbeat was 4m ago")))
	p.Indented(2, 2, Concat(Dim.Text("run: "), Accent.Text("kubectl kea ha status -n network")))
	return p
}

func TestPage(t *testing.T) {
	for _, tt := range []struct {
		name   string
		canvas Canvas
		want   string
	}{
		{"80 columns", Canvas{Width: 80}, `
✓ healthy  2 servers, 3 instances

Leases
  VLAN          SUBNET                USED                LAST CLIENT
  users (10)    192.0.2.0/24            57   ██▎░░░░░░░   laptop-事務所-7.offic…
  voice (20)    2001:db8:10:20::/64    254   ██████████   evil\x1b[2J\n
  guests (30)   198.51.100.0/24          0   ░░░░░░░░░░   <none>

Problems
critical  kea-dhcp-1 does not answer, so nobody takes over when kea-dhcp-0
  fails, and its last heartbeat was 4m ago
  run: kubectl kea ha status -n network
`},
		{"60 columns", Canvas{Width: 60, ASCII: true}, `
+ healthy  2 servers, 3 instances

Leases
  VLAN          SUBNET          USED                LAST CL~
  users (10)    192.0.2.0/24      57   ##:.......   laptop-~
  voice (20)    2001:db8:10:~    254   ##########   evil\x1~
  guests (30)   198.51.100.0~      0   ..........   <none>

Problems
critical  kea-dhcp-1 does not answer, so nobody takes over
  when kea-dhcp-0 fails, and its last heartbeat was 4m ago
  run: kubectl kea ha status -n network
`},
		{"140 columns, wide", Canvas{Width: 140, Wide: true}, `
✓ healthy  2 servers, 3 instances

Leases
  VLAN          SUBNET                USED                SOURCE             LAST CLIENT
  users (10)    192.0.2.0/24            57   ██▎░░░░░░░   user-context       laptop-事務所-7.office.example.net
  voice (20)    2001:db8:10:20::/64    254   ██████████   interface suffix   evil\x1b[2J\n
  guests (30)   198.51.100.0/24          0   ░░░░░░░░░░   shared network     <none>

Problems
critical  kea-dhcp-1 does not answer, so nobody takes over when kea-dhcp-0 fails, and its last heartbeat was 4m ago
  run: kubectl kea ha status -n network
`},
		{"a pipe", Canvas{NoHeaders: true}, `
✓ healthy  2 servers, 3 instances

Leases
  users (10)    192.0.2.0/24           57   ██▎░░░░░░░   laptop-事務所-7.office.example.net
  voice (20)    2001:db8:10:20::/64   254   ██████████   evil\x1b[2J\n
  guests (30)   198.51.100.0/24         0   ░░░░░░░░░░   <none>

Problems
critical  kea-dhcp-1 does not answer, so nobody takes over when kea-dhcp-0 fails, and its last heartbeat was 4m ago
  run: kubectl kea ha status -n network
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			if err := samplePage().Write(&b, tt.canvas); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), b.String()); diff != "" {
				t.Errorf("screen (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPageInColor(t *testing.T) {
	var p Page
	table := Table{Columns: []Column{{Header: "server"}, {Header: "state"}, {Header: "age"}}}
	table.Add(Bold.Text("kea-dhcp-0"), Good.Text("hot-standby"), Dim.Text("5s"))
	table.Add(Bold.Text("kea-dhcp-1"), Bad.Text("down"), Text("4m"))
	p.Table(table)
	want := []string{
		"\x1b[1mSERVER\x1b[m       \x1b[1mSTATE\x1b[m         \x1b[1mAGE\x1b[m",
		"\x1b[1mkea-dhcp-0\x1b[m   \x1b[32mhot-standby\x1b[m   \x1b[2m5s\x1b[m",
		"\x1b[1mkea-dhcp-1\x1b[m   \x1b[1;31mdown\x1b[m          4m",
	}
	if diff := cmp.Diff(want, p.Lines(Canvas{Theme: NewTheme(), Width: 80})); diff != "" {
		t.Errorf("coloured screen (-want +got):\n%s", diff)
	}
}

// However narrow the terminal, no row of a table reaches past its edge, unless
// the gaps and a letter for each column are wider than it.
func TestTableNeverPassesTheEdge(t *testing.T) {
	for width := 30; width <= 120; width++ {
		for _, line := range samplePage().Lines(Canvas{Width: width, Theme: NewTheme()})[3:7] {
			if got := lipgloss.Width(line); got > width {
				t.Errorf("%d columns on a terminal of %d: %q", got, width, line)
			}
		}
	}
}

func TestTableWithoutRowsOrHeaders(t *testing.T) {
	var p Page
	p.Table(Table{Columns: []Column{{Header: "name"}}})
	if got := p.Lines(Canvas{}); len(got) != 0 {
		t.Errorf("a table without rows drew %q", got)
	}
	facts := Table{Columns: []Column{{}, {}}}
	facts.Add(Text("primary"), Text("kea-database-1"))
	facts.Add(Text("instances"))
	p.Table(facts)
	want := []string{"primary     kea-database-1", "instances"}
	if diff := cmp.Diff(want, p.Lines(Canvas{})); diff != "" {
		t.Errorf("table without headers (-want +got):\n%s", diff)
	}
}

func TestTruncate(t *testing.T) {
	mixed := Concat(Bold.Text("事務所"), Text("-printer"))
	for width, want := range map[int]string{
		20: "事務所-printer", 14: "事務所-printer", 13: "事務所-print…", 7: "事務所…", 6: "事務…", 4: "事…", 2: "…", 1: "…", 0: "",
	} {
		got := mixed.Truncate(width)
		if got.String() != want || got.Width() > width {
			t.Errorf("Truncate(%d) = %q of width %d, want %q", width, got, got.Width(), want)
		}
	}
}

func TestJoinSkipsEmptyLines(t *testing.T) {
	got := Join(", ", Text("a"), Line{}, Text(""), Bold.Text("b")).String()
	if got != "a, b" {
		t.Errorf("Join = %q, want %q", got, "a, b")
	}
}
