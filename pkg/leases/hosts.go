package leases

import (
	"context"
)

// reservedAll are all reservations of the deployment: those of the configurations, peers' once.
func (d *Deployment) reservedAll(_ context.Context) ([]Reserved, error) {
	return d.catalog.Reserved, nil
}

// reservedNear are the reservations that may concern a lease: of its address or of its client.
func (d *Deployment) reservedNear(_ context.Context, l *Lease) ([]Reserved, error) {
	found := []Reserved{}
	for _, r := range d.catalog.Reserved {
		if r.Service == l.Service {
			found = append(found, r)
		}
	}
	return found, nil
}

// before are those who had a lease's address before, latest first.
func (d *Deployment) before(_ context.Context, _ *Lease) ([]FormerHolder, error) {
	return nil, nil
}
