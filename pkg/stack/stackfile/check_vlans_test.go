package stackfile

import "testing"

func TestVLANs(t *testing.T) {
	findings(t, []findingsTest{
		{"ids and names", `
spec:
  vlans:
    - subnets4: [{subnet: 10.0.0.0/24, id: 1}]
    - {id: 4095, subnets4: [{subnet: 10.0.1.0/24}]}
    - {id: 10, name: " users", subnets4: [{subnet: 10.0.2.0/24}]}
    - {id: 20, name: users, subnets4: [{subnet: 10.0.3.0/24}]}
    - {id: 30, name: users, subnets4: [{subnet: 10.0.4.0/24}]}
    - {id: 20, subnets6: [{subnet: "2001:db8::/64"}]}
    - {id: 31, name: vlan20, subnets4: [{subnet: 10.0.5.0/24}]}
    - {id: 40}
`, `
line 4: spec.vlans[0]: has no id: state the VLAN's number, 1 to 4094
line 5: spec.vlans[1].id: is 4095; expected 1 to 4094
line 6: spec.vlans[2].name: is " users"; expected 63 letters at most, without line breaks and without blanks around it
line 8: spec.vlans[4].name: is "users", as is spec.vlans[3]'s: names must differ
line 9: spec.vlans[5].id: is 20, as is spec.vlans[3]'s: a VLAN's subnets all belong into one entry
line 10: spec.vlans[6].name: is "vlan20", as is spec.vlans[5]'s: names must differ
line 11: spec.vlans[7]: has neither subnets4 nor subnets6: state one, or take the VLAN out
`},
		{"subnet ids", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
        - subnet: 10.0.1.0/24
        - {id: 10, subnet: 10.0.2.0/24}
        - {id: 20, subnet: 10.0.3.0/24}
        - {id: 5000000000, subnet: 10.0.4.0/24}
      subnets6:
        - {subnet: "2001:db8::/64"}
    - id: 20
      subnets4:
        - subnet: 10.0.5.0/24
    - id: 30
      subnets4:
        - {id: 20, subnet: 10.0.6.0/24}
`, `
line 7: spec.vlans[0].subnets4[1]: has no id: only the first subnet of a VLAN takes the VLAN's; state one that no other has and that never changes
line 8: spec.vlans[0].subnets4[2].id: is 10, which spec.vlans[0].subnets4[0] takes from its VLAN: state another
line 10: spec.vlans[0].subnets4[4].id: is 5000000000; expected 1 to 4294967294
line 15: spec.vlans[1].subnets4[0]: takes its VLAN's id, 20, which spec.vlans[0].subnets4[3] has already: state another
line 18: spec.vlans[2].subnets4[0].id: is 20, as is spec.vlans[0].subnets4[3]'s: leases refer to it, it must differ
`},
		{"an id that cannot be read costs nothing more", `
spec:
  vlans:
    - id: ten
      subnets4: [{subnet: 10.0.0.0/24}]
    - id: 20
      subnets4: [{id: one, subnet: 10.0.1.0/24}, {id: two, subnet: 10.0.2.0/24}]
    - {id: 30, subnets4: {}}
`, `
line 4: spec.vlans[0].id: is the text "ten"; expected a whole number
line 7: spec.vlans[1].subnets4[0].id: is the text "one"; expected a whole number
line 7: spec.vlans[1].subnets4[1].id: is the text "two"; expected a whole number
line 8: spec.vlans[2].subnets4: is a mapping; expected a list, as in "[a, b]" or lines that begin with "- "
`},
		{"networks", `
spec:
  vlans:
    - id: 10
      subnets4:
        - {pools: [10.0.0.1-10.0.0.9]}
        - {id: 11, subnet: 10.0.1.1/24}
        - {id: 12, subnet: 10.0.2.0}
        - {id: 13, subnet: "2001:db8::/64"}
        - {id: 14, subnet: 010.0.4.0/24}
      subnets6:
        - {subnet: 10.0.5.0/24}
        - {id: 21, subnet: "2001:db8::1/64"}
        - {id: 22, subnet: "::ffff:10.0.0.0/120"}
        - {id: 23}
`, `
line 6: spec.vlans[0].subnets4[0]: has no subnet: state its network, as in subnet: 192.0.2.0/24
line 7: spec.vlans[0].subnets4[1].subnet: is 10.0.1.1/24, an address in 10.0.1.0/24: write the network
line 8: spec.vlans[0].subnets4[2].subnet: is "10.0.2.0"; expected an IPv4 network, as in 192.0.2.0/24
line 9: spec.vlans[0].subnets4[3].subnet: is 2001:db8::/64, an IPv6 network; expected an IPv4 one
line 10: spec.vlans[0].subnets4[4].subnet: is "010.0.4.0/24"; expected an IPv4 network, as in 192.0.2.0/24
line 12: spec.vlans[0].subnets6[0].subnet: is 10.0.5.0/24, an IPv4 network; expected an IPv6 one
line 13: spec.vlans[0].subnets6[1].subnet: is 2001:db8::1/64, an address in 2001:db8::/64: write the network
line 14: spec.vlans[0].subnets6[2].subnet: is "::ffff:10.0.0.0/120"; expected an IPv6 network, as in 2001:db8::/64
line 15: spec.vlans[0].subnets6[3]: has no subnet: state its network, as in subnet: 2001:db8::/64
`},
		{"overlaps, also between VLANs", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.1.0/24
        - {id: 11, subnet: 10.0.2.0/24}
    - id: 20
      subnets4:
        - subnet: 10.0.0.0/16
    - id: 30
      subnets4:
        - subnet: 10.0.1.128/25
        - {id: 31, subnet: 10.0.2.0/24}
        - {id: 32, subnet: 10.1.0.0/16}
      subnets6:
        - subnet: 2001:db8::/48
    - id: 40
      subnets6:
        - subnet: 2001:db8:0:40::/64
`, `
line 10: spec.vlans[1].subnets4[0].subnet: is 10.0.0.0/16, which overlaps 10.0.1.0/24, spec.vlans[0].subnets4[0].subnet
line 13: spec.vlans[2].subnets4[0].subnet: is 10.0.1.128/25, which overlaps 10.0.1.0/24, spec.vlans[0].subnets4[0].subnet
line 14: spec.vlans[2].subnets4[1].subnet: is 10.0.2.0/24, as is spec.vlans[0].subnets4[1].subnet
line 20: spec.vlans[3].subnets6[0].subnet: is 2001:db8:0:40::/64, which overlaps 2001:db8::/48, spec.vlans[2].subnets6[0].subnet
`},
		{"relays", `
spec:
  vlans:
    - id: 10
      subnets4:
        - {subnet: 10.0.0.0/24, relays: [192.0.2.1]}
        - {id: 11, subnet: 10.0.1.0/24, relays: [192.0.2.1, relay, "2001:db8::1"]}
      subnets6:
        - {subnet: "2001:db8::/64", relays: [192.0.2.9]}
    - id: 20
      subnets4:
        - {subnet: 10.0.2.0/24, relays: [192.0.2.1]}
`, `
line 7: spec.vlans[0].subnets4[1].relays[1]: is "relay"; expected an IPv4 address, as in 192.0.2.1
line 7: spec.vlans[0].subnets4[1].relays[2]: is 2001:db8::1, an IPv6 address; expected an IPv4 one
line 9: spec.vlans[0].subnets6[0].relays[0]: is 192.0.2.9, an IPv4 address; expected an IPv6 one
line 12: spec.vlans[1].subnets4[0].relays[0]: is 192.0.2.1, which is a relay of spec.vlans[0] too: Kea could not tell the two VLANs apart
`},
	})
}

