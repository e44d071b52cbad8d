package cmd

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// result is all that a run leaves behind.
type result struct {
	out, err string
	code     int
}

// testEnv is a world without a terminal and without a cluster, on a fixed day.
func testEnv() (env Env, out, errOut *bytes.Buffer) {
	streams, _, out, errOut := genericiooptions.NewTestIOStreams()
	env = Env{
		IOStreams: streams,
		Version:   "v0.1.0",
		Getenv: func(name string) string {
			return map[string]string{"LANG": "C.UTF-8"}[name]
		},
		Now: func() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) },
		Kube: func() (*kube.Client, error) {
			return nil, errors.New("this test has no cluster")
		},
	}
	return env, out, errOut
}

// run runs one command line in a world that a test may change first.
func run(ctx context.Context, change func(*Env), args ...string) result {
	env, out, errOut := testEnv()
	if change != nil {
		change(&env)
	}
	code := Main(ctx, env, args)
	return result{out: out.String(), err: errOut.String(), code: code}
}

// runWith runs one command line in a tree with a command more.
func runWith(ctx context.Context, extra func(*Env) *cobra.Command, args ...string) result {
	env, out, errOut := testEnv()
	root := NewRoot(&env)
	c := extra(&env)
	c.RunE = env.reach(c.RunE)
	root.AddCommand(c)
	code := execute(ctx, &env, root, args)
	return result{out: out.String(), err: errOut.String(), code: code}
}

// same compares a result with the one wanted.
func same(t *testing.T, want, got result) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func lines(text ...string) string { return strings.Join(text, "\n") + "\n" }
