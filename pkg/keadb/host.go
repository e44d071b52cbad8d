package keadb

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"strings"
)

// Host is a reservation in the hosts database.
type Host struct {
	ID         int64
	Type       IdentifierType
	Identifier []byte
	// Subnet4 and Subnet6 are where it holds; 0 is everywhere (a global reservation), nil: not for that family.
	Subnet4, Subnet6 *uint32
	Address4         netip.Addr // zero: none is reserved
	Reserved6        []Reserved6
	Hostname         string
	Classes4         []string
	Classes6         []string
	UserContext      string // JSON, "" for none
}

// Reserved6 is an IPv6 address or prefix of a Host.
type Reserved6 struct {
	Type   LeaseType    // TypeNA or TypePD
	Prefix netip.Prefix // of an address /128
}

// IdentifierType is what a client is known by.
type IdentifierType int

// The types, with the numbers of the schema.
const (
	ByHWAddress IdentifierType = iota
	ByDUID
	ByCircuitID
	ByClientID
	ByFlexID
)

// String returns the name that Kea's configuration has for it: "hw-address".
func (t IdentifierType) String() string {
	switch t {
	case ByHWAddress:
		return "hw-address"
	case ByDUID:
		return "duid"
	case ByCircuitID:
		return "circuit-id"
	case ByClientID:
		return "client-id"
	case ByFlexID:
		return "flex-id"
	}
	return fmt.Sprintf("identifier-type-%d", int(t))
}

// HostFilter chooses reservations: those of which anything that is set holds. The zero value takes all.
type HostFilter struct {
	Addresses   []netip.Addr // reserved, or in a reserved prefix
	Identifiers [][]byte     // of whatever type
	Hostname    string       // case does not matter
	// Subnets4 and Subnets6 are where reservations hold; 0 is everywhere.
	Subnets4, Subnets6 []uint32
	Limit              int // 0: 1000
}

// Hosts reads reservations from the hosts database, by id. ErrNoSchema: it has no such tables; ErrPermission: the role
// may not read them.
func (db *DB) Hosts(ctx context.Context, f HostFilter) ([]Host, error) {
	var hosts []Host
	err := db.call("hosts", "read the reservations of "+db.target.String(), func() error {
		schema, err := db.known(ctx)
		if err != nil {
			return err
		}
		r := hostsQuery(f, schema)
		return db.read(ctx, r, func(v [][]byte) error {
			var d decoder
			h := decodeHost(&d, v)
			if last := len(hosts) - 1; last >= 0 && hosts[last].ID == h.ID {
				hosts[last].Reserved6 = append(hosts[last].Reserved6, h.Reserved6...)
				return d.err
			}
			hosts = append(hosts, h)
			return d.err
		})
	})
	if err != nil {
		return nil, err
	}
	return hosts, nil
}

// hostsQuery has a row for every reserved IPv6 address of a host, or one.
func hostsQuery(f HostFilter, s Schema) reading {
	var r reading
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	for _, a := range f.Addresses {
		if a = a.Unmap(); a.Is4() {
			add("ipv4_address = %s", param(&r.args, number(a), "bigint"))
			continue
		}
		add("host_id in (select host_id from ipv6_reservations where set_masklen(%s, prefix_len::int) >>= %s)",
			s.inet("address"), param(&r.args, a.WithZone("").String(), "inet"))
	}
	for _, id := range f.Identifiers {
		add("dhcp_identifier = %s", param(&r.args, bytea(id), "bytea"))
	}
	if f.Hostname != "" {
		add("lower(hostname) = lower(%s)", param(&r.args, f.Hostname, "text"))
	}
	if len(f.Subnets4) > 0 {
		add("dhcp4_subnet_id = any(%s)", param(&r.args, array(f.Subnets4), "bigint[]"))
	}
	if len(f.Subnets6) > 0 {
		add("dhcp6_subnet_id = any(%s)", param(&r.args, array(f.Subnets6), "bigint[]"))
	}
	where := ""
	if len(parts) > 0 {
		where = "\n\twhere " + strings.Join(parts, " or ")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	r.sql = fmt.Sprintf(`select h.host_id, dhcp_identifier_type, dhcp_identifier, dhcp4_subnet_id, dhcp6_subnet_id, ipv4_address, hostname,
	dhcp4_client_classes, dhcp6_client_classes, user_context, r.type, %s, r.prefix_len
from (select * from hosts%s order by host_id limit %s) h left join ipv6_reservations r on r.host_id = h.host_id
order by h.host_id, r.reservation_id`, s.inet("r.address"), where, param(&r.args, fmt.Sprint(limit), "bigint"))
	return r
}

func decodeHost(d *decoder, v [][]byte) Host {
	h := Host{
		ID: d.int(v[0]), Type: IdentifierType(d.int(v[1])), Identifier: bytes.Clone(d.octets(v[2])),
		Subnet4: d.subnet(v[3]), Subnet6: d.subnet(v[4]), Hostname: string(v[6]),
		Classes4: classes(v[7]), Classes6: classes(v[8]), UserContext: string(v[9]),
	}
	if d.int(v[5]) != 0 {
		h.Address4 = d.addr4(v[5])
	}
	if v[11] != nil {
		a := d.inet(v[11])
		h.Reserved6 = []Reserved6{{Type: LeaseType(d.int(v[10])), Prefix: netip.PrefixFrom(a, int(d.int(v[12])))}}
	}
	return h
}

// subnet reads a subnet id that may be missing.
func (d *decoder) subnet(b []byte) *uint32 {
	if b == nil {
		return nil
	}
	id := d.uint32(b)
	return &id
}

// classes reads a list of client classes; nil for none.
func classes(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.FieldsFunc(string(b), func(r rune) bool { return r == ',' || r == ' ' })
}
