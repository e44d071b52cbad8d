package cnpg

import (
	"fmt"
	"strconv"
	"strings"
)

// LSN is a position in the write-ahead log, in bytes from its beginning. Zero is no position.
type LSN uint64

// ParseLSN reads PostgreSQL's notation, two hexadecimal halves: 16/B374D848.
func ParseLSN(text string) (LSN, error) {
	high, low, ok := strings.Cut(text, "/")
	if !ok {
		return 0, fmt.Errorf("%q is not a position in the write-ahead log (like 16/B374D848)", text)
	}
	h, err := strconv.ParseUint(high, 16, 32)
	if err == nil {
		var l uint64
		if l, err = strconv.ParseUint(low, 16, 32); err == nil {
			return LSN(h<<32 | l), nil
		}
	}
	return 0, fmt.Errorf("%q is not a position in the write-ahead log (like 16/B374D848)", text)
}

// String writes PostgreSQL's notation.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint64(l)>>32, uint32(l)) }

// MarshalText implements encoding.TextMarshaler, so that JSON holds PostgreSQL's notation.
func (l LSN) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Empty is zero.
func (l *LSN) UnmarshalText(text []byte) error {
	*l = 0
	if len(text) == 0 {
		return nil
	}
	var err error
	*l, err = ParseLSN(string(text))
	return err
}

// behind is how many bytes position l lies behind other; 0 when it does not.
func (l LSN) behind(other LSN) int64 {
	if other <= l {
		return 0
	}
	return int64(other - l)
}

// parseLSN is ParseLSN for a field of a report: what cannot be read is no position.
func parseLSN(text string) LSN {
	l, err := ParseLSN(text)
	if err != nil {
		return 0
	}
	return l
}
