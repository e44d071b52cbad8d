package cmd

import (
	"bytes"
	"io"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leaseRows writes leases in one format as they come: a million of them must not stand in memory. The formats with
// templates are the exception, since a template may ask for anything.
type leaseRows interface {
	// begin starts the leases of a namespace.
	begin(about leases.Origin) error
	row(*leases.Lease) error
	// end ends the leases of a namespace.
	end(about leases.Origin, more bool) error
	// close ends it all.
	close() error
}

// rows is the writer of a format. all says whether there may be several namespaces.
func (o *output) rows(f printer.Format, all bool) leaseRows {
	switch {
	case f.Human(), f.String() == "name":
		return &chunks{out: o, format: f, all: all, header: true}
	case f.String() == "csv":
		return &csvRows{out: o, all: all}
	case f.String() == "json":
		return &jsonRows{w: o.env.Out, all: all}
	case f.String() == "yaml":
		return &yamlRows{w: o.env.Out, all: all}
	}
	return &wholeRows{out: o, format: f, all: all}
}

// chunkSize is how many rows are laid out together.
const chunkSize = 1000

// chunks writes tables and names, many rows at a time. The first rows decide how wide the columns are; later
// ones may widen them.
type chunks struct {
	out    *output
	format printer.Format
	all    bool
	header bool // still to be written

	about  leases.Origin
	leases []placedLease
	names  []string
	layout *leaseLayout // nil: not yet known
	widths []int
}

// placedLease is a lease for a table, with what it does not say itself.
type placedLease struct {
	lease     leases.Lease
	namespace string
	now       time.Time
}

func (w *chunks) begin(about leases.Origin) error {
	w.about = about
	return nil
}

func (w *chunks) row(l *leases.Lease) error {
	if w.format.Human() {
		w.leases = append(w.leases, placedLease{l.Clone(), w.about.Namespace, w.about.Time})
	} else {
		w.names = append(w.names, "lease/"+l.Resource())
	}
	if len(w.leases)+len(w.names) < chunkSize {
		return nil
	}
	return w.flush()
}

func (w *chunks) end(leases.Origin, bool) error { return nil }

// close writes what is left.
func (w *chunks) close() error { return w.flush() }

func (w *chunks) flush() error {
	canvas := w.out.canvas()
	canvas.NoHeaders = canvas.NoHeaders || !w.header
	err := w.format.Write(w.out.env.Out, nil, printer.View{Page: w.page, Names: func() []string { return w.names }}, canvas)
	w.header, w.leases, w.names = false, w.leases[:0], w.names[:0]
	return err
}

func (w *chunks) page() printer.Page {
	var p printer.Page
	if len(w.leases) == 0 {
		return p
	}
	if w.layout == nil {
		canvas, rows := w.out.canvas(), []*leases.Lease{}
		canvas.Wide = w.format.Wide()
		for i := range w.leases {
			rows = append(rows, &w.leases[i].lease)
		}
		y := layoutOf(canvas, w.all, rows)
		w.layout = &y
	}
	t := printer.Table{Columns: w.layout.columns()}
	for i := range w.leases {
		l := &w.leases[i]
		t.Add(w.layout.row(l.namespace, &l.lease, l.now)...)
	}
	if w.format.Wide() || w.out.env.OutSize == nil { // else it is fitted to the terminal
		w.widen(t)
	}
	p.Table(t)
	return p
}

// widen makes the columns as wide as in the chunks before.
func (w *chunks) widen(t printer.Table) {
	if w.widths == nil {
		w.widths = make([]int, len(t.Columns))
	}
	for i, column := range t.Columns {
		w.widths[i] = max(w.widths[i], len(column.Header))
		for _, row := range t.Rows {
			w.widths[i] = max(w.widths[i], row[i].Width())
		}
		// One cell that is as wide as the widest so far does it.
		t.Rows[0][i] = printer.Concat(t.Rows[0][i], printer.Text(strings.Repeat(" ", w.widths[i]-t.Rows[0][i].Width())))
	}
}

// csvRows writes the rows of leases export, of several namespaces each with its own in front.
type csvRows struct {
	out    *output
	all    bool
	header bool // written
	writer leases.Writer
	about  leases.Origin
}

func (w *csvRows) begin(about leases.Origin) error {
	to := &lineWriter{to: w.out.env.Out}
	if w.all {
		to.prefix = about.Namespace + ","
	}
	w.about, w.writer = about, leases.NewCSV(to)
	to.drop = w.header || w.out.noHeaders
	if w.all && !to.drop {
		to.first = "namespace,"
	}
	w.header = true
	return w.writer.Begin()
}

func (w *csvRows) row(l *leases.Lease) error { return w.writer.Row(l) }

func (w *csvRows) end(leases.Origin, bool) error { return w.writer.End() }

func (w *csvRows) close() error { return nil }

// lineWriter puts something in front of each line. What it is given are whole lines.
type lineWriter struct {
	to     io.Writer
	first  string // in front of the first line
	drop   bool   // the first line
	prefix string // in front of the others
	begun  bool
}

// Write implements io.Writer.
func (w *lineWriter) Write(b []byte) (int, error) {
	out := b
	if w.prefix != "" || !w.begun && w.drop {
		out = make([]byte, 0, len(b)+len(b)/4)
		for line := range bytes.Lines(b) {
			switch {
			case w.begun:
				out = append(append(out, w.prefix...), line...)
			case !w.drop:
				out = append(append(out, w.first...), line...)
			}
			w.begun = true
		}
	}
	w.begun = true
	if _, err := w.to.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// listEnd is what a list says beside its leases.
type listEnd struct {
	leases.Origin `json:",inline"`
	More          bool `json:"more"`
}

// jsonRows writes a leases.List as JSON, or several as the items of one.
type jsonRows struct {
	w     io.Writer
	all   bool
	lists int // begun
	rows  int // of this list
	depth int
}

func (w *jsonRows) begin(leases.Origin) error {
	text := "{\n    \"leases\": ["
	switch {
	case w.all && w.lists == 0:
		text, w.depth = "{\n    \"items\": [\n        {\n            \"leases\": [", 2
	case w.all:
		text = ",\n        {\n            \"leases\": ["
	}
	w.lists, w.rows = w.lists+1, 0
	_, err := io.WriteString(w.w, text)
	return err
}

func (w *jsonRows) row(l *leases.Lease) error {
	text, err := jsonText(l, w.depth+2)
	if err != nil {
		return err
	}
	separator := ",\n"
	if w.rows == 0 {
		separator = "\n"
	}
	w.rows++
	_, err = io.WriteString(w.w, separator+text)
	return err
}

func (w *jsonRows) end(about leases.Origin, more bool) error {
	text, err := jsonText(listEnd{about, more}, w.depth)
	if err != nil {
		return err
	}
	closing := "],"
	if w.rows > 0 {
		closing = "\n" + indentation(w.depth+1) + "],"
	}
	_, err = io.WriteString(w.w, closing+strings.TrimPrefix(text, indentation(w.depth)+"{"))
	return err
}

func (w *jsonRows) close() error {
	text := "\n"
	switch {
	case w.all && w.lists == 0:
		text = "{\n    \"items\": []\n}\n"
	case w.all:
		text = "\n    ]\n}\n"
	}
	_, err := io.WriteString(w.w, text)
	return err
}

func indentation(depth int) string { return strings.Repeat("    ", depth) }

// jsonText is a value as JSON, some levels deep.
func jsonText(value any, depth int) (string, error) {
	var b bytes.Buffer
	if err := printer.WriteJSON(&b, value); err != nil {
		return "", err
	}
	return indentation(depth) + strings.ReplaceAll(strings.TrimRight(b.String(), "\n"), "\n", "\n"+indentation(depth)), nil
}

// yamlRows writes a leases.List as YAML, or several as the items of one.
type yamlRows struct {
	w     io.Writer
	all   bool
	lists int
	rows  int
}

func (w *yamlRows) begin(leases.Origin) error {
	text := ""
	if w.all && w.lists == 0 {
		text = "items:\n"
	}
	w.lists, w.rows = w.lists+1, 0
	_, err := io.WriteString(w.w, text)
	return err
}

func (w *yamlRows) row(l *leases.Lease) error {
	w.rows++
	if w.rows == 1 {
		if err := w.write("leases:\n", true); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := printer.WriteYAML(&b, []*leases.Lease{l}); err != nil {
		return err
	}
	return w.write(b.String(), false)
}

func (w *yamlRows) end(about leases.Origin, more bool) error {
	if w.rows == 0 {
		if err := w.write("leases: []\n", true); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	if err := printer.WriteYAML(&b, listEnd{about, more}); err != nil {
		return err
	}
	return w.write(b.String(), false)
}

// write writes lines of a list; as an item it is indented, and its first line begins with a dash.
func (w *yamlRows) write(text string, first bool) error {
	if w.all {
		text = "  " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n  ") + "\n"
		if first {
			text = "- " + text[2:]
		}
	}
	_, err := io.WriteString(w.w, text)
	return err
}

func (w *yamlRows) close() error {
	if w.all && w.lists == 0 {
		_, err := io.WriteString(w.w, "items: []\n")
		return err
	}
	return nil
}

// wholeRows keeps all leases, for formats with a template.
type wholeRows struct {
	out    *output
	format printer.Format
	all    bool
	lists  []leases.List
}

func (w *wholeRows) begin(about leases.Origin) error {
	w.lists = append(w.lists, leases.List{Origin: about, Leases: []leases.Lease{}})
	return nil
}

func (w *wholeRows) row(l *leases.Lease) error {
	list := &w.lists[len(w.lists)-1]
	list.Leases = append(list.Leases, l.Clone())
	return nil
}

func (w *wholeRows) end(about leases.Origin, more bool) error {
	list := &w.lists[len(w.lists)-1]
	list.Origin, list.More = about, more
	return nil
}

func (w *wholeRows) close() error {
	if w.format.String() == "custom-columns" { // whose rows are leases
		all := []leases.Lease{}
		for _, list := range w.lists {
			all = append(all, list.Leases...)
		}
		return w.out.write(w.format, all, printer.View{})
	}
	if w.all {
		return w.out.write(w.format, map[string]any{"items": w.lists}, printer.View{})
	}
	return w.out.write(w.format, w.lists[0], printer.View{})
}
