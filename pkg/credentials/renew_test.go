package credentials

import (
	"net/netip"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// The busiest session counts, and only those of the pod.
func TestQuiet(t *testing.T) {
	own, other := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	session := func(from netip.Addr, quiet time.Duration) keadb.RoleSession {
		return keadb.RoleSession{ClientAddr: from, Quiet: quiet}
	}
	for name, tt := range map[string]struct {
		sessions []keadb.RoleSession
		want     time.Duration
	}{
		"none":            {nil, drained},
		"all quiet":       {[]keadb.RoleSession{session(own, time.Hour), session(own, drained)}, drained},
		"one just worked": {[]keadb.RoleSession{session(own, time.Hour), session(own, time.Millisecond)}, time.Millisecond},
		"one works":       {[]keadb.RoleSession{session(own, 0), session(own, time.Hour)}, 0},
		"another's works": {[]keadb.RoleSession{session(own, time.Hour), session(other, 0)}, drained},
	} {
		if got := quiet(tt.sessions, []netip.Addr{own}); got != tt.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}
