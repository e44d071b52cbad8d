package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// PlanConfig works out a change of configuration and tries beforehand what can be tried: each new file by its daemon's own
// parser, and a new access to a database by a login. What stands against it is in the plan's problems, all of it at once.
// Nothing is changed. A request without edits and texts is for what an earlier run left unfinished; see Plan.Idle.
// Errors: *UnknownServerError, inventory.ErrNone, the client's.
func PlanConfig(ctx context.Context, src Source, r Request) (Plan, error) {
	f, err := gather(ctx, src, r)
	if err != nil {
		return Plan{}, err
	}
	p := Plan{Namespace: r.Namespace, Deployment: f.deployment(), Files: []FileChange{}, Moves: []Move{}, Problems: []problem.Problem{}, facts: f}
	missing, err := kube.Missing(ctx, src.Client, Permissions(r.Namespace))
	if err != nil {
		return p, err
	}
	if len(missing) > 0 {
		names := []string{}
		for _, m := range missing {
			names = append(names, m.String())
		}
		p.against("missing-permission", "namespace "+r.Namespace, "you may not "+strings.Join(names, ", "), "")
	}
	if p.kept, err = findKept(ctx, src.Client, p.Namespace, p.Deployment); err != nil {
		return p, err
	}
	if p.kept != nil {
		p.resume(r)
	} else {
		p.compose(r)
		p.Moves = append(p.Moves, f.moves(p.Files)...)
		p.Continues = len(p.changes) == 0 && len(p.Problems) == 0 && p.lockLeft()
	}
	if p.Idle() {
		problem.Sort(p.Problems)
		return p, nil
	}
	p.refuse(r)
	p.findWriters(ctx, src.Client)
	if !p.Backwards {
		p.try(ctx, src, r)
	}
	problem.Sort(p.Problems)
	return p, nil
}

// lockLeft: an earlier run was broken off when nothing but its lock was left. To go on with it, or to take it back, is to
// take that away.
func (p *Plan) lockLeft() bool {
	return slices.ContainsFunc(p.facts.in.Operations, func(o inventory.Operation) bool {
		return o.Kind == LockKind && o.Object == "lease "+operation.LockName(p.Deployment)
	})
}

// against notes what stands against the plan.
func (p *Plan) against(code, subject, text, next string) {
	p.Problems = append(p.Problems, problem.NewCritical(code, subject, text, next))
}

// warn notes what is to be known beforehand.
func (p *Plan) warn(code, subject, text, next string) {
	p.Problems = append(p.Problems, problem.Problem{Severity: problem.Warning, Code: code, Subject: subject, Text: text, Next: next})
}

// compose works out the new files.
func (p *Plan) compose(r Request) {
	for _, s := range p.facts.servers {
		if s.fileErr != nil {
			p.against("file-not-changeable", s.Name(), s.fileErr.Error(), "")
			continue
		}
		before := s.file.Text.Reveal()
		after, err := r.after(s.object(), before)
		if err != nil {
			p.against("not-editable", s.object().String(), err.Error(), "")
			continue
		}
		behind := after == before && s.State.Running && slices.Contains(r.Reload, s.Name())
		if after == before && !behind {
			continue
		}
		differences, err := differences(s.Service, before, after)
		if err != nil {
			p.against("not-readable", s.object().String(), "the new text: "+err.Error(), "")
			continue
		}
		if behind {
			differences = s.behind(after)
		}
		if !slices.ContainsFunc(p.changes, func(c Change) bool { return c.Object == s.object() }) {
			p.changes = append(p.changes, Change{s.object(), kea.NewSecret(before), kea.NewSecret(after)})
		}
		p.Files = append(p.Files, FileChange{File: s.fileOf(), Differences: differences, Behind: behind, Later: !s.State.Running})
	}
	for object := range r.Texts {
		if !slices.ContainsFunc(p.facts.servers, func(s located) bool { return s.fileErr == nil && s.object() == object }) {
			p.against("nobody-reads", object.String(), "no Kea server of namespace "+p.Namespace+" has its configuration from it", "kubectl kea ha status -o wide -n "+p.Namespace)
		}
	}
	slices.SortFunc(p.Problems, func(a, b problem.Problem) int { return strings.Compare(a.Subject, b.Subject) }) // a map has no order
}

// after is what becomes of an object's text.
func (r Request) after(o Object, before string) (string, error) {
	if text, ok := r.Texts[o]; ok {
		return text.Reveal(), nil
	}
	if len(r.Edits) == 0 {
		return before, nil
	}
	after, err := kea.EditConfig([]byte(before), r.Edits)
	return string(after), err
}

