package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
)

// exitCodes is the table of the constants in a file whose names begin with
// Exit. Each comment begins with its constant's name and the word means.
func exitCodes(file string) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| code | meaning |\n| --- | --- |\n")
	for _, decl := range parsed.Decls {
		consts, ok := decl.(*ast.GenDecl)
		if !ok || consts.Tok != token.CONST {
			continue
		}
		for _, spec := range consts.Specs {
			row, err := exitCode(spec.(*ast.ValueSpec))
			if err != nil {
				return "", err
			}
			b.WriteString(row)
		}
	}
	return b.String(), nil
}

// exitCode is the row of one constant.
func exitCode(spec *ast.ValueSpec) (string, error) {
	name := spec.Names[0].Name
	value, ok := spec.Values[0].(*ast.BasicLit)
	_, meaning, means := strings.Cut(strings.ReplaceAll(spec.Doc.Text(), "\n", " "), " means ")
	if !ok || !means || !strings.HasPrefix(name, "Exit") {
		return "", fmt.Errorf("exit code %s: want a number, and a comment of the form %q", name, name+" means ...")
	}
	return fmt.Sprintf("| %s | %s |\n", value.Value, strings.TrimPrefix(strings.TrimRight(meaning, ". "), "that ")), nil
}
