package kea

// DatabaseAccess is how Kea reaches a database, for leases and for hosts alike. There is no field for a password: the
// ones we write go through libpq's own files.
type DatabaseAccess struct {
	Type              string `json:"type"`
	Host              string `json:"host"`
	Port              int    `json:"port"`
	Name              string `json:"name"` // memfile: the lease file
	User              string `json:"user"`
	ConnectTimeout    int    `json:"connect-timeout"`  // seconds
	TCPUserTimeout    int    `json:"tcp-user-timeout"` // seconds; PostgreSQL
	MaxReconnectTries int    `json:"max-reconnect-tries"`
	ReconnectWaitTime int    `json:"reconnect-wait-time"` // milliseconds
	OnFail            string `json:"on-fail"`
	RetryOnStartup    *bool  `json:"retry-on-startup"` // from 2.6
	ReadOnly          *bool  `json:"readonly"`
}

// LeaseDatabase is where leases live.
type LeaseDatabase struct {
	DatabaseAccess
	Persist      *bool `json:"persist"`        // memfile
	LFCInterval  *int  `json:"lfc-interval"`   // seconds between clean-ups; memfile
	MaxRowErrors int   `json:"max-row-errors"` // memfile
	Unknown      Members
}

// HostsDatabase is where reservations live, beside those in the configuration.
type HostsDatabase struct {
	DatabaseAccess
	Unknown Members
}
