package kea

// HAState is the state of an HA state machine, in Kea's own words.
type HAState string

// Every state a server can report of itself, and the two it can report of its partner only.
const (
	StateBackup                HAState = "backup"
	StateCommunicationRecovery HAState = "communication-recovery"
	StateHotStandby            HAState = "hot-standby"
	StateLoadBalancing         HAState = "load-balancing"
	StateInMaintenance         HAState = "in-maintenance"
	StatePartnerDown           HAState = "partner-down"
	StatePartnerInMaintenance  HAState = "partner-in-maintenance"
	StatePassiveBackup         HAState = "passive-backup"
	StateReady                 HAState = "ready"
	StateSyncing               HAState = "syncing"
	StateTerminated            HAState = "terminated"
	StateWaiting               HAState = "waiting"

	StateUnavailable HAState = "unavailable" // of a partner: it does not answer
	StateUnknown     HAState = ""            // of a partner: never contacted since start
)

// HARole is a server's part in an HA relationship.
type HARole string

// The roles. Hot-standby has a primary and a standby, load-balancing a primary and a secondary.
const (
	RolePrimary   HARole = "primary"
	RoleSecondary HARole = "secondary"
	RoleStandby   HARole = "standby"
	RoleBackup    HARole = "backup"
)

// HAMode is the way in which the servers of a relationship share the work.
type HAMode string

// The modes.
const (
	ModeHotStandby    HAMode = "hot-standby"
	ModeLoadBalancing HAMode = "load-balancing"
	ModePassiveBackup HAMode = "passive-backup"
)
