package keadb

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// expiredSince is the condition for leases that were in use at a moment and have expired since.
func expiredSince(row string, p *passage, family Family) string {
	return fmt.Sprintf("%[1]s.state = 0 and %[1]s.expire > %[2]s and %[1]s.expire <= now() and %[1]s.valid_lifetime <> %[3]d and %[4]s",
		row, literal(p.Since), Infinite, in(row, p.Subnets[family]))
}

// findExpired finds the leases to be extended: of those that have expired, the ones that From knows nothing of any more.
// Whatever came from From is not looked at.
func (p *passage) findExpired(ctx context.Context) error {
	p.extend = map[Family][]string{}
	for _, family := range p.families() {
		table := fmt.Sprintf("lease%d", family)
		var expired []string
		err := p.To.call("carry expired", "look for expired leases in "+p.To.target.String(), func() error {
			sets, err := p.To.script(ctx, fmt.Sprintf("select l.address::text from %s l where %s and not exists (select from %s s where s.address = l.address)",
				table, expiredSince("l", p, family), staging(table)))
			if err != nil {
				return err
			}
			for _, row := range sets[0].Rows {
				expired = append(expired, string(row[0]))
			}
			return nil
		})
		if err != nil {
			return err
		}
		missing, err := p.unknown(ctx, family, expired)
		if err != nil {
			return err
		}
		if len(missing) > 0 {
			p.extend[family] = missing
		}
	}
	return nil
}

// unknown are those of some addresses that have no row in From.
func (p *passage) unknown(ctx context.Context, family Family, addresses []string) ([]string, error) {
	if len(addresses) == 0 {
		return nil, nil
	}
	var missing []string
	err := p.From.call("carry unknown", "look for leases in "+p.From.target.String(), func() error {
		sets, err := p.From.script(ctx, fmt.Sprintf("select a::text from unnest(%s) a where not exists (select from lease%d l where l.address = a)",
			p.addresses(family, addresses), family))
		if err != nil {
			return err
		}
		for _, row := range sets[0].Rows {
			missing = append(missing, string(row[0]))
		}
		return nil
	})
	return missing, err
}

// addresses is an array for SQL, of the type that the table's addresses have.
func (p *passage) addresses(family Family, all []string) string {
	typ := p.to.columns[fmt.Sprintf("lease%d", family)][0].typ
	return "'" + array(all) + "'::" + strings.TrimSpace(typ) + "[]"
}

// extendLeases is the statement that gives leases their lifetime once more, from now on.
func (p *passage) extendLeases(family Family) string {
	return fmt.Sprintf(`with extended as (update lease%[1]d l set expire = date_trunc('second', now()) + valid_lifetime * interval '1 second'
	where address = any(%[2]s) and %[3]s returning subnet_id)
select subnet_id, count(*) from extended group by 1`, family, p.addresses(family, p.extend[family]), expiredSince("l", p, family))
}

// Extendable counts the leases that the last run would extend, by family and subnet, while nothing has been carried yet.
func (c *Carry) Extendable(ctx context.Context) ([]CarriedCount, error) {
	p := &passage{Carry: c, final: true, note: func(string) {}, staged: map[string]int64{}}
	defer p.end(ctx)
	if err := p.look(ctx, Mark{}); err != nil {
		return nil, err
	}
	if err := p.prepare(ctx, p.stages()); err != nil {
		return nil, err
	}
	if err := p.findExpired(ctx); err != nil {
		return nil, err
	}
	var counts []CarriedCount
	for _, family := range p.families() {
		err := p.To.call("carry extendable", "count expired leases in "+p.To.target.String(), func() error {
			sets, err := p.To.script(ctx, fmt.Sprintf("select subnet_id, count(*) from lease%d where address = any(%s) group by 1", family, p.addresses(family, p.extend[family])))
			if err != nil {
				return err
			}
			var t texts
			for _, row := range sets[0].Rows {
				counts = append(counts, CarriedCount{Family: family, SubnetID: uint32(t.int(row[0])), Extended: t.int(row[1])})
			}
			return t.err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(counts, func(a, b CarriedCount) int {
		return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.SubnetID, b.SubnetID))
	})
	return counts, nil
}
