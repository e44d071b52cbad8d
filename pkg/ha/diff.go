package ha

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Aspect is what two sides are compared in.
type Aspect string

// The aspects.
const (
	AspectPeers      Aspect = "peers"      // what two servers of a relationship run
	AspectFile       Aspect = "file"       // a server's file and what it runs
	AspectCredential Aspect = "credential" // a server's login and the Secret that sets the role's password
	AspectLeases     Aspect = "leases"     // the leases of two servers with a database each
)

// Comparison is two sides that should say the same.
type Comparison struct {
	Aspect Aspect `json:"aspect"`
	// Server is the one that is compared, and for peers and leases the first of the two.
	Server string `json:"server"`
	A      string `json:"a"` // what A of a difference is: "file", "kea-dhcp-0/dhcp4"
	B      string `json:"b"`
	// Source is where side A of a file or credential stands: "secret kea-dhcp-config, key kea-dhcp-0-dhcp4.conf".
	Source string `json:"source,omitempty"`
	// Differences are by path, secrets redacted. Of leases they are the first ones only.
	Differences []kea.Difference `json:"differences"`
	// Found is how many differences there are.
	Found int `json:"found"`
	// Leases is how many leases were compared, and Bounded that there are more.
	Leases  int  `json:"leases,omitempty"`
	Bounded bool `json:"bounded,omitempty"`
	// Why says why the two were not compared; "" when they were. Absent: there is nothing to compare with, and never was.
	Why    string `json:"why,omitempty"`
	Absent bool   `json:"absent,omitempty"`
}

// DiffReport is all comparisons of one deployment, by server.
type DiffReport struct {
	Namespace   string       `json:"namespace"`
	Time        time.Time    `json:"time"`
	Comparisons []Comparison `json:"comparisons"`
	// Found is how many differences there are in all.
	Found int `json:"found"`
	// Complete: everything was compared that could differ.
	Complete bool             `json:"complete"`
	Unread   []problem.Unread `json:"unread"`
}

// sum puts the comparisons in order and sums them up.
func (r *DiffReport) sum() {
	rank := map[Aspect]int{AspectPeers: 0, AspectFile: 1, AspectCredential: 2, AspectLeases: 3}
	slices.SortStableFunc(r.Comparisons, func(a, b Comparison) int {
		return cmp.Or(cmp.Compare(a.Server, b.Server), cmp.Compare(rank[a.Aspect], rank[b.Aspect]))
	})
	r.Found, r.Complete = 0, true
	for _, c := range r.Comparisons {
		r.Found += c.Found
		r.Complete = r.Complete && (c.Why == "" || c.Absent)
	}
}

// DiffConfigurations compares the peers of each relationship with each other, and each server's file with what it runs.
// What is a server's own does not count: see kea.Diff. It is pure.
func DiffConfigurations(observations []Observation) []Comparison {
	found := []Comparison{}
	for _, g := range groups(observations) {
		for _, m := range g.members[1:] {
			found = append(found, diffPeers(g.members[0], m, g.service))
		}
		for _, m := range g.members {
			if m.Observation != nil {
				found = append(found, diffFile(*m.Observation))
			}
		}
	}
	return found
}

// diffPeers compares what two peers run, or with one of them down what their files say: like with like.
func diffPeers(a, b member, s kea.Service) Comparison {
	c := Comparison{Aspect: AspectPeers, Server: a.server(s), A: a.server(s), B: b.server(s), Differences: []kea.Difference{}}
	switch {
	case a.Observation == nil, b.Observation == nil:
		gone := a
		if a.Observation != nil {
			gone = b
		}
		c.Why = gone.server(s) + " has no pod here"
	case a.Config != nil && b.Config != nil:
		c.note(kea.Diff(*a.Config, *b.Config))
	case a.Server.File != nil && b.Server.File != nil:
		c.A, c.B = c.A+" (its file)", c.B+" (its file)"
		c.note(kea.Diff(*a.Server.File, *b.Server.File))
	default:
		silent := a
		if a.Config != nil {
			silent = b
		}
		c.Why = silent.server(s) + " " + unanswered(*silent.Observation)
	}
	return c
}

