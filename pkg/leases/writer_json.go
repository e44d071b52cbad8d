package leases

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

type jsonWriter struct {
	out
	any bool
	one bytes.Buffer
	enc *json.Encoder
}

// NewJSON writes one JSON array, an element a line: "[]" for none, and valid JSON also when an export was interrupted. An
// element is a Lease as in a list's "leases". It is exact, except that bytes of a host name that are no UTF-8 become
// U+FFFD, since JSON has no way to say them; characters that a terminal would act upon are written as JSON's own escapes.
func NewJSON(w io.Writer) Writer {
	j := &jsonWriter{out: out{to: w}}
	j.enc = json.NewEncoder(&j.one)
	j.enc.SetEscapeHTML(false)
	return j
}

// Begin implements Writer.
func (w *jsonWriter) Begin() error {
	w.buf = append(w.buf, '[')
	return w.err
}

// Row implements Writer.
func (w *jsonWriter) Row(l *Lease) error {
	own := *l
	own.LastSeen = l.LastSeen.UTC()
	if !l.Expires.IsZero() {
		own.Expires = l.Expires.UTC()
	}
	w.one.Reset()
	if err := w.enc.Encode(&own); err != nil {
		return err
	}
	text := bytes.TrimSuffix(w.one.Bytes(), []byte("\n"))
	if !ascii(text) {
		var err error
		if text, err = escaped(&own); err != nil {
			return err
		}
	}
	if w.any {
		w.buf = append(w.buf, ',')
	}
	w.any = true
	w.buf = append(append(w.buf, '\n'), text...)
	return w.row()
}

// End implements Writer.
func (w *jsonWriter) End() error {
	if w.any {
		w.buf = append(w.buf, '\n')
	}
	w.buf = append(w.buf, "]\n"...)
	return w.flush()
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= 0x7f {
			return false
		}
	}
	return true
}

// escaped writes a lease as the list does.
func escaped(l *Lease) ([]byte, error) {
	var indented, line bytes.Buffer
	if err := printer.WriteJSON(&indented, l); err != nil {
		return nil, err
	}
	err := json.Compact(&line, bytes.TrimSpace(indented.Bytes()))
	return line.Bytes(), err
}
