package cmd

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// leaseSource is where the leases commands look, and how they get there.
type leaseSource struct {
	env      *Env
	way      string
	vlanMap  string
	selector string
	all      bool
}

// bind adds the flags; all says whether several namespaces can be looked at.
func (s *leaseSource) bind(c *cobra.Command, all bool) {
	c.Flags().StringVar(&s.way, "source", "auto", "Where leases are read: sql (the database), api (the servers), or auto: the database where it can be logged in to")
	c.Flags().StringVar(&s.vlanMap, "vlan-map", "", "VLANs of subnets that do not name theirs: 10=10.10.0.0/16,20=10.20.0.0/16, or @FILE with such lines")
	c.Flags().StringVarP(&s.selector, "selector", "l", "", "Look only at pods and workloads with these labels")
	if all {
		c.Flags().BoolVarP(&s.all, "all-namespaces", "A", false, "Look at every namespace that has Kea servers")
	}
	complete(c, "source", cobra.FixedCompletions([]cobra.Completion{"auto", "sql", "api"}, cobra.ShellCompDirectiveNoFileComp))
}

// request checks the flags. patience bounds each statement that is sent to a database; 0 is none.
func (s *leaseSource) request(patience time.Duration) (leases.Request, error) {
	r := leases.Request{Way: leases.Way(s.way), Patience: patience}
	switch r.Way {
	case leases.Auto, leases.SQL, leases.API:
	default:
		return r, usagef("--source %q: it takes auto, sql or api", s.way)
	}
	var err error
	if s.selector != "" {
		if r.Inventory.Selector, err = labels.Parse(s.selector); err != nil {
			return r, usagef("--selector: %w", err)
		}
	}
	if s.vlanMap != "" {
		if r.VLANs, err = readVLANMap(s.vlanMap); err != nil {
			return r, usagef("--vlan-map: %w", err)
		}
	}
	return r, nil
}

// readVLANMap reads a map, or a file with one behind @.
func readVLANMap(text string) (map[int][]netip.Prefix, error) {
	if path, found := strings.CutPrefix(text, "@"); found {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		text = string(data)
	}
	return leases.ParseVLANMap(text)
}

// leaseSession is one command's way to the leases of namespaces.
type leaseSession struct {
	source     *leaseSource
	kube       *kube.Client
	connector  *inventory.Connector
	request    leases.Request
	namespaces []string
}

// connect finds the namespaces to look at. Close must be called.
func (s *leaseSource) connect(ctx context.Context, r leases.Request) (*leaseSession, error) {
	client, err := s.env.Kube()
	if err != nil {
		return nil, err
	}
	x := &leaseSession{source: s, kube: client, request: r, namespaces: []string{client.Namespace}}
	if s.all {
		if x.namespaces, err = inventory.Namespaces(ctx, client, r.Inventory); err != nil {
			return nil, err
		}
		if len(x.namespaces) == 0 {
			return nil, fmt.Errorf("%w in any namespace%s", inventory.ErrNone, selected(s.selector))
		}
	}
	x.connector = inventory.NewConnector(client, s.env.observeKea())
	return x, nil
}

func (x *leaseSession) close() { x.connector.Close() }

// open opens the leases of one namespace. The deployment must be closed.
func (x *leaseSession) open(ctx context.Context, namespace string) (*leases.Deployment, error) {
	env := x.source.env
	r := x.request
	r.Namespace = namespace
	d, err := leases.Open(ctx, leases.Source{Reader: x.kube, Connector: x.connector, Pods: x.kube, Observe: env.observeSQL(), Now: env.Now}, r)
	if err == nil {
		return d, nil
	}
	if errors.Is(err, inventory.ErrNone) && !x.source.all {
		return nil, elsewhere(ctx, x.kube, r.Inventory, x.source.selector, "leases", err)
	}
	return nil, leaseHint(err, namespace)
}

// openOne opens the leases of the namespace; patience is request's. done must be called.
func (s *leaseSource) openOne(ctx context.Context, patience time.Duration) (x *leaseSession, d *leases.Deployment, done func(), err error) {
	request, err := s.request(patience)
	if err != nil {
		return nil, nil, nil, err
	}
	if x, err = s.connect(ctx, request); err != nil {
		return nil, nil, nil, err
	}
	if d, err = x.open(ctx, x.namespaces[0]); err != nil {
		x.close()
		return nil, nil, nil, err
	}
	return x, d, func() { d.Close(ctx); x.close() }, nil
}

// leaseHint gives an error of reading leases its next command.
func leaseHint(err error, namespace string) error {
	var unfinished *inventory.UnfinishedError
	var database *leases.DatabaseError
	switch {
	case err == nil || hintOf(err) != "":
		return err
	case errors.As(err, &unfinished) && unfinished.Operation.Continue != "":
		return WithHint(err, unfinished.Operation.Continue)
	case errors.As(err, &database), errors.Is(err, leases.ErrNoWay):
		return WithHint(err, "kubectl kea status -n "+namespace)
	}
	return err
}
