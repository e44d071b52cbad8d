package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// Request is what a rotation is asked for.
type Request struct {
	Namespace string
	// Role and Cluster choose where there are several; "" is the only one.
	Role, Cluster string
	// Strategy is how a login is changed that stands in Kea's configuration; "" leaves the choice to the plan.
	Strategy Strategy
	// Password is the new one; zero: one is made.
	Password kea.Secret
}

// Plan is what a rotation will do, and what stands against it. It shows no password.
type Plan struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	Role       string `json:"role"`
	Database   string `json:"database"`
	Cluster    string `json:"cluster"`
	Secret     string `json:"secret"`
	// Keys are those of the Secret that carry the password.
	Keys []string `json:"keys"`
	// Given: the new password is the caller's, and none is made.
	Given bool `json:"given"`
	// Continues: an earlier rotation was broken off, and this one ends it.
	Continues bool `json:"continues,omitempty"`
	// Turns are the pods in the order in which their servers log in anew.
	Turns []rollout.Turn `json:"turns"`
	// Strategy is how a login is changed that stands in Kea's configuration, and Why says why so; "" where it is in a file that
	// libpq reads.
	Strategy Strategy `json:"strategy,omitempty"`
	Why      string   `json:"why,omitempty"`
	// To is the role that the servers log in as afterwards, ToSecret where its password stands.
	To       string `json:"to,omitempty"`
	ToSecret string `json:"toSecret,omitempty"`
	// Objects are the Secrets and ConfigMaps with Kea's configuration, Places where the login stands in it.
	Objects []string `json:"objects,omitempty"`
	Places  []string `json:"places,omitempty"`
	// Moves are the reloads, in their order.
	Moves    []rollout.Move    `json:"moves,omitempty"`
	Problems []problem.Problem `json:"problems"`

	use use
	// configured is nil for a login that libpq reads from a file.
	configured *configured
	password   kea.Secret
	// kept is the Secret with what an earlier rotation replaced; nil for none. written: the new password is in the Secret.
	kept    *corev1.Secret
	written bool
}

// Blocked reports whether something stands against the plan.
func (p Plan) Blocked() bool { return problem.Worst(p.Problems).AtLeast(problem.Critical) }

// PlanRotation looks at everything that a rotation depends on. What stands against it is in the plan's problems, all of it at
// once. Nothing is changed. Errors: *ChoiceError, inventory.ErrNone, the client's.
func PlanRotation(ctx context.Context, src Source, r Request) (Plan, error) {
	f, err := gather(ctx, src, r.Namespace)
	if err != nil {
		return Plan{}, err
	}
	all := slices.Clone(f.uses)
	if err := f.join(ctx, src.Client); err != nil {
		return Plan{}, err
	}
	if err := f.choose(r.Role, r.Cluster); err != nil {
		return Plan{}, err
	}
	if len(f.uses) > 1 {
		names := []string{}
		for i := range f.uses {
			names = append(names, f.uses[i].String())
		}
		return Plan{}, &ChoiceError{Namespace: r.Namespace, Have: names, Why: "there are several logins, choose with --role and --cluster: " + strings.Join(names, ", ")}
	}
	p := Plan{Namespace: r.Namespace, use: f.uses[0], password: r.Password, Given: !r.Password.IsZero(), Keys: []string{}, Turns: []rollout.Turn{}, Problems: []problem.Problem{}}
	d := p.use.database
	p.Role, p.Database = d.User, d.Name
	if d.Cluster != nil {
		p.Cluster = d.Cluster.Name
		subject, err := backup.Find(ctx, src.Client, r.Namespace, p.Cluster)
		if err != nil {
			return p, err
		}
		p.Deployment = subject.Deployment
	}
	missing, err := kube.Missing(ctx, src.Client, Permissions(r.Namespace))
	if err != nil {
		return p, err
	}
	if len(missing) > 0 {
		p.Problems = append(p.Problems, problem.NewCritical("missing-permission", "namespace "+r.Namespace, backup.MayNot(missing), "kubectl kea credentials rotate --help"))
	}
	if p.use.inConfiguration() && d.Cluster != nil {
		if err := p.configure(ctx, src, f, r); err != nil {
			return p, err
		}
		p.configuredRefusals(f)
		p.warnOfWindow()
	} else {
		if err := p.inFiles(ctx, src, f, r); err != nil {
			return p, err
		}
	}
	p.Problems = append(p.Problems, p.refusals(f, all)...)
	problem.Sort(p.Problems)
	return p, nil
}

