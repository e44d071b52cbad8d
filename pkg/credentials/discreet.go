package credentials

import (
	"encoding/base64"
	"errors"
	"strings"
)

// errRepeats stands for an answer that is not shown.
var errRepeats = errors.New("the cluster refused it, and its answer repeats what is secret, so it is not shown")

// discreet is an error over the writing of a Secret without what is secret: an admission webhook may say anything, the
// whole object too. It unwraps to nothing then.
func discreet(err error, all ...map[string][]byte) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, data := range all {
		for _, value := range data {
			for _, form := range []string{string(value), base64.StdEncoding.EncodeToString(value), strings.TrimSpace(string(value))} {
				if len(form) >= minPassword && strings.Contains(text, form) {
					return errRepeats
				}
			}
		}
	}
	return err
}