func TestPools(t *testing.T) {
	findings(t, []findingsTest{
		{"spelling", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          pools:
            - 10.0.0.10
            - 10.0.0.20-10.0.0.10
            - 10.0.0.30-x
            - 10.0.0.5/28
            - 2001:db8::1-2001:db8::9
            - 10.0.0.100 - 10.0.0.120
`, `
line 8: spec.vlans[0].subnets4[0].pools[0]: is "10.0.0.10"; expected FIRST-LAST or a network, as in 192.0.2.10-192.0.2.99 or 192.0.2.64/26
line 9: spec.vlans[0].subnets4[0].pools[1]: ends before it begins: write 10.0.0.10-10.0.0.20
line 10: spec.vlans[0].subnets4[0].pools[2]: the last address is "x"; expected an IPv4 address, as in 192.0.2.1
line 11: spec.vlans[0].subnets4[0].pools[3]: is 10.0.0.5/28, an address in 10.0.0.0/28: write the network
line 12: spec.vlans[0].subnets4[0].pools[4]: the first address is 2001:db8::1, an IPv6 address; expected an IPv4 one
`},
		{"outside, overlapping", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          pools:
            - 10.0.0.10-10.0.0.20
            - 10.0.0.20-10.0.0.30
            - 10.0.0.250-10.0.1.5
            - 10.0.9.0/28
      subnets6:
        - subnet: 2001:db8::/64
          pools: ["2001:db8::/80", "2001:db8::5-2001:db8::6", "2001:db8:1::/80"]
`, `
line 9: spec.vlans[0].subnets4[0].pools[1]: is 10.0.0.20-10.0.0.30, which overlaps [0], 10.0.0.10-10.0.0.20
line 10: spec.vlans[0].subnets4[0].pools[2]: is 10.0.0.250-10.0.1.5, which is not inside the subnet 10.0.0.0/24
line 11: spec.vlans[0].subnets4[0].pools[3]: is 10.0.9.0/28, which is not inside the subnet 10.0.0.0/24
line 14: spec.vlans[0].subnets6[0].pools[1]: is 2001:db8::5-2001:db8::6, which overlaps [0], 2001:db8::/80
line 14: spec.vlans[0].subnets6[0].pools[2]: is 2001:db8:1::/80, which is not inside the subnet 2001:db8::/64
`},
		{"with addresses that no host has", `
spec:
  vlans:
    - id: 10
      subnets4:
        - {subnet: 10.0.0.0/24, pools: [10.0.0.0/24]}
        - {id: 11, subnet: 10.0.1.0/24, pools: [10.0.1.0-10.0.1.9, 10.0.1.200-10.0.1.255]}
        - {id: 12, subnet: 10.0.2.0/24, pools: [10.0.2.255-10.0.2.255]}
        - {id: 13, subnet: 10.0.3.0/31, pools: [10.0.3.0/31]}
        - {id: 14, subnet: 10.0.4.0/30, pools: [10.0.4.0/30]}
`, `
line 6: spec.vlans[0].subnets4[0].pools[0]: is 10.0.0.0/24, which holds the subnet's network address and broadcast address: write 10.0.0.1-10.0.0.254
line 7: spec.vlans[0].subnets4[1].pools[0]: is 10.0.1.0-10.0.1.9, which holds the subnet's network address: write 10.0.1.1-10.0.1.9
line 7: spec.vlans[0].subnets4[1].pools[1]: is 10.0.1.200-10.0.1.255, which holds the subnet's broadcast address: write 10.0.1.200-10.0.1.254
line 8: spec.vlans[0].subnets4[2].pools[0]: is 10.0.2.255-10.0.2.255, which holds the subnet's broadcast address: take it out
line 10: spec.vlans[0].subnets4[4].pools[0]: is 10.0.4.0/30, which holds the subnet's network address and broadcast address: write 10.0.4.1-10.0.4.2
`},
		{"too small to share", `
spec:
  highAvailability: {mode: load-balancing}
  vlans:
    - id: 10
      subnets4:
        - {subnet: 10.0.0.0/24, pools: [10.0.0.9-10.0.0.9, 10.0.0.20-10.0.0.21]}
      subnets6:
        - {subnet: "2001:db8::/64", pools: ["2001:db8::1/128"], prefixPools: [{prefix: "2001:db8:1::/56", delegated: 56}, {prefix: "2001:db8:2::/56", delegated: 57}]}
`, `
line 7: spec.vlans[0].subnets4[0].pools[0]: is one address, but with load-balancing each server gets half of every pool: make it two or more, or take hot-standby
line 9: spec.vlans[0].subnets6[0].pools[0]: is one address, but with load-balancing each server gets half of every pool: make it two or more, or take hot-standby
line 9: spec.vlans[0].subnets6[0].prefixPools[0].delegated: is 56, so the pool is one prefix, but with load-balancing each server gets half of every pool: delegate longer prefixes, or take hot-standby
`},
		{"prefixes", `
spec:
  vlans:
    - id: 10
      subnets4:
        - {subnet: 10.0.0.0/24, prefixPools: [{prefix: "2001:db8::/48", delegated: 64}]}
      subnets6:
        - subnet: 2001:db8::/64
          pools: ["2001:db8::1-2001:db8::ff"]
          prefixPools:
            - {delegated: 64}
            - {prefix: "2001:db8:1::/48"}
            - {prefix: "2001:db8:2::/48", delegated: 40}
            - {prefix: "2001:db8:3::/48", delegated: 129}
            - {prefix: "2001:db8:4::1/48", delegated: 56}
            - {prefix: 10.0.0.0/8, delegated: 24}
            - {prefix: "2001:db8::/60", delegated: 64}
            - {prefix: "2001:db8:1:8000::/56", delegated: 60}
`, `
line 6: spec.vlans[0].subnets4[0].prefixPools: are DHCPv6's: move them to a subnet of subnets6
line 11: spec.vlans[0].subnets6[0].prefixPools[0]: has no prefix: state it, as in prefix: 2001:db8:8000::/40
line 12: spec.vlans[0].subnets6[0].prefixPools[1]: has no delegated: state the length of what each client gets, as in delegated: 56
line 13: spec.vlans[0].subnets6[0].prefixPools[2].delegated: is 40; expected 48, the prefix's own length, to 128
line 14: spec.vlans[0].subnets6[0].prefixPools[3].delegated: is 129; expected 48, the prefix's own length, to 128
line 15: spec.vlans[0].subnets6[0].prefixPools[4].prefix: is 2001:db8:4::1/48, an address in 2001:db8:4::/48: write the network
line 16: spec.vlans[0].subnets6[0].prefixPools[5].prefix: is 10.0.0.0/8, an IPv4 network; expected an IPv6 one
line 17: spec.vlans[0].subnets6[0].prefixPools[6].prefix: is 2001:db8::/60, which overlaps pools[0], 2001:db8::1-2001:db8::ff: what is delegated cannot be handed out as addresses
line 18: spec.vlans[0].subnets6[0].prefixPools[7].prefix: is 2001:db8:1:8000::/56, which overlaps 2001:db8:1::/48, spec.vlans[0].subnets6[0].prefixPools[1].prefix
`},
	})
}

