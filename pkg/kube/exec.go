package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"
)

// Exec runs a command in a container. stdin, stdout and stderr may be nil. A command that ran and failed is
// *ExitError. Neither errors nor observations name more of the command than its first word: secrets still do not belong
// into its arguments, which others in the container can see; pass them by stdin.
// Permission: create pods/exec.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(command) == 0 {
		return errors.New("exec: no command")
	}
	start := time.Now()
	out, stopOut := stopped(stdout)
	errs, stopErrs := stopped(stderr)
	err := c.exec(ctx, namespace, pod, container, command, remotecommand.StreamOptions{Stdin: stdin, Stdout: out, Stderr: errs})
	stopOut()
	stopErrs()
	call := Call{Verb: "exec", What: namespace + "/" + pod + "/" + container + " " + command[0], Duration: time.Since(start), Err: err}
	var exit utilexec.CodeExitError
	if errors.As(err, &exit) {
		call.Code, call.Err = exit.Code, nil
		err = &ExitError{Namespace: namespace, Pod: pod, Container: container, Program: command[0], Code: exit.Code}
	} else if err != nil {
		err = fmt.Errorf("exec %s in container %s of pod %s/%s: %w", command[0], container, namespace, pod, err)
	}
	c.observe(call)
	return err
}

func (c *Client) exec(ctx context.Context, namespace, pod, container string, command []string, opt remotecommand.StreamOptions) error {
	query := url.Values{"container": {container}, "command": command}
	for name, wanted := range map[string]bool{"stdin": opt.Stdin != nil, "stdout": opt.Stdout != nil, "stderr": opt.Stderr != nil} {
		if wanted {
			query.Set(name, "true")
		}
	}
	if opt.Stdout == nil && opt.Stderr == nil && opt.Stdin == nil {
		opt.Stdout = io.Discard // the API wants at least one stream
		query.Set("stdout", "true")
	}
	target, err := url.Parse(c.podURL(namespace, pod, "exec") + "?" + query.Encode())
	if err != nil {
		return err
	}
	ctx = klog.NewContext(ctx, logr.Discard()) // client-go would write to the terminal when the context ends
	var first error
	if !c.streams.noWS.Load() {
		ws, err := remotecommand.NewWebSocketExecutor(c.streams.config, http.MethodGet, target.String())
		if err != nil {
			return err
		}
		// Only a failed upgrade is tried again: it has not touched stdin.
		first = ws.StreamWithContext(ctx, opt)
		upgrade := httpstream.IsUpgradeFailure(first) || httpstream.IsHTTPSProxyError(first)
		if !upgrade || !worthSPDY(first) || ctx.Err() != nil {
			return c.execError(ctx, first)
		}
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.streams.config, http.MethodPost, target)
	if err != nil {
		return err
	}
	err = spdy.StreamWithContext(ctx, opt)
	if refused := upgradeStatus(first); refused != nil && err != nil && strings.Contains(err.Error(), "unable to upgrade connection") {
		err = mergeRefusals(refused, err)
	}
	return c.execError(ctx, err)
}

// mergeRefusals makes one error of two refused upgrades. SPDY's is a text only, but where a permission is missing it
// names the verb that matters.
func mergeRefusals(websocket, spdy error) error {
	var status *apierrors.StatusError
	if !errors.As(websocket, &status) || !apierrors.IsForbidden(status) {
		return websocket
	}
	_, text, ok := strings.Cut(spdy.Error(), "unable to upgrade connection: ")
	if !ok || !strings.Contains(text, " is forbidden: ") {
		return websocket
	}
	merged := *status
	merged.ErrStatus.Message = text
	return &merged
}

func (c *Client) execError(ctx context.Context, err error) error {
	var exit utilexec.CodeExitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	err = c.streams.explain(ctx, err)
	// The runtime's sentence is long, and starts with container IDs.
	if _, cause, ok := strings.Cut(err.Error(), "unable to start container process: "); ok {
		return errors.New(strings.TrimSuffix(cause, ": unknown"))
	}
	return err
}

// stopped returns a writer that writes to w until stop is called, and nothing afterwards: client-go's goroutines may
// outlive the call when its context ends. Nil stays nil.
func stopped(w io.Writer) (writer io.Writer, stop func()) {
	if w == nil {
		return nil, func() {}
	}
	s := &stoppable{w: w}
	return s, s.stop
}

type stoppable struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (s *stoppable) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return 0, io.ErrClosedPipe
	}
	return s.w.Write(p)
}

func (s *stoppable) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.w = nil
}
