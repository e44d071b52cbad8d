package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRead(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     tally
		text     string
	}{
		{
			"subtests count, their parent does not", `
{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"run","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA/y"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestAB"}
{"Action":"pass","Package":"p","Test":"TestAB"}
{"Action":"pass","Package":"p","Elapsed":0.25}`,
			tally{passed: 3},
			"ok    p  3 passed, 0 failed (0.2s)\n",
		},
		{
			"a failing subtest with its output", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"    a_test.go:7: got 1\n"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"        want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Elapsed":1}`,
			tally{failed: 1, blame: []string{"failed: TestA/x: got 1 want 2"}},
			"FAIL  p  0 passed, 1 failed (1.0s)\n          a_test.go:7: got 1\n              want 2\n",
		},
		{
			"a parent that fails by itself", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: after all\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Elapsed":1}`,
			tally{passed: 1, failed: 1, blame: []string{"failed: TestA: after all"}},
			"FAIL  p  1 passed, 1 failed (1.0s)\n          a_test.go:9: after all\n",
		},
		{
			"skipped, with the reason", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:3: needs root: I am not\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"--- SKIP: TestA (0.00s)\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":0}`,
			tally{skipped: 1},
			"ok    p  0 passed, 0 failed, 1 skipped (0.0s)\n      skipped TestA: needs root: I am not\n",
		},
		{
			"does not compile", `
{"ImportPath":"p [p.test]","Action":"build-output","Output":"# p\n"}
{"ImportPath":"p [p.test]","Action":"build-output","Output":"./a.go:3: undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}`,
			tally{failed: 1, blame: []string{"failed: p: FAIL\tp [build failed]"}},
			"FAIL  p [p.test] does not compile\n# p\n./a.go:3: undefined: x\nFAIL  p  0 passed, 1 failed (0.0s)\n      FAIL\tp [build failed]\n",
		},
		{
			"a panic cuts tests off", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"panic: oh\n"}
{"Action":"fail","Package":"p","Elapsed":0}`,
			tally{passed: 1, failed: 1, blame: []string{"failed: TestB: panic: oh"}},
			"FAIL  p  1 passed, 1 failed (0.0s)\n      panic: oh\n",
		},
		{
			"output that ends in the middle", `
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA"}
not JSON`,
			tally{passed: 1, failed: 1, blame: []string{"failed: p: nothing"}},
			"not JSONFAIL  p  1 passed, 1 failed (0.0s)\n",
		},
		{
			"a package without tests says nothing", `
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"?   \tp\t[no test files]\n"}
{"Action":"skip","Package":"p","Elapsed":0}`,
			tally{},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var b strings.Builder
			got, err := read(strings.NewReader(strings.TrimPrefix(tt.in, "\n")), &b, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(tally{})); diff != "" {
				t.Errorf("tally (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.text, b.String()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatATestSaid(t *testing.T) {
	for want, output := range map[string]string{
		"nothing": "=== RUN   TestA\n--- FAIL: TestA (0.00s)\n",
		"waited 30.5 s for its turn | exit 1: no such lease": "=== RUN   TestA\n    a_test.go:1: waited 30.5 s for its turn\n    a_test.go:9: exit 1: no such\n        lease\n--- FAIL: TestA (0.00s)\n",
		strings.Repeat("x", 250) + "…":                       "    a_test.go:9: " + strings.Repeat("x", 400) + "\n",
		"panic: oh [recovered]":                              "panic: oh\n\t[recovered]\n",
	} {
		if got := said(strings.SplitAfter(output, "\n")); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestVerboseTellsAtOnceAndOnce(t *testing.T) {
	const in = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"why\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA","Elapsed":2}
{"Action":"run","Package":"p","Test":"TestB"}
{"Action":"pass","Package":"p","Test":"TestB","Elapsed":3}
{"Action":"fail","Package":"p","Elapsed":5}
`
	const want = "fail  TestA (2.0s)\n      why\npass  TestB (3.0s)\nFAIL  p  1 passed, 1 failed (5.0s)\n"
	var b strings.Builder
	if _, err := read(strings.NewReader(in), &b, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestWaitingForATurnIsNoWork(t *testing.T) {
	const in = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:1: waited 30.5 s for its turn\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":32}
{"Action":"pass","Package":"p","Elapsed":40}
`
	var b strings.Builder
	if _, err := read(strings.NewReader(in), &b, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("pass  TestA (1.5s)\nok    p  1 passed, 0 failed (40.0s)\n", b.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestTheLastLine(t *testing.T) {
	for want, sum := range map[string]tally{
		"12 passed, 0 failed":           {passed: 12},
		"0 passed, 2 failed, 1 skipped": {failed: 2, skipped: 1},
	} {
		if got := sum.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWhereEndToEndTestsRun(t *testing.T) {
	t.Setenv("KUBECTL_KEA_E2E_CLUSTER", "")
	for _, tt := range []struct {
		m    machine
		want string
	}{
		{machine{os: "linux", root: true, have: true}, ""},
		{machine{os: "linux", root: true, have: true, want: "off"}, "KUBECTL_KEA_E2E=off"},
		{machine{os: "linux", have: true}, "the lab needs root"},
		{machine{os: "darwin", root: true, have: true}, "the lab needs Linux; this is darwin"},
		{machine{os: "linux", root: true}, "test/e2e holds no tests"},
	} {
		if got := tt.m.cannotRunE2E(); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.m, got, tt.want)
		}
	}
}
