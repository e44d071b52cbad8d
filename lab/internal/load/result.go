package load

import (
	"net/netip"
	"time"
)

// Result is what a run measured. Durations are nanoseconds in JSON.
type Result struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`  // when the last new exchanges had been started; answers were awaited a Timeout longer
	Rate  float64   `json:"rate"` // as configured, exchanges a second

	Figures                            // of the whole run
	Families          []FamilyFigures  `json:"families"`
	Segments          []SegmentFigures `json:"segments"` // one for every segment and family
	Servers           []ServerCounts   `json:"servers"`  // by name
	DuplicateExamples []Duplicate      `json:"duplicate_examples,omitempty"`
	Generator         Generator        `json:"generator"`
	// Held are the addresses that clients believe to have at the end, by address: only when asked for.
	Held   []Held         `json:"held,omitempty"`
	Errors map[string]int `json:"errors,omitempty"` // what went wrong here or was not understood, and how often
}

// Held is an address that was ACKed to a client for longer than the run.
type Held struct {
	Address netip.Addr `json:"address"`
	Client  string     `json:"client"` // MAC address
}

// Counts are numbers of exchanges. Every started exchange is either acked or lost in the end.
type Counts struct {
	Started      int `json:"started"`
	Renewals     int `json:"renewals"`      // of the started: renewals of a lease, the others asked anew
	Acked        int `json:"acked"`         // before the timeout
	Lost         int `json:"lost"`          // no ACK before the timeout, including the NAKed
	Late         int `json:"late"`          // of the lost: ACKed after the timeout (watched for up to 10 s, and not after the run)
	Naks         int `json:"naks"`          // exchanges with a NAK (v6: a REPLY without an address), whether ACKed by the other server or not
	AckedTwice   int `json:"acked_twice"`   // ACKed by two servers: both served the client
	Duplicates   int `json:"duplicates"`    // addresses ACKed to a client while another one's lease was valid
	Retries      int `json:"retries"`       // of unanswered clients, not counted as started
	RetriesAcked int `json:"retries_acked"` // of the retries
}

// Figures are counts, and the times that belong to them.
type Figures struct {
	Counts
	Silence Silence `json:"silence"`
	Latency Latency `json:"latency"`
}

// FamilyFigures are the figures of a family.
type FamilyFigures struct {
	Family Family `json:"family"`
	Figures
}

// SegmentFigures are the figures of a segment in a family. Their silence includes the pause between the segment's own
// exchanges, so it says little at low rates.
type SegmentFigures struct {
	Segment string `json:"segment"`
	VLAN    int    `json:"vlan"`
	Family  Family `json:"family"`
	Figures
}

// ServerCounts are the answers of a server, late ones and those of retries included. A server that is not configured is
// named by its address.
type ServerCounts struct {
	Name string `json:"name"`
	Acks int    `json:"acks"`
	Naks int    `json:"naks"`
}

// Generator tells whether the load itself kept its schedule. Late starts falsify the figures: the clients of the time in
// question came afterwards and in a bunch.
type Generator struct {
	LateStarts int           `json:"late_starts"` // more than 50 ms behind the schedule
	Worst      time.Duration `json:"worst_ns"`
}

// Snapshot is the state of a run that goes on.
type Snapshot struct {
	Elapsed time.Duration
	Counts
	SinceAck       time.Duration // since the last ACK, or the start
	LongestSilence time.Duration // until now
}

// LostPercent returns the lost exchanges in percent of the started, 0 if none was started.
func (c Counts) LostPercent() float64 {
	if c.Started == 0 {
		return 0
	}
	return 100 * float64(c.Lost) / float64(c.Started)
}
