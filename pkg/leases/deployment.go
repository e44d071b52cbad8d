package leases

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Source is how a deployment is reached.
type Source struct {
	Reader    client.Reader
	Connector *inventory.Connector
	Pods      inventory.Dialer
	// Observe, when set, is told of every statement sent to a database.
	Observe func(keadb.Call)
	Now     func() time.Time
}

// Way is where leases are read from.
type Way string

// The ways.
const (
	Auto Way = "auto" // SQL where there is a database that can be logged in to, else the API
	SQL  Way = "sql"
	API  Way = "api"
)

// Request says where to look, and how.
type Request struct {
	Namespace string
	Inventory inventory.Options
	Way       Way
	// VLANs says which prefixes belong to which VLAN, for subnets that do not say it themselves.
	VLANs map[int][]netip.Prefix
	// Patience bounds each statement that is sent to a database; 0 is no bound, for exports.
	Patience time.Duration
}

// Deployment is the leases of one namespace's servers, opened for reading.
type Deployment struct {
	Inventory *inventory.Inventory

	source  Source
	request Request
	catalog *Catalog
	reader  Reader                 // of all stores
	clock   time.Time              // of whoever keeps the leases, when they were opened
	ahead   time.Duration          // of ours
	configs map[string]*kea.Config // by server; nil where neither the daemon nor its file could be read
	stores  []*store
	unread  []problem.Unread
	mu      sync.Mutex // of unread
}

// configPatience is how long a server may take to tell its configuration. Its file does as well.
const configPatience = 2 * time.Second

// Open finds out what is deployed and how its leases can be read. Errors: inventory.ErrNone, *inventory.UnfinishedError,
// *DatabaseError, ErrNoWay.
func Open(ctx context.Context, s Source, r Request) (*Deployment, error) {
	in, err := inventory.Discover(ctx, s.Reader, r.Namespace, r.Inventory)
	if err != nil {
		return nil, err
	}
	d := &Deployment{Inventory: in, source: s, request: r, configs: map[string]*kea.Config{}}
	var (
		wait     sync.WaitGroup
		services []inventory.DHCPService
	)
	wait.Go(func() {
		var unread []problem.Unread
		services, unread = in.DHCPServices(ctx, s.Reader)
		for _, u := range unread {
			d.miss(u.Source, u.Err)
		}
	})
	wait.Go(func() { d.readConfigs(ctx) })
	// The databases that the files name are logged in to meanwhile; the running configurations may name others.
	early := d.stored(inventory.FileConfig)
	for _, st := range early {
		wait.Go(func() { st.open(ctx, d) })
	}
	wait.Wait()
	d.stores = d.stored(func(s inventory.Server) *kea.Config { return d.configs[s.Name()] })
	for i, st := range d.stores {
		if k := slices.IndexFunc(early, func(e *store) bool { return e.same(st) }); k >= 0 {
			early[k].servers, d.stores[i] = st.servers, early[k]
			early = slices.Delete(early, k, k+1)
			continue
		}
		st.open(ctx, d)
	}
	for _, st := range early {
		st.close(ctx)
	}
	all := []*kea.Config{}
	for _, server := range in.Servers {
		all = append(all, d.configs[server.Name()])
	}
	d.catalog = NewCatalog(all, inventory.VLANRules{Services: services, Map: r.VLANs})
	if err := d.usable(); err != nil {
		d.Close(ctx)
		return nil, err
	}
	if slices.ContainsFunc(d.stores, func(s *store) bool { return s.database != nil && s.db == nil }) {
		// What could not be read may be why. Otherwise it kept nothing from the leases.
		d.unread = append(d.unread, in.Unread...)
	}
	d.assemble()
	return d, nil
}

// Close ends the sessions.
func (d *Deployment) Close(ctx context.Context) {
	for _, s := range d.stores {
		s.close(ctx)
	}
}

// Catalog is the subnets and their VLANs.
func (d *Deployment) Catalog() *Catalog { return d.catalog }

// miss notes what could not be read.
func (d *Deployment) miss(source string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unread = append(d.unread, problem.Unread{Source: source, Error: err.Error(), Err: err})
}

// readConfigs asks the servers for what they run, and takes the file where one does not answer.
func (d *Deployment) readConfigs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, configPatience)
	defer cancel()
	var wait sync.WaitGroup
	var mu sync.Mutex
	for _, server := range d.Inventory.Servers {
		wait.Go(func() {
			config, err := d.config(ctx, server)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				d.configs[server.Name()] = config
			case server.File != nil:
				d.configs[server.Name()] = server.File
			default:
				d.miss("configuration of "+server.Name(), err)
			}
		})
	}
	wait.Wait()
}

var errNotRunning = errors.New("its container does not run")

func (d *Deployment) config(ctx context.Context, server inventory.Server) (*kea.Config, error) {
	if !server.State.Running {
		return nil, errNotRunning
	}
	asker, _, err := d.source.Connector.Connect(ctx, server)
	if err != nil {
		return nil, err
	}
	config, err := asker.Config(ctx, server.Service)
	if err != nil {
		return nil, err
	}
	return &config, nil
}

// ErrNoWay: there is neither a database to log in to nor a server that answers.
var ErrNoWay = errors.New("the leases cannot be read")

// usable says why nothing can be read, when that is so.
func (d *Deployment) usable() error {
	if len(d.stores) == 0 {
		return fmt.Errorf("%w: no server's configuration could be read", ErrNoWay)
	}
	var failed []error
	for _, s := range d.stores {
		if s.err != nil {
			failed = append(failed, s.err)
		}
	}
	if len(failed) == len(d.stores) {
		return errors.Join(failed...)
	}
	for _, s := range d.stores {
		if s.err != nil {
			d.miss(s.name(), s.err)
		}
	}
	return nil
}
