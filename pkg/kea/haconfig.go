package kea

import "time"

// HAConfig is one relationship of the HA hook, with Kea's defaults filled in.
type HAConfig struct {
	ThisServerName   string
	Mode             HAMode
	HeartbeatDelay   time.Duration // default 10 s
	MaxResponseDelay time.Duration // default 60 s
	MaxAckDelay      time.Duration // default 10 s
	// MaxUnackedClients is the number of clients beyond which a server takes over; default 10, and 0 takes over at once.
	MaxUnackedClients int
	SendLeaseUpdates  bool  // default true; false belongs to a shared lease database
	SyncLeases        bool  // default true; the same
	WaitBackupAck     bool  // default false
	RestrictCommands  *bool // nil: not said (Kea: true from 3.0, false before)
	// MultiThreading and DedicatedListener decide whether the daemon itself listens on its peer URL; nil: not said.
	MultiThreading    *bool
	DedicatedListener *bool
	Peers             []HAPeer
}

// Peer returns the peer of that name.
func (h HAConfig) Peer(name string) (HAPeer, bool) {
	for _, p := range h.Peers {
		if p.Name == name {
			return p, true
		}
	}
	return HAPeer{}, false
}

// HAPeer is a server of a relationship, this one included.
type HAPeer struct {
	Name         string
	URL          string // a password in it is redacted
	Role         HARole
	AutoFailover bool       // default true
	Auth         *BasicAuth // nil: none in the configuration
	PasswordFile string
}
