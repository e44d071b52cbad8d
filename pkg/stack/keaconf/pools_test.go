package keaconf

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestHalves(t *testing.T) {
	for _, tt := range []struct {
		pool string
		want []string
	}{
		{"10.0.0.1-10.0.0.4", []string{"10.0.0.1-10.0.0.2", "10.0.0.3-10.0.0.4"}},
		{"10.0.0.1-10.0.0.3", []string{"10.0.0.1-10.0.0.2", "10.0.0.3-10.0.0.3"}},
		{"10.0.0.1-10.0.0.1", []string{"10.0.0.1-10.0.0.1"}},
		{"255.255.255.0/24", []string{"255.255.255.0-255.255.255.127", "255.255.255.128-255.255.255.255"}},
		{"10.0.255.255-10.1.0.0", []string{"10.0.255.255-10.0.255.255", "10.1.0.0-10.1.0.0"}},
		{"2001:db8::/64", []string{
			"2001:db8::-2001:db8::7fff:ffff:ffff:ffff", "2001:db8:0:0:8000::-2001:db8::ffff:ffff:ffff:ffff",
		}},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", []string{
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		}},
	} {
		t.Run(tt.pool, func(t *testing.T) {
			pool, ok := kea.ParsePool(tt.pool)
			if !ok {
				t.Fatal("not a pool")
			}
			var got []string
			var size kea.Count
			parts := halves(pool)
			for _, half := range parts {
				got = append(got, half.String())
				size = size.Add(half.Size())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if size != pool.Size() || parts[0].First != pool.First || parts[len(parts)-1].Last != pool.Last {
				t.Errorf("%v do not cover %s", got, tt.pool)
			}
			if len(parts) == 2 && parts[0].Last.Next() != parts[1].First {
				t.Errorf("%v overlap or leave a gap", got)
			}
		})
	}
}

func TestBlockHalves(t *testing.T) {
	for _, tt := range []struct {
		prefix    string
		delegated int
		want      []string
	}{
		{"2001:db8:8000::/40", 56, []string{"2001:db8:8000::/41", "2001:db8:8080::/41"}},
		{"2001:db8::/55", 56, []string{"2001:db8::/56", "2001:db8:0:100::/56"}},
		{"2001:db8::/56", 56, []string{"2001:db8::/56"}},
		{"::/0", 64, []string{"::/1", "8000::/1"}},
		{"2001:db8::/127", 128, []string{"2001:db8::/128", "2001:db8::1/128"}},
	} {
		t.Run(tt.prefix, func(t *testing.T) {
			var got []string
			for _, b := range blockHalves(netip.MustParsePrefix(tt.prefix), tt.delegated) {
				got = append(got, b.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
