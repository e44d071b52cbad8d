package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Lock keeps a second `lab up` or `lab down` waiting until the first is done: each of two at once would start a holder of
// its own. The lock ends with the process.
func (p Paths) Lock(ctx context.Context, say io.Writer) (unlock func(), err error) {
	if err := os.MkdirAll(p.Cache, 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(p.Cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for said := false; ; said = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", file.Name(), err)
		}
		if !said {
			other, _ := os.ReadFile(file.Name())
			fmt.Fprintf(say, "waiting for another lab command to end (pid %s)\n", strings.TrimSpace(string(other)))
		}
		select {
		case <-ctx.Done():
			_ = file.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	if err := file.Truncate(0); err == nil {
		_, _ = fmt.Fprintln(file, os.Getpid()) // only for the message above
	}
	return func() { _ = file.Close() }, nil
}
