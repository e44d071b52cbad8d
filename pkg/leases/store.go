package leases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// store is one place where servers keep leases: a database that they share, or a server's own memfile.
type store struct {
	database *inventory.Database // nil: memfile
	servers  []inventory.Server

	db     *keadb.DB // nil: not logged in
	login  inventory.Login
	reader Reader
	way    Way // SQL or API, once it is open
	note   string
	err    error
}

// DatabaseError: the database that the servers keep their leases in cannot be asked. Kea asks the same database.
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
	s.db, err = keadb.Connect(ctx, s.login.Target)
	if err != nil {
		return err
	}
	s.way = SQL
	return nil
}

// openAPI finds servers that answer: one of those that share a database is enough.
func (s *store) openAPI(_ context.Context, _ *Deployment) {
	s.way = API
}

func (s *store) close(ctx context.Context) {
	if s.db != nil {
		_ = s.db.Close(context.WithoutCancel(ctx))
		s.db = nil
	}
}
