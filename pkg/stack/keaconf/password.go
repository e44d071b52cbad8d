package keaconf

import (
	"errors"
	"fmt"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// ErrPassword is returned for a configuration that would hold a password: it lies in a ConfigMap, for many to read.
var ErrPassword = errors.New("a password in Kea's configuration")

// finish writes a document out, unless there is a password in it. One included from a file is fine.
func finish(d kea.Document) ([]byte, error) {
	text, err := d.Encode()
	if err != nil {
		return nil, err
	}
	raw, err := readBack(d, text)
	if err != nil {
		return nil, fmt.Errorf("reading what was written: %w", err)
	}
	if found := kea.Passwords(raw); len(found) > 0 {
		return nil, fmt.Errorf("%w: %s", ErrPassword, found[0])
	}
	return text, nil
}

func readBack(d kea.Document, text []byte) (map[string]any, error) {
	if d.Agent != nil {
		a, err := kea.ParseAgentConfig(text)
		return a.Raw, err
	}
	c, err := kea.ParseConfig(text)
	return c.Raw, err
}
