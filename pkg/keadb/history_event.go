package keadb

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Operation is what happened to a row of a lease table, as an event has it. A row that passes from one client to another is
// two events: the old holder's and the new one's.
type Operation byte

// The operations.
const (
	Inserted Operation = 'I'
	Deleted  Operation = 'D'
	Changed  Operation = 'R' // the same holder, host name and subnet: a renewal, or another state
	Ended    Operation = 'X' // another client has the row now; the event is the old one's
	Began    Operation = 'N' // another client had the row; the event is the new one's
	WasNamed Operation = 'O' // the same client, with what was known of it before
	IsNamed  Operation = 'C' // the same client, with what is known of it now
)

// Event is one change of a lease. What a server or a client wrote is as it came.
type Event struct {
	ID        int64
	At        time.Time // by the database's clock
	Operation Operation

	Type      LeaseType
	Address   netip.Addr
	PrefixLen int // of a delegated prefix its length, else 32 or 128
	SubnetID  uint32
	PoolID    uint32
	HWAddr    []byte
	Client    []byte // client id, or DUID
	IAID      uint32
	Hostname  string

	// Before is nil where there was no row, After where there is none any more.
	Before, After *Moment
}

// Moment is how a lease stood.
type Moment struct {
	State     int // Kea's
	Valid     uint32
	Preferred uint32
	CLTT      time.Time
	Expires   time.Time // zero: never
}

// EventFilter chooses events; all that is set must hold.
type EventFilter struct {
	// Addresses are addresses, and delegated prefixes; an address that lies in a delegated prefix finds that too.
	Addresses []netip.Prefix
	HWAddr    []byte
	Client    []byte // client id, or DUID
	Hostname  string // case does not matter

	Since, Until time.Time // zero: no bound
	After        int64     // events with higher ids only
	Newest       bool      // newest first
	Limit        int       // 0: none
}

// eventColumns are read in this order by decodeEvent.
const eventColumns = `e.id, e.at, e.op, e.type, e.address, e.subnet_id, e.pool_id, e.hwaddr, e.client, e.iaid, e.hostname,
	e.was_state, e.was_valid_lifetime, e.was_preferred, e.was_expire, e.state, e.valid_lifetime, e.preferred, e.expire`

// boundSQL is an id below which there is no event as young as $1, or a minute older: events are numbered as they are
// written, so the time is looked up by halves. The minute is for a clock that was set back a little.
const boundSQL = `with recursive search(low, high) as (
	select coalesce(min(id), 0), coalesce(max(id), 0) + 1 from kea_history.lease_event
	union all
	select case when m.at < $1::timestamptz - interval '1 minute' then m.id + 1 else s.low end,
		case when m.at < $1::timestamptz - interval '1 minute' then s.high else (s.low + s.high) / 2 end
	from search s, lateral (select id, at from kea_history.lease_event where id >= (s.low + s.high) / 2 order by id limit 1) m
	where s.low < s.high)
select max(low) from search`

// Events reads events and gives each to yield. The event is the same one every time, as is what it holds. An error of yield
// ends the reading and is returned as it is. Errors: ErrNoHistory.
//
// By address it costs what it finds; by client or host name, too, apart from a hardware address in DHCPv6, for which all of
// Kea's table is read; by time alone, what lies after Since.
func (db *DB) Events(ctx context.Context, f EventFilter, yield func(*Event) error) error {
	var stopped error
	err := db.call("history events", "read the history of leases in "+db.target.String(), func() error {
		if err := db.needHistory(ctx); err != nil {
			return err
		}
		var e Event
		var before, after Moment
		err := db.read(ctx, f.query(), func(values [][]byte) error {
			e.Before, e.After = &before, &after
			if err := decodeEvent(&e, values); err != nil {
				return err
			}
			stopped = yield(&e)
			return stopped
		})
		if stopped != nil {
			err = nil // an end that was wanted
		}
		return err
	})
	if stopped != nil {
		return stopped
	}
	return err
}

