package backup

import (
	"encoding/json"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// Verdict is how a verification of a backup ended. The annotation marks.AnnotationVerified holds the last one, without the
// VLANs.
type Verdict struct {
	Backup string    `json:"backup"`
	At     time.Time `json:"at"`
	OK     bool      `json:"ok"`
	By     string    `json:"by,omitempty"`
	Checks []Check   `json:"checks"`
	// RecoverySeconds is the time from the request for a cluster to the first login that can write.
	RecoverySeconds float64 `json:"recoverySeconds,omitempty"`
	// DataAgeSeconds is how old the backup's end was: what a restore of the backup alone would lose.
	DataAgeSeconds float64 `json:"dataAgeSeconds,omitempty"`
	// Newest is when a client was last seen, as far as the backup knows.
	Newest time.Time `json:"newest,omitzero"`
	// Leases are the valid ones at the time of the verification, Rows all.
	Leases int64 `json:"leases"`
	Rows   int64 `json:"rows"`
	// VLANs are the subnets with leases.
	VLANs []VLANCount `json:"vlans,omitempty"`
	// Next is the command that helps where the backup could not be restored.
	Next string `json:"next,omitempty"`
}

// Check is one thing that was looked at.
type Check struct {
	Name string `json:"name"` // recovery, login, schema, counters, duplicates, leases
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// VLANCount are the leases of one subnet in a verified backup.
type VLANCount struct {
	Service  string `json:"service"` // dhcp4, dhcp6
	VLAN     int    `json:"vlan,omitempty"`
	VLANName string `json:"vlanName,omitempty"`
	Subnet   string `json:"subnet,omitempty"` // "" for one that is not configured any more
	SubnetID uint32 `json:"subnetID"`
	Leases   int64  `json:"leases"` // valid ones
	Rows     int64  `json:"rows"`
}

// VerdictOf reads the verdict of a backup; nil when it was never verified, or nobody can read how that ended.
func VerdictOf(b cnpg.Backup) *Verdict {
	var v Verdict
	if json.Unmarshal([]byte(b.Verified), &v) != nil || v.At.IsZero() {
		return nil
	}
	return &v
}

// check adds what a look found.
func (v *Verdict) check(name string, ok bool, text string) {
	v.Checks = append(v.Checks, Check{name, ok, text})
	v.OK = v.OK && ok
}

// annotation is the verdict as the Backup keeps it.
func (v Verdict) annotation() (string, error) {
	v.VLANs = nil
	text, err := json.Marshal(v)
	return string(text), err
}
