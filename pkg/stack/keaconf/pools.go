package keaconf

import (
	"math/big"
	"net/netip"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// pools are a subnet's ranges of addresses. Where two servers share the load each range is cut in two, one half for
// each server's clients: over one undivided range both would offer the same free addresses, and refuse each other's.
func (f file) pools(list []string) []kea.PoolEntry {
	var all []kea.PoolEntry
	for _, text := range list {
		pool, ok := kea.ParsePool(text)
		if !ok {
			// Not for us to judge: Kea's own complaint quotes it.
			all = append(all, kea.PoolEntry{Pool: text})
			continue
		}
		if !f.sharesLoad() {
			all = append(all, kea.PoolEntry{Pool: written(pool)})
			continue
		}
		for server, half := range halves(pool) {
			e := kea.PoolEntry{Pool: written(half)}
			f.reserve(server, &e.ClientClass, &e.ClientClasses)
			all = append(all, e)
		}
	}
	return all
}

// prefixPools are a subnet's prefixes to delegate, cut in two in the same way.
func (f file) prefixPools(list []v1alpha1.PrefixPool) []kea.PDPoolEntry {
	var all []kea.PDPoolEntry
	for _, p := range list {
		prefix, err := netip.ParsePrefix(p.Prefix)
		if err != nil {
			continue // as good as absent: a valid stack has none
		}
		blocks := []netip.Prefix{prefix.Masked()}
		if f.sharesLoad() {
			blocks = blockHalves(prefix.Masked(), p.Delegated)
		}
		for server, block := range blocks {
			e := kea.PDPoolEntry{Prefix: block.Addr().String(), PrefixLen: block.Bits(), DelegatedLen: p.Delegated}
			if f.sharesLoad() {
				f.reserve(server, &e.ClientClass, &e.ClientClasses)
			}
			all = append(all, e)
		}
	}
	return all
}

func (f file) sharesLoad() bool {
	return f.stack.Spec.HighAvailability.Mode == v1alpha1.LoadBalancing
}

// reserve keeps a pool for the clients of one server, in the words of the stack's Kea.
func (f file) reserve(server int, one *string, several *[]string) {
	class := classOf(f.stack, server)
	if f.stack.HasAgent() {
		*one = class
		return
	}
	*several = []string{class}
}

// halves cuts a range in two, the first the larger by one when it has to be. A single address stays whole.
func halves(p kea.Pool) []kea.Pool {
	if p.First == p.Last {
		return []kea.Pool{p}
	}
	first, last := number(p.First), number(p.Last)
	middle := first.Add(first, last)
	middle.Rsh(middle, 1)
	m := address(middle, p.First.Is4())
	return []kea.Pool{{First: p.First, Last: m}, {First: m.Next(), Last: p.Last}}
}

// blockHalves cuts a prefix in two. One that is delegated as a whole stays whole.
func blockHalves(p netip.Prefix, delegated int) []netip.Prefix {
	if p.Bits() >= delegated {
		return []netip.Prefix{p}
	}
	half := new(big.Int).Lsh(big.NewInt(1), uint(127-p.Bits()))
	second := address(half.Add(half, number(p.Addr())), false)
	return []netip.Prefix{
		netip.PrefixFrom(p.Addr(), p.Bits()+1),
		netip.PrefixFrom(second, p.Bits()+1),
	}
}

func number(a netip.Addr) *big.Int { return new(big.Int).SetBytes(a.AsSlice()) }

func address(n *big.Int, is4 bool) netip.Addr {
	var b [16]byte
	n.FillBytes(b[:])
	if is4 {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return netip.AddrFrom16(b)
}

// written is a range in the spelling of Kea's own documents.
func written(p kea.Pool) string { return p.First.String() + " - " + p.Last.String() }
