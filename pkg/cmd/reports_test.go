package cmd

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// A wrong command line is refused before anything is asked.
func TestWrongCommandLinesOfReports(t *testing.T) {
	for _, test := range []struct {
		args []string
		err  string
	}{
		{[]string{"status", "--fail-on", "bogus"}, lines(`error: --fail-on "bogus": it takes critical, warning, info or never`, "hint: kubectl kea status --help")},
		{[]string{"status", "--fail-on="}, lines(`error: --fail-on "": it takes critical, warning, info or never`, "hint: kubectl kea status --help")},
		{[]string{"status", "extra"}, lines(`error: what is "extra"? kubectl kea status takes flags only`, "hint: kubectl kea status --help")},
		{[]string{"ha", "bogus"}, lines(`error: unknown command "bogus" for "kubectl kea ha"`, "hint: kubectl kea ha --help")},
		{[]string{"ha", "status", "extra"}, lines(`error: what is "extra"? kubectl kea ha status takes flags only`, "hint: kubectl kea ha status --help")},
		{[]string{"ha", "status", "--fail-on", "Warning"}, lines(`error: --fail-on "Warning": it takes critical, warning, info or never`, "hint: kubectl kea ha status --help")},
	} {
		t.Run(fmt.Sprint(test.args), func(t *testing.T) {
			same(t, result{err: test.err, code: ExitUsage}, run(t.Context(), noCluster(t), test.args...))
		})
	}
	for _, args := range [][]string{
		{"status", "-o", "bogus"},
		{"status", "-o", "csv"},
		{"status", "-o", "jsonpath={"},
		{"status", "-l", "==="},
		{"status", "--selector", "a in"},
		{"status", "--interval", "1ms", "-w"},
		{"ha", "status", "--interval", "1ms", "-w"},
		{"ha", "--interval", "1ms", "-w"},
		{"status", "--interval=-1s", "--watch"},
		{"status", "-o", "json", "-o", "bogus"},
		{"ha", "-o", "bogus"},
		{"status", "--timeout", "soon"},
		{"status", "-A=perhaps"},
	} {
		t.Run(fmt.Sprint(args), func(t *testing.T) {
			got := run(t.Context(), noCluster(t), args...)
			if got.code != ExitUsage || got.out != "" || !strings.HasPrefix(got.err, "error: ") || !strings.Contains(got.err, "\nhint: kubectl kea ") {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.out, got.err)
			}
		})
	}
}

// noCluster makes asking for a cluster a failure of the test.
func noCluster(t *testing.T) func(*Env) {
	t.Helper()
	return func(e *Env) {
		e.Kube = func() (*kube.Client, error) {
			t.Error("a cluster was asked for")
			return nil, errors.New("no cluster")
		}
	}
}

// A right command line gets as far as the cluster.
func TestReportsNeedACluster(t *testing.T) {
	for _, args := range [][]string{{"status"}, {"ha"}, {"ha", "status", "-A", "-l", "app=kea", "--fail-on", "never", "-o", "name"}} {
		same(t, result{err: "error: this test has no cluster\n", code: ExitFailed}, run(t.Context(), nil, args...))
	}
}
