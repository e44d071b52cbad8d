package probe

import (
	"bufio"
	"bytes"
	"context"
	_ "embed" // for the lines that run in the pod
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// relayProgram passes datagrams on. It is all that runs in the pod.
//
//go:embed relay.pl
var relayProgram string

// Pods runs commands in containers; *kube.Client does.
type Pods interface {
	Exec(ctx context.Context, namespace, pod, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error
}

// ErrNoPerl: the image has no perl.
var ErrNoPerl = errors.New("the image of the probe's pod has no perl")

// heard is a line of the relay.
type heard struct {
	what   string // "sent", "failed", "received"
	number int    // of what was sent
	at     time.Duration
	packet []byte
	reason string
}

// parseHeard understands a line of the relay.
func parseHeard(line string) (heard, error) {
	what, rest, _ := strings.Cut(line, " ")
	first, second, _ := strings.Cut(rest, " ")
	h := heard{what: what}
	number, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return h, fmt.Errorf("the relay said %q", line)
	}
	switch what {
	case "sent":
		h.number = int(number)
		number, err = strconv.ParseInt(second, 10, 64)
		h.at = time.Duration(number) * time.Microsecond
	case "failed":
		h.number, h.reason = int(number), second
	case "received":
		h.at = time.Duration(number) * time.Microsecond
		h.packet, err = hex.DecodeString(second)
	default:
		err = errors.New("it is none of its words")
	}
	if err != nil {
		return h, fmt.Errorf("the relay said %q: %w", line, err)
	}
	return h, nil
}

// relay is the running relay.
type relay struct {
	input io.WriteCloser
	heard chan heard
	ended chan error // why it ended, once
}

// startRelay starts the relay in the pod. It ends with its input, or with the context. Permission: create pods/exec.
func startRelay(ctx context.Context, pods Pods, namespace string, p pod) *relay {
	stdin, input := io.Pipe()
	output, stdout := io.Pipe()
	r := &relay{input: input, heard: make(chan heard, 64), ended: make(chan error, 1)}
	var errs bytes.Buffer
	go func() {
		err := pods.Exec(ctx, namespace, p.name, container, []string{"perl", "-e", relayProgram}, stdin, stdout, &errs)
		if err != nil && strings.Contains(err.Error(), "executable file not found") {
			err = ErrNoPerl
		} else if text := strings.TrimSpace(errs.String()); err != nil && text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		_ = stdin.CloseWithError(io.ErrClosedPipe)
		_ = stdout.Close()
		r.ended <- err
	}()
	go func() {
		defer close(r.heard)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			h, err := parseHeard(lines.Text())
			if err != nil {
				continue // a line of somebody else's, as of a shell's greeting
			}
			select {
			case r.heard <- h:
			case <-ctx.Done():
				return
			}
		}
	}()
	return r
}

// send has the relay send a packet.
func (r *relay) send(number int, to netip.AddrPort, packet []byte) error {
	_, err := fmt.Fprintf(r.input, "%d %s %d %x\n", number, to.Addr(), to.Port(), packet)
	return err
}
