package backup

import (
	"encoding/json"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// Verdict is how the last verification of a backup ended, as the annotation kube.AnnotationVerified holds it.
type Verdict struct {
	At time.Time `json:"at"`
	OK bool      `json:"ok"`
}

// VerdictOf reads the verdict of a backup; nil when it was never verified, or nobody can read how that ended.
func VerdictOf(b cnpg.Backup) *Verdict {
	var v Verdict
	if json.Unmarshal([]byte(b.Verified), &v) != nil || v.At.IsZero() {
		return nil
	}
	return &v
}
