package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// CodeLoginNotTried is the code of the problem that a new login could not be tried beforehand.
const CodeLoginNotTried = "login-not-tried"

// loginTime is how long a login may take.
const loginTime = 8 * time.Second

// login is an access to a database that a new configuration names, where the access to any changes.
type login struct {
	server string // one that has it
	access kea.Database
	// former is the access in the same place of the former configuration; its Type is empty for none.
	former kea.Database
	// servers are all that have it, pods theirs.
	servers, pods []string
}

// findLogins finds the accesses of the files in which one changes.
func (p *Plan) findLogins() {
	for _, f := range p.Files {
		before, after := p.configs(f.Object)
		old, all := before.Databases(), after.Databases()
		if slices.EqualFunc(old, all, sameAccess) {
			continue
		}
		for _, access := range all {
			if access.Type != "postgresql" {
				continue
			}
			i := slices.IndexFunc(p.logins, func(l login) bool { return sameAccess(l.access, access) })
			if i < 0 {
				l := login{server: f.Server, access: access}
				if j := slices.IndexFunc(old, func(d kea.Database) bool { return d.Path == access.Path }); j >= 0 {
					l.former = old[j]
				}
				p.logins = append(p.logins, l)
				i = len(p.logins) - 1
			}
			p.logins[i].servers = append(p.logins[i].servers, f.Server)
			p.logins[i].pods = append(p.logins[i].pods, f.Pod)
		}
	}
}

// sameAccess reports whether two accesses lead to one database as one user.
func sameAccess(a, b kea.Database) bool {
	return a.Path == b.Path && a.Type == b.Type && sameAddress(a, b) && a.User == b.User && a.Password.Equal(b.Password) && a.PasswordInclude == b.PasswordInclude
}

func sameAddress(a, b kea.Database) bool {
	return a.Host == b.Host && a.Port == b.Port && a.Name == b.Name
}

var (
	// errNotTried: there is no way to try a login from here.
	errNotTried = errors.New("it could not be tried from here")
	// errSchema: the database is there, and is not one that Kea can use.
	errSchema = errors.New("it holds no schema of Kea's")
	// errReplica: Kea could not write its leases there.
	errReplica = errors.New("it is read-only: clients would be refused")
	// errAnother: the leases are elsewhere.
	errAnother = errors.New("it is another database than the one with the leases")
)

// try logs in with what the configuration says, as the server would, and looks whether it would find Kea's tables there and
// could write. later: the login comes to work later, so that only what leads to it is looked at.
func (l login) try(ctx context.Context, src Source, in *inventory.Inventory, later bool) error {
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	found, err := l.find(ctx, src, in, l.access)
	if err != nil || later {
		return err
	}
	db, err := keadb.Connect(ctx, found.Target)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	health, err := db.Health(ctx)
	switch {
	case err != nil:
		return err
	case health.Schema == nil:
		return errSchema
	case health.InRecovery || health.ReadOnly:
		return errReplica
	}
	if l.former.Type != l.access.Type || sameAddress(l.access, l.former) || l.access.Path != "lease-database" {
		return nil
	}
	return l.compare(ctx, src, in, health)
}

// compare finds out whether the former address leads to the same database: its server was started at the same moment, and
// it has the same size.
func (l login) compare(ctx context.Context, src Source, in *inventory.Inventory, now keadb.Health) error {
	former, err := l.find(ctx, src, in, l.former)
	if err != nil {
		return fmt.Errorf("%w: the former database cannot be compared with it: %w", errNotTried, err)
	}
	db, err := keadb.Connect(ctx, former.Target)
	if err != nil {
		return fmt.Errorf("%w: the former database cannot be compared with it: %w", errNotTried, err)
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	health, err := db.Health(ctx)
	switch {
	case err != nil:
		return err
	case !health.Started.Equal(now.Started) || l.access.Name != l.former.Name:
		return errAnother
	}
	return nil
}

// find finds the way into a database, as the server that has this access.
func (l login) find(ctx context.Context, src Source, in *inventory.Inventory, access kea.Database) (inventory.Login, error) {
	config := kea.Config{LeaseDatabase: access}
	databases := in.Databases(func(s inventory.Server) *kea.Config {
		if s.Name() != l.server {
			return nil
		}
		return &config
	})
	if len(databases) != 1 {
		return inventory.Login{}, errNotTried
	}
	if s := databases[0].Service; s != nil && !slices.ContainsFunc(s.Spec.Ports, func(port corev1.ServicePort) bool { return int(port.Port) == cmp.Or(access.Port, 5432) }) {
		return inventory.Login{}, fmt.Errorf("service %s has no port %d", s.Name, cmp.Or(access.Port, 5432))
	}
	found, err := inventory.Logins{Reader: src.Client, Pods: src.Pods, Observe: src.Observe}.Find(ctx, in, databases[0], inventory.AsOwner, func(string, error) {})
	if err != nil {
		return found, fmt.Errorf("%w: %w", errNotTried, err)
	}
	return found, nil
}

// judgeLogin says what a trial of a login means for the plan.
func (p *Plan) judgeLogin(l login, err error) {
	subject := fmt.Sprintf("%s of %s", l.access.Path, l.server)
	where := fmt.Sprintf("database %s at %s as %s", l.access.Name, l.access.Host, l.access.User)
	switch {
	case err == nil:
	case errors.Is(err, errNotTried):
		p.warn(CodeLoginNotTried, subject, "the login to "+where+" could not be tried beforehand, so that only the reload shows whether it works: "+err.Error(), "")
	case errors.Is(err, errAnother):
		p.against("another-database", subject, where+": "+err.Error()+", and each server would hand out what the other has leased", "kubectl kea restore --help")
	default:
		p.against("login-refused", subject, "the login to "+where+" fails: "+err.Error(), "")
	}
}

// newest is when the newest session of a role began that came from some addresses, by the database's clock.
func newest(role keadb.Role, from []netip.Addr) time.Time {
	at := time.Time{}
	for _, s := range role.Sessions {
		if slices.Contains(from, s.ClientAddr) && s.BackendStart.After(at) {
			at = s.BackendStart
		}
	}
	return at
}
