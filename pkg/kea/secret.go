package kea

import (
	"fmt"
	"io"
)

// redacted is what every secret looks like outside this process.
const redacted = "<redacted>"

// Secret holds a password. It shows as "<redacted>" however it is printed or marshalled, also when it sits in a field
// that is not exported; only Reveal gives the content. The zero value is "no secret".
type Secret struct {
	// A pointer: fmt prints the address of one that it cannot call methods on, never its content.
	value *string
}

// NewSecret wraps s. An empty s gives the zero Secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{value: &s}
}

// Reveal returns the content in the clear. Its result must not reach a terminal, a log, an event or an error.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal reports whether both hold the same content.
func (s Secret) Equal(o Secret) bool { return s.Reveal() == o.Reveal() }

// String returns "<redacted>", or "" for no secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return redacted
}

// Format implements fmt.Formatter: every verb prints what String returns.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalJSON implements json.Marshaler.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }

// MarshalText implements encoding.TextMarshaler.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