// inFiles works out the rotation of a login that libpq reads from a file.
func (p *Plan) inFiles(ctx context.Context, src Source, f facts, r Request) error {
	if r.Strategy != "" {
		p.against("no-strategy", p.use.String(), "its password stands in no configuration of Kea, so that there is nothing to choose: the role stays, and nothing is reloaded", "leave out --strategy")
	}
	if p.use.secret != nil {
		p.Secret = p.use.secret.Name
		if err := p.findKept(ctx, src.Client); err != nil {
			return err
		}
		p.findKeys()
	}
	report, _ := ha.Judge(f.observations)
	report = p.only(report)
	p.Turns = append(p.Turns, rollout.Turns(report)...)
	p.Problems = append(p.Problems, rollout.NotReady(p.Namespace, report, p.Continues)...)
	p.costs(report)
	return nil
}

// findKept finds what an earlier run left behind.
func (p *Plan) findKept(ctx context.Context, r client.Reader) error {
	var kept corev1.Secret
	err := r.Get(ctx, client.ObjectKey{Namespace: p.Namespace, Name: keptName(p.Secret)}, &kept)
	switch {
	case apierrors.IsNotFound(err), kube.IsForbidden(err): // the missing permission is named
		return nil
	case err != nil:
		return fmt.Errorf("read secret %s: %w", keptName(p.Secret), err)
	}
	p.kept, p.Continues = &kept, true
	p.written = replaced(p.use.secret, &kept)
	return nil
}

// findKeys finds the keys that carry the password.
func (p *Plan) findKeys() {
	if p.kept != nil {
		for key := range p.kept.Data {
			p.Keys = append(p.Keys, key)
		}
		slices.Sort(p.Keys)
		return
	}
	changed, err := rewrite(p.use.secret.Data, p.Role, p.use.current().Reveal(), strings.Repeat("x", 2*minPassword))
	if err != nil {
		p.Problems = append(p.Problems, problem.NewCritical("unknown-form", "secret "+p.Secret, err.Error(), "kubectl -n "+p.Namespace+" describe secret "+p.Secret))
		return
	}
	for key := range changed {
		p.Keys = append(p.Keys, key)
	}
	slices.Sort(p.Keys)
}

// current is the password that the servers log in with, by the Secret as it was read.
func (u *use) current() kea.Secret {
	for _, h := range u.holders {
		if !h.credential.Password.IsZero() {
			return h.credential.Password
		}
	}
	return kea.Secret{}
}

// only keeps the servers that log in with this role.
func (p *Plan) only(r ha.Report) ha.Report {
	uses := func(peer ha.Peer) bool {
		return slices.ContainsFunc(p.use.holders, func(h holder) bool { return h.server.Name() == peer.Server })
	}
	kept := ha.Report{}
	for _, relationship := range r.Relationships {
		if slices.ContainsFunc(relationship.Peers, uses) {
			kept.Relationships = append(kept.Relationships, relationship)
		}
	}
	for _, peer := range r.Standalone {
		if uses(peer) {
			kept.Standalone = append(kept.Standalone, peer)
		}
	}
	return kept
}

// costs says what clients will notice, where they will.
func (p *Plan) costs(r ha.Report) {
	for _, peer := range r.Standalone {
		p.Problems = append(p.Problems, problem.Problem{
			Severity: problem.Warning, Code: "nobody-covers", Subject: peer.Server,
			Text: "it has no partner: its clients wait for about half a second while it logs in anew",
		})
	}
}

// errNoAccess: there is no way into the database.
var errNoAccess = errors.New("the cluster has no primary that runs")
