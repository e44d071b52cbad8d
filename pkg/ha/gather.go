package ha

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// patience is how long one server may take for all its answers. A server that hangs must not hold up the picture of the
// others; a healthy one needs a tenth of a second.
const patience = 4 * time.Second

// Gather asks all servers at the same time; the result is in their order.
func Gather(ctx context.Context, servers []inventory.Server, connect Connect, now func() time.Time) []Observation {
	found := make([]Observation, len(servers))
	var wait sync.WaitGroup
	for i, s := range servers {
		wait.Go(func() {
			ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
			defer cancel()
			found[i] = Observe(ctx, s, connect, now)
		})
	}
	wait.Wait()
	return found
}

var errPatience = errors.New("no answer within " + patience.String())

// Via makes a Connect of an inventory's connector.
func Via(c *inventory.Connector) Connect {
	return func(ctx context.Context, s inventory.Server) (Asker, inventory.Endpoint, error) {
		client, endpoint, err := c.Connect(ctx, s)
		if err != nil {
			return nil, endpoint, err
		}
		return client, endpoint, nil
	}
}
