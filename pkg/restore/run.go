package restore

import (
	"context"
	"errors"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// Report is what a restore did.
type Report struct {
	Name   string `json:"name"`
	Target Wanted `json:"target"`
	// ReplayedToEnd: nothing was committed after the target, so that all of the archive was replayed, which is the same.
	ReplayedToEnd bool             `json:"replayedToEnd,omitempty"`
	Took          time.Duration    `json:"-"`
	Seconds       float64          `json:"seconds"`
	Timeline      int              `json:"timeline"`
	Inspection    keadb.Inspection `json:"-"`
	Cutover       *CutoverReport   `json:"cutover,omitempty"`
}

// CutoverReport is what a cutover or a rollback did.
type CutoverReport struct{}

// Run does what a plan says: recovers into the new cluster and verifies it. It does not touch what is in service.
// Errors: *operation.StepError, *operation.HeldError.
func Run(ctx context.Context, src Source, p Plan, lock operation.Options, progress operation.Progress) (Report, error) {
	return Report{}, errors.ErrUnsupported
}
