package keaconf

import (
	"path"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func (f file) leaseDatabase() *kea.LeaseDatabase {
	if f.stack.UsesPostgreSQL() {
		return &kea.LeaseDatabase{DatabaseAccess: f.postgreSQL()}
	}
	name := map[kea.Service]string{kea.DHCP4: "kea-leases4.csv", kea.DHCP6: "kea-leases6.csv"}[f.service]
	return &kea.LeaseDatabase{
		DatabaseAccess: kea.DatabaseAccess{Type: "memfile", Name: path.Join(f.stack.Spec.Kea.Paths.Data, name)},
		Persist:        new(true),
		LFCInterval:    new(seconds(f.stack.Spec.Database.Memfile.LFCInterval.Duration)),
	}
}

func (f file) hostsDatabase() *kea.HostsDatabase {
	if !f.stack.UsesPostgreSQL() {
		return nil
	}
	return &kea.HostsDatabase{DatabaseAccess: f.postgreSQL()}
}

// postgreSQL reaches the database at the address that never changes. Kea tries for as long as a failover may take, and
// then exits: one that lost its database for good would look alive and serve nobody. A primary that vanished with its
// node never closes its connections, hence the timeout on them.
func (f file) postgreSQL() kea.DatabaseAccess {
	d := f.stack.Spec.Database
	connect := seconds(d.Reconnect.ConnectTimeout.Duration)
	return kea.DatabaseAccess{
		Type: "postgresql", Name: d.Name, Host: d.Service, Port: 5432, User: d.Owner,
		ConnectTimeout: connect, TCPUserTimeout: connect,
		MaxReconnectTries: d.Reconnect.Tries, ReconnectWaitTime: milliseconds(d.Reconnect.Wait.Duration),
		OnFail: "stop-retry-exit", RetryOnStartup: new(true),
	}
}
