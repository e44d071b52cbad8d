package stackfile

import "testing"

func TestNames(t *testing.T) {
	findings(t, []findingsTest{
		{"that no object can have", `
metadata:
  name: 10-kea
  namespace: Net
spec:
  kea:
    imagePullSecrets: [ok, Not_ok]
    priorityClassName: high prio
  database:
    service: kea_db
    credentialsSecret: a/b
    cluster: {name: -db, storage: {storageClass: "fast!"}}
    backup: {objectStore: "", credentialsSecret: A}
`, `
line 3: metadata.name: is "10-kea"; expected lower case letters, digits and dashes, beginning with a letter and not ending with a dash
line 4: metadata.namespace: is "Net"; a namespace's name has lower case letters, digits and dashes, 63 at most
line 7: spec.kea.imagePullSecrets[1]: is "Not_ok"; expected lower case letters, digits, dashes and dots
line 8: spec.kea.priorityClassName: is "high prio"; expected lower case letters, digits, dashes and dots
line 10: spec.database.service: is "kea_db"; expected lower case letters, digits and dashes, beginning with a letter and not ending with a dash
line 11: spec.database.credentialsSecret: is "a/b"; expected lower case letters, digits, dashes and dots
line 12: spec.database.cluster.name: is "-db"; expected lower case letters, digits and dashes, beginning with a letter and not ending with a dash
line 12: spec.database.cluster.storage.storageClass: is "fast!"; expected lower case letters, digits, dashes and dots
line 13: spec.database.backup.credentialsSecret: is "A"; expected lower case letters, digits, dashes and dots
`},
		{"too long", `
metadata:
  name: k2345678901234567890123456789012345678901
spec:
  database:
    service: s234567890123456789012345678901234567890123456789012345678901234
    cluster: {name: c23456789012345678901234567890123456789012345678901}
`, `
line 3: metadata.name: has 41 letters; 40 at most, so that the names made from it fit
line 6: spec.database.service: has 64 letters; 63 at most, so that the names made from it fit
line 7: spec.database.cluster.name: has 51 letters; 50 at most, so that the names made from it fit
`},
		{"just short enough", `
metadata:
  name: k234567890123456789012345678901234567890
spec:
  database:
    cluster: {name: c2345678901234567890123456789012345678901234567890}
`, ``},
		{"inside PostgreSQL", `
spec:
  database:
    name: postgres
    owner: streaming_replica
    viewerRole: pg_viewer
    cluster: {parameters: {"max connections": 5}}
`, `
line 4: spec.database.name: is "postgres", which PostgreSQL or its operator uses itself: take another
line 5: spec.database.owner: is "streaming_replica", which PostgreSQL or its operator uses itself: take another
line 6: spec.database.viewerRole: is "pg_viewer"; names that begin with pg_ are PostgreSQL's own
line 7: spec.database.cluster.parameters["max connections"]: is no name of a PostgreSQL parameter
`},
		{"inside PostgreSQL, spelling", `
spec:
  database:
    name: Kea
    owner: 1kea
    viewerRole: kea-viewer
`, `
line 4: spec.database.name: is "Kea"; expected lower case letters, digits and underscores, 63 at most, not beginning with a digit
line 5: spec.database.owner: is "1kea"; expected lower case letters, digits and underscores, 63 at most, not beginning with a digit
line 6: spec.database.viewerRole: is "kea-viewer"; expected lower case letters, digits and underscores, 63 at most, not beginning with a digit
`},
		{"the same for different things", `
spec:
  database:
    owner: kea_viewer
    credentialsSecret: kea-db-ca
    viewerSecret: backup-creds
`, `
line 4: spec.database.owner: is "kea_viewer", as is spec.database.viewerRole: the two roles must differ
line 5: spec.database.credentialsSecret: is "kea-db-ca", as is spec.database.caSecret: the Secrets must differ
line 6: spec.database.viewerSecret: is "backup-creds", as is spec.database.backup.credentialsSecret: the Secrets must differ
`},
		{"that others make", `
spec:
  database:
    service: kea-database-rw
    viewerSecret: kea-database-app
`, `
line 4: spec.database.service: is "kea-database-rw", which CNPG makes for the cluster and which goes away with it: take another, as kea-database
line 5: spec.database.viewerSecret: is "kea-database-app", which CNPG makes for the cluster itself: take another
`},
		{"of the servers", `
spec:
  database: {service: kea-dhcp-0}
`, `
line 3: spec.database.service: is "kea-dhcp-0", which is a name of the servers' own Services: take another
`},
	})
}

