package kea

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// LeaseStats is a daemon's answer to stat-lease4-get or stat-lease6-get. The counts come from the database's own
// statistics: peers that share a database report the same.
type LeaseStats struct {
	Time    time.Time // of the answer, by the daemon's clock; zero when it cannot be read
	Subnets []SubnetStats
}

// SubnetStats counts one subnet's leases. Assigned includes leases that have expired and are not reclaimed yet; it
// does not include declined ones.
type SubnetStats struct {
	SubnetID uint32
	Addresses
	Prefixes *Prefixes // nil for DHCPv4
}

// Addresses counts addresses: those of DHCPv4, or the non-temporary ones of DHCPv6.
type Addresses struct {
	Total      Count // in pools; 2.x cannot count beyond 2^64-1, so prefer Subnet.Addresses
	Assigned   Count
	Declined   Count
	Cumulative Count // assigned since the daemon started
}

// Prefixes counts delegated prefixes.
type Prefixes struct {
	Total      Count
	Assigned   Count
	Cumulative Count
}

// LeaseStats asks for the lease statistics of every subnet, in the order of the answer. No subnet at all is an empty
// list. ErrUnsupported: the stat_cmds hook is not loaded; ErrNoDatabase: the database does not answer.
func (c *Client) LeaseStats(ctx context.Context, s Service) (LeaseStats, error) {
	command := "stat-lease4-get"
	if s == DHCP6 {
		command = "stat-lease6-get"
	}
	var w struct {
		ResultSet resultSet `json:"result-set"`
	}
	err := c.Do(ctx, s, command, nil, &w)
	if errors.Is(err, ErrEmpty) {
		return LeaseStats{}, nil
	}
	if err != nil {
		return LeaseStats{}, err
	}
	stats, err := w.ResultSet.leaseStats(s)
	if err != nil {
		return LeaseStats{}, fmt.Errorf("%s (%s): %w", command, s, err)
	}
	return stats, nil
}

// resultSet is a table as the stat_cmds hook answers it.
type resultSet struct {
	Columns   []string        `json:"columns"`
	Rows      [][]json.Number `json:"rows"`
	Timestamp string          `json:"timestamp"`
}

func (r resultSet) leaseStats(s Service) (LeaseStats, error) {
	at := make(map[string]int, len(r.Columns))
	for i, name := range r.Columns {
		at[name] = i
	}
	if _, ok := at["subnet-id"]; !ok && len(r.Rows) > 0 {
		return LeaseStats{}, fmt.Errorf("%w: the table has no column subnet-id", ErrNotKea)
	}
	out := LeaseStats{Subnets: make([]SubnetStats, 0, len(r.Rows))}
	if t, err := time.Parse("2006-01-02 15:04:05.999999", r.Timestamp); err == nil {
		out.Time = t
	}
	for _, row := range r.Rows {
		cell := func(name string) json.Number {
			if i, ok := at[name]; ok && i < len(row) {
				return row[i]
			}
			return "0"
		}
		id, err := strconv.ParseUint(cell("subnet-id").String(), 10, 32)
		if err != nil {
			return LeaseStats{}, fmt.Errorf("%w: a subnet-id is not a number", ErrNotKea)
		}
		n := SubnetStats{SubnetID: uint32(id)}
		kind, declined := "addresses", "declined-addresses"
		if s == DHCP6 {
			kind = "nas"
			if _, ok := at["declined-nas"]; ok { // 3.0 calls it declined-addresses
				declined = "declined-nas"
			}
			n.Prefixes = &Prefixes{
				Total:      countOfTotal(cell("total-pds")),
				Assigned:   countOfCell(cell("assigned-pds")),
				Cumulative: countOfCell(cell("cumulative-assigned-pds")),
			}
		}
		n.Addresses = Addresses{
			Total:      countOfTotal(cell("total-" + kind)),
			Assigned:   countOfCell(cell("assigned-" + kind)),
			Declined:   countOfCell(cell(declined)),
			Cumulative: countOfCell(cell("cumulative-assigned-" + kind)),
		}
		out.Subnets = append(out.Subnets, n)
	}
	return out, nil
}

// countOfCell reads a number of a table; what is not a number of 0 or more counts as 0.
func countOfCell(n json.Number) Count {
	var c Count
	if c.UnmarshalJSON([]byte(n)) != nil {
		return Count{}
	}
	return c
}

// countOfTotal reads a pool's size. Kea counts it in 64 bits without a sign and, up to 2.2, writes it with one: a
// negative number is a size beyond 2^63.
func countOfTotal(n json.Number) Count {
	if strings.HasPrefix(n.String(), "-") {
		i, err := n.Int64()
		if err != nil {
			return CountOf(math.MaxUint64)
		}
		return CountOf(uint64(i))
	}
	return countOfCell(n)
}
