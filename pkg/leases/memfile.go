package leases

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// The columns of Kea's lease files, as lease-dump writes them. From 2.6 on pool_id follows.
const (
	memfileHeader4 = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
	memfileHeader6 = "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,hostname," +
		"hwaddr,state,user_context,hwtype,hwaddr_source"
)

// Memfile writes a lease file of one service.
type Memfile struct {
	out
	service kea.Service
	pools   bool
	echo    bool // lease-upload has the shell echo each row, and Debian's does what a backslash says

	// Uploadable leaves out the leases for which lease-upload into PostgreSQL refuses the whole file; Notes counts them.
	Uploadable bool

	changed, large, bare, nobody int
}

// NewMemfile writes the leases of one service as kea-admin lease-upload of a Kea version takes them: what lease-dump of
// that version writes, but for the text that clients sent. lease-upload puts it into SQL as it is, so what lease-dump
// writes can fail there, or run as SQL: here apostrophes are doubled, an "&#x", which Kea would decode, is escaped, and
// from 2.7 on the backslashes that a shell would obey. What a line cannot hold (line breaks, bytes that are no UTF-8) is
// replaced, and Notes says so.
//
// hwtype and hwaddr_source of DHCPv6, which a Lease does not have, are written as Kea fills them in from the DUID.
func NewMemfile(w io.Writer, s kea.Service, v kea.Version) *Memfile {
	return &Memfile{out: out{to: w}, service: s, pools: v.AtLeast(2, 6), echo: v.AtLeast(2, 7)}
}

// Begin implements Writer.
func (w *Memfile) Begin() error {
	header := memfileHeader4
	if w.service == kea.DHCP6 {
		header = memfileHeader6
	}
	w.buf = append(w.buf, header...)
	if w.pools {
		w.buf = append(w.buf, ",pool_id"...)
	}
	w.buf = append(w.buf, '\n')
	return w.err
}

// Row implements Writer. A lease of the other service is an error.
func (w *Memfile) Row(l *Lease) error {
	if l.Service != w.service {
		return fmt.Errorf("a lease of %s in a file of %s", l.Service, w.service)
	}
	number := stateNumber(l.State)
	if number < 0 {
		return fmt.Errorf("%s is in state %q, which Kea's lease files do not have", l.Resource(), l.State)
	}
	if w.refused(l) && w.Uploadable {
		return nil
	}
	b := w.buf
	b = append(l.Address.AppendTo(b), ',')
	if w.service == kea.DHCP4 {
		b = append(appendOctets(b, l.HWAddress), ',')
		b = append(appendOctets(b, l.ClientID), ',')
	} else {
		b = append(appendOctets(b, l.duid()), ',')
	}
	b = append(strconv.AppendUint(b, uint64(l.ValidLifetime), 10), ',')
	b = append(strconv.AppendInt(b, l.expire(), 10), ',')
	b = append(strconv.AppendUint(b, uint64(l.SubnetID), 10), ',')
	if w.service == kea.DHCP6 {
		b = appendAssociation(b, l)
	}
	b = append(appendBit(b, l.FQDNForward), ',')
	b = append(appendBit(b, l.FQDNReverse), ',')
	b = append(w.appendText(b, l.Hostname, false), ',')
	if w.service == kea.DHCP6 {
		b = append(appendOctets(b, l.HWAddress), ',')
	}
	b = append(strconv.AppendInt(b, int64(number), 10), ',')
	b = w.appendText(b, string(l.UserContext), true)
	if w.service == kea.DHCP6 {
		hwtype, source := l.hardware()
		b = append(strconv.AppendInt(append(b, ','), int64(hwtype), 10), ',')
		b = strconv.AppendInt(b, int64(source), 10)
	}
	if w.pools {
		b = strconv.AppendUint(append(b, ','), uint64(l.PoolID), 10)
	}
	w.buf = append(b, '\n')
	return w.row()
}

// End implements Writer.
func (w *Memfile) End() error { return w.flush() }

// Notes says what lease-upload will not do with the file as one would think, each a sentence; none when all is well.
func (w *Memfile) Notes() []string {
	var notes []string
	then := "then refuses the whole file"
	if w.Uploadable {
		then = "would refuse the whole file, so they were left out"
	}
	if w.large > 0 {
		notes = append(notes, fmt.Sprintf("%s an IAID of 2^31 or more: lease-upload into PostgreSQL %s (\"function lease6upload does not exist\")", have(w.large), then))
	}
	if w.bare > 0 {
		notes = append(notes, fmt.Sprintf("%s no hardware address: lease-upload into PostgreSQL %s (\"syntax error at or near ,\")", have(w.bare), then))
	}
	if w.nobody > 0 {
		notes = append(notes, fmt.Sprintf("%s neither hardware address nor client id: lease-upload leaves them out", have(w.nobody)))
	}
	if w.changed > 0 {
		notes = append(notes, fmt.Sprintf("%s a host name or user context that does not come back as it was: line breaks and bytes that are no UTF-8 became \"?\", \"&#x\" becomes \"&#x26#x\"", have(w.changed)))
	}
	return notes
}

func have(n int) string {
	if n == 1 {
		return "1 lease has"
	}
	return strconv.Itoa(n) + " leases have"
}

