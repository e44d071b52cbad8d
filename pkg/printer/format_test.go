package printer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sampleLease struct {
	Address  string   `json:"address"`
	Hostname string   `json:"hostname"`
	Tags     []string `json:"tags"`
}

func sampleChoices() Choices {
	compile := func(template string) (Encoder, error) {
		if template == "{" {
			return nil, errors.New("unclosed action")
		}
		return func(w io.Writer, value any) error {
			_, err := fmt.Fprintf(w, "%s over %T\n", template, value)
			return err
		}, nil
	}
	return Choices{Name: true, CSV: true, Dialects: []Dialect{{Name: "jsonpath", Compile: compile}}}
}

func TestFormatWrite(t *testing.T) {
	value := []sampleLease{
		{Address: "192.0.2.7", Hostname: "a<b>&\x1b[2J\u009b\u202e\U000e0041é", Tags: []string{}},
		{Address: "2001:db8::7", Hostname: `=cmd|"/C calc"!A0`, Tags: []string{"-5"}},
	}
	view := View{
		Page: func() Page {
			t := Table{Columns: []Column{{Header: "address"}, {Header: "hostname", Wide: true}}}
			for _, l := range value {
				t.Add(Text(l.Address), Text(l.Hostname))
			}
			var p Page
			p.Table(t)
			return p
		},
		Names: func() []string { return []string{"lease/192.0.2.7", "lease/2001:db8::7"} },
		Records: func() Records {
			r := Records{Header: []string{"address", "hostname", "offset"}}
			for _, l := range value {
				r.Rows = append(r.Rows, []string{l.Address, l.Hostname, "-5"})
			}
			return r
		},
	}
	for spec, want := range map[string]string{
		"":      "ADDRESS\n192.0.2.7\n2001:db8::7\n",
		"table": "ADDRESS\n192.0.2.7\n2001:db8::7\n",
		"wide": `ADDRESS       HOSTNAME
192.0.2.7     a<b>&\x1b[2J\u009b\u202e\U000e0041é
2001:db8::7   =cmd|"/C calc"!A0
`,
		"json": `[
    {
        "address": "192.0.2.7",
        "hostname": "a<b>&\u001b[2J\u009b\u202e\udb40\udc41é",
        "tags": []
    },
    {
        "address": "2001:db8::7",
        "hostname": "=cmd|\"/C calc\"!A0",
        "tags": [
            "-5"
        ]
    }
]
`,
		"yaml": `- address: 192.0.2.7
  hostname: "a<b>&\e[2J\x9B` + "\u202e" + `\U000E0041é"
  tags: []
- address: 2001:db8::7
  hostname: =cmd|"/C calc"!A0
  tags:
  - "-5"
`,
		"name":              "lease/192.0.2.7\nlease/2001:db8::7\n",
		"csv":               "address,hostname,offset\n192.0.2.7,a<b>&\\x1b[2J\\u009b\\u202e\\U000e0041é,-5\n2001:db8::7,\"'=cmd|\"\"/C calc\"\"!A0\",-5\n",
		"jsonpath={.a}={b}": "{.a}={b} over []printer.sampleLease\n",
	} {
		t.Run(spec, func(t *testing.T) {
			f, err := ParseFormat(spec, sampleChoices())
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			if err := f.Write(&b, value, view, Canvas{}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseFormatErrors(t *testing.T) {
	for _, tt := range []struct {
		spec    string
		choices Choices
		want    string
	}{
		{"xml", sampleChoices(), `unknown output format "xml"; valid are table, wide, json, yaml, name, csv, jsonpath=…`},
		{"csv", Choices{}, `unknown output format "csv"; valid are table, wide, json, yaml`},
		{"json=a", sampleChoices(), `unknown output format "json=a"; valid are table, wide, json, yaml, name, csv, jsonpath=…`},
		{"jsonpath", sampleChoices(), "output format jsonpath needs a template, as in jsonpath=…"},
		{"jsonpath=", sampleChoices(), "output format jsonpath needs a template, as in jsonpath=…"},
		{"jsonpath={", sampleChoices(), "output format jsonpath: unclosed action"},
	} {
		t.Run(tt.spec, func(t *testing.T) {
			_, err := ParseFormat(tt.spec, tt.choices)
			if err == nil || err.Error() != tt.want {
				t.Errorf("ParseFormat(%q) = %v, want %s", tt.spec, err, tt.want)
			}
		})
	}
}

func TestFormatKind(t *testing.T) {
	for spec, want := range map[string][2]bool{"": {true, false}, "table": {true, false}, "wide": {true, true}, "json": {false, false}, "name": {false, false}} {
		f, err := ParseFormat(spec, sampleChoices())
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{f.Human(), f.Wide()}; got != want {
			t.Errorf("%q: human, wide = %v, want %v", spec, got, want)
		}
	}
}

func TestWriteErrorsAreReturned(t *testing.T) {
	for _, spec := range []string{"", "wide", "json", "yaml", "name", "csv"} {
		f, err := ParseFormat(spec, sampleChoices())
		if err != nil {
			t.Fatal(err)
		}
		view := View{
			Page:    func() Page { var p Page; p.Text(Text("x")); return p },
			Names:   func() []string { return []string{"x"} },
			Records: func() Records { return Records{Header: []string{"x"}} },
		}
		if err := f.Write(fullDisk{}, 1, view, Canvas{}); !errors.Is(err, errFull) {
			t.Errorf("-o %q into a full disk: %v", spec, err)
		}
	}
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }
