package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// event is one line of go test -json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Elapsed    float64
	Output     string
}

// outcome is what is known of one test, or of a package itself under the
// empty name.
type outcome struct {
	action string // pass, fail, skip, or empty while it runs
	output []string
	shown  bool // its output was printed already
}

// reader turns events into a tally and a text for people.
type reader struct {
	w        io.Writer
	verbose  bool
	packages map[string]map[string]*outcome
	builds   map[string][]string // what the compiler said, by import path
	sum      tally
}

// read reads the output of go test -json. What is no event passes as it is.
func read(in io.Reader, w io.Writer, verbose bool) (tally, error) {
	r := reader{w: w, verbose: verbose, packages: map[string]map[string]*outcome{}, builds: map[string][]string{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return r.sum, err
		}
	}
	// Packages without an end were cut off.
	for _, name := range sorted(r.packages) {
		r.of(name, "").action = "fail"
		r.endPackage(event{Package: name, Action: "fail"})
	}
	return r.sum, nil
}

func (r *reader) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil || e.Action == "" {
		fmt.Fprint(r.w, line)
		return
	}
	switch e.Action {
	case "build-output":
		r.builds[e.ImportPath] = append(r.builds[e.ImportPath], e.Output)
	case "build-fail":
		fmt.Fprintf(r.w, "FAIL  %s does not compile\n%s", e.ImportPath, strings.Join(r.builds[e.ImportPath], ""))
	case "run", "start":
		r.of(e.Package, e.Test)
	case "output":
		o := r.of(e.Package, e.Test)
		o.output = append(o.output, e.Output)
	case "pass", "fail", "skip":
		r.of(e.Package, e.Test).action = e.Action
		if e.Test == "" {
			r.endPackage(e)
			return
		}
		if r.verbose && !strings.Contains(e.Test, "/") {
			fmt.Fprintf(r.w, "%-4s  %s (%.1fs)\n", e.Action, e.Test, e.Elapsed-waited(r.of(e.Package, e.Test).output))
			r.explainNow(e.Package, e.Test)
		}
	}
}

// waited is how many seconds of a test were no work, as it says of itself: go
// test counts them when tests that run side by side take turns.
func waited(output []string) float64 {
	for _, line := range output {
		var seconds float64
		if _, said, ok := strings.Cut(line, ": waited "); ok {
			if n, _ := fmt.Sscanf(said, "%f s for its turn", &seconds); n == 1 {
				return seconds
			}
		}
	}
	return 0
}

// explainNow tells at once why a test with all below it failed, when the rest of
// the package may take long.
func (r *reader) explainNow(pkg, test string) {
	own := map[string]*outcome{}
	for name, o := range r.packages[pkg] {
		if name == test || strings.HasPrefix(name, test+"/") {
			own[name] = o
		}
	}
	_, failed, _ := judge(own, false)
	for _, name := range failed {
		fmt.Fprint(r.w, indent(own[name].output))
		own[name].shown = true
	}
}

// of is the outcome of a test, made on first mention.
func (r *reader) of(pkg, test string) *outcome {
	if r.packages[pkg] == nil {
		r.packages[pkg] = map[string]*outcome{}
	}
	if r.packages[pkg][test] == nil {
		r.packages[pkg][test] = &outcome{}
	}
	return r.packages[pkg][test]
}

// endPackage counts the tests of a package and tells about those that failed
// or were skipped.
func (r *reader) endPackage(e event) {
	tests := r.packages[e.Package]
	delete(r.packages, e.Package)
	own := tests[""]
	delete(tests, "")
	count, failed, skipped := judge(tests, e.Action == "fail")
	r.sum.add(count)
	if len(tests) == 0 && e.Action != "fail" {
		return // nothing in it
	}
	verdict := "ok  "
	if e.Action == "fail" {
		verdict = "FAIL"
	}
	fmt.Fprintf(r.w, "%s  %s  %s (%.1fs)\n", verdict, e.Package, count, e.Elapsed)
	for _, name := range skipped {
		fmt.Fprintf(r.w, "      skipped %s: %s\n", name, said(tests[name].output))
	}
	for _, name := range failed {
		r.sum.blame = append(r.sum.blame, "failed: "+name+": "+said(tests[name].output))
		if !tests[name].shown {
			fmt.Fprint(r.w, indent(tests[name].output))
		}
	}
	if len(failed) == 0 && e.Action == "fail" {
		r.sum.blame = append(r.sum.blame, "failed: "+e.Package+": "+said(own.output))
		fmt.Fprint(r.w, indent(own.output))
	}
}

// judge counts the tests that have no subtests. A parent counts where it failed
// although all below it passed, and a package where it failed without a test
// to blame, as when it does not compile. A test without an end was cut off.
func judge(tests map[string]*outcome, packageFailed bool) (count tally, failed, skipped []string) {
	below := func(parent string, test func(*outcome) bool) bool {
		for name, o := range tests {
			if strings.HasPrefix(name, parent+"/") && test(o) {
				return true
			}
		}
		return false
	}
	bad := func(o *outcome) bool { return o.action == "fail" || o.action == "" }
	for _, name := range sorted(tests) {
		switch o := tests[name]; {
		case bad(o):
			if !below(name, bad) {
				count.failed++
				failed = append(failed, name)
			}
		case below(name, func(*outcome) bool { return true }):
		case o.action == "skip":
			count.skipped++
			skipped = append(skipped, name)
		default:
			count.passed++
		}
	}
	if packageFailed && count.failed == 0 {
		count.failed++
	}
	return count, failed, skipped
}

const (
	// saidLast is how many of a test's messages are told in one line: which of them is why it failed, go test does not say.
	saidLast = 4
	// saidLimit is how many characters of a message that line has room for.
	saidLimit = 250
)

// said is what a test said last: why it was skipped, or failed.
func said(output []string) string {
	messages := []string{}
	for _, line := range output {
		line = strings.TrimSpace(line)
		file, rest, _ := strings.Cut(line, ".go:") // file_test.go:12: the reason
		_, reason, positioned := strings.Cut(rest, ": ")
		switch last := len(messages) - 1; {
		case line == "", strings.HasPrefix(line, "==="), strings.HasPrefix(line, "---"):
		case positioned && !strings.Contains(file, " "):
			messages = append(messages, reason)
		case last < 0:
			messages = append(messages, line)
		default: // goes on on a line of its own
			messages[last] += " " + line
		}
	}
	if len(messages) == 0 {
		return "nothing"
	}
	messages = messages[max(0, len(messages)-saidLast):]
	for i, m := range messages {
		if short := []rune(m); len(short) > saidLimit {
			messages[i] = string(short[:saidLimit]) + "…"
		}
	}
	return strings.Join(messages, " | ")
}

func indent(output []string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.Join(output, "")) {
		b.WriteString("      " + line)
	}
	return b.String()
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
