package kea

import (
	"errors"
	"fmt"
)

// Config is a DHCP daemon's configuration, from its file or from config-get. A file gives what is written in it,
// config-get the same with Kea's defaults filled in. Kea's defaults are filled in here only where a field says so.
type Config struct {
	Service            Service
	Subnets            []Subnet // also those inside shared networks, in the order of the configuration
	LeaseDatabase      Database // Type is "memfile" when the configuration names none
	HostsDatabases     []Database
	ConfigDatabases    []Database // config-control
	ForensicDatabases  []Database // the legal log hook, when it writes to a database
	HA                 []HAConfig
	Hooks              []string // base names, as "libdhcp_ha.so", in the order of loading
	ControlSockets     []ControlSocket
	ServerTag          string
	Hash               string            // of config-get; "" from a file and in 2.2
	GlobalReservations []HostReservation // of the whole server, outside any subnet
	ValidLifetime      int               // seconds; 0: not said (Kea: 7200)

	// Includes lists the files that the configuration includes and that were not read: what they hold is missing here.
	Includes []Include
	// Skipped lists what could not be understood and was left out, as "subnet4[0].relay: not an IP address". It never
	// quotes the configuration.
	Skipped []string
	// Raw is the content of the Dhcp4 or Dhcp6 object: map[string]any, []any, string, bool, int64, float64, nil; a
	// Secret in every place that holds a password, and "<?include "FILE"?>" for an include.
	Raw map[string]any
}

// Include is a file that a configuration includes.
type Include struct {
	Path string // of the file, as written
	At   string // where: "lease-database.password"
}

// ParseError says where a configuration cannot be read. It never quotes the configuration, which may hold a password.
type ParseError struct {
	Line, Column int // from 1; Column counts bytes
	Reason       string
}

// Error returns the position and the reason.
func (e *ParseError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// ErrOtherConfig is returned when the text is readable and holds no configuration of the kind asked for.
var ErrOtherConfig = errors.New("not this kind of Kea configuration")
