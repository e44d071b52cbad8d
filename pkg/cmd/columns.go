package cmd

import (
	"fmt"
	"io"
	"strings"

	"k8s.io/client-go/util/jsonpath"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// customColumn is one HEADER:path of -o custom-columns.
type customColumn struct {
	header string
	path   *jsonpath.JSONPath
}

// compileColumns parses HEADER:path,HEADER:path.
func compileColumns(text string, terminal bool) (printer.Encoder, error) {
	var columns []customColumn
	for part := range strings.SplitSeq(text, ",") {
		header, expression, ok := strings.Cut(part, ":")
		if !ok || header == "" || expression == "" {
			return nil, fmt.Errorf("%q is not HEADER:path", part)
		}
		path := jsonpath.New(header).AllowMissingKeys(true)
		if err := path.Parse(relaxed(expression)); err != nil {
			return nil, fmt.Errorf("column %s: %w", header, err)
		}
		columns = append(columns, customColumn{header: header, path: path})
	}
	return func(w io.Writer, value any) error {
		form, err := jsonForm(value, terminal)
		if err != nil {
			return err
		}
		return writeColumns(w, columns, rowsOf(form))
	}, nil
}

// rowsOf is what custom columns make a row of: the elements of a list, those
// of an object's items, or the object itself.
func rowsOf(form any) []any {
	if list, ok := form.([]any); ok {
		return list
	}
	if object, ok := form.(map[string]any); ok {
		if list, ok := object["items"].([]any); ok {
			return list
		}
	}
	return []any{form}
}

func writeColumns(w io.Writer, columns []customColumn, rows []any) error {
	var t printer.Table
	for _, c := range columns {
		t.Columns = append(t.Columns, printer.Column{Header: c.header})
	}
	for _, row := range rows {
		cells := make([]printer.Line, len(columns))
		for i, c := range columns {
			var b strings.Builder
			if err := c.path.Execute(&b, row); err != nil {
				return fmt.Errorf("column %s: %w", c.header, err)
			}
			cells[i] = printer.OrNone(b.String())
		}
		t.Add(cells...)
	}
	var p printer.Page
	p.Table(t)
	return p.Write(w, printer.Canvas{})
}
