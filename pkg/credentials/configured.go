package credentials

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// configured is a login that stands in Kea's configuration: from which role to which it changes, and where it stands.
type configured struct {
	from, to dbRole
	// makes: the second role is not known to CNPG yet.
	makes bool
	// hosts are the names and addresses by which the servers may reach the cluster.
	hosts  []string
	places []place
	// before is the login that the servers have; after is the one that they get.
	before, after access
	// rollout is how the configuration changes.
	rollout rollout.Plan
}

// What the kept Secret says of a rotation in the configuration.
const (
	annotationStrategy = annotationRotated + "-strategy"
	annotationTo       = annotationRotated + "-to" // the role
)

// inConfiguration reports whether the servers take their password from their configuration.
func (u *use) inConfiguration() bool {
	return slices.ContainsFunc(u.holders, func(h holder) bool {
		return h.credential.Source == sourceConfiguration || h.credential.Access.PasswordInclude != ""
	})
}

// mine reports whether a database of a configuration is logged in to as one of the rotation's roles.
func (c *configured) mine(d kea.Database) bool {
	return d.Type == "postgresql" && slices.Contains(c.hosts, d.Host) && (d.User == c.from.name || d.User == c.to.name)
}

// join makes one use of the two roles between which an earlier run was broken off: some servers log in as the second already.
func (f *facts) join(ctx context.Context, r client.Reader) error {
	for i := range f.uses {
		u := &f.uses[i]
		if u.database.Cluster == nil || !u.inConfiguration() {
			continue
		}
		kept, from, err := unfinished(ctx, r, u)
		if err != nil {
			return err
		}
		if kept == nil {
			continue
		}
		joined := *u
		joined.kept = kept
		joined.holders, joined.database.Servers = nil, nil
		rest := []use{}
		for _, o := range f.uses {
			cluster, user := o.database.Cluster, o.database.User
			if cluster == nil || cluster.Name != u.database.Cluster.Name || user != from.name && user != kept.Annotations[annotationTo] {
				rest = append(rest, o)
				continue
			}
			joined.holders = append(joined.holders, o.holders...)
			joined.database.Servers = append(joined.database.Servers, o.database.Servers...)
		}
		slices.SortFunc(joined.holders, func(a, b holder) int { return strings.Compare(a.server.Name(), b.server.Name()) })
		joined.database.User = from.name
		f.uses = append(rest, joined)
		return nil
	}
	return nil
}

// unfinished is what an earlier run kept, and the role that it took the servers away from.
func unfinished(ctx context.Context, r client.Reader, u *use) (*corev1.Secret, dbRole, error) {
	for _, role := range u.roles {
		if role.secret == "" {
			continue
		}
		var kept corev1.Secret
		err := r.Get(ctx, client.ObjectKey{Namespace: u.database.Cluster.Namespace, Name: keptName(role.secret)}, &kept)
		switch {
		case apierrors.IsNotFound(err), kube.IsForbidden(err): // the missing permission is named
		case err != nil:
			return nil, dbRole{}, fmt.Errorf("read secret %s: %w", keptName(role.secret), err)
		case role.name == u.database.User || kept.Annotations[annotationTo] == u.database.User:
			return &kept, role, nil
		}
	}
	return nil, dbRole{}, nil
}

// configure works out the rotation of a login that stands in the configuration.
func (p *Plan) configure(ctx context.Context, src Source, f facts, r Request) error {
	u := &p.use
	c := &configured{}
	p.configured = c
	role, known := roleNamed(u.roles, u.database.User)
	if !known || role.secret == "" {
		return nil // refused elsewhere
	}
	c.hosts = hostsOf(f.in, p.Cluster)
	c.from, c.to = role, role
	asked := r.Strategy
	if u.kept != nil {
		asked = p.resume(asked)
	}
	p.decide(asked, u.roles, u.declares)
	p.Secret, p.To, p.ToSecret = c.from.secret, c.to.name, c.to.secret
	if err := p.mayDeclare(ctx, src); err != nil {
		return err
	}
	if err := p.refuseSecond(ctx, src); err != nil {
		return err
	}
	secret, err := readSecret(ctx, src.Client, p.Namespace, p.Secret)
	if err != nil {
		return err
	}
	if u.secret = secret; secret == nil {
		return nil
	}
	if err := p.logins(ctx, src); err != nil {
		return err
	}
	p.findKeys()
	return p.changeFiles(ctx, src, f)
}

