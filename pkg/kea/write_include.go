package kea

import (
	"bytes"
	"encoding/json"
)

// IncludeOf returns what stands for `<?include "FILE"?>` in a Document. No JSON encoder can write an include, so until
// Encode it is a string with that text, as in Config.Raw.
func IncludeOf(file string) string { return includeOpen + file + includeClose }

// writeDialect turns JSON into Kea's dialect, string by string. Those that stand for includes lose their quotes; one for
// members of an object is a key with the value null. And & is written as it is: Go's encoder writes \u0026, for browsers.
func writeDialect(text []byte) []byte {
	var out bytes.Buffer
	for {
		start := bytes.IndexByte(text, '"')
		if start < 0 {
			out.Write(text)
			return out.Bytes()
		}
		out.Write(text[:start])
		literal := text[start:][:stringEnd(text[start:])]
		text = text[start+len(literal):]
		var s string
		switch err := json.Unmarshal(literal, &s); {
		case err == nil && isInclude(s):
			out.WriteString(s)
			text = bytes.TrimPrefix(text, []byte(": null"))
		case err == nil && bytes.Contains(literal, []byte(`\u00`)):
			writePlainly(&out, s)
		default:
			out.Write(literal)
		}
	}
}

func writePlainly(out *bytes.Buffer, s string) {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string into memory
	out.Truncate(out.Len() - 1)
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
