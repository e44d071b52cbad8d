package stackfile

import "testing"

// A file that is not YAML has one finding: what follows the mistake means nothing.
func TestSyntax(t *testing.T) {
	findings(t, []findingsTest{
		{"an unclosed bracket", `
kind: Stack
spec: {kea: {version: "3.0"}
`, `
line 3: not YAML: did not find expected ',' or '}' after the bracket that opens in this line
`},
		{"a colon too many", `
kind: Stack
metadata: name: x
`, `
line 3: not YAML: mapping values are not allowed in this context
`},
		{"a tab", `
spec:
	kea: {}
`, `
line 3: not YAML: found character that cannot start any token: indent with spaces, not with tabs
`},
		{"a bracket in the first line", `{kind: Stack,

spec: {kea: {}
}
`, `
line 1: not YAML: did not find expected ',' or '}' after the bracket that opens in this line
`},
		{"a missing comma", `
kind: Stack
spec: {
  kea: {version: "3.0"}
  exposure: {}
}
`, `
line 3: not YAML: did not find expected ',' or '}' after the bracket that opens in this line
`},
		{"an unclosed quote", `
kind: Stack
metadata: {name: "kea}
spec: {}
`, `
line 3: not YAML: found unexpected end of stream
`},
		{"an entry among fields", `
spec:
  vlans:
    - id: 10
    name: x
`, `
line 5: not YAML: did not find expected '-' indicator: is the line indented as its neighbours are?
`},
		{"a field that stands too far right", `
spec:
  kea:
    version: "3.0"
     dhcp4: {}
`, `
line 5: not YAML: did not find expected key: is the line indented as its neighbours are?
`},
		{"a wrong step", `
spec:
  kea:
    version: "3.0"
   dhcp4: {}
`, `
line 5: not YAML: did not find expected key: is the line indented as its neighbours are?
`},
		{"an unknown alias", `
spec: *nowhere
`, `
line 2: not YAML: unknown anchor 'nowhere' referenced
`},
		{"not text at all", "\nspec: \x01\n", `
line 2: not YAML: control characters are not allowed
`},
		{"two documents", `
kind: Stack
---
kind: Stack
`, `
line 4: a second document begins here: a stack file holds one; put further stacks into files of their own
`},
		{"an empty second document", `
kind: Stack
---
`, ``},
		{"a list", `
- kind: Stack
`, `
line 2: is a list; expected fields, as in "name: value"
`},
		{"a word", `
Stack
`, `
line 2: is the text "Stack"; expected fields, as in "name: value"
`},
	})
}

func TestHeader(t *testing.T) {
	findings(t, []findingsTest{
		{"of something else", `
apiVersion: v1
kind: Secret
metadata: {name: x}
data: {password: aHVudGVyMg==}
`, `
line 2: apiVersion: is "v1"; expected kea.fos1.io/v1alpha1
line 3: kind: is "Secret"; a stack file's is Stack
line 5: data: unknown field; known here: apiVersion, kind, metadata, spec
`},
		{"of another version", `
apiVersion: kea.fos1.io/v1
kind: Stack
spec: {kea: {version: "1.0"}}
`, `
line 2: apiVersion: is "kea.fos1.io/v1"; expected kea.fos1.io/v1alpha1
`},
		{"none", `
spec: {}
`, ``},
	})
}

