package leases

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// The growth of a VLAN is told from the history of the last hour, and not from less than a few minutes.
const (
	growthOver  = time.Hour
	leastGrowth = 5 * time.Minute
)

// rate is how leases come and go in a subnet, an hour.
type rate struct{ granted, net float64 }

// rates reads the growth of every subnet from the histories that are kept; nil where none is.
func (d *Deployment) rates(ctx context.Context) map[subnetKey]rate {
	var found map[subnetKey]rate
	for _, s := range d.stores {
		if s.db == nil {
			continue
		}
		h, err := s.db.History(ctx)
		if err != nil || !h.Complete() || h.Since.IsZero() || h.Now.Sub(h.Since) < leastGrowth {
			if err != nil && !errors.Is(err, keadb.ErrNoHistory) {
				d.miss("history in "+s.name(), err)
			}
			continue
		}
		over := min(growthOver, h.Now.Sub(h.Since))
		growth, err := s.db.Growth(ctx, h.Now.Add(-over))
		if err != nil {
			d.miss("history in "+s.name(), err)
			continue
		}
		if found == nil {
			found = map[subnetKey]rate{}
		}
		for _, g := range growth {
			if g.Type == keadb.TypePD {
				continue // prefixes are not what fills a VLAN
			}
			service := kea.DHCP6
			if g.Type == keadb.TypeV4 {
				service = kea.DHCP4
			}
			key := subnetKey{service, g.SubnetID}
			r := found[key]
			r.granted += float64(g.Granted) / over.Hours()
			r.net += (float64(g.Granted) - float64(g.Ended)) / over.Hours()
			found[key] = r
		}
	}
	return found
}

// fill says how fast a VLAN fills, and when it will be full if it goes on like that.
func (v *VLANUsage) fill(rates map[subnetKey]rate) {
	if rates == nil {
		return
	}
	sum := rate{}
	for _, s := range v.Subnets {
		r := rates[subnetKey{v.Service, s.ID}]
		sum.granted, sum.net = sum.granted+r.granted, sum.net+r.net
	}
	v.PerHour = &sum.granted
	free := v.Amount.Free.Float64()
	if sum.net <= 0 || v.Amount.Total.IsZero() {
		return
	}
	v.FullIn = span(free / sum.net)
}

// span writes hours for people: "12m", "5h", "3d4h", "more than a year".
func span(hours float64) string {
	switch {
	case hours < 1:
		return fmt.Sprintf("%dm", int(hours*60))
	case hours < 24:
		return fmt.Sprintf("%dh", int(hours))
	case hours < 24*30:
		return fmt.Sprintf("%dd%dh", int(hours)/24, int(hours)%24)
	case hours < 24*365:
		return fmt.Sprintf("%dd", int(hours)/24)
	}
	return "more than a year"
}
