package keadb

import (
	"fmt"
	"net/netip"
	"time"
)

// column is one of a lease table and what of a Lease it fills.
type column struct {
	name string
	fill func(d *decoder, l *Lease, value []byte)
}

// columns4 are those of lease4 in a version of the schema. A newer version than is known has those that are known.
func columns4(s Schema) []column {
	columns := []column{
		{"address", func(d *decoder, l *Lease, v []byte) {
			l.Address, l.PrefixLen, l.Type = d.addr4(v), 32, TypeV4
		}},
		hwaddrColumn(),
		{"client_id", func(d *decoder, l *Lease, v []byte) { l.ClientID = d.octets(v) }},
	}
	columns = append(columns, commonColumns(s)...)
	if s.Version >= relayColumns {
		columns = append(columns, relayIDColumn(), remoteIDColumn())
	}
	return columns
}

// columns6 are those of lease6.
func columns6(s Schema) []column {
	columns := []column{
		{"address", func(d *decoder, l *Lease, v []byte) { l.Address = d.addr(v) }},
		{"lease_type", func(d *decoder, l *Lease, v []byte) { l.Type = LeaseType(d.int(v)) }},
		{"prefix_len", func(d *decoder, l *Lease, v []byte) { l.PrefixLen = int(d.int(v)) }},
		hwaddrColumn(),
		{"duid", func(d *decoder, l *Lease, v []byte) { l.DUID = d.octets(v) }},
		{"iaid", func(d *decoder, l *Lease, v []byte) { l.IAID = uint32(d.int(v)) }},
		{"pref_lifetime", func(d *decoder, l *Lease, v []byte) { l.Preferred = d.uint32(v) }},
	}
	if s.Version >= inetColumn {
		columns[0].fill = func(d *decoder, l *Lease, v []byte) { l.Address = d.inet(v) }
	}
	return append(columns, commonColumns(s)...)
}

// commonColumns are those that both tables have. The end of a lease comes after its lifetime, which tells what it means.
func commonColumns(s Schema) []column {
	columns := []column{
		{"valid_lifetime", func(d *decoder, l *Lease, v []byte) { l.Valid = d.uint32(v) }},
		{"expire", func(d *decoder, l *Lease, v []byte) { l.CLTT, l.Expires = times(d.time(v), l.Valid) }},
		{"subnet_id", func(d *decoder, l *Lease, v []byte) { l.SubnetID = d.uint32(v) }},
		{"fqdn_fwd", func(d *decoder, l *Lease, v []byte) { l.FQDNForward = d.bool(v) }},
		{"fqdn_rev", func(d *decoder, l *Lease, v []byte) { l.FQDNReverse = d.bool(v) }},
		{"hostname", func(_ *decoder, l *Lease, v []byte) { l.Hostname = string(v) }},
		{"state", func(d *decoder, l *Lease, v []byte) { l.State = int(d.int(v)) }},
		{"user_context", func(_ *decoder, l *Lease, v []byte) { l.UserContext = string(v) }},
	}
	if s.Version >= poolColumn {
		columns = append(columns, column{"pool_id", func(d *decoder, l *Lease, v []byte) { l.PoolID = d.uint32(v) }})
	}
	return columns
}

func hwaddrColumn() column {
	return column{"hwaddr", func(d *decoder, l *Lease, v []byte) { l.HWAddr = d.octets(v) }}
}

func relayIDColumn() column {
	return column{"relay_id", func(d *decoder, l *Lease, v []byte) { l.RelayID = d.octets(v) }}
}

func remoteIDColumn() column {
	return column{"remote_id", func(d *decoder, l *Lease, v []byte) { l.RemoteID = d.octets(v) }}
}

// times returns the last transaction and the end of a lease from the column expire: Kea writes the last transaction there
// when the lease never ends, since the sum would not fit.
func times(expire time.Time, valid uint32) (cltt, expires time.Time) {
	switch {
	case expire.IsZero():
		return time.Time{}, time.Time{}
	case valid == Infinite:
		return expire, time.Time{}
	}
	return expire.Add(-time.Duration(valid) * time.Second), expire
}

// leaseRow is one row at a time.
type leaseRow struct {
	columns []column
	lease   Lease
	decoder decoder
}

// decode reads a row's values into the lease, which shares their octets.
func (r *leaseRow) decode(values [][]byte) error {
	if len(values) != len(r.columns) {
		return errMalformed()
	}
	r.lease, r.decoder.err = Lease{}, nil
	for i := range r.columns {
		r.columns[i].fill(&r.decoder, &r.lease, values[i])
	}
	if r.decoder.err != nil {
		return r.explain(values)
	}
	return nil
}

// explain names the first column that could not be read.
func (r *leaseRow) explain(values [][]byte) error {
	for i, column := range r.columns {
		r.decoder.err = nil
		if column.fill(&r.decoder, &r.lease, values[i]); r.decoder.err != nil {
			return fmt.Errorf("column %s of the lease of %s: %w", column.name, shown(r.lease.Address), r.decoder.err)
		}
	}
	return errMalformed()
}

func shown(a netip.Addr) string {
	if !a.IsValid() {
		return "an unknown address"
	}
	return a.String()
}
