package probe

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os/exec"
	"testing"
	"time"
)

// here runs the relay on this machine.
type here struct{ perl string }

func (h here) Exec(ctx context.Context, _, _, _ string, command []string, stdin io.Reader, stdout, stderr io.Writer) error {
	c := exec.CommandContext(ctx, h.perl, command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = stdin, stdout, stderr
	c.WaitDelay = time.Second
	return c.Run()
}

// The lines that run in the pod, against real sockets of both families.
func TestRelayPassesDatagramsOn(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skip("perl is not installed here; these are the lines that it runs in the pod")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r := startRelay(ctx, here{perl}, "", pod{})
	next := func() heard {
		select {
		case h := <-r.heard:
			return h
		case <-ctx.Done():
			t.Fatal("the relay says nothing")
			return heard{}
		}
	}
	for number, address := range []string{"127.0.0.1", "::1"} {
		server, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(address), 0)))
		if err != nil {
			t.Skipf("no %s here: %v", address, err)
		}
		defer server.Close()
		if err := r.send(number, server.LocalAddr().(*net.UDPAddr).AddrPort(), []byte("\x01\x00question")); err != nil {
			t.Fatal(err)
		}
		sent := next()
		if sent.what != "sent" || sent.number != number {
			t.Fatalf("got %+v, want sent %d", sent, number)
		}
		buffer := make([]byte, 100)
		n, from, err := server.ReadFromUDPAddrPort(buffer)
		if err != nil || string(buffer[:n]) != "\x01\x00question" {
			t.Fatalf("the server got %q, %v", buffer[:n], err)
		}
		if _, err := server.WriteToUDPAddrPort([]byte("\x02answer\n"), from); err != nil {
			t.Fatal(err)
		}
		if h := next(); h.what != "received" || string(h.packet) != "\x02answer\n" || h.at < sent.at {
			t.Errorf("got %+v", h)
		}
	}
	if err := r.send(7, netip.MustParseAddrPort("255.255.255.255:67"), []byte("x")); err != nil {
		t.Fatal(err)
	}
	if h := next(); h.what != "failed" || h.number != 7 || h.reason == "" {
		t.Errorf("a broadcast was sent: %+v", h)
	}
	_ = r.input.Close()
	if err := <-r.ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestParseHeard(t *testing.T) {
	for line, want := range map[string]heard{
		"sent 3 1500":                         {what: "sent", number: 3, at: 1500 * time.Microsecond},
		"failed 3 No route to host":           {what: "failed", number: 3, reason: "No route to host"},
		"received 2500 0aff":                  {what: "received", at: 2500 * time.Microsecond, packet: []byte{10, 255}},
		"received 2500 0af":                   {},
		"sent x 1":                            {},
		"perl: warning: Setting locale 1 2 3": {},
		"":                                    {},
	} {
		got, err := parseHeard(line)
		if (want.what == "") != (err != nil) {
			t.Errorf("%q: %v", line, err)
		}
		if err == nil && (got.what != want.what || got.number != want.number || got.at != want.at || got.reason != want.reason || string(got.packet) != string(want.packet)) {
			t.Errorf("%q: got %+v, want %+v", line, got, want)
		}
	}
}
