package leases

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func inState(s State) func(*Lease) {
	return func(l *Lease) {
		l.State = s
		if s == Expired {
			l.LastSeen, l.Expires = testNow().Add(-2*time.Hour), testNow().Add(-time.Hour)
		}
	}
}

func seen(ago time.Duration) func(*Lease) {
	return func(l *Lease) { l.LastSeen = testNow().Add(-ago) }
}

func TestPlanRemoval(t *testing.T) {
	on := func(names ...string) func(*Lease) []string { return func(*Lease) []string { return names } }
	ended := func(l *Lease) { l.Expires = testNow().Add(-time.Second) }
	tests := map[string]struct {
		lease  *Lease
		rules  RemovalRules
		why    string // begins so; "" when it is deleted
		unless RemovalUnless
	}{
		"active":                  {lease4(), RemovalRules{}, "it looks in use: its client was seen 10 min ago, and may use it until 2026-11-22T18:50:00Z", UnlessInUse},
		"active, told so":         {lease4(), RemovalRules{InUse: true}, "", ""},
		"for ever":                {lease4(never), RemovalRules{}, "it looks in use: its client was seen 10 min ago, and may use it until the end of time", UnlessInUse},
		"registered":              {lease6(inState(Registered)), RemovalRules{}, "it looks in use", UnlessInUse},
		"expired":                 {lease4(inState(Expired)), RemovalRules{}, "", ""},
		"reclaimed":               {lease4(inState(Reclaimed)), RemovalRules{}, "", ""},
		"released":                {lease4(inState(Released)), RemovalRules{}, "", ""},
		"declined":                {lease4(inState(Declined), seen(3*time.Hour)), RemovalRules{}, "a client found it in use 3 h ago: it is kept from everybody until 2026-11-22T18:50:00Z", UnlessDeclined},
		"declined, in use":        {lease4(inState(Declined)), RemovalRules{InUse: true}, "a client found it in use", UnlessDeclined},
		"declined, over":          {lease4(inState(Declined), ended), RemovalRules{}, "", ""},
		"cleared":                 {lease4(inState(Declined)), RemovalRules{ClearDeclined: true}, "", ""},
		"cleared at once":         {lease4(inState(Declined), seen(9*time.Minute)), RemovalRules{ClearDeclined: true}, "a client found it in use 9 min ago: whoever", UnlessFresh},
		"cleared at once, told":   {lease4(inState(Declined), seen(time.Second)), RemovalRules{ClearDeclined: true, Fresh: true}, "", ""},
		"nothing to clear":        {lease4(), RemovalRules{ClearDeclined: true, InUse: true, Fresh: true}, "it is not declined but active", ""},
		"nobody to tell":          {lease4(inState(Expired)), RemovalRules{Servers: on()}, "no server that keeps it can be told", ""},
		"nobody to tell, in use":  {lease4(), RemovalRules{Servers: on()}, "it looks in use", UnlessInUse},
		"time of the client lost": {lease4(func(l *Lease) { l.LastSeen = time.Time{} }), RemovalRules{}, "it looks in use: its client was seen at a time not known", UnlessInUse},
	}
	for name, tt := range tests {
		tt.rules.Now = testNow()
		if tt.rules.Servers == nil {
			tt.rules.Servers = on("a", "b")
		}
		plan := PlanRemoval([]Lease{*tt.lease}, tt.rules)
		all := slices.Concat(plan.Delete, plan.Refused)
		if len(all) != 1 || (len(plan.Refused) == 1) != (tt.why != "") || !strings.HasPrefix(all[0].Refused, tt.why) || all[0].Unless != tt.unless {
			t.Errorf("%s: %+v", name, plan)
		}
	}
}

func TestRemovalNotes(t *testing.T) {
	rules := RemovalRules{
		Now: testNow(), InUse: true,
		Reserved: func(*Lease) []ReservedFor {
			return []ReservedFor{{Identifier: "duid 00:03", From: "configuration"}}
		},
	}
	got := PlanRemoval([]Lease{*lease6(func(l *Lease) { l.FQDNForward = true })}, rules).Refused[0]
	want := []string{
		"its client goes on using it until it renews, and the server may give it to somebody else meanwhile",
		"the routes to the prefix stay where they are",
		"it is reserved for duid 00:03, which gets it again (configuration)",
		"its DNS entries are removed too, where the server updates DNS",
	}
	if diff := cmp.Diff(want, got.Notes); diff != "" {
		t.Error(diff)
	}
}

// doom plans to delete all leases on servers a and b.
func doom(all ...*Lease) RemovalPlan {
	var plan RemovalPlan
	for _, l := range all {
		plan.Delete = append(plan.Delete, Removal{Lease: *l, From: []string{"a", "b"}})
	}
	return plan
}

