package stackfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// findingsTest is a stack file with all that is wrong with it, one finding in a line.
type findingsTest struct{ name, file, want string }

func findings(t *testing.T, tests []findingsTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, all := Load([]byte(tt.file))
			var got []string
			for _, f := range all {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(strings.Split(strings.Trim(tt.want, "\n"), "\n"), strings.Split(strings.Join(got, "\n"), "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
