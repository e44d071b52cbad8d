package kea

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// leaseWire is a lease in an answer. Numbers are wider than Kea means them: what does not fit shall not spoil the page.
type leaseWire struct {
	Address     string          `json:"ip-address"`
	Type        LeaseType       `json:"type"`
	PrefixLen   int64           `json:"prefix-len"`
	HWAddress   string          `json:"hw-address"`
	ClientID    string          `json:"client-id"`
	DUID        string          `json:"duid"`
	IAID        int64           `json:"iaid"`
	CLTT        int64           `json:"cltt"`
	Valid       int64           `json:"valid-lft"`
	Preferred   int64           `json:"preferred-lft"`
	SubnetID    int64           `json:"subnet-id"`
	PoolID      int64           `json:"pool-id"`
	Hostname    string          `json:"hostname"`
	FQDNForward bool            `json:"fqdn-fwd"`
	FQDNReverse bool            `json:"fqdn-rev"`
	State       int64           `json:"state"`
	UserContext json.RawMessage `json:"user-context"`
}

// lease is false when there is no address.
func (w *leaseWire) lease(s Service) (Lease, bool) {
	address, err := netip.ParseAddr(w.Address)
	if err != nil || address.Zone() != "" {
		return Lease{}, false
	}
	l := Lease{
		Service:     s,
		Address:     address,
		HWAddress:   parseOctets(w.HWAddress),
		ClientID:    parseOctets(w.ClientID),
		DUID:        parseOctets(w.DUID),
		IAID:        uint32(w.IAID), //nolint:gosec // 32 bits with a sign or without are the same octets
		CLTT:        moment(w.CLTT),
		Valid:       unsigned(w.Valid),
		Preferred:   unsigned(w.Preferred),
		SubnetID:    unsigned(w.SubnetID),
		PoolID:      unsigned(w.PoolID),
		Hostname:    bytesOf(w.Hostname),
		FQDNForward: w.FQDNForward,
		FQDNReverse: w.FQDNReverse,
		State:       int(w.State),
	}
	if s == DHCP6 {
		l.Type = w.Type
		if l.Type == "" {
			l.Type = TypeNA
		}
		if l.Type == TypePD && w.PrefixLen >= 0 && w.PrefixLen <= 128 {
			l.PrefixLen = int(w.PrefixLen)
		}
	}
	if len(w.UserContext) > 0 && !bytes.Equal(w.UserContext, []byte("null")) {
		l.UserContext = w.UserContext
	}
	return l, true
}

// moment reads seconds since 1970; the zero time for none, and for what no clock says.
func moment(seconds int64) time.Time {
	if seconds <= 0 || seconds > math.MaxUint32*2 { // the year 2242
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// unsigned reads a number that Kea keeps in 32 bits; -1 is how some versions write the largest.
func unsigned(n int64) uint32 {
	switch {
	case n == -1, n > math.MaxUint32:
		return math.MaxUint32
	case n < 0:
		return 0
	}
	return uint32(n)
}

// parseOctets reads hexadecimal digits, with colons or without; nil when they are none.
func parseOctets(text string) []byte {
	digits := strings.ReplaceAll(text, ":", "")
	out, err := hex.DecodeString(digits)
	if err != nil || len(out) == 0 {
		return nil
	}
	return out
}

// bytesOf undoes Kea's JSON, which writes each byte beyond ASCII as the character of the same number: "\u00c3\u00a9" are
// the two bytes of one é. A text with characters beyond that is not of that kind, and stays.
func bytesOf(text string) string {
	beyond := false
	for _, r := range text {
		if r > 0xff {
			return text
		}
		beyond = beyond || r >= utf8.RuneSelf
	}
	if !beyond {
		return text
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		out = append(out, byte(r))
	}
	return string(out)
}
