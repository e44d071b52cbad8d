package restore

import (
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// judge decides whether a restored database may be taken into service, and fills in the report. An error says why not.
func (r *recovery) judge(found keadb.Inspection) error {
	r.report.Leases4, r.report.Leases6 = found.IPv4.Valid, found.IPv6.Valid
	r.report.Newest4, r.report.Newest6, r.report.Hosts = found.IPv4.Newest, found.IPv6.Newest, found.Hosts
	if r.report.Timeline == 0 {
		r.report.Timeline = found.Timeline
	}
	switch doubles := found.IPv4.Duplicates + found.IPv6.Duplicates; {
	case found.InRecovery:
		return fmt.Errorf("the new database is still in recovery")
	case doubles > 0:
		return fmt.Errorf("%d addresses stand in more than one row: the base backup's index is damaged", doubles)
	case r.schema != nil && found.Schema != *r.schema:
		return fmt.Errorf("the restored schema is %d.%d, the one in service %d.%d: Kea was upgraded since; its kea-admin db-upgrade has to bring the new cluster up first",
			found.Schema.Version, found.Schema.Minor, r.schema.Version, r.schema.Minor)
	}
	if at := r.p.Target.Time; !at.IsZero() {
		for _, newest := range []time.Time{found.IPv4.Newest, found.IPv6.Newest} {
			if newest.After(at.Add(newerBy)) {
				return fmt.Errorf("a lease in it is of %s, after the target: replay did not stop there", newest.UTC().Format(time.RFC3339))
			}
		}
	}
	if n := miscounted(found.IPv4) + miscounted(found.IPv6); n > 0 {
		r.report.Remarks = append(r.report.Remarks, fmt.Sprintf("the counters of %d subnets did not agree with their rows at the target; a cutover counts anew", n))
	}
	return nil
}

// miscounted is the number of subnets whose counters do not agree with their rows.
func miscounted(l keadb.LeasesInspection) int {
	n := 0
	for _, s := range l.Subnets {
		if len(s.Miscounted()) > 0 {
			n++
		}
	}
	return n
}