// diffFile compares a server's file with what it runs.
func diffFile(o Observation) Comparison {
	c := Comparison{Aspect: AspectFile, Server: o.Server.Name(), A: "file", B: "running", Source: o.Server.FileSource, Differences: []kea.Difference{}}
	switch {
	case o.Server.File == nil && o.Server.FileSource == "":
		c.Why, c.Absent = "its file is in no Secret and no ConfigMap", true
	case o.Server.File == nil:
		c.Why = o.Server.FileSource + " could not be read"
	case o.Config == nil:
		c.Why = "it " + unanswered(o)
	default:
		c.note(kea.DiffFile(*o.Server.File, *o.Config))
	}
	return c
}

// unanswered says why it is not known what a server runs.
func unanswered(o Observation) string {
	if o.Reached {
		return "did not tell what it runs"
	}
	return "was not reached: " + why(o)
}

func (c *Comparison) note(all []kea.Difference) {
	c.Differences = append(c.Differences, all...)
	c.Found = len(c.Differences)
}

// server is a member's name as it is everywhere else.
func (m member) server(s kea.Service) string {
	if m.Observation != nil {
		return m.Server.Name()
	}
	return m.name + "/" + string(s)
}

// pairs are the peers of each relationship that keep their leases in a place each, both asked.
func pairs(observations []Observation) [][2]Observation {
	found := [][2]Observation{}
	for _, g := range groups(observations) {
		for _, m := range g.members[1:] {
			a := g.members[0]
			if a.Observation == nil || m.Observation == nil || a.EffectiveConfig() == nil || m.EffectiveConfig() == nil {
				continue
			}
			if !oneDatabase(*a.EffectiveConfig(), *m.EffectiveConfig()) {
				found = append(found, [2]Observation{*a.Observation, *m.Observation})
			}
		}
	}
	return found
}

// oneDatabase reports whether two servers keep their leases in the same database.
func oneDatabase(a, b kea.Config) bool {
	x, y := a.LeaseDatabase, b.LeaseDatabase
	return x.Type != "memfile" && x.Type == y.Type && x.Host == y.Host && x.Port == y.Port && x.Name == y.Name
}

// Login is a server's login beside the Secret that the database's operator sets the role's password from.
type Login struct {
	Server   string
	User     string
	Password kea.Secret
	Source   string // where the server's password stands; "" when that is not known
	Lacking  string // why the server has none at all
	Secret   string // "secret kea-db-credentials"
	Role     string // whose password the Secret holds
	Set      kea.Secret
	Err      error // why the Secret could not be read
}

var errNoPassword = errors.New("it holds no password")

// DiffLogin compares a server's login with the Secret, and shows neither. It is pure.
func DiffLogin(l Login) Comparison {
	c := Comparison{Aspect: AspectCredential, Server: l.Server, A: "login", B: l.Secret, Source: l.Source, Differences: []kea.Difference{}}
	err := l.Err
	if err == nil && l.Set.IsZero() {
		err = errNoPassword
	}
	switch {
	case l.Lacking != "":
		c.note([]kea.Difference{{Path: "lease-database.password", A: "", B: l.Set.String()}})
	case err != nil:
		c.Why = fmt.Sprintf("%s: %v", l.Secret, err)
	case l.Role != l.User:
		c.Why, c.Absent = fmt.Sprintf("%s holds the password of role %s, and the server logs in as %s", l.Secret, l.Role, l.User), true
	case l.Password.IsZero():
		c.Why = "the password in " + cmp.Or(l.Source, "the server's files") + " could not be read"
	case !l.Password.Equal(l.Set):
		c.note([]kea.Difference{{Path: "lease-database.password", A: l.Password.String(), B: l.Set.String()}})
	}
	return c
}
