package leases

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// CSVHeader are the columns of the export for spreadsheets.
const CSVHeader = "service,type,address,prefix_length,vlan,vlan_name,subnet_id,subnet,hw_address,client_id,duid,iaid," +
	"hostname,state,valid_lifetime,cltt,expires,user_context"

// csvWriter writes for spreadsheets, and reuses its memory from row to row.
type csvWriter struct {
	out
	clock clockFace
}

// NewCSV writes comma-separated values with CSVHeader as the first line, times as RFC 3339 in UTC. What is not known or
// has no end is empty. It is for people and spreadsheets, and not exact: a cell that a spreadsheet would run as a formula,
// which a client may have sent as its name, is disarmed by an apostrophe, and what a terminal would act upon is escaped.
// The formats json and memfile are exact.
func NewCSV(w io.Writer) Writer { return &csvWriter{out: out{to: w}} }

// Begin implements Writer.
func (w *csvWriter) Begin() error {
	w.buf = append(append(w.buf, CSVHeader...), '\n')
	return w.err
}

// Row implements Writer.
func (w *csvWriter) Row(l *Lease) error {
	b := w.buf
	b = append(append(b, l.Service...), ',')
	b = append(append(b, l.Type...), ',')
	b = append(l.Address.AppendTo(b), ',')
	if l.Type == PD {
		b = strconv.AppendInt(b, int64(l.Length), 10)
	}
	b = append(b, ',')
	if l.VLAN != 0 {
		b = strconv.AppendInt(b, int64(l.VLAN), 10)
	}
	b = append(b, ',')
	b = append(appendCell(b, l.VLANName), ',')
	b = append(strconv.AppendUint(b, uint64(l.SubnetID), 10), ',')
	b = append(appendCell(b, l.Subnet), ',')
	b = append(appendOctets(b, l.HWAddress), ',')
	b = append(appendOctets(b, l.ClientID), ',')
	b = append(appendOctets(b, l.DUID), ',')
	if l.Service == kea.DHCP6 {
		b = strconv.AppendUint(b, uint64(l.IAID), 10)
	}
	b = append(b, ',')
	b = append(appendCell(b, l.Hostname), ',')
	b = append(appendCell(b, l.State), ',')
	b = append(strconv.AppendUint(b, uint64(l.ValidLifetime), 10), ',')
	b = append(w.clock.append(b, l.LastSeen), ',')
	b = append(w.clock.append(b, l.Expires), ',')
	w.buf = append(appendCell(b, l.UserContext), '\n')
	return w.row()
}

// End implements Writer.
func (w *csvWriter) End() error { return w.flush() }

// appendCell writes a text as one cell.
func appendCell[T ~string | ~[]byte](b []byte, text T) []byte {
	quotes := false
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' {
			return appendArmed(b, printer.Escape(string(text)))
		}
		quotes = quotes || c == '"' || c == ','
	}
	switch {
	case len(text) == 0:
		return b
	case text[0] == '=', text[0] == '+', text[0] == '-', text[0] == '@', text[0] == '\\':
		return appendArmed(b, string(text))
	case quotes || text[0] == ' ':
		return appendQuoted(b, text)
	}
	return append(b, text...)
}

// appendArmed disarms a text that is not empty, and writes it.
func appendArmed(b []byte, text string) []byte {
	if strings.ContainsRune("=+-@", rune(text[0])) {
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			text = "'" + text
		}
	}
	if strings.ContainsAny(text, "\",") || text[0] == ' ' || text == `\.` {
		return appendQuoted(b, text)
	}
	return append(b, text...)
}

func appendQuoted[T ~string | ~[]byte](b []byte, text T) []byte {
	b = append(b, '"')
	for i := range len(text) {
		if text[i] == '"' {
			b = append(b, '"')
		}
		b = append(b, text[i])
	}
	return append(b, '"')
}

// clockFace writes times, and remembers the day that it wrote last: leases share few.
type clockFace struct {
	day  int64
	date []byte // "2026-11-23T"
}

// append writes RFC 3339 in UTC to the second; nothing for the zero time.
func (c *clockFace) append(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	const day = 24 * 60 * 60
	seconds := t.Unix()
	if seconds < 0 {
		return t.UTC().AppendFormat(b, time.RFC3339)
	}
	if c.date == nil || seconds/day != c.day {
		c.day, c.date = seconds/day, t.UTC().AppendFormat(c.date[:0], "2006-01-02T")
	}
	b = append(b, c.date...)
	s := seconds % day
	h, m, s := s/3600, s/60%60, s%60
	return append(b, byte('0'+h/10), byte('0'+h%10), ':', byte('0'+m/10), byte('0'+m%10), ':', byte('0'+s/10), byte('0'+s%10), 'Z')
}
