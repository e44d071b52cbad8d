package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// Exits finds calls that end the process outside of main: os.Exit, and those
// of package log that do the same.
func Exits(g Graph) ([]string, error) {
	var broken []string
	for _, path := range ours(g) {
		if within(path, exits) || withinAny(path, workshops()) {
			continue
		}
		for _, file := range g[Module+"/"+path].GoFiles {
			fset := token.NewFileSet()
			parsed, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, call := range exitCalls(parsed) {
				broken = append(broken, fmt.Sprintf("%s:%d ends the process; only %s may", path, fset.Position(call).Line, exits))
			}
		}
	}
	return broken, nil
}

// exitCalls are the places in a file that end the process.
func exitCalls(file *ast.File) []token.Pos {
	ending := map[string][]string{
		"os":  {"Exit"},
		"log": {"Fatal", "Fatalf", "Fatalln", "Panic", "Panicf", "Panicln"},
	}
	var found []token.Pos
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			if pkg, ok := selector.X.(*ast.Ident); ok && slices.Contains(ending[pkg.Name], selector.Sel.Name) {
				found = append(found, selector.Pos())
			}
		}
		return true
	})
	return found
}
