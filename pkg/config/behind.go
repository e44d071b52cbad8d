package config

import (
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Behind says how far what a server runs is from its file; "" when it runs it, as far as one can tell. What the file no
// longer says cannot be told from Kea's defaults, so a file that is younger than the daemon's last load counts too.
func Behind(file *kea.Config, o ha.Observation, changed time.Time) string {
	if file == nil || o.Config == nil {
		return ""
	}
	differences := kea.DiffFile(*file, *o.Config)
	switch n := len(differences); {
	case n == 1:
		return fmt.Sprintf("runs an older configuration: %s is %s, the file says %s", differences[0].Path, or(differences[0].B), or(differences[0].A))
	case n > 1:
		return fmt.Sprintf("runs an older configuration: %d differences, the first at %s", n, differences[0].Path)
	case o.Status != nil && changed.After(loadedAt(o)):
		return "its file is younger than what it runs"
	}
	return ""
}

// loadedAt is when a daemon last loaded its configuration, by the cluster's clock: the container's start, and how long
// after it the daemon says that it was.
func loadedAt(o ha.Observation) time.Time {
	return o.Server.State.Started.Add(o.Status.Uptime - o.Status.Reload + time.Second)
}

func or(text string) string {
	if text == "" {
		return "not set"
	}
	return text
}
