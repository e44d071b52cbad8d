package printer

import "strings"

// Align says where a cell stands in its column.
type Align int

// Text stands left, numbers stand right.
const (
	Left Align = iota
	Right
)

// gap is what stands between two columns, as in kubectl's tables.
const gap = 3

// Column describes one column of a table.
type Column struct {
	Header string
	Align  Align
	Wide   bool // shown with -o wide only

	// Give orders which columns give way when the table is wider than the
	// canvas: the highest first. Those with zero keep their text as long as any
	// other column has something to give.
	Give int
	// Min is the width a column that gives way keeps; zero means its header's.
	Min int
}

// Table is rows of cells under headers. A row never wraps. The header is left
// out when no column has one.
type Table struct {
	Columns []Column
	Rows    [][]Line
	Indent  int
}

// Add appends a row. Missing cells are empty.
func (t *Table) Add(cells ...Line) { t.Rows = append(t.Rows, cells) }

func (t Table) lines(c Canvas) []string {
	if len(t.Rows) == 0 {
		return nil
	}
	columns, grid := t.grid(c)
	widths := fit(columns, natural(columns, grid), c.edge()-t.Indent-gap*(len(columns)-1), c.edge() > 0)
	out := make([]string, 0, len(grid))
	for _, row := range grid {
		out = append(out, drawRow(c, t.Indent, columns, widths, row))
	}
	return out
}

// grid is the columns that this canvas shows and all rows, the header first.
func (t Table) grid(c Canvas) ([]Column, [][]Line) {
	var columns []Column
	var index []int
	named := false
	for i, col := range t.Columns {
		if col.Wide && !c.Wide {
			continue
		}
		columns, index = append(columns, col), append(index, i)
		named = named || col.Header != ""
	}
	var grid [][]Line
	if named && !c.NoHeaders {
		header := make([]Line, len(columns))
		for i, col := range columns {
			header[i] = Heading.Text(strings.ToUpper(col.Header))
		}
		grid = append(grid, header)
	}
	for _, row := range t.Rows {
		cells := make([]Line, len(columns))
		for i, from := range index {
			if from < len(row) {
				cells[i] = row[from]
			}
		}
		grid = append(grid, cells)
	}
	return columns, grid
}

// natural is how wide each column is when nothing is cut.
func natural(columns []Column, grid [][]Line) []int {
	widths := make([]int, len(columns))
	for _, row := range grid {
		for i, cell := range row {
			widths[i] = max(widths[i], cell.Width())
		}
	}
	return widths
}

func drawRow(c Canvas, indent int, columns []Column, widths []int, row []Line) string {
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", indent))
	for i, cell := range row {
		cell = cell.Truncate(widths[i])
		pad := strings.Repeat(" ", widths[i]-cell.Width())
		if columns[i].Align == Right {
			b.WriteString(pad)
			pad = ""
		}
		b.WriteString(cell.Render(c))
		b.WriteString(pad)
		if i < len(row)-1 {
			b.WriteString(strings.Repeat(" ", gap))
		}
	}
	return strings.TrimRight(b.String(), " ")
}