func TestKea(t *testing.T) {
	findings(t, []findingsTest{
		{"versions", `
spec:
  kea: {version: 2.6.3}
`, `
line 3: spec.kea.version: is "2.6.3"; the generation is enough here, 2.6: the images' tags say which release runs
`},
		{"an old version", `
spec:
  kea: {version: 2.4}
`, `
line 3: spec.kea.version: is "2.4"; expected 2.6 or 3.0
`},
		{"choices", `
spec:
  kea:
    imagePullPolicy: Allways
    logSeverity: info
    antiAffinity: none
    dhcp4: {allocator: sequential}
`, `
line 4: spec.kea.imagePullPolicy: is "Allways"; expected IfNotPresent, Always or Never: did you mean Always?
line 5: spec.kea.logSeverity: is "info"; expected DEBUG, INFO, WARN or ERROR: did you mean INFO?
line 6: spec.kea.antiAffinity: is "none"; expected preferred or required
line 7: spec.kea.dhcp4.allocator: is "sequential"; expected iterative, random or flq
`},
		{"images and folders", `
spec:
  kea:
    images: {all: "kea image", dhcp4: "-kea"}
    paths: {hooks: hooks, run: /run/../kea, data: /var/lib/kea/}
`, `
line 4: spec.kea.images.all: is "kea image"; expected an image, as in registry.example.org/kea:3.0.1
line 4: spec.kea.images.dhcp4: is "-kea"; expected an image, as in registry.example.org/kea:3.0.1
line 5: spec.kea.paths.hooks: is "hooks"; expected the full path of a folder, as in /var/lib/kea
line 5: spec.kea.paths.run: is "/run/../kea"; expected the full path of a folder, as in /var/lib/kea
line 5: spec.kea.paths.data: is "/var/lib/kea/"; expected the full path of a folder, as in /var/lib/kea
`},
		{"scheduling", `
spec:
  kea:
    nodeSelector: {"a b": c, role: "not valid!"}
    podAnnotations: {"/x": y}
    tolerations:
      - {effect: NoSchedule}
      - {key: a, operator: exists}
      - {operator: Exists, value: b}
      - {key: a, value: b, effect: Never}
    agentResources:
      requests: {cpu: 2, memory: -1}
      limits: {cpu: 1}
`, `
line 4: spec.kea.nodeSelector["a b"]: is no valid key; expected NAME or DOMAIN/NAME of letters, digits, dashes, underscores and dots
line 4: spec.kea.nodeSelector.role: is "not valid!"; a label's value has letters, digits, dashes, underscores and dots, 63 at most
line 5: spec.kea.podAnnotations["/x"]: is no valid key; expected NAME or DOMAIN/NAME of letters, digits, dashes, underscores and dots
line 7: spec.kea.tolerations[0]: has no key: state one, or operator: Exists for all taints
line 8: spec.kea.tolerations[1].operator: is "exists"; expected Equal or Exists
line 9: spec.kea.tolerations[2].value: has no meaning with operator: Exists; take it out
line 10: spec.kea.tolerations[3].effect: is "Never"; expected NoSchedule, PreferNoSchedule or NoExecute
line 12: spec.kea.agentResources.requests.cpu: is 2, above its limit of 1
line 12: spec.kea.agentResources.requests.memory: is -1; expected 0 or more
`},
		{"lease times", `
spec:
  kea:
    dhcp4: {leaseTime: 2h, maxLeaseTime: 1h, preferredLifetime: 1h}
    dhcp6: {leaseTime: 1500ms, maxLeaseTime: 2000000h, preferredLifetime: 25h}
`, `
line 4: spec.kea.dhcp4.maxLeaseTime: is 1h, shorter than the lease time of 2h
line 4: spec.kea.dhcp4.preferredLifetime: is DHCPv6's alone: take it out, or move it to spec.kea.dhcp6
line 5: spec.kea.dhcp6.leaseTime: is 1.5s; Kea counts whole seconds here
line 5: spec.kea.dhcp6.maxLeaseTime: is 2000000h; Kea takes 1193046h28m14s at most
line 5: spec.kea.dhcp6.preferredLifetime: is 25h, longer than the lease time of 1.5s
`},
		{"a preferred lifetime above the lease time", `
spec:
  kea:
    dhcp6: {leaseTime: 1h, preferredLifetime: 90m}
`, `
line 4: spec.kea.dhcp6.preferredLifetime: is 1h30m, longer than the lease time of 1h
`},
		{"no daemon", `
spec:
  kea: {dhcp4: {enabled: false}}
`, `
line 3: spec.kea.dhcp4.enabled: is false and so is dhcp6's: enable one, else there is nothing to install
`},
		{"flq over a shared database", `
spec:
  kea:
    dhcp4: {allocator: flq}
`, `
line 4: spec.kea.dhcp4.allocator: is "flq", which keeps its queue in each server's memory and does not see what the other takes from the shared database: take iterative or random
`},
		{"flq with one server", `
spec:
  kea:
    dhcp4: {allocator: flq}
  highAvailability: {mode: none}
`, ``},
		{"hooks", `
spec:
  kea:
    dhcp4:
      hooks:
        - {}
        - {library: /opt/libdhcp_ha.so}
        - {library: libdhcp_legal_log.so, parameters: {type: postgresql, password: hunter2}}
        - {library: libdhcp_flex_option.so}
`, `
line 6: spec.kea.dhcp4.hooks[0]: has no library: name the file, as in libdhcp_flex_option.so
line 7: spec.kea.dhcp4.hooks[1].library: is "/opt/libdhcp_ha.so", which install loads itself: take it out
line 8: spec.kea.dhcp4.hooks[2].parameters.password: is a secret, and Kea's configuration is no place for one: take it out
`},
	})
}

