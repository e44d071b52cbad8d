package keadb

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// conditions are what rows must fulfil. Every value is a parameter of the statement.
type conditions struct {
	family Family
	schema Schema
	args   *[][]byte
	all    []string
	none   bool // no row can fulfil them
}

// newConditions returns what a filter asks of a family's rows. The parameters are appended to args.
func newConditions(f LeaseFilter, family Family, s Schema, args *[][]byte) *conditions {
	c := &conditions{family: family, schema: s, args: args}
	c.subnets(f.Subnets)
	c.ranges(f.Ranges)
	c.types(f.Types)
	c.identifiers(f)
	c.hostname(f)
	c.states(f)
	c.times(f)
	return c
}

// where returns the clause, "" for none.
func (c *conditions) where() string {
	if len(c.all) == 0 {
		return ""
	}
	return "\nwhere " + strings.Join(c.all, "\n\tand ")
}

func (c *conditions) add(format string, args ...any) {
	c.all = append(c.all, fmt.Sprintf(format, args...))
}

// param makes a value a parameter and returns its place with its type: "$3::bigint".
func (c *conditions) param(value, typ string) string { return param(c.args, value, typ) }

func param(args *[][]byte, value, typ string) string {
	*args = append(*args, []byte(value))
	return "$" + strconv.Itoa(len(*args)) + "::" + typ
}

func bytea(b []byte) string { return `\x` + hex.EncodeToString(b) }

// array writes an array of values that hold nothing that needs quoting.
func array[T any](values []T) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = fmt.Sprint(v)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999999Z07:00") }

func (c *conditions) subnets(ids []uint32) {
	if ids == nil {
		return
	}
	if len(ids) == 0 {
		c.none = true
		return
	}
	c.add("subnet_id = any(%s)", c.param(array(ids), "bigint[]"))
}

func (c *conditions) types(types []LeaseType) {
	if types == nil {
		return
	}
	if c.family == IPv4 {
		c.none = c.none || !slices.Contains(types, TypeV4)
		return
	}
	types = slices.DeleteFunc(slices.Clone(types), func(t LeaseType) bool { return t == TypeV4 })
	if len(types) == 0 {
		c.none = true
		return
	}
	c.add("lease_type = any(%s)", c.param(array(types), "smallint[]"))
}

func (c *conditions) ranges(ranges []AddressRange) {
	if len(ranges) == 0 {
		return
	}
	var parts []string
	for _, r := range ranges {
		first, last := r.First.Unmap().WithZone(""), r.Last.Unmap().WithZone("")
		switch {
		case first.Compare(last) > 0 || first.Is4() != last.Is4() || first.Is4() != (c.family == IPv4) || !first.IsValid():
		case c.family == IPv4:
			parts = append(parts, c.range4(first, last))
		default:
			parts = append(parts, c.range6(first, last), c.covering(first))
		}
	}
	if len(parts) == 0 {
		c.none = true
		return
	}
	c.add("(%s)", strings.Join(parts, " or "))
}

func (c *conditions) range4(first, last netip.Addr) string {
	if first == last {
		return "address = " + c.param(number(first), "bigint")
	}
	return fmt.Sprintf("address between %s and %s", c.param(number(first), "bigint"), c.param(number(last), "bigint"))
}

// number is how lease4 keeps an address.
func number(a netip.Addr) string {
	b := a.As4()
	return strconv.FormatUint(uint64(b[0])<<24|uint64(b[1])<<16|uint64(b[2])<<8|uint64(b[3]), 10)
}

func (c *conditions) range6(first, last netip.Addr) string {
	switch {
	case first == last:
		return "address = " + c.param(first.String(), c.addressType())
	case c.schema.Version >= inetColumn:
		return fmt.Sprintf("address between %s and %s", c.param(first.String(), "inet"), c.param(last.String(), "inet"))
	}
	// Text does not sort as addresses do: this reads every row.
	return fmt.Sprintf("address::inet between %s and %s", c.param(first.String(), "inet"), c.param(last.String(), "inet"))
}

// covering takes the delegated prefixes that an address lies in: the index is asked for every address where one can begin.
func (c *conditions) covering(a netip.Addr) string {
	begins := make([]netip.Addr, 0, 128)
	for bits := 127; bits > 0; bits-- {
		if p := netip.PrefixFrom(a, bits).Masked().Addr(); p != a && !slices.Contains(begins, p) {
			begins = append(begins, p)
		}
	}
	return fmt.Sprintf("(address = any(%s) and lease_type = %d and set_masklen(address::inet, prefix_len::int) >>= %s)",
		c.param(array(begins), c.addressType()+"[]"), TypePD, c.param(a.String(), "inet"))
}

func (c *conditions) addressType() string {
	if c.schema.Version >= inetColumn {
		return "inet"
	}
	return "varchar"
}

func (c *conditions) identifiers(f LeaseFilter) {
	if len(f.HWAddr) > 0 {
		c.hwaddr(f.HWAddr, f.HWPrefix)
	}
	if len(f.ClientID) > 0 {
		c.none = c.none || c.family != IPv4
		c.add("client_id = %s", c.param(bytea(f.ClientID), "bytea"))
	}
	if len(f.DUID) > 0 {
		c.none = c.none || c.family != IPv6
		c.add("duid = %s", c.param(bytea(f.DUID), "bytea"))
	}
}

