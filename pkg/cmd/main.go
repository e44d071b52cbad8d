// Package cmd is the command line: the tree of commands, one file for each,
// the world they run in, the errors they end with and their exit codes. A
// command turns flags into one call of a domain package and draws the answer.
package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
)

// Main runs one command line, prints the error it ends with, and returns the
// exit code.
func Main(ctx context.Context, env Env, args []string) int {
	return execute(ctx, &env, NewRoot(&env), args)
}

func execute(ctx context.Context, env *Env, root *cobra.Command, args []string) int {
	root.SetArgs(args)
	c, err := root.ExecuteContextC(ctx)
	err = finish(env, c, err)
	code := exitCode(ctx, err)
	// Unwrapped, it says nothing that Ctrl-C did not.
	interrupted := code == ExitInterrupted && err == context.Canceled //nolint:errorlint // unwrapped is the point
	if err != nil && code != ExitBadAnswer && !interrupted {
		// Where not even this can be written, the exit code has to do.
		_ = errorPage(err).Write(env.ErrOut, env.errCanvas())
	}
	return code
}

// finish makes a UsageError of everything that ended a run before its command
// was reached, and gives each usage error a hint.
func finish(env *Env, c *cobra.Command, err error) error {
	var usage *UsageError
	if err == nil || env.reached && !errors.As(err, &usage) {
		return err
	}
	if hintOf(err) == "" {
		err = WithHint(err, c.CommandPath()+" --help")
	}
	return &UsageError{err}
}