// What the file merges into Kea's configuration neither holds secrets nor undoes what install writes.
func TestConfig(t *testing.T) {
	findings(t, []findingsTest{
		{"secrets at any depth", `
spec:
  kea:
    dhcp4:
      config:
        config-control:
          config-databases:
            - {type: mysql, name: kea, Password: hunter2}
        tsig: [[{key: {secret: hunter2}}]]
        user-context: {api-password: hunter2, url: "http://u:hunter2@h/"}
        renew-timer: 900
`, `
line 8: spec.kea.dhcp4.config.config-control.config-databases[0].Password: is a secret, and Kea's configuration is no place for one: take it out
line 9: spec.kea.dhcp4.config.tsig[0][0].key.secret: is a secret, and Kea's configuration is no place for one: take it out
line 10: spec.kea.dhcp4.config.user-context.api-password: is a secret, and Kea's configuration is no place for one: take it out
line 10: spec.kea.dhcp4.config.user-context.url: is a secret, and Kea's configuration is no place for one: take it out
`},
		{"what install writes", `
spec:
  kea:
    dhcp4:
      config:
        lease-database: {type: mysql}
        hosts-database: null
        hosts-databases: []
        hooks-libraries: []
        control-socket: null
        control-sockets: []
        interfaces-config: {interfaces: []}
        subnet4: []
        shared-networks: []
        option-data: []
        server-id: {type: LL}
    dhcp6:
      config: {subnet6: [], server-id: {type: LL}}
`, `
line 6: spec.kea.dhcp4.config.lease-database: is what install writes itself: take it out, and use the file's own fields
line 7: spec.kea.dhcp4.config.hosts-database: is what install writes itself: take it out, and use the file's own fields
line 8: spec.kea.dhcp4.config.hosts-databases: is what install writes itself: take it out, and use the file's own fields
line 9: spec.kea.dhcp4.config.hooks-libraries: is what install writes itself: take it out, and use the file's own fields
line 10: spec.kea.dhcp4.config.control-socket: is what install writes itself: take it out, and use the file's own fields
line 11: spec.kea.dhcp4.config.control-sockets: is what install writes itself: take it out, and use the file's own fields
line 12: spec.kea.dhcp4.config.interfaces-config: is what install writes itself: take it out, and use the file's own fields
line 13: spec.kea.dhcp4.config.subnet4: is what install writes itself: take it out, and use the file's own fields
line 14: spec.kea.dhcp4.config.shared-networks: is what install writes itself: take it out, and use the file's own fields
line 15: spec.kea.dhcp4.config.option-data: is what install writes itself: take it out, and use the file's own fields
line 18: spec.kea.dhcp6.config.subnet6: is what install writes itself: take it out, and use the file's own fields
line 18: spec.kea.dhcp6.config.server-id: is what install writes itself: take it out, and use the file's own fields
`},
		{"what install writes of a subnet", `
spec:
  vlans:
    - id: 10
      subnets4:
        - subnet: 10.0.0.0/24
          config: {id: 1, subnet: 10.1.0.0/24, pools: [], pd-pools: [], reservations: [], option-data: [], user-context: {vlan: 11, site: x}, renew-timer: 5}
        - id: 11
          subnet: 10.0.1.0/24
          config: {user-context: null, secret: hunter2}
`, `
line 7: spec.vlans[0].subnets4[0].config.id: is what install writes itself: take it out, and use the file's own fields
line 7: spec.vlans[0].subnets4[0].config.subnet: is what install writes itself: take it out, and use the file's own fields
line 7: spec.vlans[0].subnets4[0].config.pools: is what install writes itself: take it out, and use the file's own fields
line 7: spec.vlans[0].subnets4[0].config.pd-pools: is what install writes itself: take it out, and use the file's own fields
line 7: spec.vlans[0].subnets4[0].config.reservations: is what install writes itself: take it out, and use the file's own fields
line 7: spec.vlans[0].subnets4[0].config.option-data: is what install writes itself: take it out, and use the file's own fields
line 7: spec.vlans[0].subnets4[0].config.user-context.vlan: is what install writes itself: take it out, and use the file's own fields
line 10: spec.vlans[0].subnets4[1].config.user-context: is null, which would delete what install writes there: take it out
line 10: spec.vlans[0].subnets4[1].config.secret: is a secret, and Kea's configuration is no place for one: take it out
`},
	})
}