func TestRemove(t *testing.T) {
	both, one, gone := lease4(), named("10.0.0.1", "x", time.Hour), named("10.0.0.2", "x", time.Hour)
	prefix := lease6()
	taken, renewed, older := named("10.0.0.3", "x", time.Hour), named("10.0.0.4", "x", time.Hour), named("10.0.0.5", "x", time.Hour)
	a, clientA := newFakeKea(t, kea.DHCP4, both, one, named("10.0.0.3", "y", time.Minute), renewed, older)
	b, clientB := newFakeKea(t, kea.DHCP4, both, taken, named("10.0.0.4", "x", time.Minute), named("10.0.0.5", "z", 9*time.Hour))
	six, client6 := newFakeKea(t, kea.DHCP6, prefix)
	servers := map[string]LeaseServer{"a": clientA, "b": clientB}
	want := map[string]Outcome{
		"10.10.1.7": OutcomeDeleted, "10.0.0.1": OutcomeDeleted, "10.0.0.2": OutcomeGone, "10.0.0.3": OutcomeChanged, "10.0.0.4": OutcomeChanged, "10.0.0.5": OutcomeDeleted,
	}
	got, why := map[string]Outcome{}, map[string]string{}
	result, err := Remove(t.Context(), doom(both, one, gone, taken, renewed, older), servers, func(r Removed) {
		got[r.Lease.Resource()], why[r.Lease.Resource()] = r.Outcome, r.Why
	})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if diff := cmp.Diff(RemovalResult{Deleted: 3, Gone: 1, Changed: 2}, result); diff != "" {
		t.Error(diff)
	}
	if why["10.0.0.3"] != "another client has it by now on a" || why["10.0.0.4"] != "its client has renewed it on b" {
		t.Error(why)
	}
	for name, left := range map[*fakeKea][]string{a: {"10.0.0.3V4", "10.0.0.4V4"}, b: {"10.0.0.3V4", "10.0.0.4V4"}} {
		var keys []string
		for k := range name.leases {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if diff := cmp.Diff(left, keys); diff != "" {
			t.Error(diff)
		}
	}
	dns := func(f *fakeKea) int { return strings.Count(strings.Join(f.commands(), "\n"), `"update-ddns":true`) }
	if n, m := dns(a), dns(b); n != 3 || m != 0 {
		t.Errorf("%d and %d servers remove DNS entries", n, m)
	}
	// A second run finds everything done.
	result, err = Remove(t.Context(), doom(both, one, gone), servers, nil)
	if result != (RemovalResult{Gone: 3}) || err != nil {
		t.Errorf("again: %+v, %v", result, err)
	}
	plan := doom(prefix)
	plan.Delete[0].From = []string{"six"}
	result, err = Remove(t.Context(), plan, map[string]LeaseServer{"six": client6}, nil)
	if result.Deleted != 1 || err != nil || len(six.leases) != 0 {
		t.Errorf("prefix: %+v, %v", result, err)
	}
}

func TestRemoveFails(t *testing.T) {
	first, second := lease4(), named("10.0.0.1", "x", time.Hour)
	a, clientA := newFakeKea(t, kea.DHCP4, first, second)
	_, clientB := newFakeKea(t, kea.DHCP4, first, second)
	servers := map[string]LeaseServer{"a": clientA, "b": clientB}
	a.fail = func(command string) string {
		if command == "lease4-del" {
			return "no current lease manager is available"
		}
		return ""
	}
	result, err := Remove(t.Context(), doom(first, second), servers, nil)
	if result != (RemovalResult{Failed: 2}) || !errors.Is(err, kea.ErrNoDatabase) || !strings.HasPrefix(err.Error(), "delete the lease of 10.10.1.7 on a: ") {
		t.Errorf("%+v, %v", result, err)
	}
	result, err = Remove(t.Context(), doom(first), map[string]LeaseServer{"a": clientA}, nil)
	if result.Failed != 1 || !strings.Contains(err.Error(), "on b: it cannot be asked") {
		t.Errorf("%+v, %v", result, err)
	}
	stubborn := deaf{clientB}
	result, err = Remove(t.Context(), doom(first), map[string]LeaseServer{"a": stubborn, "b": stubborn}, nil)
	if result.Failed != 1 || !errors.Is(err, errStillThere) {
		t.Errorf("%+v, %v", result, err)
	}
}

// deaf says that it deletes, and does not.
type deaf struct{ *kea.Client }

func (deaf) DeleteLease(context.Context, kea.Service, netip.Addr, kea.LeaseType, bool) error {
	return nil
}

// TestRemoveManyInterrupted: the lease at hand is finished, the rest is left and counted.
func TestRemoveManyInterrupted(t *testing.T) {
	all := someLeases(kea.DHCP4, 50)
	fake, client := newFakeKea(t, kea.DHCP4, all...)
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	plan := doom(all...)
	for i := range plan.Delete {
		plan.Delete[i].From = []string{"a"}
	}
	result, err := Remove(ctx, plan, map[string]LeaseServer{"a": client}, func(Removed) {
		if n++; n == 20 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || result != (RemovalResult{Deleted: 20, Left: 30}) || len(fake.leases) != 30 {
		t.Errorf("%+v, %v, %d leases", result, err, len(fake.leases))
	}
}
