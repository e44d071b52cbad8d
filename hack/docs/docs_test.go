package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const repository = "../.."

func TestDocsAreCurrent(t *testing.T) {
	out, err := stale(repository)
	if err != nil {
		t.Fatal(err)
	}
	if len(out) > 0 {
		t.Errorf("make docs would change %s", strings.Join(out, ", "))
	}
}

func TestNothingOfThisMachineLeaks(t *testing.T) {
	t.Setenv("HOME", "/home/zaphod")
	t.Setenv("KUBECONFIG", "/home/zaphod/config")
	all, err := pages(repository)
	if err != nil {
		t.Fatal(err)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range all {
		for _, leak := range []string{"zaphod", wd, filepath.Dir(filepath.Dir(wd)), "\x1b"} {
			if strings.Contains(text, leak) {
				t.Errorf("%s holds %q", path, leak)
			}
		}
	}
}

func TestExitCodes(t *testing.T) {
	got, err := exitCodes(filepath.Join(repository, "pkg/cmd/exit.go"))
	if err != nil {
		t.Fatal(err)
	}
	const want = `| code | meaning |
| --- | --- |
| 0 | done, and what was looked at is healthy |
| 1 | the command did not do its work, or its question was answered with no |
| 2 | a wrong command line; nothing was asked or changed |
| 3 | the command ran, and the answer is bad: a critical problem, a failed backup |
| 4 | a server, lease or object that was named does not exist |
| 124 | the time given by ` + "`--timeout`" + ` has passed |
| 130 | interrupted, as by Ctrl-C |
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("exit codes (-want +got):\n%s", diff)
	}
}

func TestWriteAndLeftovers(t *testing.T) {
	root := t.TempDir()
	for path, text := range map[string]string{
		"README.md":                   "# x\n<!-- usage:begin -->\nold\n<!-- usage:end -->\n<!-- exit-codes:begin -->\n<!-- exit-codes:end -->\nend\n",
		"pkg/cmd/exit.go":             "package cmd\n\nconst (\n\t// ExitOK means done.\n\tExitOK = 0\n)\n",
		reference + "/kubectl_old.md": "gone",
	} {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := write(root); err != nil {
		t.Fatal(err)
	}
	if out, err := stale(root); err != nil || len(out) > 0 {
		t.Errorf("after writing, %q are stale, %v", out, err)
	}
	if _, err := os.Stat(filepath.Join(root, reference, "kubectl_old.md")); !os.IsNotExist(err) {
		t.Errorf("the page of a command that is gone: %v", err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if s := string(readme); strings.Contains(s, "\nold\n") || !strings.Contains(s, "kubectl kea version") || !strings.Contains(s, "| 0 | done |") || !strings.HasSuffix(s, "end\n") {
		t.Errorf("README:\n%s", s)
	}
}

func TestFillNeedsItsMarkers(t *testing.T) {
	for _, text := range []string{"", "<!-- usage:begin -->\n", "<!-- usage:end --><!-- usage:begin -->\n"} {
		if _, err := fill(text, map[string]string{"usage": "x"}); err == nil {
			t.Errorf("%q was filled", text)
		}
	}
}