func TestUnknownFields(t *testing.T) {
	findings(t, []findingsTest{
		{"a slip", `
spec:
  kea:
    verion: "3.0"
  exposre: {}
  vlans:
    - id: 10
      subnet4: []
      subnets4: [{subnet: 10.0.0.0/24, pool: []}]
`, `
line 4: spec.kea.verion: unknown field; did you mean version?
line 5: spec.exposre: unknown field; did you mean exposure?
line 8: spec.vlans[0].subnet4: unknown field; did you mean subnets4?
line 9: spec.vlans[0].subnets4[0].pool: unknown field; did you mean pools?
`},
		{"Kea's own spelling", `
spec:
  kea:
    dhcp4: {lease-time: 1h, max-lease-time: 2h, valid-lifetime: 5}
`, `
line 4: spec.kea.dhcp4.lease-time: unknown field; did you mean leaseTime?
line 4: spec.kea.dhcp4.max-lease-time: unknown field; did you mean maxLeaseTime?
line 4: spec.kea.dhcp4.valid-lifetime: unknown field; known here: enabled, leaseTime, maxLeaseTime, preferredLifetime, allocator, options, hooks, resources, config
`},
		{"nothing near", `
spec:
  highAvailability:
    ports: {snmp: 161}
`, `
line 4: spec.highAvailability.ports.snmp: unknown field; known here: ha4, ha6, control4, control6, agent
`},
		{"a password", `
spec:
  database:
    password: hunter2
    backup: {secret: hunter2}
`, `
line 4: spec.database.password: unknown field; a stack file holds no passwords: install makes them and keeps them in Secrets
line 5: spec.database.backup.secret: unknown field; a stack file holds no passwords: install makes them and keeps them in Secrets
`},
		{"a key with dots", `
spec:
  kea.version: "3.0"
`, `
line 3: spec["kea.version"]: unknown field; known here: kea, highAvailability, exposure, database, networkPolicy, vlans
`},
		{"Kubernetes' own", `
spec:
  kea:
    tolerations: [{key: a, operater: Exists}]
    agentResources: {limit: {cpu: 1}}
`, `
line 4: spec.kea.tolerations[0].operater: unknown field; did you mean operator?
line 5: spec.kea.agentResources.limit: unknown field; did you mean limits?
`},
	})
}

