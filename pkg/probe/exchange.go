package probe

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

const (
	// pace is the time between two packets: Kea with PostgreSQL answers some hundreds a second, and clients come first.
	pace = 8 * time.Millisecond
	// grace is how long a second server may take to answer once the first has.
	grace = 250 * time.Millisecond
)

// ask is a question to one server, with what became of it.
type ask struct {
	link    int // in the exchange's links
	server  inventory.Server
	to      netip.AddrPort
	service kea.Service
	must    bool // this server is the one to answer
	question

	number  int
	sent    *time.Duration // by the pod's clock
	failure string         // why it could not be sent
	reply   *reply
	took    time.Duration
}

func (a *ask) over() bool { return a.reply != nil || a.failure != "" }

// exchange sends questions through the relay and gathers the answers.
type exchange struct {
	relay *relay
	wait  time.Duration // for an answer, before a packet is sent once more and again before it is given up
	xid   uint32
	asks  []*ask // by number
	last  time.Time
}

// errGone: the relay ended before its work was done.
var errGone = errors.New("the probe's pod ended too early")

// talk asks, and returns when all is settled, or when there was no answer twice.
func (x *exchange) talk(ctx context.Context, asks []*ask, settled func(since time.Duration) bool) error {
	for _, a := range asks {
		x.xid = (x.xid + 1) & 0xffffff
		a.xid, a.number = x.xid, len(x.asks)
		x.asks = append(x.asks, a)
	}
	queue := slices.DeleteFunc(slices.Clone(asks), (*ask).over)
	pending, again := len(queue), true
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case h, ok := <-x.relay.heard:
			if !ok {
				return x.gone()
			}
			if x.hear(h) {
				pending--
			}
		case <-ticker.C:
			if len(queue) > 0 {
				a := queue[0]
				queue = queue[1:]
				if err := x.relay.send(a.number, a.to, encode(a.service, a.question)); err != nil {
					return x.gone()
				}
				continue
			}
			since := time.Since(x.last)
			switch {
			case pending > 0:
			case settled(since):
				return nil
			case since < x.wait:
			case !again:
				return nil
			default:
				again = false
				queue = slices.DeleteFunc(slices.Clone(asks), (*ask).over)
				pending = len(queue)
			}
		}
	}
}

// gone says why the relay has ended.
func (x *exchange) gone() error {
	if err := <-x.relay.ended; err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return errGone
}

// hear notes a line of the relay, and reports whether a packet has left.
func (x *exchange) hear(h heard) (left bool) {
	switch h.what {
	case "sent", "failed":
		if h.number < 0 || h.number >= len(x.asks) {
			return false
		}
		a := x.asks[h.number]
		x.last = time.Now()
		if h.what == "failed" {
			a.failure = h.reason
		} else if a.sent == nil {
			a.sent = &h.at
		}
		return true
	case "received":
		x.receive(h)
	}
	return false
}

// receive gives an answer to its question. Servers that share a relay's address may answer questions of somebody else.
func (x *exchange) receive(h heard) {
	r, err := decode(serviceOf(h.packet), h.packet)
	if err != nil {
		return
	}
	for _, a := range x.asks {
		if a.xid == r.xid && a.sent != nil && a.reply == nil {
			a.reply, a.took = &r, h.at-*a.sent
			return
		}
	}
}

// serviceOf tells the families apart: a relay-reply is 13, a BOOTREPLY 2.
func serviceOf(packet []byte) kea.Service {
	if len(packet) > 0 && packet[0] == 13 {
		return kea.DHCP6
	}
	return kea.DHCP4
}

// offered reports whether all networks have what can be expected: an answer of every server that is to answer, and of one
// at least. The others get a moment, because a second answer would be wrong.
func offered(asks []*ask) func(time.Duration) bool {
	return func(since time.Duration) bool {
		open, answered, missing := map[int]bool{}, map[int]bool{}, map[int]bool{}
		for _, a := range asks {
			open[a.link] = open[a.link] || !a.over()
			answered[a.link] = answered[a.link] || a.reply != nil
			missing[a.link] = missing[a.link] || (a.must && !a.over())
		}
		for link := range open {
			if open[link] && (!answered[link] || missing[link] || since < grace) {
				return false
			}
		}
		return true
	}
}

// allOver reports whether every question has an answer.
func allOver(asks []*ask) func(time.Duration) bool {
	return func(time.Duration) bool { return !slices.ContainsFunc(asks, func(a *ask) bool { return !a.over() }) }
}

// sentOff is enough where no answer comes: DHCPv4 confirms no release.
func sentOff(asks []*ask) func(time.Duration) bool {
	six := slices.DeleteFunc(slices.Clone(asks), func(a *ask) bool { return a.service == kea.DHCP4 })
	return func(since time.Duration) bool { return allOver(six)(since) && since >= grace }
}
