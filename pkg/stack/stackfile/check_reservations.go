package stackfile

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// reserved remembers what the reservations of a subnet hold, by the path that stated it first.
type reserved struct {
	clients   map[string]string
	addresses map[netip.Addr]string
	prefixes  map[netip.Prefix]string
	routers   map[netip.Addr]bool
}

func (x *inside) reservations(at string, all []v1alpha1.Reservation, routers map[netip.Addr]bool) {
	seen := &reserved{make(map[string]string), make(map[netip.Addr]string), make(map[netip.Prefix]string), routers}
	for i, r := range all {
		path := element(at, i)
		if x.bad(path) {
			continue
		}
		x.client(path, r, seen)
		if x.family == ipv4 {
			x.reserved4(path, r, seen)
		} else {
			x.reserved6(path, r, seen)
		}
		if r.Hostname != "" {
			x.hostName(path+".hostname", r.Hostname)
		}
		x.options(path+".options", r.Options, x.family, nil)
		if r.Address == "" && len(r.Addresses)+len(r.Prefixes)+len(r.Options) == 0 && r.Hostname == "" && !x.badBelow(path, "address", "addresses", "prefixes", "options", "hostname") {
			x.add(path, "reserves nothing: state an address, a hostname or options")
		}
	}
}

// badBelow reports whether one of the fields could not be read.
func (c *checker) badBelow(at string, fields ...string) bool {
	for _, f := range fields {
		if c.bad(at + "." + f) {
			return true
		}
	}
	return false
}

// client checks the identifier, of which there must be one.
func (x *inside) client(at string, r v1alpha1.Reservation, seen *reserved) {
	if x.badBelow(at, "mac", "clientID", "duid") {
		return
	}
	var stated []string
	for _, id := range []struct{ field, text string }{{"mac", r.MAC}, {"clientID", r.ClientID}, {"duid", r.DUID}} {
		if id.text != "" {
			stated = append(stated, id.field)
		}
	}
	choices := "mac, clientID or duid"
	if x.family == ipv6 {
		choices = "duid or mac"
	}
	switch {
	case len(stated) == 0:
		x.add(at, "names no client: state %s", choices)
		return
	case x.family == ipv6 && r.ClientID != "":
		x.add(at+".clientID", "is DHCPv4's; expected %s in subnets6", choices)
		return
	case len(stated) > 1:
		x.add(at, "names its client by %s: keep one", strings.Join(stated, " and "))
		return
	}
	var err error
	var id []byte
	switch stated[0] {
	case "mac":
		id, err = mac(r.MAC)
	case "clientID":
		id, err = identifier(r.ClientID, 2, 255, "01:02:00:00:00:00:01, or a text in single quotes")
	default:
		id, err = identifier(r.DUID, 3, 130, "00:03:00:01:02:00:00:00:00:01")
	}
	path := at + "." + stated[0]
	if err != nil {
		x.add(path, "%v", err)
		return
	}
	key := stated[0] + " " + string(id)
	if other, ok := seen.clients[key]; ok {
		x.add(path, "is the client of %s too: put all that it gets into one reservation", other)
		return
	}
	seen.clients[key] = at
}

// mac reads a hardware address as Kea spells it: six octets, colons between them.
func mac(s string) ([]byte, error) {
	digits := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "").Replace(s))
	id, err := hex.DecodeString(digits)
	if err != nil || len(id) != 6 {
		return nil, fmt.Errorf("is %s; expected six octets, as in 02:00:00:00:00:01", quoted(s))
	}
	if right := colons(id); !strings.EqualFold(s, right) {
		return nil, fmt.Errorf("is %s: write %s", quoted(s), right)
	}
	return id, nil
}

// identifier reads octets with colons between them, or none, or a text in single quotes.
func identifier(s string, least, most int, example string) ([]byte, error) {
	id := []byte(strings.Trim(s, "'"))
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		if !regexp.MustCompile(`^([0-9a-fA-F]{2}(:[0-9a-fA-F]{2})*|[0-9a-fA-F]+)$`).MatchString(s) {
			return nil, fmt.Errorf("is %s; expected octets, as in %s", quoted(s), example)
		}
		var err error
		if id, err = hex.DecodeString(strings.ReplaceAll(s, ":", "")); err != nil {
			return nil, fmt.Errorf("is %s; expected two digits for each octet, as in %s", quoted(s), example)
		}
	}
	if len(id) < least || len(id) > most {
		return nil, fmt.Errorf("has %s; expected %d to %d", counts(len(id), "octet", "octets"), least, most)
	}
	return id, nil
}

func colons(id []byte) string {
	var all []string
	for _, b := range id {
		all = append(all, hex.EncodeToString([]byte{b}))
	}
	return strings.Join(all, ":")
}

func (x *inside) reserved4(at string, r v1alpha1.Reservation, seen *reserved) {
	if len(r.Addresses) > 0 {
		x.add(at+".addresses", "is DHCPv6's: in subnets4 a reservation has one, address")
	}
	if len(r.Prefixes) > 0 {
		x.add(at+".prefixes", "is DHCPv6's: take it out, or move the reservation to subnets6")
	}
	if r.Address != "" {
		x.reservedAddress(at, at+".address", r.Address, seen)
	}
}

func (x *inside) reserved6(at string, r v1alpha1.Reservation, seen *reserved) {
	if r.Address != "" {
		x.add(at+".address", "is DHCPv4's: in subnets6 write addresses: [%q]", r.Address)
	}
	for i, a := range r.Addresses {
		x.reservedAddress(at, element(at+".addresses", i), a, seen)
	}
	for i, p := range r.Prefixes {
		path := element(at+".prefixes", i)
		prefix, err := ipv6.network(p)
		if err != nil {
			x.add(path, "%v", err)
			continue
		}
		if other, ok := seen.prefixes[prefix]; ok {
			x.add(path, "is %s, which %s reserves too", prefix, other)
		}
		seen.prefixes[prefix] = at
	}
}

func (x *inside) reservedAddress(at, path, text string, seen *reserved) {
	a, err := x.family.address(text)
	if err != nil {
		x.add(path, "%v", err)
		return
	}
	if !x.lies(path, a) {
		return
	}
	if seen.routers[a] {
		x.add(path, "is %s, which is a router of the subnet", a)
		return
	}
	if other, ok := seen.addresses[a]; ok {
		x.add(path, "is %s, which %s reserves too", a, other)
		return
	}
	seen.addresses[a] = at
}