func TestWrongTypes(t *testing.T) {
	findings(t, []findingsTest{
		{"values instead of fields and lists", `
metadata: kea
spec:
  kea: [a]
  exposure: {addresses: 10.0.0.1, annotations: [a]}
  vlans: {id: 10}
`, `
line 2: metadata: is the text "kea"; expected fields, as in "name: value"
line 4: spec.kea: is a list; expected fields, as in "name: value"
line 5: spec.exposure.addresses: is the text "10.0.0.1"; expected a list, as in "[a, b]" or lines that begin with "- "
line 5: spec.exposure.annotations: is a list; expected fields, as in "name: value"
line 6: spec.vlans: is a mapping; expected a list, as in "[a, b]" or lines that begin with "- "
`},
		{"fields instead of values", `
spec:
  kea: {version: {a: b}, logSeverity: [INFO]}
  networkPolicy: {enabled: [true]}
  database: {cluster: {instances: {}, storage: {size: []}}, reconnect: {wait: []}}
`, `
line 3: spec.kea.version: is a mapping; expected text
line 3: spec.kea.logSeverity: is a list; expected text
line 4: spec.networkPolicy.enabled: is a list; expected true or false
line 5: spec.database.cluster.instances: is a mapping; expected a whole number
line 5: spec.database.cluster.storage.size: is a list; expected a quantity, as in 500m, 256Mi or 1Gi
line 5: spec.database.reconnect.wait: is a list; expected a duration, as in 30s, 10m or 24h
`},
		{"truths", `
spec:
  kea:
    dhcp4: {enabled: yes}
    dhcp6: {enabled: "false"}
  networkPolicy: {enabled: 1}
`, `
line 4: spec.kea.dhcp4.enabled: is the text "yes"; expected true or false
line 5: spec.kea.dhcp6.enabled: is the text "false"; expected true or false
line 6: spec.networkPolicy.enabled: is the number 1; expected true or false
`},
		{"numbers", `
spec:
  database:
    cluster: {instances: "3"}
    backup: {maxParallel: 2.5}
    reconnect: {tries: 0x10}
  highAvailability:
    maxUnackedClients: five
    ports: {ha4: 08010, ha6: 99999999999999999999}
  vlans:
    - {id: 010, subnets4: [{subnet: 10.0.0.0/24}]}
`, `
line 4: spec.database.cluster.instances: is the text "3"; expected a whole number
line 5: spec.database.backup.maxParallel: is the number 2.5; expected a whole number
line 6: spec.database.reconnect.tries: is the number 0x10; expected a whole number
line 8: spec.highAvailability.maxUnackedClients: is the text "five"; expected a whole number
line 9: spec.highAvailability.ports.ha4: is 08010, which some read as octal: write it without leading zeros
line 9: spec.highAvailability.ports.ha6: is 99999999999999999999, which is too large
line 11: spec.vlans[0].id: is 010, which some read as octal: write it without leading zeros
`},
		{"durations", `
spec:
  kea:
    dhcp4: {leaseTime: 1d, maxLeaseTime: 86400}
    dhcp6: {leaseTime: an hour}
  highAvailability: {heartbeatDelay: "10"}
`, `
line 4: spec.kea.dhcp4.leaseTime: is the text "1d"; expected a duration, as in 30s, 10m or 24h: write 24h
line 4: spec.kea.dhcp4.maxLeaseTime: is the number 86400; expected a duration, as in 30s, 10m or 24h: write 86400s
line 5: spec.kea.dhcp6.leaseTime: is the text "an hour"; expected a duration, as in 30s, 10m or 24h
line 6: spec.highAvailability.heartbeatDelay: is the text "10"; expected a duration, as in 30s, 10m or 24h: write 10s
`},
		{"sizes", `
spec:
  database:
    cluster:
      storage: {size: 1GB}
      resources: {limits: {memory: lots}}
`, `
line 5: spec.database.cluster.storage.size: is the text "1GB"; expected a quantity, as in 500m, 256Mi or 1Gi: write 1G
line 6: spec.database.cluster.resources.limits.memory: is the text "lots"; expected a quantity, as in 500m, 256Mi or 1Gi
`},
		{"what is not above zero", `
spec:
  kea: {dhcp4: {leaseTime: 0s}, dhcp6: {preferredLifetime: -1h}}
  highAvailability: {heartbeatDelay: 0s, ports: {ha4: 0}}
  database:
    cluster: {instances: 0, storage: {size: 0}, walStorage: {size: -1Gi}}
    backup: {maxParallel: -2}
    memfile: {lfcInterval: 0h}
  vlans:
    - id: 0
      subnets4: [{id: 0, subnet: 10.0.0.0/24, leaseTime: 0s, options: [{code: 0, data: x}]}]
      subnets6: [{subnet: "2001:db8::/64", id: -1, prefixPools: [{prefix: "2001:db8:1::/48", delegated: 0}]}]
`, `
line 3: spec.kea.dhcp4.leaseTime: is 0s; expected more than 0s
line 3: spec.kea.dhcp6.preferredLifetime: is -1h; expected more than 0s
line 4: spec.highAvailability.heartbeatDelay: is 0s; expected more than 0s
line 4: spec.highAvailability.ports.ha4: is 0; expected 1 or more
line 6: spec.database.cluster.instances: is 0; expected 1 or more
line 6: spec.database.cluster.storage.size: is 0; expected more than 0
line 6: spec.database.cluster.walStorage.size: is -1Gi; expected more than 0
line 7: spec.database.backup.maxParallel: is -2; expected 1 or more
line 8: spec.database.memfile.lfcInterval: is 0s; expected more than 0s
line 10: spec.vlans[0].id: is 0; expected 1 or more
line 11: spec.vlans[0].subnets4[0].id: is 0; expected 1 or more
line 11: spec.vlans[0].subnets4[0].leaseTime: is 0s; expected more than 0s
line 11: spec.vlans[0].subnets4[0].options[0].code: is 0; expected 1 or more
line 12: spec.vlans[0].subnets6[0].id: is -1; expected 1 or more
line 12: spec.vlans[0].subnets6[0].prefixPools[0].delegated: is 0; expected 1 or more
`},
		{"empty entries of lists", `
spec:
  exposure:
    interfaces: [eth0, ]
    networks:
      -
  vlans: [null]
`, `
line 6: spec.exposure.networks: has a meaning with type: multus only; take it out, or change the type
line 6: spec.exposure.networks[0]: is empty: fill it in or take it out
line 7: spec.vlans[0]: is empty: fill it in or take it out
`},
	})
}

