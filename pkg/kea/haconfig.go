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

func (t tree) haConfig() HAConfig {
	h := HAConfig{
		ThisServerName:    t.str("this-server-name"),
		Mode:              HAMode(t.str("mode")),
		HeartbeatDelay:    t.milliseconds("heartbeat-delay", 10*time.Second),
		MaxResponseDelay:  t.milliseconds("max-response-delay", 60*time.Second),
		MaxAckDelay:       t.milliseconds("max-ack-delay", 10*time.Second),
		MaxUnackedClients: 10,
		SendLeaseUpdates:  t.unlessFalse("send-lease-updates"),
		SyncLeases:        t.unlessFalse("sync-leases"),
		WaitBackupAck:     t.boolean("wait-backup-ack"),
		RestrictCommands:  t.booleanPointer("restrict-commands"),
		MultiThreading:    t.object("multi-threading").booleanPointer("enable-multi-threading"),
		DedicatedListener: t.object("multi-threading").booleanPointer("http-dedicated-listener"),
	}
	if n, ok := t.integerOr("max-unacked-clients"); ok {
		h.MaxUnackedClients = n
	}
	for _, p := range t.objects("peers") {
		h.Peers = append(h.Peers, p.haPeer())
	}
	return h
}

func (t tree) haPeer() HAPeer {
	p := HAPeer{
		Name:         t.str("name"),
		URL:          redactText(t.str("url")),
		Role:         HARole(t.str("role")),
		AutoFailover: t.unlessFalse("auto-failover"),
		PasswordFile: t.str("basic-auth-password-file"),
	}
	if user := t.str("basic-auth-user"); user != "" {
		password, _ := t.secret("basic-auth-password")
		p.Auth = &BasicAuth{User: user, Password: password}
	}
	return p
}