func TestHighAvailability(t *testing.T) {
	findings(t, []findingsTest{
		{"mode and times", `
spec:
  highAvailability:
    mode: hotstandby
    heartbeatDelay: 1500us
    maxUnackedClients: -1
    maxAckDelay: 2000h
`, `
line 4: spec.highAvailability.mode: is "hotstandby"; expected hot-standby, load-balancing or none: did you mean hot-standby?
line 5: spec.highAvailability.heartbeatDelay: is 1.5ms; Kea counts whole milliseconds here
line 6: spec.highAvailability.maxUnackedClients: is -1; expected 0 or more
line 7: spec.highAvailability.maxAckDelay: is 2000h; Kea takes 1193h2m47.294s at most
`},
		{"ports", `
spec:
  highAvailability:
    ports: {ha4: 8004, ha6: 70000, agent: 8006}
`, `
line 4: spec.highAvailability.ports.ha4: is 8004, as is control4: every listener of a pod needs a port of its own
line 4: spec.highAvailability.ports.ha6: is 70000; expected 1 to 65535
line 4: spec.highAvailability.ports.agent: is 8006, as is control6: every listener of a pod needs a port of its own
`},
		{"two ports that are both stated", `
spec:
  highAvailability:
    ports: {ha4: 9000, ha6: 9000}
`, `
line 4: spec.highAvailability.ports.ha6: is 9000, as is ha4: every listener of a pod needs a port of its own
`},
		{"one address for two servers", `
spec:
  highAvailability:
    peerAddresses: [10.0.0.1]
`, `
line 4: spec.highAvailability.peerAddresses: has 1 address for 2 servers: state one for each, in the servers' order
`},
		{"addresses that are none", `
spec:
  highAvailability:
    peerAddresses: [kea-dhcp-0, 10.0.0.300]
`, `
line 4: spec.highAvailability.peerAddresses[0]: is "kea-dhcp-0"; expected an IPv4 address, as in 192.0.2.1
line 4: spec.highAvailability.peerAddresses[1]: is "10.0.0.300"; expected an IPv4 address, as in 192.0.2.1
`},
		{"the same address twice", `
spec:
  highAvailability:
    peerAddresses: ["fd00::1", "fd00:0::1"]
`, `
line 4: spec.highAvailability.peerAddresses[1]: is fd00:0::1, as is [0]: every server needs an address of its own
`},
		{"two families", `
spec:
  highAvailability:
    peerAddresses: [10.0.0.1, "fd00::1"]
`, `
line 4: spec.highAvailability.peerAddresses[1]: is fd00::1, an IPv6 address; expected an IPv4 one
`},
		{"peers of one server", `
spec:
  highAvailability: {mode: none, peerAddresses: [10.0.0.1]}
`, `
line 3: spec.highAvailability.peerAddresses: has no meaning with mode: none; take it out
`},
		{"good addresses", `
spec:
  highAvailability: {peerAddresses: [10.0.0.1, 10.0.0.2]}
`, ``},
	})
}