func TestDuplicateKeys(t *testing.T) {
	findings(t, []findingsTest{
		{"fields", `
spec:
  kea: {version: "2.6"}
  exposure: {}
  kea: {version: "1.0"}
`, `
line 5: spec.kea: stated twice, first in line 3: keep one
`},
		{"free keys", `
spec:
  kea:
    podAnnotations: {a: b, a: c}
    dhcp4: {config: {deep: [{x: 1, x: 2}]}}
`, `
line 4: spec.kea.podAnnotations.a: stated twice, first in line 4: keep one
line 5: spec.kea.dhcp4.config.deep[0].x: stated twice, first in line 5: keep one
`},
	})
}

// What is merged into Kea's configuration becomes JSON: what YAML 1.1, YAML 1.2 and JSON read differently is asked about.
func TestFreeValues(t *testing.T) {
	findings(t, []findingsTest{
		{"", `
spec:
  kea:
    dhcp4:
      config:
        authoritative: yes
        hostname-char-set: "no"
        echo-client-id: Off
        renew-timer: 0900
        rebind-timer: 0x10
        cache-threshold: .nan
        cache-max-age: .inf
        server-tag: 2026-01-01
        user-context: !!binary aGk=
        1: one
`, `
line 6: spec.kea.dhcp4.config.authoritative: is yes: write true or false, or put it in quotes if it is text
line 8: spec.kea.dhcp4.config.echo-client-id: is Off: write true or false, or put it in quotes if it is text
line 9: spec.kea.dhcp4.config.renew-timer: is 0900, which some read as octal: write it without leading zeros, or put it in quotes if it is text
line 10: spec.kea.dhcp4.config.rebind-timer: is 0x10; expected a whole number in plain digits
line 11: spec.kea.dhcp4.config.cache-threshold: is .nan, which JSON has no number for
line 12: spec.kea.dhcp4.config.cache-max-age: is .inf, which JSON has no number for
line 14: spec.kea.dhcp4.config.user-context: has the tag !!binary: take it out
`},
	})
}

func TestAliases(t *testing.T) {
	findings(t, []findingsTest{
		{"contain themselves", `
spec:
  kea:
    dhcp4: {config: &c {a: [*c]}}
`, `
line 4: spec.kea.dhcp4.config.a[0]: *c contains itself
`},
		{"merge something else", `
spec:
  kea:
    <<: 7
    dhcp4: {<<: [&a {allocator: random}, b]}
`, `
line 4: spec.kea: only a mapping can be merged with <<
line 5: spec.kea.dhcp4: only a mapping can be merged with <<
`},
		{"merge a cycle", `
spec: &s
  kea:
    dhcp4: {config: {a: &a {b: {<<: *s}}}}
`, `
line 4: spec.kea.dhcp4.config.a.b: *s contains itself
`},
		{"a finding at every use", `
spec:
  vlans:
    - {id: 10, subnets4: [&s {subnet: 10.0.0.0/24, pools: [10.0.1.0/25]}]}
    - {id: 20, subnets4: [*s]}
`, `
line 4: spec.vlans[0].subnets4[0].pools[0]: is 10.0.1.0/25, which is not inside the subnet 10.0.0.0/24
line 4: spec.vlans[1].subnets4[0].subnet: is 10.0.0.0/24, as is spec.vlans[0].subnets4[0].subnet
line 4: spec.vlans[1].subnets4[0].pools[0]: is 10.0.1.0/25, which is not inside the subnet 10.0.0.0/24
`},
		{"keys that are none", `
spec:
  {a: b}: c
  [d]: e
`, `
line 3: spec: a key must be text
line 4: spec: a key must be text
`},
	})
}
