package cluster

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// Bridge serves the listener given as file descriptor 3 (made in the host's network namespace) by connections to
// address in this process's own. It is the only way between the two.
func Bridge(address string) error {
	listener, err := net.FileListener(os.NewFile(3, "host listener"))
	if err != nil {
		return fmt.Errorf("take the host's listener: %w", err)
	}
	for {
		outer, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer outer.Close()
			inner, err := net.Dial("tcp", address)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			defer inner.Close()
			go func() {
				_, _ = io.Copy(inner, outer)
				_ = inner.(*net.TCPConn).CloseWrite()
			}()
			_, _ = io.Copy(outer, inner)
		}()
	}
}
