package cmd

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/template"

	kjson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/util/jsonpath"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// dialects are kubectl's output formats with a template. They work on the JSON
// form of a value. On a terminal the strings in it are escaped first; into a
// pipe they go as they are.
func dialects(terminal bool) []printer.Dialect {
	fromFile := func(compile func(string, bool) (printer.Encoder, error)) func(string) (printer.Encoder, error) {
		return func(path string) (printer.Encoder, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			return compile(string(text), terminal)
		}
	}
	direct := func(compile func(string, bool) (printer.Encoder, error)) func(string) (printer.Encoder, error) {
		return func(text string) (printer.Encoder, error) { return compile(text, terminal) }
	}
	return []printer.Dialect{
		{Name: "jsonpath", Compile: direct(compileJSONPath)},
		{Name: "jsonpath-file", Compile: fromFile(compileJSONPath)},
		{Name: "custom-columns", Compile: direct(compileColumns)},
		{Name: "go-template", Compile: direct(compileTemplate)},
		{Name: "go-template-file", Compile: fromFile(compileTemplate)},
	}
}

// jsonForm is a value as its JSON decodes: maps, slices and plain values.
func jsonForm(value any, terminal bool) (any, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode as JSON: %w", err)
	}
	var form any
	if err := kjson.Unmarshal(raw, &form); err != nil {
		return nil, fmt.Errorf("decode JSON: %w", err)
	}
	if terminal {
		form = escapeStrings(form)
	}
	return form, nil
}

// escapeStrings escapes all strings in a decoded JSON value.
func escapeStrings(v any) any {
	switch v := v.(type) {
	case string:
		return printer.Escape(v)
	case []any:
		for i := range v {
			v[i] = escapeStrings(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = escapeStrings(v[k])
		}
	}
	return v
}

// relaxed accepts .a.b and a.b for {.a.b}, as kubectl does.
func relaxed(expression string) string {
	if strings.Contains(expression, "{") {
		return expression
	}
	return "{." + strings.TrimPrefix(expression, ".") + "}"
}

func compileJSONPath(text string, terminal bool) (printer.Encoder, error) {
	path := jsonpath.New("output").AllowMissingKeys(true)
	if err := path.Parse(relaxed(text)); err != nil {
		return nil, err
	}
	return func(w io.Writer, value any) error {
		form, err := jsonForm(value, terminal)
		if err != nil {
			return err
		}
		if err := path.Execute(w, form); err != nil {
			return fmt.Errorf("evaluate jsonpath: %w", err)
		}
		return nil
	}, nil
}

func compileTemplate(text string, terminal bool) (printer.Encoder, error) {
	t, err := template.New("output").Parse(text)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer, value any) error {
		form, err := jsonForm(value, terminal)
		if err != nil {
			return err
		}
		if err := t.Execute(w, form); err != nil {
			return fmt.Errorf("evaluate go-template: %w", err)
		}
		return nil
	}, nil
}