func TestExposure(t *testing.T) {
	findings(t, []findingsTest{
		{"type", `
spec:
  exposure: {type: hostnetwork}
`, `
line 3: spec.exposure.type: is "hostnetwork"; expected perPodLoadBalancer, hostNetwork or multus: did you mean hostNetwork?
`},
		{"load balancers on the host's network", `
spec:
  kea: {antiAffinity: preferred}
  exposure:
    type: hostNetwork
    annotations: {a: b}
    loadBalancerClass: c
    networks: [n]
`, `
line 3: spec.kea.antiAffinity: is preferred, but with exposure.type: hostNetwork two servers on one node would meet at its ports: write required, or take it out
line 6: spec.exposure.annotations: are those of load balancers, which type: hostNetwork has none of; take them out
line 7: spec.exposure.loadBalancerClass: is for load balancers, which type: hostNetwork has none of; take it out
line 8: spec.exposure.networks: has a meaning with type: multus only; take it out, or change the type
`},
		{"multus without networks", `
spec:
  exposure: {type: multus}
`, `
line 3: spec.exposure.type: is multus, which needs networks: name at least one NetworkAttachmentDefinition there
`},
		{"multus", `
spec:
  exposure:
    type: multus
    networks: [lan, ns/lan, /lan, a/b/c]
`, `
line 5: spec.exposure.networks[2]: is "/lan"; expected NAME or NAMESPACE/NAME
line 5: spec.exposure.networks[3]: is "a/b/c"; expected NAME or NAMESPACE/NAME
`},
		{"addresses, interfaces", `
spec:
  exposure:
    addresses: ["2001:db8::1", 192.0.2.1]
    interfaces: [eth0, "*", eth 0, averyveryverylongname, net1/192.0.2.1]
    loadBalancerClass: a/b/c
    annotations: {"metallb.io/pool": x, "/": y}
`, `
line 4: spec.exposure.addresses[0]: is 2001:db8::1, an IPv6 address; expected an IPv4 one
line 5: spec.exposure.interfaces[2]: is "eth 0"; expected an interface, as in eth0, or "*" for all
line 5: spec.exposure.interfaces[3]: is "averyveryverylongname"; expected an interface, as in eth0, or "*" for all
line 6: spec.exposure.loadBalancerClass: is "a/b/c"; expected NAME or DOMAIN/NAME
line 7: spec.exposure.annotations["/"]: is no valid key; expected NAME or DOMAIN/NAME of letters, digits, dashes, underscores and dots
`},
		{"three addresses", `
spec:
  exposure: {addresses: [192.0.2.1, 192.0.2.2, 192.0.2.3]}
`, `
line 3: spec.exposure.addresses: has 3 addresses for 2 servers: state one for each, in the servers' order
`},
		{"addresses of IPv6 alone", `
spec:
  kea: {dhcp4: {enabled: false}, dhcp6: {enabled: true}}
  exposure: {addresses: ["2001:db8::1", "2001:db8::2"]}
`, ``},
	})
}

