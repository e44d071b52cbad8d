package leases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// store is one place where servers keep leases: a database that they share, or a server's own memfile.
type store struct {
	database *inventory.Database // nil: memfile
	servers  []inventory.Server

	db      *keadb.DB // nil: not logged in
	login   inventory.Login
	readers []Reader      // one for a database, one for each server with leases of its own
	way     Way           // SQL or API, once it is open
	clock   time.Time     // of whoever keeps the leases, when it was opened
	ahead   time.Duration // of ours
	note    string
	err     error
}

// DatabaseError says that the database in which the servers keep their leases cannot be asked. Kea asks the same database.
type DatabaseError struct {
	Database string // "kea at kea-database"
	Err      error
}

// Error implements error.
func (e *DatabaseError) Error() string {
	return fmt.Sprintf("read the leases from database %s, which Kea asks too: %v", e.Database, e.Err)
}

// Unwrap implements errors.Unwrap.
func (e *DatabaseError) Unwrap() error { return e.Err }

// stored divides the servers by where they keep their leases, by configurations.
func (d *Deployment) stored(configs func(inventory.Server) *kea.Config) []*store {
	var found []*store
	databases := d.Inventory.Databases(configs)
	for _, server := range d.Inventory.Servers {
		config := configs(server)
		if config == nil {
			continue
		}
		i := slices.IndexFunc(databases, func(db inventory.Database) bool { return slices.Contains(db.Servers, server.Name()) })
		if i < 0 {
			found = append(found, &store{servers: []inventory.Server{server}})
			continue
		}
		k := slices.IndexFunc(found, func(s *store) bool { return s.database == &databases[i] })
		if k < 0 {
			found = append(found, &store{database: &databases[i]})
			k = len(found) - 1
		}
		found[k].servers = append(found[k].servers, server)
	}
	return found
}

// same reports whether two stores are the same place.
func (s *store) same(other *store) bool {
	switch {
	case s.database == nil || other.database == nil:
		return s.database == nil && other.database == nil && s.servers[0].Name() == other.servers[0].Name()
	}
	a, b := s.database, other.database
	return a.Host == b.Host && a.Name == b.Name && a.User == b.User && a.Port == b.Port
}

func (s *store) name() string {
	if s.database != nil {
		return "database " + s.database.String()
	}
	return "leases of " + s.servers[0].Name()
}

// services are those of the servers, DHCPv4 first.
func (s *store) services() []kea.Service {
	var found []kea.Service
	for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		if slices.ContainsFunc(s.servers, func(server inventory.Server) bool { return server.Service == service }) {
			found = append(found, service)
		}
	}
	return found
}

// open chooses the way to the leases.
func (s *store) open(ctx context.Context, d *Deployment) {
	if s.database == nil || d.request.Way == API {
		if d.request.Way == SQL {
			s.err = fmt.Errorf("%s keeps its leases in a memfile, which SQL does not reach", s.servers[0].Name())
			return
		}
		s.openAPI(ctx, d)
		return
	}
	err := s.openSQL(ctx, d)
	var barred *inventory.NoLoginError
	switch {
	case err == nil:
		return
	case d.request.Way == Auto && (errors.As(err, &barred) && !down(barred) || errors.Is(err, keadb.ErrAuth)):
		s.openAPI(ctx, d)
		s.note = fmt.Sprintf("the leases come through Kea's API, not from %s: %v", s.name(), err)
	default:
		s.err = &DatabaseError{s.database.String(), err}
	}
}

// down: there is nothing to log in to, as opposed to no way to log in.
func down(e *inventory.NoLoginError) bool { return strings.Contains(e.Why, "no pod") }

// openSQL logs in to the database, as the read-only login where there is one.
func (s *store) openSQL(ctx context.Context, d *Deployment) error {
	logins := inventory.Logins{Reader: d.source.Reader, Pods: d.source.Pods, Observe: d.source.Observe}
	var err error
	if s.login, err = logins.Find(ctx, d.Inventory, *s.database, inventory.AsViewer, func(string, error) {}); err != nil {
		return err
	}
	s.login.Target.ReadOnly, s.login.Target.StatementTimeout = true, d.request.Patience
	s.db, err = keadb.Connect(ctx, s.login.Target)
	if err != nil {
		return err
	}
	clock, err := s.db.Clock(ctx)
	if err != nil {
		s.close(ctx)
		return err
	}
	s.way, s.clock, s.ahead, s.readers = SQL, clock.Now, clock.Now.Sub(d.source.Now()), []Reader{NewSQL(s.db, s.services())}
	return nil
}

