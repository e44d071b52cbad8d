package kea

// HookLibrary is a hook library to load.
type HookLibrary struct {
	Library    string          `json:"library"`
	Parameters *HookParameters `json:"parameters"`
	Unknown    Members
}

// HookParameters are a hook library's. Those of every other hook than HA's are in Unknown.
type HookParameters struct {
	HighAvailability []HAEntry `json:"high-availability"`
	Unknown          Members
}

// HAEntry is one relationship of the HA hook.
type HAEntry struct {
	ThisServerName    string            `json:"this-server-name"`
	Mode              HAMode            `json:"mode"`
	HeartbeatDelay    int               `json:"heartbeat-delay"`    // milliseconds
	MaxResponseDelay  int               `json:"max-response-delay"` // milliseconds
	MaxAckDelay       int               `json:"max-ack-delay"`      // milliseconds
	MaxUnackedClients *int              `json:"max-unacked-clients"`
	SendLeaseUpdates  *bool             `json:"send-lease-updates"`
	SyncLeases        *bool             `json:"sync-leases"`
	RestrictCommands  *bool             `json:"restrict-commands"`
	MultiThreading    *HAMultiThreading `json:"multi-threading"`
	Peers             []HAPeerEntry     `json:"peers"`
	Unknown           Members
}

// HAMultiThreading is the HA hook's own listener.
type HAMultiThreading struct {
	Enable            *bool `json:"enable-multi-threading"`
	DedicatedListener *bool `json:"http-dedicated-listener"`
	ListenerThreads   *int  `json:"http-listener-threads"`
	ClientThreads     *int  `json:"http-client-threads"`
	Unknown           Members
}

// HAPeerEntry is a server of a relationship.
type HAPeerEntry struct {
	Name         string `json:"name"`
	URL          string `json:"url"`
	Role         HARole `json:"role"`
	AutoFailover *bool  `json:"auto-failover"`
	Unknown      Members
}