// hostsOf are the names and addresses of the Services that lead to a cluster, for servers of its namespace.
func hostsOf(in *inventory.Inventory, cluster string) []string {
	found := []string{}
	for i := range in.Services {
		s := &in.Services[i]
		if target, ok := cnpg.ServiceTarget(s, in.Clusters); !ok || target.Cluster.Name != cluster {
			continue
		}
		found = append(found, s.Name)
		for _, rest := range []string{"", ".svc", ".svc.cluster.local"} {
			found = append(found, s.Name+"."+s.Namespace+rest)
		}
		found = append(found, s.Spec.ClusterIPs...)
	}
	return found
}

// refuseSecond: the Secret of a second role that is there already has to be one that a rotation may write.
func (p *Plan) refuseSecond(ctx context.Context, src Source) error {
	c := p.configured
	if c.makes || c.to.name == c.from.name {
		return nil
	}
	s, err := readSecret(ctx, src.Client, p.Namespace, c.to.secret)
	if err != nil {
		return err
	}
	subject := "secret " + c.to.secret
	if s == nil {
		p.against("no-secret", subject, "it is not there, or may not be read: CNPG takes the password of role "+c.to.name+" from it", "kubectl kea credentials rotate -n "+p.Namespace+" --strategy same-role")
		return nil
	}
	if s.Immutable != nil && *s.Immutable {
		p.against("immutable", subject, "it is immutable", "make another one that is not, and have the role name it")
	}
	if by, next := writer(s); by != "" {
		p.against("written-by-others", subject, by+" writes it, and would put its own password back", next)
	}
	if name := string(s.Data["username"]); name != c.to.name {
		p.against("another-user", subject, fmt.Sprintf("its username is %q, and the role is %q", name, c.to.name), "kubectl -n "+p.Namespace+" describe secret "+s.Name)
	}
	return nil
}

// mayDeclare: who makes a role has to be allowed to.
func (p *Plan) mayDeclare(ctx context.Context, src Source) error {
	if !p.configured.makes {
		return nil
	}
	wanted := []kube.Permission{}
	for _, verb := range []string{"create", "patch"} {
		wanted = append(wanted, kube.Permission{Verb: verb, Group: "postgresql.cnpg.io", Resource: "databaseroles", Namespace: p.Namespace})
	}
	missing, err := kube.Missing(ctx, src.Client, wanted)
	if err == nil && len(missing) > 0 {
		p.against("missing-permission", "namespace "+p.Namespace, backup.MayNot(missing), "kubectl kea credentials rotate --help")
	}
	return err
}

// resume takes up what an earlier run has decided.
func (p *Plan) resume(asked Strategy) Strategy {
	p.kept, p.Continues = p.use.kept, true
	began := Strategy(p.kept.Annotations[annotationStrategy])
	if asked != "" && asked != began {
		p.Problems = append(p.Problems, problem.NewCritical("unfinished-rotation", "secret "+p.kept.Name, "an earlier rotation was broken off, which went by the strategy "+string(began),
			"kubectl kea credentials rotate -n "+p.Namespace+" --strategy "+string(began)))
	}
	return began
}

// logins are the login that the servers have and the one that they get. What an earlier run wrote counts.
func (p *Plan) logins(ctx context.Context, src Source) error {
	c := p.configured
	c.before = access{c.from.name, p.use.current().Reveal()}
	if p.kept != nil {
		c.before.password = string(p.kept.Data["password"])
	}
	if p.password.IsZero() {
		p.password = newPassword()
	}
	c.after = access{c.to.name, p.password.Reveal()}
	if p.kept == nil {
		return nil
	}
	defer func() {
		if p.Given && p.written && c.after.password != p.password.Reveal() {
			p.against("unfinished-rotation", "secret "+p.kept.Name, "an earlier rotation to another password was broken off", "kubectl kea credentials rotate -n "+p.Namespace+" (without a password)")
		}
	}()
	switch p.Strategy {
	case SameRole:
		p.written = replaced(p.use.secret, p.kept)
		if p.written {
			c.after.password = string(p.use.secret.Data["password"])
		}
	case Alternating:
		to, err := readSecret(ctx, src.Client, p.Namespace, c.to.secret)
		if err != nil {
			return err
		}
		p.written = to != nil && to.Annotations[annotationFor] == string(p.kept.UID)
		if p.written {
			c.after.password = string(to.Data["password"])
		}
	}
	return nil
}

