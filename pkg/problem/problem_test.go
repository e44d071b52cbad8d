package problem

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSortPutsTheWorstFirstAndKeepsTheOrderWithin(t *testing.T) {
	all := []Problem{{Severity: Info, Code: "a"}, {Severity: Warning, Code: "b"}, {Severity: Critical, Code: "c"}, {Severity: Warning, Code: "d"}, {Severity: Critical, Code: "e"}}
	Sort(all)
	codes := ""
	for _, p := range all {
		codes += p.Code
	}
	if diff := cmp.Diff("cebda", codes); diff != "" {
		t.Error(diff)
	}
}

func TestWorst(t *testing.T) {
	for _, test := range []struct {
		name string
		all  []Problem
		want Severity
	}{
		{"none", nil, ""},
		{"info only", []Problem{{Severity: Info}}, Info},
		{"critical wins", []Problem{{Severity: Info}, {Severity: Critical}, {Severity: Warning}}, Critical},
	} {
		if got := Worst(test.all); got != test.want {
			t.Errorf("%s: worst is %q, want %q", test.name, got, test.want)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for _, test := range []struct {
		s, t Severity
		want bool
	}{{Critical, Warning, true}, {Warning, Warning, true}, {Info, Warning, false}, {"", Info, false}} {
		if got := test.s.AtLeast(test.t); got != test.want {
			t.Errorf("%q at least %q: %v", test.s, test.t, got)
		}
	}
}
