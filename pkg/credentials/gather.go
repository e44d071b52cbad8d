package credentials

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// facts are what a namespace shows.
type facts struct {
	in           *inventory.Inventory
	observations []ha.Observation
	uses         []use
	unread       []problem.Unread
}

// use is a role in a database, with those that log in as it.
type use struct {
	database inventory.Database
	holders  []holder
	// secret is the Secret that the servers' password comes from, or, where it stands in their configuration, the one that CNPG
	// takes it from; nil when there is none, or it could not be read.
	secret *corev1.Secret
	// roles are those that CNPG knows; declares is false where it knows no DatabaseRoles, or they may not be listed.
	roles    []dbRole
	declares bool
	// kept is what an earlier run left, which changed the configuration of some servers only; nil for none.
	kept *corev1.Secret
	// target is a way to log in; nil where there is none: why says the reason.
	target *keadb.Target
	why    string
	// role is what a login showed; nil when it failed, with loginErr.
	role     *keadb.Role
	loginErr error
}

// holder is a server that logs in.
type holder struct {
	server     inventory.Server
	credential inventory.Credential
	file       *mounted // nil: not looked at, or not readable
	fileErr    error
	// place is the configuration file that the password stands in; nil for none. running is what the server runs, where it
	// answered.
	place   *place
	running *kea.Config
}

// gather looks at everything at once. The error is for a namespace that cannot be looked at, or that has no Kea.
func gather(ctx context.Context, src Source, namespace string) (facts, error) {
	in, err := inventory.Discover(ctx, src.Client, namespace, inventory.Options{})
	if err != nil {
		return facts{}, err
	}
	f := facts{in: in, unread: slices.Clone(in.Unread)}
	f.observations = ha.Gather(ctx, in.Servers, ha.Via(src.Connector), src.Now)
	configs := func(s inventory.Server) *kea.Config {
		for _, o := range f.observations {
			if o.Server.Name() == s.Name() {
				return o.EffectiveConfig()
			}
		}
		return s.File
	}
	for _, d := range in.Databases(configs) {
		u := use{database: d}
		for _, s := range in.Servers {
			if slices.Contains(d.Servers, s.Name()) {
				u.holders = append(u.holders, f.holder(s, in.Credential(s, *configs(s))))
			}
		}
		if i := slices.IndexFunc(u.holders, func(h holder) bool { return h.credential.Secret != "" }); i >= 0 {
			u.secret = in.Secret(u.holders[i].credential.Secret)
		}
		f.uses = append(f.uses, u)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	miss := func(source string, err error) {
		mu.Lock()
		defer mu.Unlock()
		f.unread = append(f.unread, problem.Unread{Source: source, Error: err.Error(), Err: err})
	}
	for i := range f.uses {
		u := &f.uses[i]
		wait.Go(func() { u.login(ctx, src, in, miss) })
		wait.Go(func() { u.findRoles(ctx, src, namespace, miss) })
		for j := range u.holders {
			wait.Go(func() { u.holders[j].look(ctx, src, namespace) })
		}
	}
	wait.Wait()
	return f, nil
}

// holder is a server that logs in. A password that stands in its configuration has that file for its own.
func (f *facts) holder(s inventory.Server, c inventory.Credential) holder {
	h := holder{server: s, credential: c}
	for _, o := range f.observations {
		if o.Server.Name() == s.Name() {
			h.running = o.Config
		}
	}
	if c.Source != sourceConfiguration && c.Access.PasswordInclude == "" {
		return h
	}
	file, err := f.in.ConfigFile(s)
	if err != nil {
		return h
	}
	config, err := kea.ParseConfig([]byte(file.Text.Reveal()))
	if err != nil {
		return h
	}
	h.place = &place{server: s, file: file, config: config}
	h.credential.File = inventory.CredentialFile{Pod: s.Pod, Container: file.Container, Path: file.Path, Kind: file.Kind, Name: file.Name, Key: file.Key, Frozen: file.Frozen}
	return h
}

// findRoles asks CNPG's objects for the roles of the database, and for the Secret of a login that stands in the configuration.
func (u *use) findRoles(ctx context.Context, src Source, namespace string, miss func(string, error)) {
	if u.database.Cluster == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	if u.roles, u.declares, err = listRoles(ctx, src.Client, u.database.Cluster); err != nil {
		miss("the roles of cluster "+u.database.Cluster.Name, err)
	}
	role, known := roleNamed(u.roles, u.database.User)
	if !known || role.secret == "" || !u.inConfiguration() {
		return
	}
	secret, err := readSecret(ctx, src.Client, namespace, role.secret)
	if err != nil {
		miss("secret "+role.secret, err)
	}
	u.secret = secret
}

// look compares nothing yet: it takes the hash of the file that the server has.
func (h *holder) look(ctx context.Context, src Source, namespace string) {
	if !h.credential.File.Exists() || !h.server.State.Running {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	file, err := readMounted(ctx, src.Pods, namespace, h.credential.File)
	if h.fileErr = err; err == nil {
		h.file = &file
	}
}

// login logs in with what the Secret says, to the instance that the servers' Service selects.
func (u *use) login(ctx context.Context, src Source, in *inventory.Inventory, miss func(string, error)) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	l, err := inventory.Logins{Reader: src.Client, Pods: src.Pods, Observe: src.Observe}.Find(ctx, in, u.database, inventory.AsOwner, miss)
	if err != nil {
		u.why = err.Error()
		return
	}
	u.target = &l.Target
	role, err := lookAtRole(ctx, l.Target)
	if u.loginErr = err; err == nil {
		u.role = &role
	}
}

func lookAtRole(ctx context.Context, target keadb.Target) (keadb.Role, error) {
	db, err := keadb.Connect(ctx, target)
	if err != nil {
		return keadb.Role{}, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	return db.Role(ctx)
}

// refused reports whether the database does not take the password.
func (u *use) refused() bool { return errors.Is(u.loginErr, keadb.ErrAuth) }

// pods are the names of the pods whose servers log in, each once.
func (u *use) pods() []string {
	found := []string{}
	for _, h := range u.holders {
		if !slices.Contains(found, h.server.Pod) {
			found = append(found, h.server.Pod)
		}
	}
	return found
}

// addresses are a pod's.
func (u *use) addresses(pod string) []netip.Addr {
	for _, h := range u.holders {
		if h.server.Pod == pod {
			return h.server.State.IPs
		}
	}
	return nil
}

// sessionsOf are those that came from a pod.
func (u *use) sessionsOf(pod string) []keadb.RoleSession {
	found := []keadb.RoleSession{}
	if u.role == nil {
		return found
	}
	own := u.addresses(pod)
	for _, s := range u.role.Sessions {
		if slices.Contains(own, s.ClientAddr) {
			found = append(found, s)
		}
	}
	return found
}