// changeFiles finds where the login stands, and plans the change of the files.
func (p *Plan) changeFiles(ctx context.Context, src Source, f facts) error {
	c := p.configured
	texts, servers := map[rollout.Object]kea.Secret{}, []string{}
	for _, h := range p.use.holders {
		found, err := findPlace(f.in, h.server, c)
		if err != nil {
			p.against("file-not-changeable", h.server.Name(), "its login cannot be changed: "+err.Error(), "")
			continue
		}
		text, err := found.with(c.after)
		if err != nil {
			p.against("file-not-changeable", found.object().String(), "its login cannot be changed: "+err.Error(), "")
			continue
		}
		c.places = append(c.places, found)
		texts[found.object()] = kea.NewSecret(text)
		servers = append(servers, h.server.Name())
		for _, at := range found.at {
			p.Places = append(p.Places, h.server.Name()+" "+at)
		}
		if object := found.file.Kind + " " + found.file.Name; !slices.Contains(p.Objects, object) {
			p.Objects = append(p.Objects, object)
		}
	}
	if p.Blocked() {
		return nil
	}
	planned, err := rollout.PlanConfig(ctx, src.rollout(), rollout.Request{Namespace: p.Namespace, Servers: servers, Texts: texts, LoginLater: true})
	if err != nil {
		return err
	}
	c.rollout = planned
	p.Moves = append(p.Moves, planned.Moves...)
	p.Problems = append(p.Problems, planned.Problems...)
	return nil
}

// against notes what stands against the plan.
func (p *Plan) against(code, subject, text, next string) {
	p.Problems = append(p.Problems, problem.NewCritical(code, subject, text, next))
}

// rollout is the same source, for a change of configuration.
func (src Source) rollout() rollout.Source {
	return rollout.Source{Client: src.Client, Pods: src.Pods, Connector: src.Connector, Observe: src.Observe, Now: src.Now}
}

// readSecret reads a Secret; nil where there is none, or it may not be read.
func readSecret(ctx context.Context, r client.Reader, namespace, name string) (*corev1.Secret, error) {
	var s corev1.Secret
	err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &s)
	switch {
	case apierrors.IsNotFound(err), kube.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return &s, nil
}

// warnOfWindow says what is not so with roles that take turns.
func (p *Plan) warnOfWindow() {
	if p.Strategy != SameRole {
		return
	}
	p.Problems = append(p.Problems, problem.Problem{
		Severity: problem.Info, Code: "window", Subject: p.use.String(),
		Text: "from the change in the database until a server has reloaded, which takes some seconds, it cannot log in anew: a failover of the database in between leaves it without service until its turn",
		Next: "kubectl kea credentials rotate --strategy alternating -n " + p.Namespace,
	})
}

// configuredRefusals are what stands against changing a login in the configuration, beside what stands against any rotation
// and any change of configuration.
func (p *Plan) configuredRefusals(f facts) {
	c := p.configured
	told := []string{}
	for _, one := range c.places {
		object := one.file.Kind + " " + one.file.Name
		if one.file.ManagedBy != "" && !slices.Contains(told, object) {
			told = append(told, object)
			p.against("written-by-others", object, one.file.ManagedBy+" writes it, and would put the former password back, which the database no longer takes",
				"keep the password in a Secret of its own that is mounted as a libpq service file, as kubectl kea install does")
		}
	}
	if p.Continues {
		return // then the rest is what is to be put right
	}
	for _, one := range c.places {
		if !runs(one.config, c.mine, c.before) {
			p.against(codeKeys, one.object().String(), "its databases do not all have the login that the servers run with", "kubectl kea ha diff -n "+p.Namespace)
		}
		for _, o := range f.observations {
			if o.Config == nil || o.Server.Name() != one.server.Name() {
				continue
			}
			paths := []string{}
			for _, d := range kea.DiffFile(one.config, *o.Config) {
				paths = append(paths, d.Path)
			}
			if len(paths) > 0 {
				p.against("not-its-file", one.server.Name(), "it does not run its file: a reload would change more than the password ("+strings.Join(paths, ", ")+")",
					"kubectl kea ha diff -n "+p.Namespace)
			}
		}
	}
}
