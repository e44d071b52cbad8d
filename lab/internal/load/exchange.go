package load

import (
	"fmt"
	"net/netip"
	"time"
)

// exchange is one attempt of a client, from the first packet until its answers are no longer looked for.
type exchange struct {
	*attempt
	relay  *relay
	number int // of the client within its relay
	to     []endpoint
	secs   time.Duration
	xids   []uint32
	held   netip.Addr // the address being renewed
	taken  bool       // an offer was taken
	want   *want      // nil unless unanswered clients are retried
}

// watch is how long after the timeout late ACKs are still looked for.
const watch = 10 * time.Second

// begin starts an exchange of client number of the relay: a retry if again is set, else a new one.
func (e *engine) begin(r *relay, number int, again bool) {
	e.mu.Lock()
	t := e.config.Now()
	x := &exchange{relay: r, number: number, to: e.targets.of(r.family), secs: time.Duration(e.config.Secs) * time.Second}
	q := question{step: ask, client: e.client(r, number), relay: r.segment.relay(r.family), link: r.segment.Name}
	if lease, ok := r.leases[number]; ok && t.Before(lease.until) {
		q.step, q.addr, x.held = renew, lease.addr, lease.addr
	}
	if again {
		x.attempt = e.recorder.retried(r.index, r.family, q.client, q.step == renew, t)
	} else {
		x.attempt = e.recorder.started(r.index, r.family, q.client, q.step == renew, t)
	}
	if e.config.RetryUnanswered {
		x.want = e.wanted(r, number, t)
		x.secs += t.Sub(x.want.since)
	}
	q.secs, q.xid = x.secs, r.expect(x)
	e.sent = append(e.sent, x)
	e.mu.Unlock()
	e.send(r, q, x.to)
}

// client returns who client number of a relay is: the same client in both families, and another one in every segment.
func (e *engine) client(r *relay, number int) clientID {
	return identity(e.config.Seed, uint64(number)*uint64(len(e.config.Segments))+uint64(r.group.number))
}

func (e *engine) send(r *relay, q question, to []endpoint) {
	failed := r.send(r.codec.encode(q), to)
	if len(failed) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, kind := range failed {
		e.errors.add(kind)
	}
}

// receive takes a packet that arrived at a relay.
func (e *engine) receive(r *relay, packet []byte, from netip.AddrPort, t time.Time) {
	a, err := r.codec.decode(packet)
	if err != nil {
		e.failed(fmt.Sprintf("malformed packet over %v", r.family))
		return
	}
	if q, to, ok := e.answered(r, a, from, t); ok {
		e.send(r, q, to)
	}
}

// answered moves the exchange on to which the answer belongs, and returns the question to put next, if any.
func (e *engine) answered(r *relay, a answer, from netip.AddrPort, t time.Time) (next question, to []endpoint, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	x := r.pending[a.xid]
	if x == nil {
		e.errors.add(fmt.Sprintf("answer over %v that no client waits for", r.family))
		return question{}, nil, false
	}
	asking := !x.taken && !x.held.IsValid()
	switch {
	case a.verdict == unasked:
		e.errors.add(a.why)
	case a.verdict == offered && asking && t.Sub(x.at) < e.config.Timeout:
		x.taken = true
		next = question{
			step: take, xid: a.xid, client: x.client, relay: r.segment.relay(r.family), link: r.segment.Name,
			secs: x.secs, addr: a.addr, server: a.server,
		}
		if r.codec.again {
			next.xid = r.expect(x)
		}
		return next, x.to, true
	case a.verdict == offered: // another server's offer, or one that came too late: the client is not interested
	case asking:
		e.errors.add(fmt.Sprintf("%v answer to a request that was not made", r.family))
	case a.verdict == granted:
		e.recorder.acked(x.attempt, a.addr, e.name(from), a.lease, t)
		if e.config.Renew {
			r.leases[x.number] = held{addr: a.addr, until: t.Add(a.lease)}
		}
		x.satisfied()
	case a.verdict == refused:
		e.recorder.nak(x.attempt, x.held, e.name(from))
		if x.held.IsValid() && r.leases[x.number].addr == x.held {
			delete(r.leases, x.number)
		}
		x.satisfied()
	}
	return question{}, nil, false
}

// forgetOld ends the wait for answers that are later than late.
func (e *engine) forgetOld(t time.Time) {
	n := 0
	for n < len(e.sent) && t.Sub(e.sent[n].at) >= e.config.Timeout+watch {
		e.sent[n].relay.forget(e.sent[n])
		e.sent[n] = nil
		n++
	}
	e.sent = e.sent[n:]
}
