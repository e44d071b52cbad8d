package stack

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A file that drops a subnet is warned of, one that drops all is refused.
func TestLosses(t *testing.T) {
	const second = "    - {id: 11, subnet: 10.11.0.0/24, pools: [10.11.0.10-10.11.0.20]}\n"
	two := strings.Replace(office, "    subnets4: [{subnet: 10.10.0.0/16, pools: [10.10.1.0-10.10.254.255]}]\n",
		"    subnets4:\n    - {subnet: 10.10.0.0/16, pools: [10.10.1.0-10.10.254.255]}\n"+second, 1)
	none := office[:strings.Index(office, "  vlans:")]
	for name, tt := range map[string]struct {
		before, after     string
		refused, lessened []string
	}{
		"nothing":         {two, two, []string{}, []string{}},
		"one more":        {office, two, []string{}, []string{}},
		"one fewer":       {two, office, []string{}, []string{"dhcp4 10.11.0.0/24"}},
		"none that serve": {two, none, []string{"the file has none of the subnets that are served (10.10.0.0/16, 10.11.0.0/24): is it the right file?"}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, tt.after)
			items := over(t, load(t, tt.before), s)
			refused, lessened := []string{}, []string{}
			for _, p := range refusals(s, items) {
				refused = append(refused, p.Text)
			}
			for _, p := range losses(s, items) {
				lessened = append(lessened, p.Subject)
			}
			if diff := cmp.Diff(tt.refused, refused); diff != "" {
				t.Errorf("refused: %s", diff)
			}
			if diff := cmp.Diff(tt.lessened, lessened); diff != "" {
				t.Errorf("losses: %s", diff)
			}
		})
	}
}