// appendAssociation writes what only DHCPv6 has. The schema keeps an IAID with a sign, and lease-dump shows it so.
func appendAssociation(b []byte, l *Lease) []byte {
	kind, length := 0, 128
	switch l.Type {
	case TA:
		kind = 1
	case PD:
		kind, length = 2, l.Length
	case NA, V4:
	}
	b = append(strconv.AppendUint(b, uint64(l.PreferredLifetime), 10), ',')
	b = append(strconv.AppendInt(b, int64(kind), 10), ',')
	b = append(strconv.AppendInt(b, int64(int32(l.IAID)), 10), ',') //nolint:gosec // the same 32 bits
	return append(strconv.AppendInt(b, int64(length), 10), ',')
}

// expire is the end of a lease as Kea keeps it: of one that never ends the time when the client was seen last.
func (l *Lease) expire() int64 {
	switch {
	case !l.Expires.IsZero():
		return l.Expires.Unix()
	case !l.LastSeen.IsZero():
		return l.LastSeen.Unix()
	}
	return 0
}

// duid is never empty: Kea writes three zeros for none.
func (l *Lease) duid() Octets {
	if len(l.DUID) == 0 {
		return Octets{0, 0, 0}
	}
	return l.DUID
}

// hardware is the type of a hardware address (1: Ethernet) and where Kea has it from (2: from the DUID; 0: not known).
func (l *Lease) hardware() (hwtype, source int) {
	if len(l.HWAddress) == 0 {
		return 0, 0
	}
	if d := l.DUID; len(d) > 4 && d[0] == 0 && (d[1] == 1 || d[1] == 3) {
		head := 4 // of DUID-LL: the type and the hardware's
		if d[1] == 1 {
			head = 8 // DUID-LLT: a time too
		}
		if len(d) > head && string(d[head:]) == string(l.HWAddress) {
			return int(d[2])<<8 | int(d[3]), 2
		}
	}
	return 1, 0
}

// stateNumber is Kea's number of a state; below 0 for none.
func stateNumber(s State) int {
	switch s {
	case Active, Expired:
		return 0
	case Declined:
		return 1
	case Reclaimed:
		return 2
	case Released:
		return 3
	case Registered:
		return 4
	}
	return -1
}

func appendBit(b []byte, bit bool) []byte {
	if bit {
		return append(b, '1')
	}
	return append(b, '0')
}

// refused counts what lease-upload does not take, and reports whether it then takes nothing at all. Seen with 2.6 and 3.0:
// its clean-up makes an IAID of the schema's a number without a sign, which the function it calls does not take, and of a
// DHCPv6 lease without a hardware address it leaves two columns empty, which are numbers.
func (w *Memfile) refused(l *Lease) bool {
	if w.service == kea.DHCP4 {
		if len(l.HWAddress)+len(l.ClientID) == 0 && l.State != Declined {
			w.nobody++
		}
		return false
	}
	large, bare := l.IAID > math.MaxInt32, len(l.HWAddress) == 0
	if large {
		w.large++
	} else if bare {
		w.bare++
	}
	return large || bare
}

// appendText writes a text so that it comes out of lease-upload as it was, if it is JSON as JSON that means the same.
func (w *Memfile) appendText(b []byte, text string, isJSON bool) []byte {
	changed := false
	for i := 0; i < len(text); {
		c := text[i]
		size := 1
		switch {
		case c == ',':
			b = append(b, "&#x2c"...)
		case c == '\'':
			b = append(b, "''"...)
		case c == '&' && len(text) > i+2 && text[i+1] == '#' && text[i+2] == 'x':
			b, changed = append(b, "&#x26"...), true
		case c == '\\' && w.echo:
			b, size = appendBackslash(b, text[i:], isJSON)
		case c == '\n', c == '\r', c == 0:
			b, changed = append(b, '?'), true
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			var r rune
			if r, size = utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 {
				b, changed = append(b, '?'), true
			} else {
				b = append(b, text[i:i+size]...)
			}
		}
		i += size
	}
	if changed {
		w.changed++
	}
	return b
}

// obeyed are what the shell's echo obeys behind a backslash.
const obeyed = `abcefnrtv01234567\\`

// appendBackslash writes the backslash that a text begins with so that the shell's echo gives it back, and returns how
// much of the text it has written.
//
// JSON goes through Kea's parser first, which writes it anew: a line break as \n however it was written. There what echo
// obeys becomes a backslash in the value, which the parser writes as two. An escaped quote is not obeyed, and stays.
func appendBackslash(b []byte, text string, isJSON bool) ([]byte, int) {
	if !isJSON {
		if len(text) > 1 && strings.IndexByte(obeyed, text[1]) < 0 {
			return append(b, '\\'), 1
		}
		return append(b, `\\`...), 1
	}
	if len(text) >= 6 && text[1] == 'u' {
		for i, digits := range []string{"0008", "0009", "000a", "000c", "000d", "005c"} {
			if strings.EqualFold(text[2:6], digits) {
				return append(append(b, `\\`...), []string{"b", "t", "n", "f", "r", `\\`}[i]...), 6
			}
		}
	}
	if len(text) > 1 && strings.IndexByte(`bfnrt`, text[1]) >= 0 {
		return append(append(b, `\\`...), text[1]), 2
	}
	if len(text) > 1 && text[1] == '\\' {
		return append(b, `\\\\`...), 2
	}
	return append(b, '\\'), 1
}
