package printer

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

// WriteJSON writes a value as indented JSON. Characters that a terminal would
// act upon are written as JSON's own escapes, so nothing is lost.
func WriteJSON(w io.Writer, value any) error {
	raw, err := marshal(value, "    ")
	if err != nil {
		return err
	}
	_, err = w.Write(escapeInvisible(raw, func(out []byte, r rune) []byte {
		if r > 0xffff {
			hi, lo := utf16.EncodeRune(r)
			return fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		}
		return fmt.Appendf(out, `\u%04x`, r)
	}))
	return err
}

// WriteJSONLine is WriteJSON on one line, for values that follow each other.
func WriteJSONLine(w io.Writer, value any) error {
	var indented, line bytes.Buffer
	if err := WriteJSON(&indented, value); err != nil {
		return err
	}
	if err := json.Compact(&line, indented.Bytes()); err != nil {
		return fmt.Errorf("encode as JSON: %w", err)
	}
	line.WriteByte('\n')
	_, err := w.Write(line.Bytes())
	return err
}

// WriteYAML writes a value as YAML, through its JSON form. YAML escapes control
// characters by itself, once its parser has been given them as escapes; marks
// of the writing direction pass as they are.
func WriteYAML(w io.Writer, value any) error {
	raw, err := marshal(value, "")
	if err != nil {
		return err
	}
	raw = escapeInvisible(raw, func(out []byte, r rune) []byte { return fmt.Appendf(out, `\U%08x`, r) })
	b, err := yaml.JSONToYAML(raw)
	if err != nil {
		return fmt.Errorf("encode as YAML: %w", err)
	}
	_, err = w.Write(b)
	return err
}

func marshal(value any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(value); err != nil {
		return nil, fmt.Errorf("encode as JSON: %w", err)
	}
	return b.Bytes(), nil
}

// escapeInvisible replaces invisible characters in encoded JSON. They can stand
// inside strings only: all that is outside is ASCII.
func escapeInvisible(in []byte, escape func(out []byte, r rune) []byte) []byte {
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		r, size := utf8.DecodeRune(in)
		if r < 0x7f || r > 0x7f && visible(r) {
			out = append(out, in[:size]...)
		} else {
			out = escape(out, r)
		}
		in = in[size:]
	}
	return out
}

// writeCSV writes rows for a spreadsheet. A cell that one would take for a
// formula, which a DHCP client may have sent as its name, is disarmed by an
// apostrophe; what a terminal would act upon is escaped.
func writeCSV(w io.Writer, r Records, noHeaders bool) error {
	out := csv.NewWriter(w)
	if !noHeaders {
		if err := out.Write(r.Header); err != nil {
			return err
		}
	}
	for _, row := range r.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = disarm(Escape(cell))
		}
		if err := out.Write(cells); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func disarm(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(cell, 64); err == nil {
		return cell
	}
	return "'" + cell
}
