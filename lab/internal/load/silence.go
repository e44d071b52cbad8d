package load

import "time"

// Silence is the longest time in which no client got an ACK, and when it was. The start and the end of the run count as
// its edges. Late ACKs and those of retries end a silence, too: they show that a server served.
type Silence struct {
	Longest time.Duration `json:"longest_ns"`
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
}

// hush finds the longest silence.
type hush struct {
	last    time.Time
	longest Silence
}

func newHush(start time.Time) hush {
	return hush{last: start, longest: Silence{From: start, To: start}}
}

// heard takes the instant of an ACK. Instants before the last one change nothing: two sockets may report out of order.
func (h *hush) heard(t time.Time) {
	if !t.After(h.last) {
		return
	}
	h.longest = h.until(t)
	h.last = t
}

// until returns the longest silence if the run ended at t. Of two equally long ones the first counts.
func (h *hush) until(t time.Time) Silence {
	if gap := t.Sub(h.last); gap > h.longest.Longest {
		return Silence{Longest: gap, From: h.last, To: t}
	}
	return h.longest
}
