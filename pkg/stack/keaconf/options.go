package keaconf

import (
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// options are the daemon's own: those of all its clients.
func (f file) options() []kea.OptionData {
	var all []kea.OptionData
	if id := f.addresses.Identifiers[f.server]; !f.is6() && id != "" {
		all = append(all, kea.OptionData{Name: "dhcp-server-identifier", Data: id})
	}
	return append(all, optionData(f.daemon.Options)...)
}

// subnetOptions are a subnet's: first those that nearly every subnet has.
func (f file) subnetOptions(s v1alpha1.Subnet) []kea.OptionData {
	servers, domain := "domain-name-servers", "domain-name"
	if f.is6() {
		servers, domain = "dns-servers", "domain-search"
	}
	var all []kea.OptionData
	add := func(name, data string) {
		if data != "" {
			all = append(all, kea.OptionData{Name: name, Data: data})
		}
	}
	if !f.is6() {
		add("routers", strings.Join(s.Routers, ", "))
	}
	add(servers, strings.Join(s.DNSServers, ", "))
	add(domain, s.Domain)
	return append(all, optionData(s.Options)...)
}

func optionData(options []v1alpha1.Option) []kea.OptionData {
	var all []kea.OptionData
	for _, o := range options {
		d := kea.OptionData{Name: o.Name, Code: o.Code, Space: o.Space, CSVFormat: o.CSVFormat, Data: o.Data}
		if o.AlwaysSend {
			d.AlwaysSend = new(true)
		}
		all = append(all, d)
	}
	return all
}
