package leases

import (
	"fmt"
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
func TestKinship(t *testing.T) {
	pair := func(service kea.Service, urls ...string) *kea.Config {
		h := kea.HAConfig{}
		for i, u := range urls {
			h.Peers = append(h.Peers, kea.HAPeer{Name: fmt.Sprint(i), URL: u})
		}
		return &kea.Config{Service: service, HA: []kea.HAConfig{h}}
	}
	d := &Deployment{configs: map[string]*kea.Config{}}
	add := func(pod string, config *kea.Config) {
		server := inventory.Server{Pod: pod, Service: config.Service}
		d.configs[server.Name()] = config
		d.stores = append(d.stores, &store{way: API, servers: []inventory.Server{server}, readers: []Reader{of{name: server.Name(), service: config.Service}}})
	}
	add("a-0", pair(kea.DHCP4, "http://10.0.0.1:8010/", "http://10.0.0.2:8010/"))
	add("b-0", pair(kea.DHCP4, "http://10.0.1.1:8010/", "http://10.0.1.2:8010/"))
	add("a-1", pair(kea.DHCP4, "http://10.0.0.2:8010/", "http://10.0.0.1:8010/"))
	add("a-0", pair(kea.DHCP6, "http://10.0.0.1:8010/", "http://10.0.0.2:8010/"))
	add("c-0", &kea.Config{Service: kea.DHCP4})
	add("d-0", &kea.Config{Service: kea.DHCP4})

	families := map[string][]string{}
	for _, s := range d.stores {
		key := d.kinship(s, s.readers[0])
		families[key] = append(families[key], s.readers[0].String())
	}
	got := []string{}
	for _, members := range families {
		got = append(got, strings.Join(members, " and "))
	}
	slices.Sort(got)
	want := []string{"a-0/dhcp4 and a-1/dhcp4", "a-0/dhcp6", "b-0/dhcp4", "c-0/dhcp4", "d-0/dhcp4"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if d.assemble(); d.reader == nil || !strings.Contains(d.reader.String(), "d-0/dhcp4") {
		t.Errorf("the reader is %v", d.reader)
	}
}
