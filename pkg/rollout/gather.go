package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// facts are what a namespace shows.
type facts struct {
	in           *inventory.Inventory
	observations []ha.Observation
	report       ha.Report
	servers      []located
}

// located is a server that is meant, with its file.
type located struct {
	inventory.Server
	observation ha.Observation
	file        inventory.ConfigFile
	// fileErr says why nobody can change its file.
	fileErr error
}

// object is what the server's file is mounted from.
func (s located) object() Object { return Object{s.file.Kind, s.file.Name, s.file.Key} }

// fileOf is the server's file, as it is shown.
func (s located) fileOf() File {
	return File{Server: s.Name(), Service: s.Service, Pod: s.Pod, Container: cmp.Or(s.file.Container, s.Container), Path: s.file.Path, Object: s.object()}
}

// UnknownServerError says that no server has a name.
type UnknownServerError struct {
	Namespace, Name string
	Servers         []string // that there are
}

// Error implements error.
func (e *UnknownServerError) Error() string {
	return fmt.Sprintf("no Kea server %s in namespace %s; there are: %s", e.Name, e.Namespace, strings.Join(e.Servers, ", "))
}

// gather looks at everything. The error is for a namespace that cannot be looked at, or that has no such server.
func gather(ctx context.Context, src Source, r Request) (facts, error) {
	in, err := inventory.Discover(ctx, src.Client, r.Namespace, inventory.Options{})
	if err != nil {
		return facts{}, err
	}
	f := facts{in: in, observations: ha.Gather(ctx, in.Servers, ha.Via(src.Connector), src.Now)}
	f.report, _ = ha.Judge(f.observations)
	all, names := []located{}, []string{}
	for i, s := range in.Servers {
		one := located{Server: s, observation: f.observations[i]}
		one.file, one.fileErr = in.ConfigFile(s)
		all, names = append(all, one), append(names, s.Name())
	}
	for _, name := range r.Servers {
		if !slices.ContainsFunc(all, func(s located) bool { return s.called(name) }) {
			return f, &UnknownServerError{Namespace: r.Namespace, Name: name, Servers: names}
		}
	}
	meant := func(s located) bool {
		if _, ok := r.Texts[s.object()]; ok && s.fileErr == nil {
			return true
		}
		if len(r.Servers) == 0 {
			return len(r.Texts) == 0
		}
		return slices.ContainsFunc(r.Servers, s.called)
	}
	f.servers = slices.DeleteFunc(slices.Clone(all), func(s located) bool { return !meant(s) })
	for _, s := range all { // who has the same file changes with it
		if !meant(s) && s.fileErr == nil && slices.ContainsFunc(f.servers, func(o located) bool { return o.fileErr == nil && o.object() == s.object() }) {
			f.servers = append(f.servers, s)
		}
	}
	return f, nil
}

// called reports whether a name means the server: its own, or its pod's.
func (s located) called(name string) bool { return name == s.Name() || name == s.Pod }

// deployment is the name that the lock of these servers has.
func (f facts) deployment() string {
	pods := []string{}
	for _, s := range f.servers {
		pods = append(pods, s.Pod)
	}
	if len(pods) == 0 {
		for _, s := range f.in.Servers {
			pods = append(pods, s.Pod)
		}
	}
	databases := slices.DeleteFunc(f.in.Databases(inventory.FileConfig), func(d inventory.Database) bool {
		return !slices.ContainsFunc(d.Servers, func(s string) bool { pod, _, _ := strings.Cut(s, "/"); return slices.Contains(pods, pod) })
	})
	known := []string{}
	for i := range f.in.Pods {
		if slices.Contains(pods, f.in.Pods[i].Name) {
			known = append(known, f.in.Pods[i].Name)
		}
	}
	return cmp.Or(f.in.Deployment(known, databases...), pods[0])
}

// peer is a server of the report, and its relationship; nil for one without a partner.
func (f facts) peer(name string) (ha.Peer, *ha.Relationship) {
	for i := range f.report.Relationships {
		for _, p := range f.report.Relationships[i].Peers {
			if p.Server == name {
				return p, &f.report.Relationships[i]
			}
		}
	}
	for _, p := range f.report.Standalone {
		if p.Server == name {
			return p, nil
		}
	}
	return ha.Peer{}, nil
}
