package cmd

import (
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func TestDialects(t *testing.T) {
	type lease struct {
		Address  string `json:"address"`
		Hostname string `json:"hostname"`
		Seconds  int64  `json:"seconds"`
	}
	leases := []lease{{"192.0.2.7", "evil\x1b[2J", 1000000000}, {"192.0.2.8", "", 60}}
	nested := map[string]any{"items": leases}
	for _, tt := range []struct {
		name, spec string
		value      any
		terminal   bool
		want       string
	}{
		{"jsonpath", "jsonpath={.items[*].seconds}", nested, false, "1000000000 60"},
		{"into a pipe as it is", "jsonpath={[0].hostname}", leases, false, "evil\x1b[2J"},
		{"escaped on a terminal", "jsonpath={[0].hostname}", leases, true, `evil\x1b[2J`},
		{"template", "go-template={{range .items}}{{.address}}\n{{end}}", nested, true, "192.0.2.7\n192.0.2.8\n"},
		{
			"columns of a list", "custom-columns=IP:.address,NAME:.hostname", leases, false,
			"IP          NAME\n192.0.2.7   evil\\x1b[2J\n192.0.2.8   <none>\n",
		},
		{"columns of items", "custom-columns=IP:address", nested, false, "IP\n192.0.2.7\n192.0.2.8\n"},
		{"columns of nothing", "custom-columns=IP:address", []lease{}, false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := printer.ParseFormat(tt.spec, printer.Choices{Dialects: dialects(tt.terminal)})
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := f.Write(&b, tt.value, printer.View{}, printer.Canvas{}); err != nil {
				t.Fatal(err)
			}
			if b.String() != tt.want {
				t.Errorf("got %q, want %q", b.String(), tt.want)
			}
		})
	}
}

func TestColumnMistakes(t *testing.T) {
	for _, spec := range []string{"IP", ":.a", "IP:", "IP:{.a", "A:.a,,B:.b"} {
		if _, err := compileColumns(spec, false); err == nil {
			t.Errorf("custom-columns=%s was accepted", spec)
		}
	}
}
