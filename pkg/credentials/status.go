package credentials

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Report is the state of a namespace's credentials. It holds no password.
type Report struct {
	Namespace string    `json:"namespace"`
	Time      time.Time `json:"time"`
	// Worst is the severity of the worst problem; "" when there is none.
	Worst        problem.Severity      `json:"worst,omitempty"`
	Operations   []inventory.Operation `json:"operations"`
	Credentials  []Credential          `json:"credentials"`
	Certificates []cnpg.Certificate    `json:"certificates"`
	Problems     []problem.Problem     `json:"problems"`
	Unread       []problem.Unread      `json:"unread"`
}

// Credential is a role of a database, where its password stands, and who uses it.
type Credential struct {
	Role     string `json:"role"`
	Database string `json:"database"`
	Host     string `json:"host"` // as Kea's configuration has it
	Cluster  string `json:"cluster,omitempty"`
	// Source is where the servers' password stands: "secret kea-db-credentials, key pgpass".
	Source string `json:"source"`
	Secret string `json:"secret,omitempty"`
	// Set is when the Secret's data was last written, where the API server knows.
	Set *time.Time `json:"set,omitempty"`
	// Rotated is the last rotation by this program; nil for none.
	Rotated *Rotated `json:"rotated,omitempty"`
	// Login is what came of a login with the password of the Secret.
	Login      Outcome  `json:"login"`
	LoginError string   `json:"loginError,omitempty"`
	Superuser  bool     `json:"superuser"`
	Holders    []Holder `json:"holders"`
	// Others are sessions of the role that are of none of the servers.
	Others []Other `json:"others"`
}

// Rotated is what a rotation noted.
type Rotated struct {
	Time time.Time `json:"time"`
	By   string    `json:"by"`
}

// Outcome of a comparison.
type Outcome string

// The outcomes.
const (
	Unknown Outcome = "unknown"
	Agrees  Outcome = "agrees"
	Differs Outcome = "differs"
)

// Holder is a pod whose servers log in.
type Holder struct {
	Pod     string   `json:"pod"`
	Servers []string `json:"servers"`
	// File is the file that they read the password from; "" when it stands in their configuration.
	File string `json:"file,omitempty"`
	// FileIs tells whether the pod's file is what the Secret says.
	FileIs Outcome `json:"fileIs"`
	Why    string  `json:"why,omitempty"`
	// Sessions of the role from this pod, since when the oldest of them, and how many are without TLS.
	Sessions   int        `json:"sessions"`
	Since      *time.Time `json:"since,omitempty"`
	WithoutTLS int        `json:"withoutTLS"`
}

// Other is where sessions come from that are of none of the servers.
type Other struct {
	Address  string `json:"address"`
	Pod      string `json:"pod,omitempty"` // of this namespace, where it is one
	Database string `json:"database"`
	Sessions int    `json:"sessions"`
}

// Gather looks at the credentials of a namespace. The error is for a namespace that cannot be looked at, or that has no Kea
// (inventory.ErrNone). role and cluster, where they are not empty, choose.
// Permission: what inventory.Discover needs, create pods/exec and pods/portforward.
func Gather(ctx context.Context, src Source, namespace, role, cluster string) (Report, error) {
	f, err := gather(ctx, src, namespace)
	if err != nil {
		return Report{}, err
	}
	if err := f.choose(role, cluster); err != nil {
		return Report{}, err
	}
	return f.report(src.Now()), nil
}

// report is pure.
func (f facts) report(now time.Time) Report {
	r := Report{
		Namespace: f.in.Namespace, Time: now, Operations: append([]inventory.Operation{}, f.in.Operations...), Credentials: []Credential{},
		Certificates: []cnpg.Certificate{}, Problems: []problem.Problem{}, Unread: append([]problem.Unread{}, f.unread...),
	}
	for i := range f.uses {
		u := &f.uses[i]
		r.Credentials = append(r.Credentials, u.credential(f.in))
		r.Problems = append(r.Problems, u.problems(f.in)...)
		for _, h := range u.holders {
			if h.fileErr != nil {
				r.Unread = append(r.Unread, problem.Unread{Source: h.credential.File.Path + " of " + h.server.Name(), Error: h.fileErr.Error(), Err: h.fileErr})
			}
		}
		if u.database.Cluster == nil {
			continue
		}
		for _, c := range cnpg.Summarize(u.database.Cluster, nil, now).Certificates {
			if !slices.Contains(r.Certificates, c) {
				r.Certificates = append(r.Certificates, c)
			}
		}
	}
	r.Problems = append(r.Problems, certificateProblems(r.Certificates, now)...)
	problem.Sort(r.Problems)
	r.Worst = problem.Worst(r.Problems)
	return r
}

