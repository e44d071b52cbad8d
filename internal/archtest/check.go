package archtest

import (
	"fmt"
	"slices"
	"strings"
)

// Check applies the rules to a graph and returns what breaks them, a sentence
// each, in the order of the packages' names.
func Check(g Graph) []string {
	var broken []string
	for _, path := range ours(g) {
		for _, rule := range []func(Graph, string) []string{keepsFloor, keepsLibraries, keepsBans, keepsStandard, keepsTestsOut, keepsName} {
			broken = append(broken, rule(g, path)...)
		}
	}
	return broken
}

// ours are the module's own packages, relative to it and sorted.
func ours(g Graph) []string {
	var out []string
	for path := range g {
		if rel, ok := relative(path); ok {
			out = append(out, rel)
		}
	}
	slices.Sort(out)
	return out
}

// relative is the path of one of our packages within the module.
func relative(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, Module+"/")
}

// within reports whether a path is root or lies below it. A version directory
// counts as below, as in charm.land/lipgloss/v2.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func withinAny(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(root string) bool { return within(path, root) })
}

// room is the package of the house that a path is or lies below, and its floor.
func room(path string) (name string, level int, ok bool) {
	for _, f := range floors() {
		for _, p := range f.packages {
			if within(path, p) {
				return p, f.level, true
			}
		}
	}
	return "", 0, false
}

func keepsFloor(g Graph, path string) []string {
	if withinAny(path, workshops()) {
		return nil
	}
	from, level, ok := room(path)
	if !ok {
		return []string{path + " has no floor: give it one in internal/archtest/rules.go"}
	}
	var broken []string
	for _, imported := range g[Module+"/"+path].Imports {
		rel, own := relative(imported)
		if !own {
			continue
		}
		to, below, known := room(rel)
		switch {
		case withinAny(rel, workshops()):
			broken = append(broken, fmt.Sprintf("%s imports %s, which is a workshop", path, rel))
		case !known || to == from: // the first is reported at the package itself
		case below >= level:
			broken = append(broken, fmt.Sprintf("%s (floor %d) imports %s (floor %d)", path, level, rel, below))
		}
	}
	return broken
}

func keepsLibraries(g Graph, path string) []string {
	var broken []string
	for _, lib := range libraries() {
		if withinAny(path, lib.only) || withinAny(path, workshops()) {
			continue
		}
		for _, imported := range g[Module+"/"+path].Imports {
			if within(imported, lib.path) {
				broken = append(broken, fmt.Sprintf("%s imports %s, which stays in %s", path, imported, strings.Join(lib.only, ", ")))
			}
		}
	}
	return broken
}

func keepsBans(g Graph, path string) []string {
	var broken []string
	for _, b := range bans() {
		if !within(path, b.in) {
			continue
		}
		way := g.reaches(Module+"/"+path, func(p string) bool { return within(p, b.path) })
		if way != nil {
			broken = append(broken, fmt.Sprintf("%s reaches %s: %s", path, b.path, strings.Join(way, " -> ")))
		}
	}
	return broken
}

func keepsStandard(g Graph, path string) []string {
	if !withinAny(path, standardOnly()) {
		return nil
	}
	var broken []string
	for _, imported := range g[Module+"/"+path].Imports {
		if rel, own := relative(imported); own && withinAny(rel, standardOnly()) || g[imported].Standard {
			continue
		}
		broken = append(broken, fmt.Sprintf("%s imports %s, which is not in the standard library", path, imported))
	}
	return broken
}

func keepsTestsOut(g Graph, path string) []string {
	if withinAny(path, workshops()) {
		return nil
	}
	var broken []string
	for _, imported := range g[Module+"/"+path].Imports {
		if withinAny(imported, testOnly()) {
			broken = append(broken, fmt.Sprintf("%s imports %s, which is for tests", path, imported))
		}
	}
	return broken
}

func keepsName(g Graph, path string) []string {
	if name := g[Module+"/"+path].Name; slices.Contains(vague(), name) {
		return []string{fmt.Sprintf("%s is called %s, which says nothing about it", path, name)}
	}
	return nil
}
