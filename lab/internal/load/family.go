package load

import "fmt"

// Family is an IP family, and with it the protocol: DHCPv4 or DHCPv6.
type Family uint8

// The families.
const (
	V4 Family = 4
	V6 Family = 6
)

// String returns "v4" or "v6".
func (f Family) String() string { return fmt.Sprintf("v%d", uint8(f)) }

// MarshalText writes the family as String does, so that it is readable in JSON.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what MarshalText wrote. Anything else is an error.
func (f *Family) UnmarshalText(text []byte) error {
	switch string(text) {
	case "v4":
		*f = V4
	case "v6":
		*f = V6
	default:
		return fmt.Errorf("family %q is neither v4 nor v6", text)
	}
	return nil
}
