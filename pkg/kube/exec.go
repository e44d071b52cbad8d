package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"k8s.io/client-go/tools/remotecommand"
	utilexec "k8s.io/client-go/util/exec"
	"k8s.io/streaming/pkg/httpstream"
)

// Exec runs a command in a container. stdin, stdout and stderr may be nil. A command that ran and failed is
// *ExitError. Neither errors nor observations name more of the command than its first word: secrets still do not belong
// into its arguments, which others in the container can see; pass them by stdin.
// Permission: create (on API servers before 1.35 also get) pods/exec.
func (c *Client) Exec(ctx context.Context, namespace, pod, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(command) == 0 {
		return errors.New("exec: no command")
	}
	start := time.Now()
	err := c.exec(ctx, namespace, pod, container, command, remotecommand.StreamOptions{Stdin: stdin, Stdout: stdout, Stderr: stderr})
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
	if !c.streams.noWS.Load() {
		ws, err := remotecommand.NewWebSocketExecutor(c.streams.config, http.MethodGet, target.String())
		if err != nil {
			return err
		}
		err = ws.StreamWithContext(ctx, opt)
		// A failed upgrade has not touched stdin, so that a second try is safe.
		if !(httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)) || !worthSPDY(err) || ctx.Err() != nil {
			return c.execError(ctx, err)
		}
	}
	spdy, err := remotecommand.NewSPDYExecutor(c.streams.config, http.MethodPost, target)
	if err != nil {
		return err
	}
	return c.execError(ctx, spdy.StreamWithContext(ctx, opt))
}

func (c *Client) execError(ctx context.Context, err error) error {
	var exit utilexec.CodeExitError
	if err == nil || errors.As(err, &exit) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return c.streams.explain(ctx, err)
}
