package credentials

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// refusals are what stands against a rotation beside the state of the servers. all are the logins of the namespace. It is pure.
func (p *Plan) refusals(f facts, all []use) []problem.Problem {
	found := []problem.Problem{}
	against := func(code, subject, text, next string) {
		found = append(found, problem.NewCritical(code, subject, text, next))
	}
	status := "kubectl kea credentials status -n " + p.Namespace
	d, u := p.use.database, &p.use
	switch {
	case d.Cluster == nil || d.Target == nil:
		against("no-cluster", u.String(), "no CNPG cluster of this namespace is behind "+d.Host+": nobody would set the password in the database", "")
		return found
	case d.Target.Role != cnpg.RolePrimary:
		against("not-the-primary", "service "+d.Service.Name, fmt.Sprintf("it selects %s: the servers' sessions cannot be told apart there", d.Target.Role), "")
	}
	if p.configured != nil && u.secret == nil {
		return append(found, p.roleRefusals()...)
	}
	if u.secret == nil {
		against("no-secret", u.String(), "the servers do not take the password from a mounted Secret that can be read (it stands in "+d.PasswordSource+")",
			"keep the password in a Secret that is mounted as a libpq service file, as kubectl kea install does")
		return found
	}
	found = append(found, p.secretRefusals()...)
	found = append(found, p.roleRefusals()...)
	if p.configured != nil {
		return append(found, p.sharedRefusals(f, all)...)
	}
	if !p.Continues { // then they are what is to be put right
		for _, x := range u.disagreements(p.Namespace) {
			if x.Severity == problem.Critical {
				found = append(found, x)
			}
		}
	}
	if u.role == nil && !u.refused() {
		against("no-login", u.String(), "a login to compare with did not work: "+u.why+errorText(u.loginErr), status)
	}
	for _, h := range u.holders {
		switch file := h.credential.File; {
		case h.credential.Lacking != "":
			against("no-password", h.server.Name(), "it has no password to log in with: "+h.credential.Lacking, status)
		case h.credential.Secret != u.secret.Name || !file.Exists():
			against("elsewhere", h.server.Name(), fmt.Sprintf("it takes its password from %s, and not from a mounted file of secret %s", h.credential.Source, u.secret.Name), status)
		case file.Frozen:
			against("frozen-file", h.server.Name(), "its file "+file.Path+" is mounted by a subPath: a changed Secret never reaches a container that runs", "mount the whole volume")
		case h.fileErr != nil:
			against("file-not-read", h.server.Name(), "its file cannot be compared with the Secret: "+h.fileErr.Error(), status)
		}
	}
	found = append(found, p.sharedRefusals(f, all)...)
	if p.Given && p.Continues && p.written && string(u.secret.Data["password"]) != p.password.Reveal() {
		against("unfinished-rotation", "secret "+p.Secret, "an earlier rotation to another password was broken off", "kubectl kea credentials rotate -n "+p.Namespace+" (without a password)")
	}
	return found
}

// sharedRefusals are about who else uses the role.
func (p *Plan) sharedRefusals(f facts, all []use) []problem.Problem {
	found := []problem.Problem{}
	against := func(code, subject, text, next string) {
		found = append(found, problem.NewCritical(code, subject, text, next))
	}
	d, u := p.use.database, &p.use
	for _, o := range u.others(f.in) {
		who := o.Address
		if o.Pod != "" {
			who = "pod " + o.Pod
		}
		against("shared-role", u.String(), fmt.Sprintf("%s uses it too (%d sessions in database %s): it would be locked out", who, o.Sessions, o.Database), "give it a role of its own")
	}
	for i := range all {
		if o := &all[i]; o.database.Cluster != nil && o.database.Cluster.Name == d.Cluster.Name && o.database.User == d.User && !o.is(u) {
			against("shared-role", u.String(), fmt.Sprintf("other servers log in as it at %s: %s", o.database.Host, strings.Join(o.database.Servers, ", ")), "give them a role of their own")
		}
	}
	return append(found, p.podRefusals()...)
}

