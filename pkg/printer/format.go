package printer

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Encoder writes a value in one machine format.
type Encoder func(w io.Writer, value any) error

// Dialect is an output format that takes a template, as in jsonpath={.items}.
type Dialect struct {
	Name    string
	Compile func(template string) (Encoder, error)
}

// Choices are the formats that one command offers beside table, wide, json
// and yaml, which every command has.
type Choices struct {
	Name     bool // -o name
	CSV      bool // -o csv
	Dialects []Dialect
}

// Names lists the formats as they are typed.
func (c Choices) Names() []string {
	names := []string{"table", "wide", "json", "yaml"}
	if c.Name {
		names = append(names, "name")
	}
	if c.CSV {
		names = append(names, "csv")
	}
	for _, d := range c.Dialects {
		names = append(names, d.Name+"=…")
	}
	return names
}

// Format is a parsed -o. The zero Format is the table.
type Format struct {
	name   string
	encode Encoder
}

// View is what the formats for people, and those of names and rows, show of a
// value. Names and Records may be nil when the command does not offer them.
type View struct {
	Page    func() Page
	Names   func() []string
	Records func() Records
}

// Records is a value as rows of plain values.
type Records struct {
	Header []string
	Rows   [][]string
}

// ParseFormat parses the value of -o. A template is compiled here, so that a
// mistake in it shows before anything is asked of a server.
func ParseFormat(spec string, choices Choices) (Format, error) {
	name, template, templated := strings.Cut(spec, "=")
	for _, d := range choices.Dialects {
		if name != d.Name {
			continue
		}
		if !templated || template == "" {
			return Format{}, fmt.Errorf("output format %s needs a template, as in %s=…", name, name)
		}
		encode, err := d.Compile(template)
		if err != nil {
			return Format{}, fmt.Errorf("output format %s: %w", name, err)
		}
		return Format{name: name, encode: encode}, nil
	}
	plain := slices.DeleteFunc(choices.Names(), func(s string) bool { return strings.HasSuffix(s, "=…") })
	switch {
	case spec == "":
		return Format{}, nil
	case !slices.Contains(plain, spec):
		return Format{}, fmt.Errorf("unknown output format %q; valid are %s", spec, strings.Join(choices.Names(), ", "))
	case spec == "json":
		return Format{name: spec, encode: WriteJSON}, nil
	case spec == "yaml":
		return Format{name: spec, encode: WriteYAML}, nil
	}
	return Format{name: spec}, nil
}

// String is the format's name.
func (f Format) String() string {
	if f.name == "" {
		return "table"
	}
	return f.name
}

// Wide reports whether the format is wide.
func (f Format) Wide() bool { return f.name == "wide" }

// Human reports whether the format is drawn for people: table or wide. The
// others are for programs: they never have colour, and no words beside the data.
func (f Format) Human() bool { return f.name == "" || f.name == "table" || f.name == "wide" }

// Write writes a value in this format. Programs get the value itself, people
// the page of the view drawn on the canvas.
func (f Format) Write(w io.Writer, value any, view View, c Canvas) error {
	switch {
	case f.encode != nil:
		return f.encode(w, value)
	case f.name == "name":
		return writeNames(w, view.Names())
	case f.name == "csv":
		return writeCSV(w, view.Records(), c.NoHeaders)
	}
	c.Wide = c.Wide || f.Wide()
	return view.Page().Write(w, c)
}

func writeNames(w io.Writer, names []string) error {
	for _, n := range names {
		if _, err := fmt.Fprintln(w, Escape(n)); err != nil {
			return err
		}
	}
	return nil
}
