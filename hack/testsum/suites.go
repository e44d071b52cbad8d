package main

import (
	"os"
	"path/filepath"
	"runtime"
)

// suite is one thing that make test runs. Those with JSON are Go tests; the
// others are a single check that passes or fails.
type suite struct {
	name     string
	command  []string
	json     bool
	verbose  bool   // show each test as it ends
	skip     string // why it cannot run here
	required bool   // not running is a failure
}

// machine is what decides about the end-to-end tests.
type machine struct {
	os   string
	root bool
	want string // KUBECTL_KEA_E2E: off, required, or empty for where possible
	have bool   // there are end-to-end tests
}

func host() machine {
	tests, _ := filepath.Glob("test/e2e/*_test.go")
	return machine{os: runtime.GOOS, root: os.Geteuid() == 0, want: os.Getenv("KUBECTL_KEA_E2E"), have: len(tests) > 0}
}

func suites(m machine) []suite {
	return []suite{
		{name: "unit tests", command: []string{"make", "-s", "unit", "TEST_FLAGS=-json"}, json: true},
		{name: "lint", command: []string{"make", "-s", "lint"}},
		{name: "krew manifest and archives", command: []string{"make", "-s", "krew-check"}},
		{
			name: "end-to-end tests", command: []string{"make", "-s", "e2e", "E2E_FLAGS=-json"}, json: true, verbose: true,
			skip: m.cannotRunE2E(), required: m.want == "required",
		},
	}
}

// cannotRunE2E is the reason, or empty.
func (m machine) cannotRunE2E() string {
	switch {
	case m.want == "off":
		return "KUBECTL_KEA_E2E=off"
	case !m.have:
		return "test/e2e holds no tests"
	case os.Getenv("KUBECONFIG") != "" && os.Getenv("KUBECTL_KEA_E2E_CLUSTER") != "":
		return "" // a cluster of one's own instead of the lab
	case m.os != "linux":
		return "the lab needs Linux; this is " + m.os
	case !m.root:
		return "the lab needs root"
	}
	return ""
}
