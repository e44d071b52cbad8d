package archtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
)

// Module is the import path that all of our packages begin with.
const Module = "github.com/kubectl-kea/kubectl-kea"

// Package is what the rules look at in a package.
type Package struct {
	ImportPath string
	Name       string
	Standard   bool
	Imports    []string // of the shipped files, not of the tests
	Dir        string
	GoFiles    []string
}

// Graph is every package of the module and all that they reach, by import path.
type Graph map[string]Package

// Load reads the graph of the module in dir with the go command.
func Load(ctx context.Context, dir string) (Graph, error) {
	list := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-json=ImportPath,Name,Standard,Imports,Dir,GoFiles", "./...")
	list.Dir = dir
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	graph := Graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return graph, nil
		} else if err != nil {
			return nil, fmt.Errorf("decode go list: %w", err)
		}
		for i, f := range p.GoFiles {
			p.GoFiles[i] = filepath.Join(p.Dir, f)
		}
		graph[p.ImportPath] = p
	}
}

// reaches is the way from one package to another through imports, both ends
// included, or nil when there is none.
func (g Graph) reaches(from string, target func(string) bool) []string {
	seen := map[string]bool{}
	var visit func(path string) []string
	visit = func(path string) []string {
		if seen[path] {
			return nil
		}
		seen[path] = true
		for _, next := range g[path].Imports {
			if target(next) {
				return []string{path, next}
			}
			if way := visit(next); way != nil {
				return append([]string{path}, way...)
			}
		}
		return nil
	}
	return visit(from)
}