// errOtherService: the new file is for the other family.
var errOtherService = errors.New("it is the configuration of another service")

// differences are between two texts, as Kea reads them. A former text that cannot be read shows as the difference of all.
func differences(service kea.Service, before, after string) ([]kea.Difference, error) {
	to, err := kea.ParseConfig([]byte(after))
	switch {
	case err != nil:
		return nil, err
	case to.Service != service:
		return nil, errOtherService
	}
	from, err := kea.ParseConfig([]byte(before))
	if err != nil {
		from = kea.Config{}
	}
	return kea.Changes(from, to), nil
}

// behind are the differences between what a server runs and its file.
func (s located) behind(text string) []kea.Difference {
	found := []kea.Difference{}
	file, err := kea.ParseConfig([]byte(text))
	if err != nil || s.observation.Config == nil {
		return found
	}
	for _, d := range kea.DiffFile(file, *s.observation.Config) {
		found = append(found, kea.Difference{Path: d.Path, A: d.B, B: d.A})
	}
	return found
}

// resume takes up what an earlier run left.
func (p *Plan) resume(r Request) {
	p.Continues = true
	p.Files, p.Moves, p.changes = p.kept.Files, p.kept.Moves, p.kept.changes()
	if p.kept.backwards() {
		p.Backwards = true
		p.warn("being-taken-back", p.kept.name(), "an earlier run began to take its change back, and was broken off: this one ends that, and changes nothing else", "")
		return
	}
	for _, c := range p.changes {
		after, err := r.after(c.Object, c.Before.Reveal())
		asked := len(r.Texts) > 0 || len(r.Edits) > 0
		if asked && (err != nil || after != c.After.Reveal()) {
			p.against("unfinished-rollout", p.kept.name(), "an earlier run, which began with another change of "+c.Object.String()+", was broken off: end it first, or take it back", "")
		}
	}
	for object := range r.Texts {
		if !slices.ContainsFunc(p.changes, func(c Change) bool { return c.Object == object }) {
			p.against("unfinished-rollout", p.kept.name(), "an earlier run, which does not change "+object.String()+", was broken off: end it first, or take it back", "")
		}
	}
}

// changeOf is the change of a server's file.
func (p *Plan) changeOf(o Object) Change {
	i := slices.IndexFunc(p.changes, func(c Change) bool { return c.Object == o })
	if i < 0 {
		return Change{Object: o}
	}
	return p.changes[i]
}

// configs are a file's two versions, as Kea reads them; one that cannot be read is empty.
func (p *Plan) configs(o Object) (before, after kea.Config) {
	c := p.changeOf(o)
	before, _ = kea.ParseConfig([]byte(c.Before.Reveal()))
	after, _ = kea.ParseConfig([]byte(c.After.Reveal()))
	return before, after
}

// try has each daemon read its new file, and logs in where the access to a database changes. An earlier run that was broken off
// had tried it all.
func (p *Plan) try(ctx context.Context, src Source, r Request) {
	p.findLogins()
	if p.Continues {
		return
	}
	var all sync.WaitGroup
	trials := make([]error, len(p.Files))
	for i, file := range p.Files {
		if !file.Later {
			all.Go(func() { trials[i] = trial(ctx, src.Pods, p.Namespace, file.File, p.changeOf(file.Object).After) })
		}
	}
	results := make([]error, len(p.logins))
	for i := range p.logins {
		all.Go(func() { results[i] = p.logins[i].try(ctx, src, p.facts.in, r.LoginLater) })
	}
	all.Wait()
	for i, err := range trials {
		var refused *refusedError
		switch {
		case errors.As(err, &refused):
			p.against("configuration-refused", p.Files[i].Server, "Kea refuses the new configuration: "+refused.said,
				fmt.Sprintf("kubectl kea config render --server %s -n %s | tail -n +2 | cat -n shows the file as it is now", p.Files[i].Server, p.Namespace))
		case err != nil:
			p.against("not-tried", p.Files[i].Server, "Kea could not be asked beforehand: "+err.Error(), "")
		}
	}
	for i, err := range results {
		p.judgeLogin(p.logins[i], err)
	}
}

// errTooLarge: the way back would not fit.
var errTooLarge = fmt.Errorf("the former and the new texts are too large to be kept in a Secret (%d KiB compressed at most)", keptMost>>10)
