package kea

import (
	"bytes"
	"encoding/json"
)

// IncludeOf returns what stands for `<?include "FILE"?>` in a Document. No JSON encoder can write an include, so until
// Encode it is a string with that text, as in Config.Raw.
func IncludeOf(file string) string { return includeOpen + file + includeClose }

// writeIncludes takes the quotes off the strings that stand for includes. One that stands for members of an object is a
// key with the value null.
func writeIncludes(text []byte) []byte {
	var out bytes.Buffer
	for len(text) > 0 {
		start := bytes.IndexByte(text, '"')
		if start < 0 {
			break
		}
		out.Write(text[:start])
		text = text[start:]
		literal := text[:stringEnd(text)]
		text = text[len(literal):]
		var s string
		if err := json.Unmarshal(literal, &s); err == nil && isInclude(s) {
			out.WriteString(s)
			text = bytes.TrimPrefix(text, []byte(`: null`))
			continue
		}
		out.Write(literal)
	}
	out.Write(text)
	return out.Bytes()
}

// stringEnd returns where the JSON string at the beginning of text ends.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
