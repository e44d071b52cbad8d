package credentials

import (
	"fmt"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Codes of problems that more than one place knows.
const (
	codeRefused  = "password-refused"
	codeFile     = "file-differs"
	codeKeys     = "keys-differ"
	codePassFile = "pass-file-open"
)

// problems says what is wrong with a credential. It is pure.
func (u *use) problems(in *inventory.Inventory) []problem.Problem {
	found := append(u.disagreements(in.Namespace), u.weaknesses(in)...)
	for _, h := range u.holders {
		if h.credential.Lacking != "" {
			found = append(found, problem.NewCritical("no-password", h.server.Name(), "it has no password to log in with: "+h.credential.Lacking, ""))
		}
	}
	return found
}

// disagreements are the places that ought to hold one password and do not.
func (u *use) disagreements(namespace string) []problem.Problem {
	found := []problem.Problem{}
	subject := u.String()
	if u.secret != nil {
		subject = "secret " + u.secret.Name
	}
	if u.refused() {
		text := fmt.Sprintf("the database does not take its password for role %s: a server that has to log in anew serves nobody", u.database.User)
		next := ""
		if u.secret != nil && u.secret.Labels[cnpg.LabelReload] != "true" {
			text += "; the Secret lacks the label that makes CNPG act on its changes"
			next = fmt.Sprintf("kubectl -n %s label secret %s %s=true", namespace, u.secret.Name, cnpg.LabelReload)
		}
		found = append(found, problem.NewCritical(codeRefused, subject, text, next))
	}
	if u.secret != nil {
		if differing := differingKeys(u); len(differing) > 0 {
			found = append(found, problem.NewCritical(codeKeys, subject, fmt.Sprintf("its keys hold different passwords of role %s: %s", u.database.User, strings.Join(differing, ", ")),
				"kubectl -n "+namespace+" describe secret "+u.secret.Name))
		}
	}
	for _, pod := range u.pods() {
		if h := u.holder(pod); h.FileIs == Differs && u.inConfiguration() {
			found = append(found, problem.NewCritical(codeFile, "pod "+pod,
				fmt.Sprintf("its servers, their configuration and the Secret do not have one login of role %s: who reloads, or has to log in anew, may serve nobody", u.database.User),
				"kubectl kea ha diff -n "+namespace))
		} else if h.FileIs == Differs {
			found = append(found, problem.NewCritical(codeFile, "pod "+pod, fmt.Sprintf("its file %s is not what the Secret says: its servers log in with another password", h.File),
				fmt.Sprintf("kubectl -n %s annotate pod %s --overwrite %s=\"$(date -u +%%FT%%TZ)\" has the kubelet bring it at once", namespace, pod, marks.AnnotationNudge)))
		}
	}
	for _, h := range u.holders {
		if h.file != nil && h.credential.File.PassFile && h.file.open() {
			found = append(found, problem.NewCritical(codePassFile, h.server.Name(),
				fmt.Sprintf("its file %s has mode %04o: libpq passes over a pass file that others may read, so that its next login fails", h.credential.File.Path, h.file.mode),
				"set defaultMode: 0600 on the volume, and no fsGroup on the pod"))
		}
	}
	return found
}

// differingKeys are the keys of the Secret that hold a password of the role, when they are not of one mind.
func differingKeys(u *use) []string {
	passwords, keys := map[string]bool{}, []string{}
	if password, ok := u.secret.Data["password"]; ok && string(u.secret.Data["username"]) == u.database.User {
		passwords[string(password)] = true
		keys = append(keys, "password")
	}
	for _, h := range u.holders {
		if h.credential.Secret != u.secret.Name || h.credential.Password.IsZero() {
			continue
		}
		if password := h.credential.Password.Reveal(); !passwords[password] {
			passwords[password] = true
			keys = append(keys, h.credential.File.Key)
		}
	}
	if len(passwords) < 2 {
		return nil
	}
	return keys
}

// weaknesses are what works and ought not to be so.
func (u *use) weaknesses(in *inventory.Inventory) []problem.Problem {
	found := []problem.Problem{}
	warn := func(code, subject, text, next string) {
		found = append(found, problem.Problem{Severity: problem.Warning, Code: code, Subject: subject, Text: text, Next: next})
	}
	told := map[string]bool{}
	for _, h := range u.holders {
		source := h.credential.Source
		if source == sourceConfiguration {
			source = h.server.FileSource
		}
		if strings.HasPrefix(source, "configmap ") && !told[source] {
			told[source] = true
			warn("password-in-configmap", source, "the password of role "+u.database.User+" stands in a ConfigMap, for everybody to read who may look at the namespace", "")
		}
	}
	if u.role != nil && u.role.Superuser {
		warn("superuser", u.String(), "Kea logs in as a superuser: whoever has this password has the whole server", "")
	}
	for _, o := range u.others(in) {
		where := o.Address
		if o.Pod != "" {
			where = "pod " + o.Pod
		}
		warn("shared-role", u.String(), fmt.Sprintf("somebody who is no server of this namespace uses it too: %d sessions from %s in database %s", o.Sessions, where, o.Database), "")
	}
	for _, pod := range u.pods() {
		if h := u.holder(pod); h.WithoutTLS > 0 {
			warn("no-tls", "pod "+pod, fmt.Sprintf("%d of %d sessions are without TLS: the password's proof and every lease cross the network in the clear", h.WithoutTLS, h.Sessions),
				"set PGSSLMODE=verify-full and PGSSLROOTCERT in the containers")
		}
	}
	if u.secret != nil && u.secret.Labels[cnpg.LabelReload] != "true" && !u.refused() {
		found = append(found, problem.Problem{
			Severity: problem.Info, Code: "no-reload-label", Subject: "secret " + u.secret.Name,
			Text: "it lacks the label that makes CNPG act on its changes at once",
			Next: fmt.Sprintf("kubectl -n %s label secret %s %s=true", in.Namespace, u.secret.Name, cnpg.LabelReload),
		})
	}
	return found
}

// The operator renews its own certificates a week before they end.
const certificateSoon = 6 * 24 * time.Hour

// certificateProblems says which certificates end.
func certificateProblems(all []cnpg.Certificate, now time.Time) []problem.Problem {
	found := []problem.Problem{}
	for _, c := range all {
		left := c.Expires.Sub(now)
		switch {
		case left <= 0:
			found = append(found, problem.NewCritical("certificate-expired", "secret "+c.Secret, "its certificate ended "+c.Expires.Format(time.RFC3339)+": who verifies it is not let in", ""))
		case left < certificateSoon:
			found = append(found, problem.Problem{
				Severity: problem.Warning, Code: "certificate-ends", Subject: "secret " + c.Secret,
				Text: fmt.Sprintf("its certificate ends in %d days, and the operator has not renewed it", int(left.Hours()/24)),
			})
		}
	}
	return found
}
