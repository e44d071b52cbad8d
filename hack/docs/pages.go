package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/kubectl-kea/kubectl-kea/pkg/cmd"
)

// reference is the folder of the command reference. Everything in it is ours.
const reference = "docs/reference"

// pages are all generated files by their path below root, as they should be.
func pages(root string) (map[string]string, error) {
	tree := commandTree()
	out := map[string]string{reference + "/README.md": index(tree)}
	for _, c := range visible(tree) {
		out[reference+"/"+pageOf(c)] = page(c)
	}
	codes, err := exitCodes(filepath.Join(root, "pkg/cmd/exit.go"))
	if err != nil {
		return nil, err
	}
	out["docs/exit-codes.md"] = "# Exit codes\n\nWritten by `make docs` from pkg/cmd/exit.go.\n\n" + codes
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return nil, err
	}
	out["README.md"], err = fill(string(readme), map[string]string{"usage": usage(tree), "exit-codes": codes})
	return out, err
}

// commandTree is the real tree in a world of which nothing leaks into a page:
// no home, no environment, no terminal.
func commandTree() *cobra.Command {
	streams, _, _, _ := genericiooptions.NewTestIOStreams()
	return cmd.NewRoot(&cmd.Env{
		IOStreams: streams,
		Version:   "v0.0.0",
		Getenv:    func(string) string { return "" },
		Now:       func() time.Time { return time.Time{} },
	})
}

// visible are a command and all below it that the help shows.
func visible(c *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, visible(sub)...)
		}
	}
	return out
}

// write makes the files what they should be, and removes pages of commands that
// are gone.
func write(root string) error {
	want, err := pages(root)
	if err != nil {
		return err
	}
	left, err := leftovers(root, want)
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(filepath.Join(root, path)); err != nil {
			return err
		}
	}
	for path, text := range want {
		full := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// stale are the files that are not as they should be.
func stale(root string) ([]string, error) {
	want, err := pages(root)
	if err != nil {
		return nil, err
	}
	out, err := leftovers(root, want)
	if err != nil {
		return nil, err
	}
	for path, text := range want {
		if have, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(have) != text {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out, nil
}

// leftovers are files of the command reference that nothing is written to.
func leftovers(root string, want map[string]string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(root, reference))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if path := reference + "/" + e.Name(); want[path] == "" {
			out = append(out, path)
		}
	}
	return out, nil
}

// fill replaces what stands between the markers of each generated part, as in
// <!-- usage:begin --> and <!-- usage:end -->.
func fill(text string, parts map[string]string) (string, error) {
	for name, part := range parts {
		begin, end := "<!-- "+name+":begin -->\n", "<!-- "+name+":end -->"
		from, to := strings.Index(text, begin), strings.Index(text, end)
		if from < 0 || to < from {
			return "", fmt.Errorf("the README lacks the markers %s and %s", strings.TrimSpace(begin), end)
		}
		text = text[:from+len(begin)] + part + text[to:]
	}
	return text, nil
}
