package keaconf

import (
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// flq, the free lease queue, is the allocator with limits: in DHCPv6 it is for prefixes only; and Kea 2.6 and 3.0 do not
// start with a pool of one address or prefix ("Error initializing the lease allocators: map::at", or a complaint about
// multi-threading where the HA hook is loaded). `kea-dhcp4 -T` does not notice.
const flq = "flq"

func (f file) allocators(d *kea.DHCPDocument) {
	d.Allocator = f.daemon.Allocator
	if f.is6() {
		d.PDAllocator = f.daemon.Allocator
		if d.Allocator == flq {
			d.Allocator = ""
		}
	}
}

// subnetAllocators gives a subnet with a pool of one another allocator than flq. Halving a pool of two or three makes
// such pools too.
func (f file) subnetAllocators(s *kea.SubnetEntry) {
	if f.daemon.Allocator != flq {
		return
	}
	const other = "iterative"
	if !f.is6() && slices.ContainsFunc(s.Pools, func(p kea.PoolEntry) bool {
		pool, ok := kea.ParsePool(p.Pool)
		return ok && pool.First == pool.Last
	}) {
		s.Allocator = other
	}
	if slices.ContainsFunc(s.PDPools, func(p kea.PDPoolEntry) bool { return p.PrefixLen == p.DelegatedLen }) {
		s.PDAllocator = other
	}
}
