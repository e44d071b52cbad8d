package leases

import "io"

// Writer writes an export, a lease at a time: Begin, Row for every lease, End. A lease must have been placed in its VLAN
// before, where the format shows it.
//
// What is written ends after a whole row whenever the writer hands it on, so that an export that breaks off is one of the
// first rows. End also completes one that was interrupted: call it then too.
type Writer interface {
	Begin() error
	Row(l *Lease) error
	End() error
	// Written is how many rows were handed on completely.
	Written() int
}

// out gathers rows and hands them on in larger pieces. After an error it takes nothing more.
type out struct {
	to      io.Writer
	buf     []byte
	rows    int // in buf
	written int
	err     error
}

// piece is when what was gathered is handed on.
const piece = 64 << 10

// Written implements Writer.
func (o *out) Written() int { return o.written }

// row ends a row that stands in the buffer.
func (o *out) row() error {
	o.rows++
	if len(o.buf) < piece {
		return o.err
	}
	return o.flush()
}

func (o *out) flush() error {
	if o.err == nil && len(o.buf) > 0 {
		_, o.err = o.to.Write(o.buf)
		if o.err == nil {
			o.written += o.rows
		}
	}
	o.buf, o.rows = o.buf[:0], 0
	return o.err
}

// appendOctets is Octets.String.
func appendOctets(b []byte, octets Octets) []byte {
	const digits = "0123456789abcdef"
	for i, c := range octets {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digits[c>>4], digits[c&15])
	}
	return b
}
