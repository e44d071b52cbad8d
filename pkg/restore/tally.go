package restore

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// MoveReport is what a cutover or a rollback did.
type MoveReport struct {
	Direction Direction `json:"direction"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	// PauseSeconds is how long no server answered.
	PauseSeconds float64 `json:"pauseSeconds"`
	// Carried are the leases by VLAN: without a row in the new database, with an older one, extended.
	Carried []Carried `json:"carried"`
	// Extended are the leases that a guard extended.
	Extended int64 `json:"guarded,omitempty"`
	// Events of the history that came along; HistoryGap says why it is not complete across the move.
	Events     int64  `json:"historyEvents"`
	HistoryGap string `json:"historyGap,omitempty"`
	Sessions   int    `json:"sessionsEnded"`
	Fenced     bool   `json:"fenced"`
	Backups    string `json:"backups,omitempty"`
	// Proof is what clients would get now; nil when nobody could ask.
	Proof *Proof `json:"proof,omitempty"`
}

// Carried is what became of a subnet's leases.
type Carried struct {
	Loss
	New      int64 `json:"new"`
	Newer    int64 `json:"newer"`
	Extended int64 `json:"extended"`
}

// tally adds up what was carried, call after call.
type tally struct {
	catalog *leases.Catalog
	counts  map[subnetKey]*keadb.CarriedCount
	events  int64
	gap     string
}

type subnetKey struct {
	family keadb.Family
	id     uint32
}

func newTally(catalog *leases.Catalog) *tally {
	return &tally{catalog: catalog, counts: map[subnetKey]*keadb.CarriedCount{}}
}

// add adds one call, and says what it brought.
func (t *tally) add(c keadb.Carried) string {
	var fresh, newer, extended int64
	for _, n := range c.Counts {
		k := subnetKey{n.Family, n.SubnetID}
		if t.counts[k] == nil {
			t.counts[k] = &keadb.CarriedCount{Family: n.Family, SubnetID: n.SubnetID}
		}
		t.counts[k].New += n.New
		t.counts[k].Newer += n.Newer
		t.counts[k].Extended += n.Extended
		fresh, newer, extended = fresh+n.New, newer+n.Newer, extended+n.Extended
	}
	t.events += c.Events
	if c.HistoryGap != "" {
		t.gap = c.HistoryGap
	}
	text := fmt.Sprintf("%d new, %d newer", fresh, newer)
	if extended > 0 {
		text += fmt.Sprintf(", %d extended", extended)
	}
	if c.Events > 0 {
		text += fmt.Sprintf(", %d events of the history", c.Events)
	}
	return text
}

// carried is the sum by subnet, in the catalog's order as far as VLANs go.
func (t *tally) carried() []Carried {
	found := []Carried{}
	for _, n := range t.counts {
		found = append(found, Carried{
			Loss: lossOf(t.catalog, n.Family, n.SubnetID, n.New+n.Newer+n.Extended), New: n.New, Newer: n.Newer, Extended: n.Extended,
		})
	}
	slices.SortFunc(found, func(a, b Carried) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.VLAN, b.VLAN), cmp.Compare(a.SubnetID, b.SubnetID))
	})
	return found
}

// report is what the move did, as far as it came.
func (m *move) report() MoveReport {
	return MoveReport{
		Direction: m.p.Direction, From: m.p.From, To: m.p.To, PauseSeconds: m.pause.Seconds(), Carried: m.counts.carried(),
		Extended: m.guarded, Events: m.counts.events, HistoryGap: m.counts.gap, Sessions: m.sessions, Fenced: m.fenced, Backups: m.backups,
		Proof: m.proof,
	}
}