func (u *use) credential(in *inventory.Inventory) Credential {
	d := u.database
	c := Credential{Role: d.User, Database: d.Name, Host: d.Host, Source: cmp.Or(d.PasswordSource, "not known"), Login: Unknown, LoginError: u.why, Holders: []Holder{}, Others: []Other{}}
	if d.Cluster != nil {
		c.Cluster = d.Cluster.Name
	}
	if u.secret != nil && u.inConfiguration() {
		c.Source = sourceConfiguration + ", and for CNPG in secret " + u.secret.Name
	}
	if u.secret != nil {
		c.Secret, c.Set, c.Rotated = u.secret.Name, lastWritten(u.secret), rotatedAt(u.secret)
	}
	switch {
	case u.refused():
		c.Login, c.LoginError = Differs, u.loginErr.Error()
	case u.loginErr != nil:
		c.LoginError = u.loginErr.Error()
	case u.role != nil:
		c.Login, c.Superuser = Agrees, u.role.Superuser
	}
	for _, pod := range u.pods() {
		c.Holders = append(c.Holders, u.holder(pod))
	}
	c.Others = append(c.Others, u.others(in)...)
	return c
}

// holder sums up a pod's servers.
func (u *use) holder(pod string) Holder {
	found := Holder{Pod: pod, Servers: []string{}, FileIs: Unknown}
	for _, h := range u.holders {
		if h.server.Pod != pod {
			continue
		}
		found.Servers = append(found.Servers, string(h.server.Service))
		found.File = cmp.Or(found.File, h.credential.File.Path)
		switch is := h.fileIs(u); {
		case is == Differs, is == Agrees && found.FileIs == Unknown:
			found.FileIs = is
		case is == Unknown && !h.server.State.Running:
			found.Why = h.server.State.Reason
		case is == Unknown && h.fileErr != nil:
			found.Why = h.fileErr.Error()
		}
	}
	for _, s := range u.sessionsOf(pod) {
		if found.Sessions++; found.Since == nil {
			since := s.BackendStart.UTC()
			found.Since = &since
		}
		if !s.TLS {
			found.WithoutTLS++
		}
	}
	return found
}

// fileIs compares a server's file with the Secret; a configuration also with what the server runs.
func (h holder) fileIs(u *use) Outcome {
	secret := u.secret
	if h.place != nil && secret != nil {
		return h.configurationIs(u)
	}
	switch f := h.credential.File; {
	case h.file == nil || secret == nil || f.Kind != "secret" || f.Name != secret.Name:
		return Unknown
	case h.file.hash == hashOf(secret, f.Key):
		return Agrees
	}
	return Differs
}

// configurationIs compares the login in a server's configuration, in its container's file and in what it runs with the Secret.
func (h holder) configurationIs(u *use) Outcome {
	wanted := access{u.database.User, string(u.secret.Data["password"])}
	mine := func(d kea.Database) bool { return d.Host == u.database.Host && d.User == u.database.User }
	switch {
	case !runs(h.place.config, mine, wanted), h.running != nil && !runs(*h.running, mine, wanted), h.file != nil && h.file.hash != h.place.hash():
		return Differs
	case h.file == nil:
		return Unknown
	}
	return Agrees
}

// others are the sessions that are of none of the servers, by where they come from.
func (u *use) others(in *inventory.Inventory) []Other {
	found := []Other{}
	if u.role == nil {
		return found
	}
	ours := []keadb.RoleSession{}
	for _, pod := range u.pods() {
		ours = append(ours, u.sessionsOf(pod)...)
	}
	for _, s := range u.role.Sessions {
		if slices.Contains(ours, s) {
			continue
		}
		o := Other{Address: "a socket in the database's pod", Database: s.Database, Sessions: 1}
		if s.ClientAddr.IsValid() {
			o.Address = s.ClientAddr.String()
		}
		for _, pod := range in.Pods {
			if pod.Status.PodIP == o.Address {
				o.Pod = pod.Name
			}
		}
		if i := slices.IndexFunc(found, func(have Other) bool { return have.Address == o.Address && have.Database == o.Database }); i >= 0 {
			found[i].Sessions++
			continue
		}
		found = append(found, o)
	}
	return found
}

// rotatedAt reads what the last rotation noted.
func rotatedAt(s *corev1.Secret) *Rotated {
	at, err := time.Parse(time.RFC3339, s.Annotations[annotationRotated])
	if err != nil {
		return nil
	}
	return &Rotated{Time: at, By: s.Annotations[annotationRotatedBy]}
}

// lastWritten is when a Secret's data was last written, by the API server's own record; nil when it has none.
func lastWritten(s *corev1.Secret) *time.Time {
	var last *time.Time
	for _, entry := range s.ManagedFields {
		if entry.Time == nil || entry.FieldsV1 == nil {
			continue
		}
		fields := entry.FieldsV1.GetRawBytes()
		if !bytes.Contains(fields, []byte(`"f:data"`)) && !bytes.Contains(fields, []byte(`"f:stringData"`)) {
			continue
		}
		if last == nil || entry.Time.After(*last) {
			t := entry.Time.UTC()
			last = &t
		}
	}
	return last
}
