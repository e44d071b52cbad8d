package rollout

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// trialTime is how long a daemon's parser may take: a second, and many on a machine that is busy.
const trialTime = time.Minute

// refusedError is what Kea has against a configuration.
type refusedError struct{ said string }

func (e *refusedError) Error() string { return e.said }

// trial has Kea read a configuration in the very container that is to run it: with its comments, its includes and its hook
// libraries, but without a login to its databases. The text goes through the standard input and lands on no disk.
// Permission: create pods/exec.
func trial(ctx context.Context, pods Pods, namespace string, f File, text kea.Secret) error {
	ctx, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	var out, said bytes.Buffer
	command := []string{"kea-" + string(f.Service), "-t", "/dev/stdin"}
	err := pods.Exec(ctx, namespace, f.Pod, f.Container, command, strings.NewReader(text.Reveal()), &out, &said)
	if err == nil {
		return nil
	}
	if words := refusal(out.String()+said.String(), text); words != "" {
		return &refusedError{words}
	}
	return err
}

// refusal are Kea's own words about a text, in what its parser wrote; "" for none. They may quote the text near the mistake, so
// what is secret in it is taken out.
func refusal(written string, text kea.Secret) string {
	config, _ := kea.ParseConfig([]byte(text.Reveal())) // a text that cannot be read is not tried
	for line := range strings.Lines(written) {
		for _, begin := range []string{"Error encountered: ", "Syntax check failed with: "} {
			if _, words, ok := strings.Cut(line, begin); ok {
				words = place().ReplaceAllString(strings.TrimSpace(words), "line $1, column $2")
				return kea.ParseLogLine(words, kea.Secrets(config.Raw)...).Text
			}
		}
	}
	return ""
}

// place is how Kea names a place of the file that it reads.
func place() *regexp.Regexp { return regexp.MustCompile(`/dev/stdin:(\d+)[.:](\d+)(?:-[\d.]+)?`) }
