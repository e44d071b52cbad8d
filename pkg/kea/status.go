package kea

import (
	"context"
	"time"
)

// Status is a daemon's answer to status-get. What a version does not report stays at its zero value; see the fields.
type Status struct {
	PID     int
	Uptime  time.Duration // since the process started; whole seconds
	Reload  time.Duration // since the last configuration was loaded; whole seconds
	DHCP    *DHCPState    // nil: the version does not say (2.2)
	HA      []HARelationship
	Sockets Sockets

	MultiThreading  bool
	ThreadPoolSize  int       // 0 without multi-threading
	PacketQueueSize int       // 0 without multi-threading
	PacketQueue     []float64 // mean length of the packet queue over the last 10, 100 and 1000 packets
}

// DHCPState says whether the DHCP service is disabled, and by whom. Lists hold Kea's origin numbers, one for each
// relationship or connection: 1000 and up the HA state machine, 2000 and up a remote command (the partner), 6000 and
// up a database connection.
type DHCPState struct {
	GloballyDisabled        bool // the sum of the others: no client is answered
	DisabledByUser          bool // dhcp-disable without an origin
	DisabledByLocalCommand  []int
	DisabledByRemoteCommand []int
	DisabledByDBConnection  []int
}

// HARelationship is one HA relationship as one server sees it.
type HARelationship struct {
	Mode   HAMode
	Local  HALocal
	Remote HARemote
}

// HALocal is what a server says of itself.
type HALocal struct {
	Role       HARole
	ServerName string // "" in 2.2
	Scopes     []string
	State      HAState
	SystemTime *time.Time // from 3.0; UTC, whole seconds
}

// HARemote is what a server knows of its partner. InTouch only says that the partner was ever contacted: LastState,
// Age and CommunicationInterrupted tell how the partner is now.
type HARemote struct {
	Role                     HARole
	ServerName               string // "" in 2.2
	LastState                HAState
	LastScopes               []string
	Age                      time.Duration // since the last successful contact; whole seconds
	InTouch                  bool
	CommunicationInterrupted bool // silent for longer than max-response-delay
	AnalyzedPackets          int  // since the interruption: packets for the partner looked at
	ConnectingClients        int  // clients that try to get through to the partner
	UnackedClients           int  // of those, waiting longer than max-ack-delay
	UnackedClientsLeft       int  // how many more until failover; 0 while communication is fine
	ClockSkew                *int // from 3.0; seconds, positive when the partner is ahead; nil: not known
	SystemTime               *time.Time
}

// Sockets is the state of the sockets that receive DHCP packets.
type Sockets struct {
	Status string   // "ready", "retrying", "failed"; "" when not reported
	Errors []string // why
}

// Status asks for status-get.
//
// It does not tell whether the lease database answers: a daemon that lost its database for good still reports a
// normal HA state. Ask ProbeLeases for that.
//
// Do not send it to a daemon of version 2.2 whose last configuration reload failed: the daemon then aborts. HA is
// empty when the HA hook is not loaded, and on later versions also after such a reload.
func (c *Client) Status(ctx context.Context, s Service) (Status, error) {
	var w statusWire
	if err := c.Do(ctx, s, "status-get", nil, &w); err != nil {
		return Status{}, err
	}
	return w.status(), nil
}
