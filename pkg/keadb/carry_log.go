package keadb

import (
	"context"
	"fmt"
	"slices"
)

// logTable is where the hook legal_log writes.
const logTable = "logs"

// CarryForensicLog carries what the hook legal_log has written to From since Since, and returns how many lines came. It can
// be repeated, also when the hook writes to To by then: what To has is not written twice. Lines are of no subnet here, so
// all of them are carried.
func (c *Carry) CarryForensicLog(ctx context.Context) (int64, error) {
	if c.To.target.ReadOnly {
		return 0, fail(c.doing(), errReadOnlySession())
	}
	p := &passage{Carry: c, staged: map[string]int64{}}
	defer p.end(ctx)
	if err := p.look(ctx, Mark{}); err != nil {
		return 0, err
	}
	if !p.from.has(logTable) || !p.to.has(logTable) || !slices.Equal(p.from.columns[logTable], p.to.columns[logTable]) {
		return 0, nil
	}
	since := fmt.Sprintf(`"timestamp" > %s`, literal(c.Since.Add(-clocks)))
	s := stage{
		name: "lines of the forensic log", table: logTable, staging: staging(logTable), columns: quoteNames(p.to.names(logTable)),
		query: "select " + list("", quoteNames(p.to.names(logTable))) + " from logs where " + since,
	}
	if err := p.prepare(ctx, []stage{s}); err != nil {
		return 0, err
	}
	if err := p.copy(ctx, s); err != nil {
		return 0, err
	}
	var lines int64
	err := p.To.call("carry log", "write the forensic log of "+p.To.target.String(), func() error {
		columns := list("", s.columns)
		sets, err := p.To.script(ctx, fmt.Sprintf(`begin; %[1]s;
with new as (insert into logs (%[2]s) select %[2]s from %[3]s except all select %[2]s from logs where %[4]s returning 1) select count(*) from new; commit`,
			unboundedSQL, columns, s.staging, since))
		if err != nil {
			return p.To.undo(ctx, err)
		}
		var t texts
		lines = t.int(sets[1].Rows[0][0])
		return t.err
	})
	return lines, err
}

func quoteNames(names []string) []string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = QuoteName(name)
	}
	return quoted
}