// hwaddr asks for a prefix as a range, which an index can answer.
func (c *conditions) hwaddr(octets []byte, prefix bool) {
	if !prefix {
		c.add("hwaddr = %s", c.param(bytea(octets), "bytea"))
		return
	}
	c.add("hwaddr >= %s", c.param(bytea(octets), "bytea"))
	if next := following(octets); next != nil {
		c.add("hwaddr < %s", c.param(bytea(next), "bytea"))
	}
}

// following returns the first octets after all that begin with the given ones; nil when nothing follows.
func following(prefix []byte) []byte {
	next := slices.Clone(prefix)
	for i := len(next) - 1; i >= 0; i-- {
		if next[i] != 0xff {
			next[i]++
			return next[:i+1]
		}
	}
	return nil
}

func (c *conditions) hostname(f LeaseFilter) {
	if f.Hostname == "" {
		return
	}
	operator := "="
	if f.HostnameBy == HostnameLike {
		operator = "like"
	}
	c.add("lower(hostname) %s lower(%s)", operator, c.param(f.Hostname, "text"))
	if f.HostnameBy != HostnameExact {
		c.add("hostname <> ''") // * is any name, and none is no name
	}
}

func (c *conditions) states(f LeaseFilter) {
	if f.States == nil {
		return
	}
	at := "now()"
	if !f.At.IsZero() && (slices.Contains(f.States, Active) || slices.Contains(f.States, Expired)) {
		at = c.param(timestamp(f.At), "timestamptz")
	}
	parts := make([]string, 0, len(f.States))
	for _, s := range f.States {
		switch s {
		case Active:
			parts = append(parts, fmt.Sprintf("state = 0 and (expire > %s or expire is null or valid_lifetime = %d)", at, Infinite))
		case Expired:
			parts = append(parts, fmt.Sprintf("state = 0 and expire <= %s and valid_lifetime <> %d", at, Infinite))
		case Declined, Reclaimed, Released, Registered:
			parts = append(parts, fmt.Sprintf("state = %d", s.number()))
		}
	}
	if len(parts) == 0 {
		c.none = true
		return
	}
	c.add("(%s)", strings.Join(parts, " or "))
}

// number is Kea's own.
func (s LeaseState) number() int {
	switch s {
	case Declined:
		return 1
	case Reclaimed:
		return 2
	case Released:
		return 3
	case Registered:
		return 4
	case Active, Expired:
	}
	return 0
}

// clttSQL is the time of a lease's last transaction, which the table does not keep.
const clttSQL = `expire - case when valid_lifetime = 4294967295 then 0 else valid_lifetime end * interval '1 second'`

// ahead is how much a server's clock may be ahead of the database's for its leases to be found by their lifetimes.
const ahead = 10 * time.Minute

func (c *conditions) times(f LeaseFilter) {
	if !f.ExpiresFrom.IsZero() {
		c.add("expire >= %s", c.param(timestamp(f.ExpiresFrom), "timestamptz"))
	}
	if !f.ExpiresBefore.IsZero() {
		c.add("expire < %s", c.param(timestamp(f.ExpiresBefore), "timestamptz"))
	}
	if !f.ExpiresFrom.IsZero() || !f.ExpiresBefore.IsZero() {
		c.add("valid_lifetime <> %d", Infinite)
	}
	if f.SeenSince.IsZero() {
		return
	}
	if len(f.Lifetimes) == 0 {
		c.add("%s >= %s", clttSQL, c.param(timestamp(f.SeenSince), "timestamptz"))
		return
	}
	// A lease of a lifetime that was seen between then and now ends that much later: a narrow strip of the index on state and
	// end for each lifetime.
	since := c.param(timestamp(f.SeenSince), "timestamptz")
	parts := make([]string, len(f.Lifetimes))
	for i, lifetime := range f.Lifetimes {
		seconds := lifetime
		if lifetime == Infinite {
			seconds = 0
		}
		parts[i] = fmt.Sprintf("state = any('{0,1,2,3,4}') and expire between %[1]s + %[2]s and now() + interval '%[4]d seconds' + %[2]s and valid_lifetime = %[3]s",
			since, c.param(strconv.FormatUint(uint64(seconds), 10)+" seconds", "interval"), c.param(strconv.FormatUint(uint64(lifetime), 10), "bigint"), int(ahead.Seconds()))
	}
	c.add("(%s)", strings.Join(parts, " or "))
}

// fewSubnets is how many subnets a filter has at most for an index on subnets to be the best.
const fewSubnets = 10

// keyed: a filter takes few rows, and an index finds them.
func (f LeaseFilter) keyed() bool {
	return len(f.HWAddr) > 0 || len(f.ClientID) > 0 || len(f.DUID) > 0 || f.Hostname != "" && f.HostnameBy == HostnameExact ||
		f.Subnets != nil && len(f.Subnets) <= fewSubnets
}

// order returns the clause for columns of the table's own names.
func order(f LeaseFilter, address string) string {
	direction := ""
	if f.Descending {
		direction = " desc"
	}
	key := ""
	switch f.Order {
	case ByAddress:
		if f.keyed() {
			// With a limit PostgreSQL would read the primary key in order, and throw rows away until enough are found: all of the
			// table, when there is one. An expression is no key.
			address += " + 0"
		}
		return "\norder by " + address + direction
	case ByCLTT:
		key = clttSQL
	case ByExpiry:
		return "\norder by case when valid_lifetime <> 4294967295 then expire end" + direction + ", " + address
	case ByHostname:
		key = `nullif(lower(hostname), '') collate "C"`
	case BySubnet:
		key = "subnet_id"
	case Unordered:
		return ""
	}
	return "\norder by " + key + direction + " nulls last, " + address
}
