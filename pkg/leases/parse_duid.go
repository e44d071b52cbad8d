package leases

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"
)

// DescribeDUID says what a DUID means, or "" when it is none: "DUID-LLT: Ethernet 02:00:..., made 2025-03-10",
// "DUID-EN: enterprise 43793 (systemd), id ...", "DUID-LL: Ethernet ...", "DUID-UUID: ...". It may hold text that the
// client wrote: escape it before a terminal.
func DescribeDUID(duid Octets) string {
	if len(duid) < minDUID || len(duid) > maxDUID {
		return ""
	}
	kind, rest := binary.BigEndian.Uint16(duid), duid[2:]
	switch {
	case kind == 1 && len(rest) > 6:
		made := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(binary.BigEndian.Uint32(rest[2:])) * time.Second)
		return "DUID-LLT: " + hardwareText(binary.BigEndian.Uint16(rest), rest[6:]) + ", made " + made.Format(time.DateOnly)
	case kind == 2 && len(rest) > 4:
		id := rest[4:].String()
		if readable(rest[4:]) {
			id = strconv.Quote(string(rest[4:]))
		}
		return fmt.Sprintf("DUID-EN: enterprise %s, id %s", enterprise(binary.BigEndian.Uint32(rest)), id)
	case kind == 3 && len(rest) > 2:
		return "DUID-LL: " + hardwareText(binary.BigEndian.Uint16(rest), rest[2:])
	case kind == 4 && len(rest) == 16:
		h := hex.EncodeToString(rest)
		return "DUID-UUID: " + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	return ""
}

// enterprise is a private enterprise number, with a name for those that one meets.
func enterprise(number uint32) string {
	name := ""
	switch number {
	case 9:
		name = "Cisco"
	case 311:
		name = "Microsoft"
	case 2495:
		name = "ISC"
	case 2636:
		name = "Juniper"
	case 14988:
		name = "MikroTik"
	case 43793:
		name = "systemd"
	}
	if name == "" {
		return strconv.FormatUint(uint64(number), 10)
	}
	return fmt.Sprintf("%d (%s)", number, name)
}
