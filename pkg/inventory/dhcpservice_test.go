package inventory

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func untyped(version, kind, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": version, "kind": kind, "metadata": map[string]any{"namespace": "network", "name": name}, "spec": spec,
	}}
}

// kinds knows the objects of the origin's API as they come, without their types.
func kinds() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, k := range []schema.GroupVersionKind{dhcpServiceKind("DHCPv4Service"), dhcpServiceKind("DHCPv6Service"), vlanKind()} {
		s.AddKnownTypeWithName(k, &unstructured.Unstructured{})
		s.AddKnownTypeWithName(k.GroupVersion().WithKind(k.Kind+"List"), &unstructured.UnstructuredList{})
	}
	return s
}

func TestDHCPServices(t *testing.T) {
	between := func(start, end string) map[string]any { return map[string]any{"start": start, "end": end} }
	objects := []client.Object{
		untyped("networking.fos1.io/v1", "VLAN", "office", map[string]any{"id": int64(30)}),
		untyped("networking.fos1.io/v1", "VLAN", "broken", map[string]any{"id": int64(5000)}),
		untyped("network.fos1.io/v1", "DHCPv4Service", "by-object", map[string]any{"vlanRef": "office", "range": between("10.30.0.1", "10.30.0.9")}),
		untyped("network.fos1.io/v1", "DHCPv4Service", "by-number", map[string]any{"vlanRef": "vlan-20", "range": between("10.20.0.1", "10.20.0.9")}),
		untyped("network.fos1.io/v1", "DHCPv4Service", "unknown", map[string]any{"vlanRef": "broken", "range": between("10.50.0.1", "10.50.0.9")}),
		untyped("network.fos1.io/v1", "DHCPv4Service", "no-range", map[string]any{"vlanRef": "vlan-60"}),
		untyped("network.fos1.io/v1", "DHCPv6Service", "six", map[string]any{"vlanRef": "vlan40", "range": between("2001:db8::1", "2001:db8::9")}),
	}
	a := netip.MustParseAddr
	all := []DHCPService{
		{"DHCPv4Service", "by-number", kea.DHCP4, 20, a("10.20.0.1"), a("10.20.0.9")},
		{"DHCPv4Service", "by-object", kea.DHCP4, 30, a("10.30.0.1"), a("10.30.0.9")},
		{"DHCPv4Service", "unknown", kea.DHCP4, 0, a("10.50.0.1"), a("10.50.0.9")},
		{"DHCPv6Service", "six", kea.DHCP6, 40, a("2001:db8::1"), a("2001:db8::9")},
	}
	subnet := func(context map[string]any) *kea.Config {
		return &kea.Config{Service: kea.DHCP4, Subnets: []kea.Subnet{{ID: 1, CIDR: netip.MustParsePrefix("10.20.0.0/24"), UserContext: context}}}
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "vlans"}, "", errors.New("no"))
	for _, test := range []struct {
		name   string
		file   *kea.Config
		fails  error
		want   []DHCPService
		unread []string
	}{
		{"a subnet without a VLAN", subnet(nil), nil, all, nil},
		{"no file", nil, nil, all, nil},
		{"every subnet has one", subnet(map[string]any{"vlan": int64(20)}), forbidden, nil, nil},
		{"not installed", subnet(nil), &meta.NoKindMatchError{}, []DHCPService{}, nil},
		{"forbidden", subnet(nil), forbidden, []DHCPService{}, []string{"dhcpv4services.network.fos1.io", "dhcpv6services.network.fos1.io", "vlans.networking.fos1.io"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &Inventory{Namespace: "network", Servers: []Server{{File: test.file}}}
			reader := fake.NewClientBuilder().WithScheme(kinds()).WithObjects(objects...).WithInterceptorFuncs(interceptor.Funcs{
				List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, o ...client.ListOption) error {
					if test.fails != nil {
						return test.fails
					}
					return c.List(ctx, l, o...)
				},
			}).Build()
			got, unread := in.DHCPServices(t.Context(), reader)
			if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var sources []string
			for _, u := range unread {
				sources = append(sources, u.Source)
			}
			if diff := cmp.Diff(test.unread, sources); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVLANRules(t *testing.T) {
	prefix := netip.MustParsePrefix
	rules := VLANRules{
		Services: []DHCPService{{"DHCPv4Service", "cameras", kea.DHCP4, 40, netip.MustParseAddr("10.40.0.1"), netip.MustParseAddr("10.40.0.9")}},
		Map:      map[int][]netip.Prefix{50: {prefix("10.0.0.0/8")}, 51: {prefix("10.51.0.0/16"), prefix("2001:db8::/32")}, 40: {prefix("10.41.0.0/16")}},
	}
	for _, test := range []struct {
		service kea.Service
		subnet  kea.Subnet
		want    VLAN
	}{
		{kea.DHCP4, kea.Subnet{CIDR: prefix("10.40.0.0/24")}, VLAN{40, "cameras", "DHCPv4Service cameras"}},
		{kea.DHCP4, kea.Subnet{CIDR: prefix("10.40.0.0/29")}, VLAN{50, "", "the map"}}, // the object's range is larger
		{kea.DHCP6, kea.Subnet{CIDR: prefix("2001:db8:40::/64")}, VLAN{51, "", "the map"}},
		{kea.DHCP4, kea.Subnet{CIDR: prefix("10.51.7.0/24"), SharedNetwork: "attic"}, VLAN{51, "attic", "the map"}}, // the longest prefix
		{kea.DHCP4, kea.Subnet{CIDR: prefix("172.16.0.0/24")}, VLAN{}},
		{kea.DHCP4, kea.Subnet{CIDR: prefix("10.40.0.0/24"), Interface: "eth0.7"}, VLAN{7, "", "interface"}}, // the configuration first
	} {
		if got := rules.Of(test.service, test.subnet); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.subnet.CIDR, got, test.want)
		}
	}
}
