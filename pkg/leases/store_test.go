package leases

import (
	"slices"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// of is a reader of one service of a server.
type of struct {
	rows
	name    string
	service kea.Service
}

func (o of) String() string          { return o.name }
func (o of) Services() []kea.Service { return []kea.Service{o.service} }

// Peers with leases of their own are one family; other pairs, other services and servers alone are not of it.
func TestFamilies(t *testing.T) {
	peer := func(service kea.Service, self string, names ...string) *kea.Config {
		h := kea.HAConfig{ThisServerName: self}
		for _, name := range names {
			h.Peers = append(h.Peers, kea.HAPeer{Name: name})
		}
		return &kea.Config{Service: service, HA: []kea.HAConfig{h}}
	}
	d := &Deployment{configs: map[string]*kea.Config{}}
	add := func(pod string, config *kea.Config) {
		server := inventory.Server{Pod: pod, Service: config.Service}
		d.configs[server.Name()] = config
		d.stores = append(d.stores, &store{way: API, servers: []inventory.Server{server}, readers: []Reader{of{name: server.Name(), service: config.Service}}})
	}
	add("a-0", peer(kea.DHCP4, "a-0", "a-0", "a-1"))
	add("b-0", peer(kea.DHCP4, "b-0", "b-0", "b-1"))
	add("a-1", peer(kea.DHCP4, "a-1", "a-1", "a-0"))
	add("a-0", peer(kea.DHCP6, "a-0", "a-0", "a-1"))
	add("c-0", &kea.Config{Service: kea.DHCP4})
	add("d-0", &kea.Config{Service: kea.DHCP4})
	add("copy-0", peer(kea.DHCP4, "a-0", "a-0", "a-1")) // another pair that calls itself the same

	var families []family
	for _, s := range d.stores {
		families = d.join(families, s, s.readers[0])
	}
	got := []string{}
	for _, f := range families {
		var members []string
		for _, r := range f.readers {
			members = append(members, r.String())
		}
		got = append(got, strings.Join(members, " and "))
	}
	want := []string{"a-0/dhcp4 and a-1/dhcp4", "b-0/dhcp4", "a-0/dhcp6", "c-0/dhcp4", "d-0/dhcp4", "copy-0/dhcp4"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if d.assemble(); d.reader == nil || !strings.Contains(d.reader.String(), "d-0/dhcp4") {
		t.Errorf("the reader is %v", d.reader)
	}
}
