package cmd

import (
	"context"
	"errors"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// The exit codes. The documentation's table is generated from these comments.
const (
	// ExitOK means done, and what was looked at is healthy.
	ExitOK = 0
	// ExitFailed means that the command did not do its work, or its question was answered with no.
	ExitFailed = 1
	// ExitUsage means a wrong command line; nothing was asked or changed.
	ExitUsage = 2
	// ExitBadAnswer means the command ran, and the answer is bad: a critical problem, a failed backup.
	ExitBadAnswer = 3
	// ExitNotFound means that a server, lease or object that was named does not exist.
	ExitNotFound = 4
	// ExitTimeout means that the time given by `--timeout` has passed.
	ExitTimeout = 124
	// ExitInterrupted means interrupted, as by Ctrl-C.
	ExitInterrupted = 130
)

// exitCode maps the error of a run to its exit code. Nothing else decides one.
// The context is the run's own: when it has ended, the run was interrupted, no
// matter what the broken calls below said.
func exitCode(ctx context.Context, err error) int {
	var usage *UsageError
	var notFound *NotFoundError
	var missing *missingError
	explained := kube.Explain(err)
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &usage):
		return ExitUsage
	case errors.Is(err, ErrBadAnswer):
		return ExitBadAnswer
	case errors.As(err, &notFound), errors.As(err, &missing):
		return ExitNotFound
	case ctx.Err() != nil:
		return ExitInterrupted
	case errors.Is(err, context.DeadlineExceeded), explained != nil && explained.Problem == kube.ProblemTimeout:
		return ExitTimeout
	}
	return ExitFailed
}