func (u *use) is(o *use) bool {
	return u.database.Host == o.database.Host && u.database.Name == o.database.Name && u.database.Port == o.database.Port
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// podRefusals: sessions are told apart by the address that they come from.
func (p *Plan) podRefusals() []problem.Problem {
	found := []problem.Problem{}
	pods := p.use.pods()
	for i, pod := range pods {
		for _, other := range pods[:i] {
			if slices.ContainsFunc(p.use.addresses(pod), func(a netip.Addr) bool { return slices.Contains(p.use.addresses(other), a) }) {
				found = append(found, problem.NewCritical("same-address", "pod "+pod, "it has the address of pod "+other+": their sessions cannot be told apart, and one would lose them unasked", "put them on different nodes"))
			}
		}
	}
	if len(pods) > 2 {
		found = append(found, problem.NewCritical("several-deployments", p.use.String(), "servers of more than one deployment log in as it: "+strings.Join(pods, ", "), "give each deployment a role of its own"))
	}
	return found
}

// secretRefusals are about who writes the Secret.
func (p *Plan) secretRefusals() []problem.Problem {
	found := []problem.Problem{}
	s := p.use.secret
	subject := "secret " + s.Name
	if s.Immutable != nil && *s.Immutable {
		found = append(found, problem.NewCritical("immutable", subject, "it is immutable", "make another one that is not, and have the cluster and the pods name it"))
	}
	if by, next := writer(s); by != "" {
		found = append(found, problem.NewCritical("written-by-others", subject, by+" writes it, and would put its own password back", next))
	}
	if name := string(s.Data["username"]); name != p.Role {
		found = append(found, problem.NewCritical("another-user", subject, fmt.Sprintf("its username is %q, and Kea logs in as %q", name, p.Role), "kubectl -n "+p.Namespace+" describe secret "+s.Name))
	}
	return found
}

// writer is the tool that writes a Secret, and where to rotate instead; "" for none that is known.
func writer(s *corev1.Secret) (by, next string) {
	by = inventory.ManagedBy(s)
	tool, _, _ := strings.Cut(by, " ")
	switch {
	case by == "":
		return "", ""
	case tool == "ExternalSecret", by == "External Secrets":
		return by, "rotate the password where External Secrets takes it from"
	case tool == "SealedSecret":
		return by, "seal a new password and apply it"
	case by == "Argo CD":
		return by, "rotate the password in the repository, or take the Secret out of the application"
	case by == "Flux":
		return by, "rotate the password in the repository, or take the Secret out of what Flux applies"
	case by == "Helm":
		return by, "rotate the password in the release's values"
	}
	return by, "rotate the password there"
}

// roleRefusals are about who sets the role's password in the database.
func (p *Plan) roleRefusals() []problem.Problem {
	cluster := p.use.database.Cluster
	subject := p.use.String()
	role, known := roleNamed(p.use.roles, p.Role)
	switch {
	case !known:
		return []problem.Problem{problem.NewCritical("role-not-known", subject, fmt.Sprintf("CNPG does not know it: the cluster's owner is %s, and neither spec.managed.roles nor a DatabaseRole has %s", cnpg.Owner(cluster), p.Role),
			"add the role to spec.managed.roles of the cluster, with its passwordSecret")}
	case role.secret == "":
		return []problem.Problem{problem.NewCritical("another-secret", subject, "CNPG takes its password from no Secret", "give the role a passwordSecret in "+role.source())}
	case p.use.secret == nil:
		return []problem.Problem{problem.NewCritical("no-secret", subject, "secret "+role.secret+", from which CNPG takes its password, could not be read", "kubectl -n "+p.Namespace+" get secret "+role.secret)}
	case role.secret != p.use.secret.Name:
		return []problem.Problem{problem.NewCritical("another-secret", subject, fmt.Sprintf("CNPG takes its password from secret %q, by %s, and Kea from secret %s", role.secret, role.source(), p.use.secret.Name),
			"have both name one Secret")}
	}
	return nil
}