// openAPI finds a server of each service that answers: one of those that share a database is enough.
func (s *store) openAPI(ctx context.Context, d *Deployment) {
	s.way = API
	for _, service := range s.services() {
		reader, err := s.serverReader(ctx, d, service)
		if err != nil {
			s.err = err
			return
		}
		s.readers = append(s.readers, reader)
	}
}

// serverReader is a reader through the first server of a service that answers, those that run before those that do not.
func (s *store) serverReader(ctx context.Context, d *Deployment, service kea.Service) (Reader, error) {
	var failed []error
	for _, server := range s.servers {
		if server.Service != service {
			continue
		}
		if !server.State.Running {
			failed = append(failed, fmt.Errorf("%s: %w", server.Name(), errNotRunning))
			continue
		}
		asker, _, err := d.source.Connector.Connect(ctx, server)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", server.Name(), err))
			continue
		}
		reader := NewAPI(asker, service, server.Name(), d.source.Now)
		if s.clock, err = reader.Clock(ctx); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", server.Name(), err))
			continue
		}
		s.ahead = s.clock.Sub(d.source.Now())
		return reader, nil
	}
	return nil, errors.Join(failed...)
}

// assemble makes one reader of all stores that could be opened: peers' leases are the same ones, other stores have nothing
// to do with each other.
func (d *Deployment) assemble() {
	var families []family
	for _, s := range d.stores {
		if s.err != nil {
			continue
		}
		if d.clock.IsZero() {
			d.clock, d.ahead = s.clock, s.ahead
		}
		for _, r := range s.readers {
			families = d.join(families, s, r)
		}
	}
	var readers []Reader
	for _, f := range families {
		readers = append(readers, Merge(f.readers...))
	}
	d.reader = Join(readers...)
}

// family is the readers of peers, which keep the same leases each in its own place.
type family struct {
	peers    string   // as their configurations name them
	services string   // that they have
	names    []string // of those that are here, as they call themselves
	readers  []Reader
}

// join puts a reader to those of its peers. Two servers that call themselves the same are of two families.
func (d *Deployment) join(families []family, s *store, r Reader) []family {
	alone := family{peers: s.name() + " " + r.String(), services: fmt.Sprint(servicesOf(r)), readers: []Reader{r}}
	config := d.configs[s.servers[0].Name()]
	if config == nil || len(config.HA) == 0 {
		return append(families, alone)
	}
	var peers []string
	for _, relationship := range config.HA {
		for _, p := range relationship.Peers {
			peers = append(peers, p.Name)
		}
		alone.names = append(alone.names, relationship.ThisServerName)
	}
	slices.Sort(peers)
	alone.peers = strings.Join(peers, " ")
	for i, f := range families {
		taken := slices.ContainsFunc(alone.names, func(n string) bool { return slices.Contains(f.names, n) })
		if f.peers == alone.peers && f.services == alone.services && !taken {
			families[i].readers = append(families[i].readers, r)
			families[i].names = append(families[i].names, alone.names...)
			return families
		}
	}
	return append(families, alone)
}

// servicesOf are the services that a reader says it has.
func servicesOf(r Reader) []kea.Service {
	if some, ok := r.(interface{ Services() []kea.Service }); ok {
		return some.Services()
	}
	return nil
}

// scans reports whether a filter makes a database read its whole table.
func (d *Deployment) scans(f Filter) bool {
	for _, service := range f.services() {
		filter, err := sqlFilter(f, service, d.clock)
		if err == nil && d.way() == SQL && keadb.Scans(familyOf(service), filter) {
			return true
		}
	}
	return false
}

func (s *store) close(ctx context.Context) {
	if s.db != nil {
		_ = s.db.Close(context.WithoutCancel(ctx))
		s.db = nil
	}
}
