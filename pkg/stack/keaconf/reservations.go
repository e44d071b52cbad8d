package keaconf

import (
	"encoding/hex"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func reservations(list []v1alpha1.Reservation) []kea.Reservation {
	var all []kea.Reservation
	for _, r := range list {
		all = append(all, kea.Reservation{
			HWAddress: r.MAC, ClientID: clientID(r.ClientID), DUID: r.DUID,
			IPAddress: r.Address, IPAddresses: r.Addresses, Prefixes: r.Prefixes,
			Hostname: r.Hostname, OptionData: optionData(r.Options),
		})
	}
	return all
}

// clientID is spelled as config-get does it, so that the file and what the daemon runs compare as equal: without colons,
// unlike MACs and DUIDs. One that is no hexadecimal number, as 'a text', stays as it is.
func clientID(id string) string {
	var digits strings.Builder
	for group := range strings.SplitSeq(strings.ToLower(id), ":") {
		if len(group) == 1 {
			group = "0" + group
		}
		digits.WriteString(group)
	}
	if _, err := hex.DecodeString(digits.String()); err != nil {
		return id
	}
	return digits.String()
}
