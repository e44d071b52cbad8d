package leases

import (
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func memfile(s kea.Service, major, minor int) func(io.Writer) Writer {
	return func(w io.Writer) Writer { return NewMemfile(w, s, kea.Version{Major: major, Minor: minor}) }
}

func TestMemfile4(t *testing.T) {
	got := write(t, memfile(kea.DHCP4, 2, 6),
		lease4(func(l *Lease) { l.PoolID, l.FQDNForward, l.FQDNReverse = 7, true, true }),
		lease4(never, func(l *Lease) { l.State, l.ClientID, l.Hostname = Reclaimed, nil, "o'brien, é &#x27" }),
		lease4(func(l *Lease) { l.State, l.HWAddress, l.ClientID, l.Hostname = Declined, nil, nil, "" }),
		lease4(func(l *Lease) { l.State, l.UserContext = Expired, []byte(`{ "a": "x, y" }`) }),
	)
	want := memfileHeader4 + `,pool_id
10.10.1.7,02:00:00:00:00:07,01:02:00:00:00:00:07,3600,1795373400,10,1,1,Laptop7.example.org,0,,7
10.10.1.7,02:00:00:00:00:07,,4294967295,1795369800,10,0,0,o''brien&#x2c é &#x26#x27,2,,0
10.10.1.7,,,3600,1795373400,10,0,0,,1,,0
10.10.1.7,02:00:00:00:00:07,01:02:00:00:00:00:07,3600,1795373400,10,0,0,Laptop7.example.org,0,{ "a": "x&#x2c y" },0
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := write(t, memfile(kea.DHCP4, 2, 4), lease4()); !strings.HasSuffix(got, "user_context\n10.10.1.7,02:00:00:00:00:07,01:02:00:00:00:00:07,3600,1795373400,10,0,0,Laptop7.example.org,0,\n") {
		t.Errorf("2.4: %s", got)
	}
}

func TestMemfile6(t *testing.T) {
	got := write(t, memfile(kea.DHCP6, 3, 0),
		lease6(func(l *Lease) { l.PreferredLifetime, l.IAID = 1800, 1<<32-6 }),
		lease6(never, func(l *Lease) {
			l.Type, l.Address, l.DUID, l.State, l.HWAddress = NA, ip("2001:db8::1"), nil, Declined, nil
		}),
		lease6(func(l *Lease) {
			l.Type, l.Address, l.DUID = TA, ip("2001:db8::2"), append(Octets{0, 1, 0, 6, 9, 9, 9, 9}, l.HWAddress...)
		}),
		lease6(func(l *Lease) {
			l.Type, l.Address, l.DUID = NA, ip("2001:db8::3"), Octets{0, 4, 1, 2, 3}
			l.State = Registered
		}),
	)
	want := memfileHeader6 + `,pool_id
2001:db8:8000:100::,00:03:00:01:02:00:00:00:00:07,3600,1795373400,10,1800,2,-6,56,0,0,Laptop7.example.org,02:00:00:00:00:07,0,,1,2,0
2001:db8::1,00:00:00,4294967295,1795369800,10,0,0,7,128,0,0,Laptop7.example.org,,1,,0,0,0
2001:db8::2,00:01:00:06:09:09:09:09:02:00:00:00:00:07,3600,1795373400,10,0,1,7,128,0,0,Laptop7.example.org,02:00:00:00:00:07,0,,6,2,0
2001:db8::3,00:04:01:02:03,3600,1795373400,10,0,0,7,128,0,0,Laptop7.example.org,02:00:00:00:00:07,4,,1,0,0
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMemfileNotes(t *testing.T) {
	w := NewMemfile(io.Discard, kea.DHCP6, kea.Version{Major: 3})
	for range 2 {
		_ = w.Row(lease6(func(l *Lease) { l.IAID = 1 << 31 }))
	}
	_ = w.Row(lease6(func(l *Lease) { l.Hostname = "a\nb\xff" }))
	notes := strings.Join(w.Notes(), "\n")
	if !strings.HasPrefix(notes, "2 leases have an IAID of 2^31 or more: lease-upload into PostgreSQL then refuses") || !strings.Contains(notes, "\n1 lease has a host name") {
		t.Error(notes)
	}
	w = NewMemfile(io.Discard, kea.DHCP6, kea.Version{Major: 3})
	w.Uploadable = true
	for _, l := range []*Lease{lease6(), lease6(func(l *Lease) { l.HWAddress = nil }), lease6(func(l *Lease) { l.IAID = 1 << 31 })} {
		_ = w.Row(l)
	}
	if notes := w.Notes(); w.End() != nil || w.Written() != 1 || len(notes) != 2 || !strings.Contains(notes[1], "1 lease has no hardware address") {
		t.Error(w.Written(), notes)
	}
	w = NewMemfile(io.Discard, kea.DHCP4, kea.Version{Major: 3})
	_ = w.Row(lease4())
	if len(w.Notes()) != 0 {
		t.Error(w.Notes())
	}
	_ = w.Row(lease4(func(l *Lease) { l.HWAddress, l.ClientID = nil, nil }))
	if notes := w.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "leaves them out") {
		t.Error(notes)
	}
	if w.Row(lease6()) == nil || w.Row(lease4(func(l *Lease) { l.State = "state-9" })) == nil {
		t.Error("a lease of another service, or in a state without a number, is taken")
	}
}

// TestMemfileEcho: a shell that obeys backslashes, as that of lease-upload 3.0 does on Debian, gives back what was there.
func TestMemfileEcho(t *testing.T) {
	tests := []struct {
		text   string
		isJSON bool
		want   string
	}{
		{`a\047b`, false, `a\\047b`},
		{`\q\`, false, `\q\\`},
		{`\\`, false, `\\\\`},
		{`\c`, false, `\\c`},
		{`{"a":"\u0007\"\/"}`, true, `{"a":"\u0007\"\/"}`},
		{`"\\n\n\b\f\r\t\u000A\u005c"`, true, `"\\\\n\\n\\b\\f\\r\\t\\n\\\\"`},
	}
	for _, tt := range tests {
		new3, old := NewMemfile(io.Discard, kea.DHCP4, kea.Version{Major: 3}), NewMemfile(io.Discard, kea.DHCP4, kea.Version{Major: 2, Minor: 6})
		if got := string(new3.appendText(nil, tt.text, tt.isJSON)); got != tt.want {
			t.Errorf("3.0: %s is %s, want %s", tt.text, got, tt.want)
		}
		if got := string(old.appendText(nil, tt.text, tt.isJSON)); got != tt.text {
			t.Errorf("2.6: %s is %s", tt.text, got)
		}
	}
}

// FuzzMemfileText: whatever a client sent stays in its cell of its line, and in its string of the SQL that lease-upload
// makes of it.
func FuzzMemfileText(f *testing.F) {
	for _, seed := range []string{"", "a,b", "o'brien", "&#x27", "&&#x0a", "&#", "x\ny", "\xff'", "''&#x2c", `\\'\\,`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, isJSON := range []bool{false, true} {
			cell := string((&Memfile{echo: true}).appendText(nil, text, isJSON))
			if strings.ContainsAny(cell, ",\n\r\x00") || strings.Contains(strings.ReplaceAll(cell, "''", ""), "'") {
				t.Fatalf("%q is %q", text, cell)
			}
		}
		var w Memfile
		cell := string(w.appendText(nil, text, false))
		if strings.ContainsAny(cell, ",\n\r\x00") || !utf8.ValidString(cell) {
			t.Fatalf("%q is %q", text, cell)
		}
		// lease-upload's clean-up decodes what is escaped, all but an escaped "&".
		decoded := strings.ReplaceAll(strings.ReplaceAll(cell, "&#x26", "\x01"), "&#x2c", ",")
		if strings.Contains(decoded, "&#x") {
			t.Fatalf("%q is %q, where something is decoded", text, cell)
		}
		back := strings.ReplaceAll(strings.ReplaceAll(decoded, "\x01", "&"), "''", "\x02")
		if strings.Contains(back, "'") {
			t.Fatalf("%q is %q, which ends the SQL's string", text, cell)
		}
		if w.changed == 0 && !strings.Contains(text, "\x01") && !strings.Contains(text, "\x02") && strings.ReplaceAll(back, "\x02", "'") != text {
			t.Fatalf("%q comes back as %q", text, strings.ReplaceAll(back, "\x02", "'"))
		}
	})
}

func BenchmarkMemfile(b *testing.B) { benchmark(b, memfile(kea.DHCP4, 3, 0)) }
func BenchmarkJSON(b *testing.B)    { benchmark(b, NewJSON) }
