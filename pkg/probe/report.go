package probe

import (
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Report is what a probe found.
type Report struct {
	Namespace string    `json:"namespace"`
	Time      time.Time `json:"time"`
	// Full: a lease was taken and given back, not only offered.
	Full bool `json:"full"`
	// Worst is the severity of the worst problem; "" when there is none.
	Worst    problem.Severity  `json:"worst,omitempty"`
	Links    []LinkReport      `json:"links"`
	Problems []problem.Problem `json:"problems"`
	Unread   []problem.Unread  `json:"unread"`
}

// LinkReport is how clients of one network fare.
type LinkReport struct {
	Service  kea.Service `json:"service"`
	VLAN     int         `json:"vlan,omitempty"`
	VLANName string      `json:"vlanName,omitempty"`
	Subnets  []string    `json:"subnets"`
	// Clients is how many clients were played, Answered how many of them some server answered.
	Clients  int            `json:"clients"`
	Answered int            `json:"answered"`
	Servers  []ServerReport `json:"servers"`
}

// Outcome is what a server did.
type Outcome string

// The outcomes. Silence is right where another server is to answer.
const (
	Offered   Outcome = "offer"    // it offered an address (v6: advertised one)
	Granted   Outcome = "ack"      // and gave it
	Refused   Outcome = "refused"  // it answered, and gave none
	Silent    Outcome = "silent"   // it did not answer
	Unreached Outcome = "not sent" // the packet could not be sent
)

// ServerReport is what one server did.
type ServerReport struct {
	Server string      `json:"server"`
	Role   kea.HARole  `json:"role,omitempty"`
	State  kea.HAState `json:"state,omitempty"`
	// Serves: it was to answer clients, by its HA state and its health. Nil: not known.
	Serves  *bool   `json:"serves,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Why says why there is no address, or why the silence is right.
	Why string `json:"why,omitempty"`
	// Clients is how many of the clients it answered.
	Clients int    `json:"clients"`
	Address string `json:"address,omitempty"` // of the first; a delegated prefix with its length
	// Milliseconds is how long the first answer took, from the pod and back.
	Milliseconds *float64 `json:"milliseconds,omitempty"`
	LeaseSeconds int      `json:"leaseSeconds,omitempty"`
	// AckMilliseconds is how long the lease took, of a full probe.
	AckMilliseconds *float64 `json:"ackMilliseconds,omitempty"`
	// Released: the lease was given back, and the server has it no more. Nil: no lease was taken, or it is not known.
	Released *bool `json:"released,omitempty"`
}
