package leases

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func counted(id uint32, assigned, declined, prefixes uint64) SubnetCount {
	return SubnetCount{SubnetID: id, Assigned: kea.CountOf(assigned), Declined: kea.CountOf(declined), Prefixes: kea.CountOf(prefixes)}
}

// line is an amount in one line.
func (a Amount) line() string {
	return fmt.Sprintf("%s of %s, %s declined, %s reserved, %s free", a.Assigned, a.Total, a.Declined, a.Reserved, a.Free)
}

func lines(vlans []VLANUsage) []string {
	out := []string{}
	for _, v := range vlans {
		out = append(out, fmt.Sprintf("%s %s: %s", v.Service, vlanLabel(v.VLAN, v.Name, v.Subnets[0].Subnet), v.Amount.line()))
		if v.Prefix != nil {
			out = append(out, "  prefixes: "+v.Prefix.line())
		}
	}
	return out
}

func TestAmounts(t *testing.T) {
	c := catalog(t, nil, nil)
	f := figures{
		counts: map[kea.Service][]SubnetCount{
			kea.DHCP4: {counted(10, 50, 2, 0), counted(30, 10, 0, 0), counted(31, 8, 0, 0), counted(99, 4, 1, 0), counted(98, 0, 0, 0)},
			kea.DHCP6: {counted(10, 7, 0, 3)},
		},
		reserved: c.Reserved,
		// One reserved address is inside the pool and has no lease; the other is outside and has one.
		leased: map[Key]bool{{netip.MustParseAddr("10.10.9.9"), V4}: true},
	}
	got := c.amounts(f)
	want := []string{
		"dhcp4 VLAN 30 (vlan30-guests): 18 of 20, 0 declined, 0 reserved, 2 free", // two subnets of a shared network
		"dhcp4 VLAN 10 (users): 50 of 101, 2 declined, 2 reserved, 48 free",       // 100 - 49 - 2 - 1
		"dhcp6 VLAN 10 (users): 7 of 18446744073709551616, 0 declined, 0 reserved, 18446744073709551609 free",
		"  prefixes: 3 of 65536, 0 declined, 0 reserved, 65533 free",
		"dhcp4 10.40.0.0/24: 0 of 16, 0 declined, 0 reserved, 16 free",
		"dhcp4 10.50.0.0/24: 0 of 0, 0 declined, 0 reserved, 0 free",
		"dhcp4 : 4 of 0, 1 declined, 0 reserved, 0 free", // subnet 99 is in no configuration
	}
	if diff := cmp.Diff(want, lines(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	sums := totals(got)
	if len(sums) != 2 || sums[0].Amount.line() != "72 of 137, 3 declined, 2 reserved, 66 free" || sums[1].Prefix == nil || sums[0].Prefix != nil {
		t.Errorf("totals: %+v", sums)
	}
	pools := []string{}
	for _, p := range got[1].Subnets[0].Pools {
		pools = append(pools, fmt.Sprintf("%s: %s, %s reserved, counted %v", p.Pool, p.Total, p.Reserved, p.Assigned != nil))
	}
	if diff := cmp.Diff([]string{"10.10.1.0-10.10.1.99: 100, 1 reserved, counted false"}, pools); diff != "" {
		t.Errorf("pools (-want +got):\n%s", diff)
	}
}

// What is reserved and leased in the pool is counted once.
func TestAmountsReservedAndLeased(t *testing.T) {
	c := catalog(t, nil, nil)
	for name, test := range map[string]struct {
		leased []string
		want   string
	}{
		"neither": {nil, "5 of 101, 0 declined, 2 reserved, 94 free"},
		"inside":  {[]string{"10.10.1.7"}, "5 of 101, 0 declined, 2 reserved, 95 free"},
		"outside": {[]string{"10.10.9.9"}, "5 of 101, 0 declined, 2 reserved, 95 free"},
		"both":    {[]string{"10.10.1.7", "10.10.9.9"}, "5 of 101, 0 declined, 2 reserved, 96 free"},
	} {
		f := figures{counts: map[kea.Service][]SubnetCount{kea.DHCP4: {counted(10, 5, 0, 0)}}, reserved: c.Reserved, leased: map[Key]bool{}}
		for _, a := range test.leased {
			f.leased[Key{netip.MustParseAddr(a), V4}] = true
		}
		if got := c.Find(kea.DHCP4, 10, netip.MustParseAddr("10.10.1.1")).amount(f).Amount.line(); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// More leases than the pools hold, as after a change of the configuration, do not make a negative number.
func TestAmountOverfull(t *testing.T) {
	c := catalog(t, nil, nil)
	f := figures{counts: map[kea.Service][]SubnetCount{kea.DHCP4: {counted(40, 90, 0, 0)}}}
	a := c.Find(kea.DHCP4, 40, netip.MustParseAddr("10.40.0.1")).amount(f).Amount
	if a.line() != "90 of 16, 0 declined, 0 reserved, 0 free" || a.Share() != 1 {
		t.Errorf("%s, share %v", a.line(), a.Share())
	}
}

// With the leases counted, those outside of the pools take nothing from them, reserved or not.
func TestAmountCounted(t *testing.T) {
	c := catalog(t, nil, nil)
	f := figures{
		counts: map[kea.Service][]SubnetCount{kea.DHCP4: {counted(10, 50, 5, 0)}}, reserved: c.Reserved,
		pools: map[poolKey]poolCount{{kea.DHCP4, 10, "10.10.1.0-10.10.1.99"}: poolCount{}.add(40, 1)},
	}
	u := c.Find(kea.DHCP4, 10, netip.MustParseAddr("10.10.1.1")).amount(f)
	if got := u.Amount.line(); got != "50 of 101, 5 declined, 2 reserved, 58 free" || u.Pools[0].Assigned.String() != "40" {
		t.Errorf("%s, in the pool %v", got, u.Pools[0].Assigned)
	}
}
