package stack

import (
	"encoding/base64"
	"errors"
	"strings"
)

// errRepeats stands for an answer that is not shown.
var errRepeats = errors.New("the cluster refused it, and its answer repeats what is secret, so it is not shown")

// discreet is an error over the writing of a Secret without what is secret: an admission webhook may say anything, the
// whole object too.
func discreet(err error, data map[string][]byte) error {
	text := err.Error()
	for key, value := range data {
		if key == keyUsername || key == keyCACert {
			continue
		}
		if strings.Contains(text, base64.StdEncoding.EncodeToString(value)) {
			return errRepeats
		}
		for line := range strings.Lines(string(value)) {
			line = strings.TrimSpace(line)
			if len(line) > 12 && !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
				return errRepeats
			}
		}
	}
	return err
}
