package leases

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// LeaseServer deletes leases; *kea.Client is one.
type LeaseServer interface {
	LeaseOf(ctx context.Context, s kea.Service, address netip.Addr, t kea.LeaseType) (kea.Lease, error)
	DeleteLease(ctx context.Context, s kea.Service, address netip.Addr, t kea.LeaseType, updateDNS bool) error
}

// Outcome is what became of a lease that was to be deleted.
type Outcome string

// The outcomes.
const (
	OutcomeDeleted Outcome = "deleted" // every server was asked afterwards, and has it no more
	OutcomeGone    Outcome = "gone"    // no server had it any more
	OutcomeChanged Outcome = "changed" // it is another client's by now, or was renewed: left alone
	OutcomeFailed  Outcome = "failed"
)

// Removed is what became of one lease.
type Removed struct {
	Lease   Lease   `json:"lease"`
	Outcome Outcome `json:"outcome"`
	// Why says more: who has it now, or what went wrong where.
	Why string `json:"why,omitempty"`
	Err error  `json:"-"`
}

// RemovalResult counts what became of a plan.
type RemovalResult struct {
	Deleted int `json:"deleted"`
	Gone    int `json:"gone"`
	Changed int `json:"changed"`
	Failed  int `json:"failed"`
	Left    int `json:"left"` // not tried, after an interrupt
}

// Remove deletes what a plan says through Kea's own commands, one lease after the other, each on all its servers: the
// server is asked first whether the lease is still what the plan was made for, and afterwards whether it is gone. What is
// gone already is passed over, so the same plan can be carried out again. servers are by name. progress, when set, is told of
// every lease.
//
// A lease that fails does not stop the others; the error then is of the first one. When ctx ends, the lease at hand is
// finished, the result says how many are left, and the error is that of ctx.
func Remove(ctx context.Context, plan RemovalPlan, servers map[string]LeaseServer, progress func(Removed)) (RemovalResult, error) {
	var result RemovalResult
	var first error
	for i := range plan.Delete {
		if err := ctx.Err(); err != nil {
			result.Left = len(plan.Delete) - i
			return result, err
		}
		done := removeOne(ctx, &plan.Delete[i], servers)
		switch done.Outcome {
		case OutcomeDeleted:
			result.Deleted++
		case OutcomeGone:
			result.Gone++
		case OutcomeChanged:
			result.Changed++
		case OutcomeFailed:
			result.Failed++
			if first == nil {
				first = done.Err
			}
		}
		if progress != nil {
			progress(done)
		}
	}
	return result, first
}

// removePatience is how long the servers may take for one lease.
const removePatience = 30 * time.Second

// removeOne does not break off a deletion under way when ctx ends: nobody would know what became of it.
func removeOne(ctx context.Context, r *Removal, servers map[string]LeaseServer) Removed {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removePatience)
	defer cancel()
	return remove(ctx, r, servers)
}

// remove deletes one lease on all its servers.
func remove(ctx context.Context, r *Removal, servers map[string]LeaseServer) Removed {
	done := Removed{Lease: r.Lease, Outcome: OutcomeGone}
	fail := func(server string, err error) Removed {
		done.Outcome = OutcomeFailed
		done.Err = fmt.Errorf("delete the lease of %s on %s: %w", r.Lease.Resource(), server, err)
		done.Why = done.Err.Error()
		return done
	}
	// All are asked before the first is told: a lease that one peer has given to somebody else stays on all.
	has := []string{}
	for _, name := range r.From {
		server, ok := servers[name]
		if !ok {
			return fail(name, errNoServer)
		}
		now, err := current(ctx, server, &r.Lease)
		switch {
		case err != nil:
			return fail(name, err)
		case now == nil:
			continue
		}
		if why := differs(&r.Lease, now); why != "" {
			done.Outcome, done.Why = OutcomeChanged, why+" on "+name
			return done
		}
		has = append(has, name)
	}
	for i, name := range has {
		// The DNS entries are one server's business, or all would remove the same.
		err := servers[name].DeleteLease(ctx, r.Lease.Service, r.Lease.Address, typeOf(&r.Lease), i == 0)
		if err != nil && !errors.Is(err, kea.ErrEmpty) {
			return fail(name, err)
		}
	}
	for _, name := range has {
		now, err := current(ctx, servers[name], &r.Lease)
		switch {
		case err != nil:
			return fail(name, err)
		case now != nil && differs(&r.Lease, now) == "":
			return fail(name, errStillThere)
		case now != nil:
			done.Why = "the server has already given it away again"
		}
		done.Outcome = OutcomeDeleted
	}
	return done
}

var (
	errNoServer   = errors.New("it cannot be asked")
	errStillThere = errors.New("it says that it did, and still has it")
)

// current is what a server knows of the lease; nil for nothing.
func current(ctx context.Context, server LeaseServer, l *Lease) (*kea.Lease, error) {
	now, err := server.LeaseOf(ctx, l.Service, l.Address, typeOf(l))
	switch {
	case errors.Is(err, kea.ErrEmpty):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &now, nil
}

// typeOf is the lease's type as the API has it.
func typeOf(l *Lease) kea.LeaseType {
	if l.Service == kea.DHCP4 {
		return ""
	}
	return kea.LeaseType(l.Type)
}

// differs says what a client has done with a lease since the plan was made; "" for nothing. That the server has reclaimed it
// meanwhile is nothing, and a peer may know it as it was before.
func differs(planned *Lease, now *kea.Lease) string {
	other := leaseOf(now, planned.LastSeen)
	switch {
	case !other.LastSeen.After(planned.LastSeen):
		return ""
	case string(other.Client()) != string(planned.Client()):
		return "another client has it by now"
	case stateNumber(other.State) != stateNumber(planned.State):
		return fmt.Sprintf("it is %s by now", other.State)
	}
	return "its client has renewed it"
}
