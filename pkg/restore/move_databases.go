package restore

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// lookAtDatabases logs in to both clusters and compares them.
func (p *MovePlan) lookAtDatabases(ctx context.Context, src Source) []problem.Problem {
	var (
		wait              sync.WaitGroup
		from, to          *end
		fromFails, toFail error
	)
	wait.Go(func() { p.catalog = catalogOf(ctx, src, backup.Subject{In: p.in, Database: p.database}) })
	wait.Go(func() { from, fromFails = p.openFrom(ctx, src) })
	if len(cnpg.FencedInstances(p.to)) == 0 { // a fence is lifted as the first step
		wait.Go(func() { to, toFail = openEnd(ctx, src, p.to, p.database.Name) })
	}
	wait.Wait()
	defer from.close(ctx)
	defer to.close(ctx)

	problems := []problem.Problem{}
	if _, err := p.Carry.subnets(p.catalog); err != nil {
		problems = append(problems, unknownVLAN(err, p.Namespace))
	}
	problems = append(problems, p.checkTo(ctx, to, toFail)...)
	problems = append(problems, p.checkFrom(ctx, from, fromFails)...)
	if from != nil {
		p.lookAhead(ctx, from, to)
	}
	return problems
}

func unknownVLAN(err error, namespace string) problem.Problem {
	return problem.NewCritical("unknown-vlan", "--carry-leases", err.Error(), "kubectl kea vlans -n "+namespace)
}

// openFrom logs in to the cluster that the servers leave. One that is fenced cannot be read.
func (p *MovePlan) openFrom(ctx context.Context, src Source) (*end, error) {
	if len(cnpg.FencedInstances(p.from)) > 0 {
		return nil, errFenced
	}
	return openEnd(ctx, src, p.from, p.database.Name)
}

var errFenced = errors.New("it is fenced")

// closed reports whether an earlier run has read the cluster out and closed it: the fence comes last.
func (p *MovePlan) closed() bool {
	return p.Continues && len(cnpg.FencedInstances(p.from)) > 0 && p.from.Annotations[marks.AnnotationSuperseded] == p.To
}

// checkTo says what is wrong with the cluster that the servers come to.
func (p *MovePlan) checkTo(ctx context.Context, to *end, failed error) []problem.Problem {
	subject := "cluster " + p.To
	next := fmt.Sprintf("kubectl kea restore status %s -n %s", p.To, p.Namespace)
	if len(cnpg.FencedInstances(p.to)) > 0 {
		return nil
	}
	if failed == nil {
		failed = to.db.WriteProbe(ctx)
	}
	if failed != nil {
		return []problem.Problem{problem.NewCritical("target-not-ready", subject, failed.Error(), next)}
	}
	return nil
}

// checkFrom says what is wrong with the cluster that the servers leave, and who else is there.
func (p *MovePlan) checkFrom(ctx context.Context, from *end, failed error) []problem.Problem {
	subject := "cluster " + p.From
	switch {
	case failed == nil:
	case p.closed():
		return nil
	case p.Continues: // an earlier run barred the role: the first step admits it again
		p.Readable = true
		return nil
	default:
		text := fmt.Sprintf("its leases cannot be read (%v): what was granted since %s cannot be carried forward, and those addresses will be given to others", failed, orThen(p.Since))
		if p.Carry.None {
			return []problem.Problem{{Severity: problem.Warning, Code: "source-unreadable", Subject: subject, Text: text}}
		}
		return []problem.Problem{problem.NewCritical("source-unreadable", subject, text,
			"--carry-leases none goes on without them; add --guard to extend every lease that was valid then, so that at least those addresses stay with their clients")}
	}
	p.Readable = true
	health, err := from.db.Health(ctx)
	if err != nil {
		return []problem.Problem{problem.NewCritical("source-unreadable", subject, err.Error(), "kubectl kea status -n "+p.Namespace)}
	}
	p.findOthers(health.Sessions)
	if len(p.Others) == 0 {
		return nil
	}
	p.Fence = false
	return []problem.Problem{{
		Severity: problem.Warning, Code: "used-by-others", Subject: subject,
		Text: fmt.Sprintf("others have sessions in the same database (%s): it is not fenced in the end, and they stay where they are", strings.Join(p.Others, ", ")),
	}}
}

// findOthers finds who else uses the database. Of another role's session the address is not told.
func (p *MovePlan) findOthers(sessions []keadb.Session) {
	known := map[netip.Addr]bool{}
	for _, pod := range p.in.Pods {
		if pod.Labels[marks.LabelDeployment] != p.Deployment && !p.serves(pod.Name) {
			continue
		}
		for _, ip := range pod.Status.PodIPs {
			if addr, err := netip.ParseAddr(ip.IP); err == nil {
				known[addr] = true
			}
		}
	}
	for _, s := range sessions {
		if s.ApplicationName == keadb.ApplicationName || slices.Contains(operatorRoles(), s.User) || known[s.ClientAddr] {
			continue
		}
		text := s.User
		if s.ClientAddr.IsValid() {
			text += " from " + s.ClientAddr.String()
		} else if !s.Hidden { // over the pod's own socket
			continue
		}
		if !slices.Contains(p.Others, text) {
			p.Others = append(p.Others, text)
		}
	}
}

// operatorRoles are those that CNPG itself uses.
func operatorRoles() []string { return []string{"postgres", "streaming_replica"} }

// serves reports whether a pod is one of the servers'.
func (p *MovePlan) serves(pod string) bool {
	return slices.ContainsFunc(p.in.Servers, func(s inventory.Server) bool { return s.Pod == pod })
}

// lookAhead counts what will be carried. It is for people only: the move itself looks anew.
func (p *MovePlan) lookAhead(ctx context.Context, from, to *end) {
	if p.Since.IsZero() {
		return
	}
	subnets, err := p.Carry.subnets(p.catalog)
	if counts, err := from.db.After(ctx, p.Since); err == nil {
		for _, c := range counts {
			l := lossOf(p.catalog, c.Family, c.SubnetID, c.Leases)
			l.Forgotten = p.Carry.None || subnets != nil && !slices.Contains(subnets[c.Family], c.SubnetID)
			p.Newer = append(p.Newer, l)
		}
	}
	if to == nil || p.Direction != Cutover || err != nil {
		return
	}
	carry := keadb.Carry{From: from.db, To: to.db, Since: p.Since, Subnets: subnets, Extend: true}
	if counts, err := carry.Extendable(ctx); err == nil {
		for _, c := range counts {
			p.Extend = append(p.Extend, lossOf(p.catalog, c.Family, c.SubnetID, c.Extended))
		}
	}
}

// orThen is the moment of a restore for a sentence: "since 2026-11-22 03:00:00 UTC".
func orThen(at time.Time) string {
	if at.IsZero() {
		return "the restore's target"
	}
	return at.UTC().Format("2006-01-02 15:04:05 MST")
}