func TestDatabase(t *testing.T) {
	findings(t, []findingsTest{
		{"type", `
spec:
  database: {type: mysql}
`, `
line 3: spec.database.type: is "mysql"; expected postgresql or memfile
`},
		{"schedules and retention", `
spec:
  database:
    backup: {schedule: "30 3 * * *", retention: 30 days}
    maintenance: {schedule: "0 30 3 * * *", logRetention: 4w}
`, `
line 4: spec.database.backup.schedule: is "30 3 * * *", with 5 fields; expected 6, as in "0 30 3 * * *" for 03:30 every day: here the first is seconds
line 4: spec.database.backup.retention: is "30 days"; expected days, weeks or months, as in 30d, 4w or 6m
line 5: spec.database.maintenance.schedule: is "0 30 3 * * *", with 6 fields; expected 5, as in "30 3 * * *" for 03:30 every day: here there are no seconds
line 5: spec.database.maintenance.logRetention: is "4w"; expected days, as in 30d
`},
		{"a history of leases", `
spec:
  database:
    type: memfile
    auditEnabled: true
    auditRetention: for ever
`, `
line 5: spec.database.auditEnabled: asks for a history of leases, but type: memfile has no database to keep it in; take it out
line 6: spec.database.auditRetention: is "for ever"; expected days, as in 30d
`},
		{"schedules out of range", `
spec:
  database:
    backup: {schedule: "0 0 24 * * *"}
    maintenance: {schedule: "60 3 * * *"}
`, `
line 4: spec.database.backup.schedule: is "0 0 24 * * *": "24" is no hour; expected 0 to 23, *, */N, or lists and ranges
line 5: spec.database.maintenance.schedule: is "60 3 * * *": "60" is no minute; expected 0 to 59, *, */N, or lists and ranges
`},
		{"backups without a destination", `
spec:
  database:
    backup: {method: in-tree}
`, `
line 4: spec.database.backup.method: is in-tree, which needs a destinationPath, as in s3://BUCKET/FOLDER/
`},
		{"the backup's store", `
spec:
  database:
    backup:
      destinationPath: kea-backups
      endpointURL: s3.example.com
      endpointCASecret: A
      accessKeyIDKey: a b
      regionKey: a/b
      compression: zip
`, `
line 5: spec.database.backup.destinationPath: is "kea-backups"; expected s3://BUCKET/FOLDER/
line 6: spec.database.backup.endpointURL: is "s3.example.com"; expected an address, as in https://s3.example.com
line 7: spec.database.backup.endpointCASecret: is "A"; expected lower case letters, digits, dashes and dots
line 8: spec.database.backup.accessKeyIDKey: is no key of a Secret; expected letters, digits, dashes, underscores and dots
line 9: spec.database.backup.regionKey: is no key of a Secret; expected letters, digits, dashes, underscores and dots
line 10: spec.database.backup.compression: is "zip"; expected gzip, bzip2, lz4 or snappy: did you mean gzip?
`},
		{"a method of backup that is none", `
spec:
  database:
    backup: {method: s3, destinationPath: "s3://b"}
`, `
line 4: spec.database.backup.method: is "s3"; expected plugin, in-tree or none
`},
		{"a password in the endpoint", `
spec:
  database:
    backup:
      destinationPath: s3://b
      endpointURL: https://user:hunter2@s3.example.com
`, `
line 6: spec.database.backup.endpointURL: holds a user or a password, which belong into the Secret of credentialsSecret
`},
		{"a password in a broken endpoint", `
spec:
  database:
    backup:
      destinationPath: s3://b
      endpointURL: user:hunter2@s3.example.com
`, `
line 6: spec.database.backup.endpointURL: is no address; expected an address, as in https://s3.example.com
`},
		{"memfile has nothing to back up", `
spec:
  database:
    type: memfile
    backup: {destinationPath: "s3://b"}
`, `
line 5: spec.database.backup.destinationPath: asks for backups, but type: memfile has no database to back up: leases are in the servers' files; take it out
`},
		{"memfile", `
spec:
  database: {type: memfile}
  kea: {dhcp4: {allocator: flq}}
`, ``},
		{"the cluster", `
spec:
  database:
    cluster:
      image: "my image"
      walStorage: {storageClass: fast}
      smartShutdownTimeout: -1
      resources: {limits: {cpu: 1}, requests: {cpu: 1100m}}
    reconnect: {tries: 5000000000, wait: 1us, connectTimeout: 500ms}
`, `
line 5: spec.database.cluster.image: is "my image"; expected an image, as in registry.example.org/kea:3.0.1
line 6: spec.database.cluster.walStorage: has a class but no size: state its size, or take it out
line 7: spec.database.cluster.smartShutdownTimeout: is -1; expected 0 or more seconds
line 8: spec.database.cluster.resources.requests.cpu: is 1100m, above its limit of 1
line 9: spec.database.reconnect.tries: is 5000000000; Kea takes 4294967294 at most
line 9: spec.database.reconnect.wait: is 1µs; Kea counts whole milliseconds here
line 9: spec.database.reconnect.connectTimeout: is 500ms; Kea counts whole seconds here
`},
	})
}
