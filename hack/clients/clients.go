// Package clients runs the lab's DHCP clients beside something that is measured or tested, and says what they saw.
package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Seen is what the clients saw.
type Seen struct {
	Started    int `json:"started"` // exchanges
	Lost       int `json:"lost"`    // of the started: no ACK within a second
	Naks       int `json:"naks"`
	Duplicates int `json:"duplicates"` // addresses ACKed to a client while another one's lease was valid
	Silence    struct {
		Longest time.Duration `json:"longest_ns"`
	} `json:"silence"`
	Held []Held `json:"held"` // only with -held
}

// Held is an address that a client believes to have at the end.
type Held struct {
	Address string `json:"address"`
	Client  string `json:"client"` // MAC address
}

// Run are clients that ask.
type Run struct {
	cmd      *exec.Cmd
	out, err bytes.Buffer
}

// Command is the lab's driver with clients in a scenario. When ctx ends, they are told to end with what they saw.
func Command(ctx context.Context, lab string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, lab, append(append([]string{"load"}, args...), "-o", "json")...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}

// Start has clients begin.
func Start(cmd *exec.Cmd) (*Run, error) {
	r := &Run{cmd: cmd}
	cmd.Stdout, cmd.Stderr = &r.out, &r.err
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the clients: %w", err)
	}
	return r, nil
}

// Stop has them end before their time, with what they saw.
func (r *Run) Stop() { _ = r.cmd.Process.Signal(os.Interrupt) }

// Over reports whether their end was awaited.
func (r *Run) Over() bool { return r.cmd.ProcessState != nil }

// Wait waits for their end. The error has the clients' own words.
func (r *Run) Wait() (Seen, error) {
	var seen Seen
	err := r.cmd.Wait()
	if err == nil {
		err = json.Unmarshal(r.out.Bytes(), &seen)
	}
	if err != nil {
		return Seen{}, fmt.Errorf("the clients: %w\n%s%s", err, r.out.String(), r.err.String())
	}
	return seen, nil
}

// Longest is for how long clients ask that are stopped when something has ended.
const Longest = "10m"

// Around has clients ask for as long as something takes, from a time before it to a time after it.
func Around(ctx context.Context, lab string, before, after time.Duration, during func() error, args ...string) (Seen, error) {
	r, err := Start(Command(ctx, lab, append(args, "-duration", Longest)...))
	if err != nil {
		return Seen{}, err
	}
	return r.Around(before, after, during)
}

// Around is the function's part after the start, for clients that were started otherwise.
func (r *Run) Around(before, after time.Duration, during func() error) (Seen, error) {
	time.Sleep(before)
	err := during()
	time.Sleep(after)
	r.Stop()
	seen, failed := r.Wait()
	return seen, errors.Join(err, failed)
}