// query is the statement for a filter.
func (f EventFilter) query() reading {
	var r reading
	where := []string{}
	if !f.Since.IsZero() {
		where = append(where, "e.at >= "+param(&r.args, timestamp(f.Since), "timestamptz")) // $1, as in boundSQL
		if len(f.Addresses) == 0 && len(f.HWAddr) == 0 && len(f.Client) == 0 && f.Hostname == "" {
			where = append(where, "e.id >= ("+boundSQL+")")
		}
	}
	if !f.Until.IsZero() {
		where = append(where, "e.at < "+param(&r.args, timestamp(f.Until), "timestamptz"))
	}
	if f.After > 0 {
		where = append(where, "e.id > "+param(&r.args, strconv.FormatInt(f.After, 10), "bigint"))
	}
	if len(f.Addresses) > 0 {
		where = append(where, "e.address = any("+param(&r.args, array(holding(f.Addresses)), "inet[]")+")")
	}
	with := f.places(&r, &where)
	order, limit := "\norder by e.id", ""
	if f.Newest {
		order += " desc"
	}
	if f.Limit > 0 {
		limit = "\nlimit " + param(&r.args, strconv.Itoa(f.Limit), "bigint")
	} else {
		r.timeout = unbounded
	}
	r.sql = with + "select " + eventColumns + "\nfrom kea_history.lease_event e"
	if len(where) > 0 {
		r.sql += "\nwhere " + strings.Join(where, "\n\tand ")
	}
	r.sql += order + limit
	return r
}

// places finds the addresses that a client or a name ever had: renewals are in no index by client.
func (f EventFilter) places(r *reading, where *[]string) string {
	four, six := "'0.0.0.0'::inet + address", "set_masklen(address::inet, case when lease_type = 2 then prefix_len::integer else 128 end)"
	with := []string{}
	add := func(name, events, in4, in6 string) {
		parts := []string{"select address from kea_history.lease_event where op <> 'R' and " + events}
		if in4 != "" {
			parts = append(parts, "select "+four+" from lease4 where "+in4)
		}
		if in6 != "" {
			parts = append(parts, "select "+six+" from lease6 where "+in6)
		}
		with = append(with, name+" as materialized ("+strings.Join(parts, "\n\tunion ")+")")
		*where = append(*where, "e.address in (select address from "+name+")", "e."+events)
	}
	if len(f.HWAddr) > 0 {
		p := param(&r.args, bytea(f.HWAddr), "bytea")
		add("by_hwaddr", "hwaddr = "+p, "hwaddr = "+p, "hwaddr = "+p)
	}
	if len(f.Client) > 0 {
		p := param(&r.args, bytea(f.Client), "bytea")
		add("by_client", "client = "+p, "client_id = "+p, "duid = "+p)
	}
	if f.Hostname != "" {
		p := param(&r.args, f.Hostname, "text")
		with = append(with, "by_name as materialized (select address from kea_history.lease_event where op <> 'R' and hostname <> '' and lower(hostname) = lower("+p+
			")\n\tunion select "+four+" from lease4 where lower(hostname) = lower("+p+")\n\tunion select "+six+" from lease6 where lower(hostname) = lower("+p+"))")
		*where = append(*where, "e.address in (select address from by_name)", "lower(e.hostname) = lower("+p+")")
	}
	if len(with) == 0 {
		return ""
	}
	return "with " + strings.Join(with, ",\n") + "\n"
}

// holding are the addresses, each with the prefixes that it may lie in when it is one of DHCPv6.
func holding(all []netip.Prefix) []netip.Prefix {
	found := []netip.Prefix{}
	for _, p := range all {
		found = append(found, p)
		if p.Addr().Is6() && p.IsSingleIP() {
			for bits := 127; bits > 0; bits-- {
				found = append(found, netip.PrefixFrom(p.Addr(), bits).Masked())
			}
		}
	}
	return found
}

// decodeEvent reads one row into e, whose Before and After point to where they may be put.
func decodeEvent(e *Event, v [][]byte) error {
	var d decoder
	before, after := e.Before, e.After
	*e = Event{
		ID: d.int(v[0]), At: d.time(v[1]), Type: LeaseType(d.int(v[3])), Address: d.inet(v[4]),
		SubnetID: d.uint32(v[5]), PoolID: d.uint32(v[6]), HWAddr: d.octets(v[7]), Client: d.octets(v[8]), IAID: uint32(d.int(v[9])), Hostname: string(v[10]),
		Before: moment(&d, before, v[11:15]), After: moment(&d, after, v[15:19]),
	}
	if len(v[2]) != 1 || len(v[4]) < 2 {
		return errMalformed()
	}
	e.Operation, e.PrefixLen = Operation(v[2][0]), int(v[4][1])
	return d.err
}

// moment reads how a lease stood into m; nil when there was none.
func moment(d *decoder, m *Moment, v [][]byte) *Moment {
	if v[0] == nil {
		return nil
	}
	*m = Moment{State: int(d.int(v[0])), Valid: d.uint32(v[1]), Preferred: d.uint32(v[2])}
	m.CLTT, m.Expires = times(d.time(v[3]), m.Valid)
	return m
}
