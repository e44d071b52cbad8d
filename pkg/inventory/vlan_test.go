package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestVLANOf(t *testing.T) {
	type object = map[string]any
	const own, shared, name, suffix = "subnet's user-context", "shared network's user-context", "shared network's name", "interface"
	for _, test := range []struct {
		about  string
		subnet kea.Subnet
		want   VLAN
	}{
		{"vlan, a number", kea.Subnet{UserContext: object{"vlan": int64(10), "name": "users"}}, VLAN{10, "users", own}},
		{"vlan-id, text", kea.Subnet{UserContext: object{"vlan-id": " 20 "}}, VLAN{20, "", own}},
		{"vlan_id, a fraction that is none", kea.Subnet{UserContext: object{"vlan_id": float64(220)}}, VLAN{220, "", own}},
		{"VLAN", kea.Subnet{UserContext: object{"VLAN": "210"}}, VLAN{210, "", own}},
		{"the first name that holds one", kea.Subnet{UserContext: object{"vlan": "staff", "vlan-id": int64(30)}}, VLAN{30, "", own}},
		{"zero is none", kea.Subnet{UserContext: object{"vlan": int64(0)}}, VLAN{}},
		{"4095 is none", kea.Subnet{UserContext: object{"vlan": int64(4095)}}, VLAN{}},
		{"4094 is one", kea.Subnet{UserContext: object{"vlan": int64(4094)}}, VLAN{4094, "", own}},
		{"a fraction is none", kea.Subnet{UserContext: object{"vlan": 10.5}}, VLAN{}},
		{"nothing", kea.Subnet{UserContext: object{"vlan": nil, "name": 7}}, VLAN{}},
		{"out of range falls to the next rule", kea.Subnet{UserContext: object{"vlan": int64(5000)}, Interface: "eth0.7"}, VLAN{7, "", suffix}},

		{"the shared network's", kea.Subnet{SharedNetwork: "office", SharedUserContext: object{"vlan": int64(30)}}, VLAN{30, "office", shared}},
		{
			"the subnet's own before the shared network's",
			kea.Subnet{UserContext: object{"vlan": int64(10), "name": "mine"}, SharedNetwork: "vlan40", SharedUserContext: object{"vlan": int64(30), "name": "theirs"}, Interface: "eth0.50"},
			VLAN{10, "mine", own},
		},
		{
			"the shared network's context before its name",
			kea.Subnet{SharedNetwork: "vlan40", SharedUserContext: object{"vlan": int64(30), "name": "guests"}, Interface: "eth0.50"},
			VLAN{30, "guests", shared},
		},
		{"the shared network's name before the interface", kea.Subnet{SharedNetwork: "vlan30", Interface: "eth0.50"}, VLAN{30, "vlan30", name}},
		{"VLAN-120", kea.Subnet{SharedNetwork: "VLAN-120"}, VLAN{120, "VLAN-120", name}},
		{"vlan_12", kea.Subnet{SharedNetwork: "vlan_12"}, VLAN{12, "vlan_12", name}},
		{"vlan110-staff", kea.Subnet{SharedNetwork: "vlan110-staff"}, VLAN{110, "vlan110-staff", name}},
		{"guest-vlan 7", kea.Subnet{SharedNetwork: "guest-vlan 7"}, VLAN{7, "guest-vlan 7", name}},
		{"not inside a word", kea.Subnet{SharedNetwork: "myvlan30"}, VLAN{0, "myvlan30", ""}},
		{"not of other words", kea.Subnet{SharedNetwork: "myvlans3x"}, VLAN{0, "myvlans3x", ""}},
		{"not a part of a number", kea.Subnet{SharedNetwork: "vlan12345"}, VLAN{0, "vlan12345", ""}},
		{"too large", kea.Subnet{SharedNetwork: "vlan4095"}, VLAN{0, "vlan4095", ""}},

		{"eth0.10", kea.Subnet{Interface: "eth0.10"}, VLAN{10, "", suffix}},
		{"vlan10", kea.Subnet{Interface: "vlan10"}, VLAN{10, "", suffix}},
		{"Vlan10", kea.Subnet{Interface: "Vlan10"}, VLAN{10, "", suffix}},
		{"eth10 is no VLAN", kea.Subnet{Interface: "eth10"}, VLAN{}},
		{"eth0.4095 is no VLAN", kea.Subnet{Interface: "eth0.4095"}, VLAN{}},
		{"eth0.12345 is no VLAN", kea.Subnet{Interface: "eth0.12345"}, VLAN{}},
	} {
		t.Run(test.about, func(t *testing.T) {
			if diff := cmp.Diff(test.want, VLANOf(test.subnet)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
