package leases

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// write is what a writer makes of leases.
func write(t testing.TB, open func(io.Writer) Writer, all ...*Lease) string {
	t.Helper()
	var text bytes.Buffer
	w := open(&text)
	err := w.Begin()
	for _, l := range all {
		err = errors.Join(err, w.Row(l))
	}
	if err = errors.Join(err, w.End()); err != nil || w.Written() != len(all) {
		t.Fatalf("%d of %d rows: %v", w.Written(), len(all), err)
	}
	return text.String()
}

func placed(l *Lease) { l.VLAN, l.VLANName, l.Subnet = 10, "users", "10.10.0.0/16" }

func never(l *Lease) { l.ValidLifetime, l.Expires = kea.Infinite, time.Time{} }

func TestCSV(t *testing.T) {
	got := write(t, NewCSV,
		lease4(placed, func(l *Lease) { l.UserContext = []byte(`{ "a": "x, y" }`) }),
		lease4(never, func(l *Lease) {
			l.VLANName, l.Hostname, l.HWAddress, l.ClientID, l.LastSeen, l.State = "a,b", "", nil, nil, time.Time{}, Declined
		}),
		lease6(func(l *Lease) {
			l.IAID = 1<<32 - 1
			l.LastSeen = time.Date(2026, 11, 23, 0, 30, 9, 0, time.FixedZone("", 3600))
		}),
	)
	want := CSVHeader + `
dhcp4,V4,10.10.1.7,,10,users,10,10.10.0.0/16,02:00:00:00:00:07,01:02:00:00:00:00:07,,,Laptop7.example.org,active,3600,2026-11-22T17:50:00Z,2026-11-22T18:50:00Z,"{ ""a"": ""x, y"" }"
dhcp4,V4,10.10.1.7,,,"a,b",10,,,,,,,declined,4294967295,,,
dhcp6,IA_PD,2001:db8:8000:100::,56,,,10,,02:00:00:00:00:07,,00:03:00:01:02:00:00:00:00:07,4294967295,Laptop7.example.org,active,3600,2026-11-22T23:30:09Z,2026-11-22T18:50:00Z,
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestCSVHostile has names that clients would like a spreadsheet or a terminal to act upon.
func TestCSVHostile(t *testing.T) {
	for name, want := range map[string]string{
		`=HYPERLINK("x")`: `"'=HYPERLINK(""x"")"`, "+1": "+1", "-2.5": "-2.5", "-pc": "'-pc", "@a,b": `"'@a,b"`, "a=b": "a=b",
		"a\nb": `a\nb`, "\x1b[2J": `\x1b[2J`, "\t=1": `\t=1`, " x": `" x"`, `\.`: `"\."`, `a"b`: `"a""b"`, "é": "é", "=é": "'=é", "\xff": `\xff`, "'": "'",
	} {
		got := string(appendCell(nil, name))
		if got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

// FuzzCSVCell: a cell is read back as what the printer's own CSV has there, and does not begin a formula.
func FuzzCSVCell(f *testing.F) {
	for _, seed := range []string{"", "=1+1", "-1", "-x", " a", "a,b", `"`, "\r\n", "\x1b", "é", "\xff", `\.`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := append(appendCell([]byte("x,"), text), ",y\n"...)
		row, err := csv.NewReader(bytes.NewReader(line)).Read()
		if err != nil || len(row) != 3 {
			t.Fatalf("%q is %q: %v", text, line, err)
		}
		if escaped := printer.Escape(text); row[1] != escaped && row[1] != "'"+escaped {
			t.Fatalf("%q is read as %q", text, row[1])
		}
		again := appendCell(nil, []byte(text))
		if "x,"+string(again)+",y\n" != string(line) {
			t.Fatalf("as octets %q is %q", text, again)
		}
	})
}

// FuzzClockFace: times are as the standard library writes them.
func FuzzClockFace(f *testing.F) {
	for _, seed := range []int64{1, 86399, 86400, 1795403084, 253402300799, -1} {
		f.Add(seed)
	}
	var face clockFace
	f.Fuzz(func(t *testing.T, seconds int64) {
		if seconds > 253402300799 || seconds < -62135596800 {
			return // beyond the year 9999
		}
		for _, at := range []time.Time{time.Unix(seconds, 0), time.Unix(seconds+59, 0), time.Unix(seconds+86400, 0)} {
			want := ""
			if !at.IsZero() {
				want = at.UTC().Format(time.RFC3339)
			}
			if got := string(face.append(nil, at)); got != want {
				t.Fatalf("%s, want %s", got, want)
			}
		}
	})
}

func TestCSVAllocates(t *testing.T) {
	l := lease4(placed, func(l *Lease) { l.UserContext = []byte(`{ "a": "x, y" }`) })
	w := NewCSV(io.Discard)
	_ = w.Begin()
	for range 1000 {
		_ = w.Row(l)
	}
	if n := testing.AllocsPerRun(1000, func() { _ = w.Row(l) }); n > 0 {
		t.Errorf("%v allocations a row", n)
	}
}

func BenchmarkCSV(b *testing.B) { benchmark(b, NewCSV) }

func benchmark(b *testing.B, open func(io.Writer) Writer) {
	b.Helper()
	all := someLeases(kea.DHCP4, 1000)
	for _, l := range all {
		placed(l)
	}
	w := open(io.Discard)
	_ = w.Begin()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := w.Row(all[i%len(all)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func TestJSON(t *testing.T) {
	if got := write(t, NewJSON); got != "[]\n" {
		t.Errorf("none: %q", got)
	}
	all := append(someLeases(kea.DHCP4, 300), someLeases(kea.DHCP6, 300)...)
	all[0].Hostname, all[1].Hostname, all[2].Hostname = "é <&> \x1b \u202e", "\x7f", ""
	all[3].UserContext = json.RawMessage(`{ "a": "\u00c3 é" }`)
	placed(all[4])
	text := write(t, NewJSON, all...)
	var got []*Lease
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	all[3].UserContext = json.RawMessage(`{"a":"\u00c3 é"}`)
	if diff := cmp.Diff(all, got, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if n := strings.Count(text, "\n"); n != len(all)+2 {
		t.Errorf("%d lines for %d leases", n, len(all))
	}
	if strings.ContainsAny(text, "\x1b\x7f\u202e") || !strings.Contains(text, "é <&>") {
		t.Errorf("escapes: %s", text[:400])
	}
}

// pipe takes some bytes and then breaks.
type pipe struct {
	bytes.Buffer
	room int
}

func (p *pipe) Write(b []byte) (int, error) {
	if len(b) > p.room {
		n, _ := p.Buffer.Write(b[:p.room])
		p.room = 0
		return n, io.ErrClosedPipe
	}
	p.room -= len(b)
	return p.Buffer.Write(b)
}

// TestBrokenPipe: an export that breaks off knows how many rows are complete, and takes no more.
func TestBrokenPipe(t *testing.T) {
	for name, open := range map[string]func(io.Writer) Writer{
		"csv": NewCSV, "json": NewJSON,
		"memfile": func(w io.Writer) Writer { return NewMemfile(w, kea.DHCP4, kea.Version{Major: 3}) },
	} {
		to := &pipe{room: 3*piece + 1000}
		w := open(to)
		err := w.Begin()
		rows := 0
		for err == nil {
			if err = w.Row(lease4()); err == nil {
				rows++
			}
		}
		if !errors.Is(err, io.ErrClosedPipe) || !errors.Is(w.End(), io.ErrClosedPipe) || !errors.Is(w.Row(lease4()), io.ErrClosedPipe) {
			t.Errorf("%s: %v", name, err)
		}
		complete := strings.Count(to.String(), "10.10.1.7,") + strings.Count(to.String(), `"10.10.1.7"`)
		if n := w.Written(); n == 0 || n > complete || n > rows {
			t.Errorf("%s: %d rows written, %d complete, %d given", name, n, complete, rows)
		}
	}
}