func TestSubnetOptions(t *testing.T) {
	findings(t, []findingsTest{
		{"routers and name servers", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          pools: [10.0.0.1-10.0.0.9]
          routers: [10.0.0.1, 10.0.1.1, 10.0.0.255, gw, "2001:db8::1"]
          dnsServers: [10.9.9.9, dns.example.org, "2001:db8::53"]
          domain: exa mple
      subnets6:
        - {subnet: "2001:db8::/64", routers: ["2001:db8::1"], dnsServers: [10.0.0.1], domain: example.org.}
`, `
line 8: spec.vlans[0].subnets4[0].routers[0]: is 10.0.0.1, inside pools[0]: a client could get it; leave it out of the pool
line 8: spec.vlans[0].subnets4[0].routers[1]: is 10.0.1.1, outside the subnet 10.0.0.0/24
line 8: spec.vlans[0].subnets4[0].routers[2]: is 10.0.0.255, the subnet's broadcast address
line 8: spec.vlans[0].subnets4[0].routers[3]: is "gw"; expected an IPv4 address, as in 192.0.2.1
line 8: spec.vlans[0].subnets4[0].routers[4]: is 2001:db8::1, an IPv6 address; expected an IPv4 one
line 9: spec.vlans[0].subnets4[0].dnsServers[1]: is "dns.example.org"; expected an IPv4 address, as in 192.0.2.1
line 9: spec.vlans[0].subnets4[0].dnsServers[2]: is 2001:db8::53, an IPv6 address; expected an IPv4 one
line 10: spec.vlans[0].subnets4[0].domain: is "exa mple"; expected letters, digits and dashes, with dots between the parts
line 12: spec.vlans[0].subnets6[0].routers: is DHCPv4's alone: IPv6 routers announce themselves; take it out
line 12: spec.vlans[0].subnets6[0].dnsServers[0]: is 10.0.0.1, an IPv4 address; expected an IPv6 one
`},
		{"lease times", `
spec:
  kea: {dhcp6: {maxLeaseTime: 48h}}
  vlans:
    - id: 10
      subnets4: [{subnet: 10.0.0.0/24, leaseTime: 169h}]
      subnets6: [{subnet: "2001:db8::/64", leaseTime: 49h}, {id: 11, subnet: "2001:db8:1::/64", leaseTime: 1500ms}]
`, `
line 6: spec.vlans[0].subnets4[0].leaseTime: is 169h, longer than spec.kea.dhcp4.maxLeaseTime, 168h
line 7: spec.vlans[0].subnets6[0].leaseTime: is 49h, longer than spec.kea.dhcp6.maxLeaseTime, 48h
line 7: spec.vlans[0].subnets6[1].leaseTime: is 1.5s; Kea counts whole seconds here
`},
		{"options", `
spec:
  kea:
    dhcp4:
      options:
        - {data: x}
        - {name: ntp-servers}
        - {code: 255, data: x}
        - {code: 300, space: vendor, data: x}
        - {name: a, space: dhcp6, data: x}
        - {name: dhcp-server-identifier, data: 10.0.0.1}
        - {code: 43, csvFormat: false, data: xyz}
        - {code: 60, csvFormat: false, data: "0xC0:00"}
        - {name: ntp-servers, data: 10.0.0.1}
        - {code: 43, data: x}
    dhcp6:
      options: [{code: 65536, data: x}]
`, `
line 6: spec.kea.dhcp4.options[0]: has neither name nor code: say which option it is
line 7: spec.kea.dhcp4.options[1]: has no data: state its value
line 8: spec.kea.dhcp4.options[2].code: is 255; DHCPv4 has options 1 to 254
line 10: spec.kea.dhcp4.options[4].space: is dhcp6; expected dhcp4 here, or leave it out
line 11: spec.kea.dhcp4.options[5]: is the server identifier, which install sets for each server from spec.exposure.addresses: take it out
line 12: spec.kea.dhcp4.options[6].data: is no hexadecimal, which csvFormat: false means; expected digits, as in C0000201
line 14: spec.kea.dhcp4.options[8]: is the same option as [1]: put all values into one, with commas between them
line 15: spec.kea.dhcp4.options[9]: is the same option as [6]: put all values into one, with commas between them
line 17: spec.kea.dhcp6.options[0].code: is 65536; DHCPv6 has options 1 to 65535
`},
		{"options that fields set", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          routers: [10.0.0.1]
          dnsServers: [10.0.0.2]
          domain: example.org
          options: [{name: routers, data: 10.0.0.1}, {code: 6, data: 10.0.0.2}, {name: domain-name, data: x}, {name: domain-search, data: x}]
      subnets6:
        - subnet: 2001:db8::/64
          dnsServers: ["2001:db8::2"]
          domain: example.org
          options: [{name: dns-servers, data: "2001:db8::2"}, {code: 24, data: x}]
`, `
line 10: spec.vlans[0].subnets4[0].options[0]: is what routers sets already: keep one of them
line 10: spec.vlans[0].subnets4[0].options[1]: is what dnsServers sets already: keep one of them
line 10: spec.vlans[0].subnets4[0].options[2]: is what domain sets already: keep one of them
line 15: spec.vlans[0].subnets6[0].options[0]: is what dnsServers sets already: keep one of them
line 15: spec.vlans[0].subnets6[0].options[1]: is what domain sets already: keep one of them
`},
	})
}

