package probe

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// counters asks the servers that are probed how many packets they have received. A server that does not tell is absent.
func (p *Probe) counters(ctx context.Context) map[string]int64 {
	servers := []inventory.Server{}
	for _, l := range p.Links {
		for _, s := range l.Servers {
			if !slices.ContainsFunc(servers, func(have inventory.Server) bool { return have.Name() == s.Name() }) {
				servers = append(servers, s)
			}
		}
	}
	found := map[string]int64{}
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, s := range servers {
		wait.Go(func() {
			n, ok := p.received(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			if ok {
				found[s.Name()] = n
			}
		})
	}
	wait.Wait()
	return found
}

// received is how many packets a server has received since it started.
func (p *Probe) received(ctx context.Context, s inventory.Server) (n int64, ok bool) {
	if !s.State.Running {
		return 0, false
	}
	c, _, err := p.source.Connector.Connect(ctx, s)
	if err != nil {
		return 0, false
	}
	name := "pkt4-received"
	if s.Service == kea.DHCP6 {
		name = "pkt6-received"
	}
	samples := map[string][][]json.RawMessage{}
	if err := c.Do(ctx, s.Service, "statistic-get", map[string]string{"name": name}, &samples); err != nil {
		return 0, false
	}
	return newest(samples[name])
}

// newest is the value of the first sample, which is the newest: [[12, "2026-11-23 10:00:00.1"], ...].
func newest(samples [][]json.RawMessage) (n int64, ok bool) {
	if len(samples) == 0 || len(samples[0]) == 0 {
		return 0, false
	}
	err := json.Unmarshal(samples[0][0], &n)
	return n, err == nil
}

// deaf are the servers that received nothing between two looks.
func deaf(before, after map[string]int64) []string {
	names := []string{}
	for name, n := range after {
		if was, ok := before[name]; ok && was == n {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
