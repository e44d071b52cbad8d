package load

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// relay is the socket of a segment in a family, with the clients behind it. Its maps belong to the engine's lock.
type relay struct {
	group
	index int // in the configuration's groups
	codec codec
	conn  *net.UDPConn

	xid     uint32
	pending map[uint32]*exchange // by transaction id
	leases  map[int]held         // by client number, if clients renew
	wants   map[int]*want        // unanswered clients by number, if they are retried
}

// held is the lease that a client has.
type held struct {
	addr  netip.Addr
	until time.Time
}

// receiveBuffer holds the answers of about a second, should this process be slow to read; the kernel may give less.
const receiveBuffer = 1 << 20

// listen opens the socket of a relay. The relay's address must be on an interface.
func listen(g group, index int, port uint16, firstXid uint32) (*relay, error) {
	at := netip.AddrPortFrom(g.segment.relay(g.family), port)
	conn, err := net.ListenUDP(fmt.Sprintf("udp%d", g.family), net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("open %v relay of segment %s: %w", g.family, g.segment.Name, err)
	}
	_ = conn.SetReadBuffer(receiveBuffer) // only a precaution
	return &relay{
		group: g, index: index, codec: codecOf(g.family), conn: conn,
		xid: firstXid, pending: map[uint32]*exchange{}, leases: map[int]held{}, wants: map[int]*want{},
	}, nil
}

// expect gives the exchange a transaction id that no other one has.
func (r *relay) expect(x *exchange) uint32 {
	for {
		r.xid = (r.xid + 1) & r.codec.xids
		if _, used := r.pending[r.xid]; !used {
			r.pending[r.xid] = x
			x.xids = append(x.xids, r.xid)
			return r.xid
		}
	}
}

// forget ends the wait for answers to the exchange.
func (r *relay) forget(x *exchange) {
	for _, xid := range x.xids {
		delete(r.pending, xid)
	}
}

// send sends the packet to all the servers and returns the kinds of errors that happened.
func (r *relay) send(packet []byte, to []endpoint) (failed []string) {
	if len(to) == 0 {
		return []string{fmt.Sprintf("no server has a %v address", r.family)}
	}
	for _, server := range to {
		if _, err := r.conn.WriteToUDPAddrPort(packet, server.addr); err != nil {
			failed = append(failed, fmt.Sprintf("send to %s over %v: %s", server.name, r.family, cause(err)))
		}
	}
	return failed
}

// read hands every packet with the instant of its arrival to the function, until the socket is closed.
func (r *relay) read(now func() time.Time, handle func(packet []byte, from netip.AddrPort, t time.Time), failed func(kind string)) {
	buffer := make([]byte, 1<<16)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buffer)
		t := now()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			failed(fmt.Sprintf("receive over %v: %s", r.family, cause(err)))
			time.Sleep(10 * time.Millisecond) // an error that stays must not spin
		default:
			handle(buffer[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), t)
		}
	}
}

// cause shortens a socket's error to the system's word for it, so that equal causes are counted together.
func cause(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}