func TestReservations(t *testing.T) {
	findings(t, []findingsTest{
		{"clients", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          reservations:
            - {address: 10.0.0.1}
            - {mac: 02:00:00:00:00:01, duid: 00:01:02, address: 10.0.0.2}
            - {mac: 0200.0000.0001, address: 10.0.0.3}
            - {mac: 02:00:00:00:01, address: 10.0.0.4}
            - {clientID: printer, address: 10.0.0.5}
            - {clientID: "'printer'", address: 10.0.0.6}
            - {clientID: 01020, address: 10.0.0.7}
            - {clientID: 01, address: 10.0.0.8}
            - {duid: 00:01, address: 10.0.0.9}
            - {mac: 02:00:00:00:00:0A, hostname: ok}
            - {mac: 02:00:00:00:00:0a, hostname: again}
            - {clientID: 01:02:03, hostname: ok}
            - {clientID: 010203, hostname: again}
      subnets6:
        - subnet: 2001:db8::/64
          reservations:
            - {clientID: 01:02:03, addresses: ["2001:db8::1"]}
            - {addresses: ["2001:db8::2"]}
            - {mac: 02:00:00:00:00:01, addresses: ["2001:db8::3"]}
`, `
line 8: spec.vlans[0].subnets4[0].reservations[0]: names no client: state mac, clientID or duid
line 9: spec.vlans[0].subnets4[0].reservations[1]: names its client by mac and duid: keep one
line 10: spec.vlans[0].subnets4[0].reservations[2].mac: is "0200.0000.0001": write 02:00:00:00:00:01
line 11: spec.vlans[0].subnets4[0].reservations[3].mac: is "02:00:00:00:01"; expected six octets, as in 02:00:00:00:00:01
line 12: spec.vlans[0].subnets4[0].reservations[4].clientID: is "printer"; expected octets, as in 01:02:00:00:00:00:01, or a text in single quotes
line 14: spec.vlans[0].subnets4[0].reservations[6].clientID: is "01020"; expected two digits for each octet, as in 01:02:00:00:00:00:01, or a text in single quotes
line 15: spec.vlans[0].subnets4[0].reservations[7].clientID: has 1 octet; expected 2 to 255
line 16: spec.vlans[0].subnets4[0].reservations[8].duid: has 2 octets; expected 3 to 130
line 18: spec.vlans[0].subnets4[0].reservations[10].mac: is the client of spec.vlans[0].subnets4[0].reservations[9] too: put all that it gets into one reservation
line 20: spec.vlans[0].subnets4[0].reservations[12].clientID: is the client of spec.vlans[0].subnets4[0].reservations[11] too: put all that it gets into one reservation
line 24: spec.vlans[0].subnets6[0].reservations[0].clientID: is DHCPv4's; expected duid or mac in subnets6
line 25: spec.vlans[0].subnets6[0].reservations[1]: names no client: state duid or mac
`},
		{"addresses", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          routers: [10.0.0.1]
          reservations:
            - {mac: 02:00:00:00:00:01, address: 10.0.1.1}
            - {mac: 02:00:00:00:00:02, address: 10.0.0.0}
            - {mac: 02:00:00:00:00:03, address: 10.0.0.255}
            - {mac: 02:00:00:00:00:04, address: "2001:db8::1"}
            - {mac: 02:00:00:00:00:05, address: 10.0.0.1}
            - {mac: 02:00:00:00:00:06, address: 10.0.0.5}
            - {mac: 02:00:00:00:00:07, address: 10.0.0.5}
            - {mac: 02:00:00:00:00:08, addresses: [10.0.0.8], prefixes: ["2001:db8::/56"]}
            - {mac: 02:00:00:00:00:09}
            - {mac: 02:00:00:00:00:10, hostname: my host, options: [{data: x}]}
      subnets6:
        - subnet: 2001:db8::/64
          reservations:
            - {duid: 00:01:02:01, address: "2001:db8::1"}
            - {duid: 00:01:02:02, addresses: ["2001:db8::2", "2001:db8:1::2", 10.0.0.1]}
            - {duid: 00:01:02:03, addresses: ["2001:db8::2"], prefixes: ["2001:db8:8::/56", "2001:db8:9::1/56"]}
            - {duid: 00:01:02:04, prefixes: ["2001:db8:8::/56"]}
`, `
line 9: spec.vlans[0].subnets4[0].reservations[0].address: is 10.0.1.1, outside the subnet 10.0.0.0/24
line 10: spec.vlans[0].subnets4[0].reservations[1].address: is 10.0.0.0, the subnet's network address
line 11: spec.vlans[0].subnets4[0].reservations[2].address: is 10.0.0.255, the subnet's broadcast address
line 12: spec.vlans[0].subnets4[0].reservations[3].address: is 2001:db8::1, an IPv6 address; expected an IPv4 one
line 13: spec.vlans[0].subnets4[0].reservations[4].address: is 10.0.0.1, which is a router of the subnet
line 15: spec.vlans[0].subnets4[0].reservations[6].address: is 10.0.0.5, which spec.vlans[0].subnets4[0].reservations[5] reserves too
line 16: spec.vlans[0].subnets4[0].reservations[7].addresses: is DHCPv6's: in subnets4 a reservation has one, address
line 16: spec.vlans[0].subnets4[0].reservations[7].prefixes: is DHCPv6's: take it out, or move the reservation to subnets6
line 17: spec.vlans[0].subnets4[0].reservations[8]: reserves nothing: state an address, a hostname or options
line 18: spec.vlans[0].subnets4[0].reservations[9].hostname: is "my host"; expected letters, digits and dashes, with dots between the parts
line 18: spec.vlans[0].subnets4[0].reservations[9].options[0]: has neither name nor code: say which option it is
line 22: spec.vlans[0].subnets6[0].reservations[0].address: is DHCPv4's: in subnets6 write addresses: ["2001:db8::1"]
line 23: spec.vlans[0].subnets6[0].reservations[1].addresses[1]: is 2001:db8:1::2, outside the subnet 2001:db8::/64
line 23: spec.vlans[0].subnets6[0].reservations[1].addresses[2]: is 10.0.0.1, an IPv4 address; expected an IPv6 one
line 24: spec.vlans[0].subnets6[0].reservations[2].addresses[0]: is 2001:db8::2, which spec.vlans[0].subnets6[0].reservations[1] reserves too
line 24: spec.vlans[0].subnets6[0].reservations[2].prefixes[1]: is 2001:db8:9::1/56, an address in 2001:db8:9::/56: write the network
line 25: spec.vlans[0].subnets6[0].reservations[3].prefixes[0]: is 2001:db8:8::/56, which spec.vlans[0].subnets6[0].reservations[2] reserves too
`},
		{"the same in two subnets", `
spec:
  vlans:
    - id: 10
      subnets4: [{subnet: 10.0.0.0/24, reservations: [{mac: 02:00:00:00:00:01, address: 10.0.0.5}]}]
    - id: 20
      subnets4: [{subnet: 10.0.1.0/24, reservations: [{mac: 02:00:00:00:00:01, address: 10.0.1.5}]}]
`, ``},
	})
}
