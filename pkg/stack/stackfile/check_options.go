package stackfile

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// fieldOption is an option that a field of the subnet sets already.
type fieldOption struct {
	name  string
	code  int
	field string
}

// options checks a list of options; taken are those that fields set.
func (c *checker) options(at string, all []v1alpha1.Option, f family, taken []fieldOption) {
	seen := make(map[string]int)
	for i, o := range all {
		path := element(at, i)
		c.option(path, o, f, taken)
		for _, key := range []string{o.Space + "/" + o.Name, fmt.Sprint(o.Space, "#", o.Code)} {
			if key == o.Space+"/" || key == o.Space+"#0" {
				continue
			}
			if first, ok := seen[key]; ok {
				c.add(path, "is the same option as [%d]: put all values into one, with commas between them", first)
				break
			}
			seen[key] = i
		}
	}
}

func (c *checker) option(at string, o v1alpha1.Option, f family, taken []fieldOption) {
	space, most := "dhcp4", 254
	if f == ipv6 {
		space, most = "dhcp6", 65535
	}
	own := o.Space == "" || o.Space == space
	switch {
	case o.Name == "" && o.Code == 0 && !c.bad(at+".name") && !c.bad(at+".code"):
		c.add(at, "has neither name nor code: say which option it is")
	case own && o.Code > most:
		c.add(at+".code", "is %d; %s has options 1 to %d", o.Code, strings.ToUpper(space[:4])+"v"+space[4:], most)
	case o.Space == "dhcp4" || o.Space == "dhcp6":
		if !own {
			c.add(at+".space", "is %s; expected %s here, or leave it out", o.Space, space)
		}
	}
	if own && f == ipv4 && (o.Name == "dhcp-server-identifier" || o.Code == 54) {
		c.add(at, "is the server identifier, which install sets for each server from spec.exposure.addresses: take it out")
	}
	for _, t := range taken {
		if own && (o.Name == t.name || o.Code == t.code) {
			c.add(at, "is what %s sets already: keep one of them", t.field)
		}
	}
	raw := o.CSVFormat != nil && !*o.CSVFormat
	switch {
	case raw && !hexadecimal(o.Data):
		c.add(at+".data", "is no hexadecimal, which csvFormat: false means; expected digits, as in C0000201")
	case !raw && o.Data == "" && !c.bad(at):
		c.add(at, "has no data: state its value")
	}
}

// hexadecimal reports whether Kea reads the text as such: 0xC000, C000, C0 00, C0:00.
func hexadecimal(s string) bool {
	_, err := hex.DecodeString(strings.NewReplacer(":", "", " ", "").Replace(strings.TrimPrefix(s, "0x")))
	return err == nil
}
