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
	better := ""
	switch {
	case slices.Contains(unclosed(), text):
		line = opening(data)
		better = " after the bracket that opens in this line"
	case line == 0, slices.Contains(misfits(), text):
		// The library tells nothing, or where the mapping begins that a line does not fit into.
		line = 1 + sort.Search(len(lines)-1, func(n int) bool {
			_, err := documents(bytes.Join(lines[:n+1], nil))
			_, same := split(err)
			return err != nil && same == text
		})
		if slices.Contains(misfits(), text) {
			better = ": is the line indented as its neighbours are?"
		}
	}
	line = max(1, min(line, len(lines)))
	if bytes.HasPrefix(bytes.TrimLeft(lines[line-1], " "), []byte("\t")) {
		better = ": indent with spaces, not with tabs"
	}
	return Finding{Line: line, Text: "not YAML: " + text + better}
}

// opening is the line of a bracket that is not closed. The library counts the lines of its own mistakes from 0, and takes a
// 0 for not known: with an empty line before, it tells the right number.
func opening(data []byte) int {
	_, err := documents(append([]byte("\n"), bytes.TrimPrefix(data, []byte("\ufeff"))...))
	line, _ := split(err)
	return line
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
