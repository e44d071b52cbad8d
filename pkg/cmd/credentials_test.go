package cmd

import (
	"strings"
	"testing"
)

func TestWrongCommandLinesOfCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		args, in, err string
	}{
		"a bare word":     {"rotat", "", lines(`error: unknown command "rotat" for "kubectl kea credentials"`, "hint: kubectl kea credentials rotate")},
		"dry run of what": {"rotate --dry-run=x", "", lines(`error: --dry-run "x": it takes none, client or server`, "hint: kubectl kea credentials rotate --help")},
		"cannot ask":      {"rotate --password-stdin", "long-enough-it-is\n", lines("error: --password-stdin needs --yes: the question could not be answered", "hint: kubectl kea credentials rotate --help")},
		"too short":       {"rotate --password-stdin --yes", "short\n", lines("error: --password-stdin: the password has 5 characters; it takes 12 or more", "hint: kubectl kea credentials rotate --help")},
		"a quote":         {"rotate --password-stdin --yes", "it's-long-enough\n", lines("error: --password-stdin: the password may hold letters, digits and punctuation of ASCII, but no blank, quote or backslash", "hint: kubectl kea credentials rotate --help")},
	} {
		t.Run(name, func(t *testing.T) {
			change := func(env *Env) {
				noCluster(t)(env)
				env.In = strings.NewReader(tt.in)
			}
			same(t, result{err: tt.err, code: ExitUsage}, run(t.Context(), change, append([]string{"credentials"}, strings.Fields(tt.args)...)...))
		})
	}
}
