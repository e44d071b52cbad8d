package keadb

import (
	"context"
	"fmt"
)

// expiredSince is the condition for leases that were in use at a moment and have expired since.
func (p *passage) expiredSince(row string, family Family) string {
	return fmt.Sprintf("%[1]s.state = 0 and %[1]s.expire > %[2]s and %[1]s.expire <= now() and %[1]s.valid_lifetime <> %[3]d and %[4]s",
		row, literal(p.Since), Infinite, in(row, p.Subnets[family]))
}

// expiredBatch is how many addresses go from one database to the other at a time.
const expiredBatch = 20000

// forgotten is a lease of To that has expired, and of which From knows nothing any more.
type forgotten struct {
	address string
	subnet  uint32
}

// findForgotten finds those leases. Whatever came from From is not looked at.
func (p *passage) findForgotten(ctx context.Context) error {
	p.extend = map[Family][]forgotten{}
	for _, family := range p.families() {
		table := fmt.Sprintf("lease%d", family)
		sql := fmt.Sprintf(`begin read only; %[1]s, set_config('cursor_tuple_fraction', '1', true);
declare kea_carry_expired no scroll cursor for select l.address::text, l.subnet_id from %[2]s l where %[3]s and not exists (select from %[4]s s where s.address = l.address)`,
			unboundedSQL, table, p.expiredSince("l", family), staging(table))
		for more := true; more; sql = "" {
			expired, err := p.fetchExpired(ctx, sql)
			if err != nil {
				return err
			}
			if more = len(expired) == expiredBatch; len(expired) == 0 {
				continue
			}
			unknown, err := p.unknown(ctx, family, expired)
			if err != nil {
				return err
			}
			p.extend[family] = append(p.extend[family], unknown...)
		}
	}
	return nil
}

// fetchExpired returns the next leases of To that have expired, after the statements that begin it. With the last of them
// it ends the transaction.
func (p *passage) fetchExpired(ctx context.Context, begin string) ([]forgotten, error) {
	var expired []forgotten
	err := p.To.call("carry expired", "look for expired leases in "+p.To.target.String(), func() error {
		if begin != "" {
			begin += "; "
		}
		sets, err := p.To.script(ctx, fmt.Sprintf("%sfetch %d from kea_carry_expired", begin, expiredBatch))
		if err != nil {
			return p.To.undo(ctx, err)
		}
		var t texts
		for _, row := range sets[len(sets)-1].Rows {
			expired = append(expired, forgotten{address: string(row[0]), subnet: uint32(t.int(row[1]))})
		}
		if t.err == nil && len(expired) < expiredBatch {
			_, t.err = p.To.script(ctx, "commit")
		}
		return t.err
	})
	return expired, err
}

// unknown are those of some leases whose address has no row in From.
func (p *passage) unknown(ctx context.Context, family Family, leases []forgotten) ([]forgotten, error) {
	var unknown []forgotten
	err := p.From.call("carry unknown", "look for leases in "+p.From.target.String(), func() error {
		sets, err := p.From.script(ctx, fmt.Sprintf("select place - 1 from unnest(%s) with ordinality a (address, place) where not exists (select from lease%d l where l.address = a.address)",
			p.addresses(family, leases), family))
		if err != nil {
			return err
		}
		var t texts
		for _, row := range sets[0].Rows {
			if place := t.int(row[0]); place >= 0 && place < int64(len(leases)) {
				unknown = append(unknown, leases[place])
			}
		}
		return t.err
	})
	return unknown, err
}

// addresses is an array for SQL, of the type that the table's addresses have.
func (p *passage) addresses(family Family, leases []forgotten) string {
	all := make([]string, len(leases))
	for i, l := range leases {
		all[i] = l.address
	}
	return "'" + array(all) + "'::" + p.to.columns[fmt.Sprintf("lease%d", family)][0].element() + "[]"
}

// extendLeases is the statement that gives leases their lifetime once more, from now on.
func (p *passage) extendLeases(family Family) string {
	return fmt.Sprintf(`with extended as (update lease%[1]d l set expire = date_trunc('second', now()) + valid_lifetime * interval '1 second'
	where address = any(%[2]s) and %[3]s returning subnet_id)
select subnet_id, count(*) from extended group by 1`, family, p.addresses(family, p.extend[family]), p.expiredSince("l", family))
}

// Extendable counts the leases that the last run would extend, by family and subnet, while nothing has been carried yet.
func (c *Carry) Extendable(ctx context.Context) ([]CarriedCount, error) {
	if c.To.target.ReadOnly {
		return nil, fail(c.doing(), errReadOnlySession()) // the temporary tables are written to
	}
	p := &passage{Carry: c, note: func(string) {}, staged: map[string]int64{}, counts: map[countKey]CarriedCount{}}
	defer p.end(ctx)
	if err := p.look(ctx, Mark{}); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, p.stages()); err != nil {
		return nil, err
	}
	if err := p.findForgotten(ctx); err != nil {
		return nil, err
	}
	for family, leases := range p.extend {
		for _, l := range leases {
			p.count(family, l.subnet, CarriedCount{Extended: 1})
		}
	}
	return p.sorted(), nil
}
