package stackfile

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// syntax turns the YAML library's error into a finding.
func syntax(data []byte, err error) Finding {
	line, text := split(err)
	lines := bytes.SplitAfter(data, []byte("\n"))
	switch {
	case line == 0, slices.Contains(misfits(), text):
		// The library tells nothing, or where the mapping begins that a line does not fit into.
		line = min(1+sort.Search(len(lines)-1, func(n int) bool {
			_, err := documents(bytes.Join(lines[:n+1], nil))
			_, same := split(err)
			return err != nil && same == text
		}), len(lines))
	case slices.Contains(unclosed(), text):
		line++ // the library counts these from 0
	}
	f := Finding{Line: line, Text: "not YAML: " + text}
	switch at := lines[min(line, len(lines))-1]; {
	case bytes.HasPrefix(bytes.TrimLeft(at, " "), []byte("\t")):
		f.Text += ": indent with spaces, not with tabs"
	case slices.Contains(misfits(), text):
		f.Text += ": is the line indented as its neighbours are?"
	case slices.Contains(unclosed(), text):
		f.Text += " after the bracket that opens in this line"
	}
	return f
}

// misfits are what the library says of a line that does not fit in.
func misfits() []string {
	return []string{"did not find expected key", "did not find expected '-' indicator", "did not find expected <document start>"}
}

// unclosed is what it says of brackets.
func unclosed() []string {
	return []string{"did not find expected ',' or '}'", "did not find expected ',' or ']'"}
}

// split gives the line, 0 when the library does not tell, and what is wrong.
func split(err error) (int, string) {
	if err == nil {
		return 0, ""
	}
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(text)
	if m == nil {
		return 0, text
	}
	line, _ := strconv.Atoi(m[1]) // 0 when it is beyond all lines
	return line, text[len(m[0]):]
}
