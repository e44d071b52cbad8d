package status

import (
	"context"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// GatherHA looks at the servers and their high availability only: a Report without databases and leases.
func GatherHA(ctx context.Context, s Source, namespace string, o inventory.Options) (Report, error) {
	in, err := inventory.Discover(ctx, s.Reader, namespace, o)
	if err != nil {
		return Report{}, err
	}
	r := Report{Namespace: namespace, Time: s.Now(), Operations: in.Operations, Unread: in.Unread, Databases: []Database{}, VLANs: []VLAN{}}
	observations := ha.Gather(ctx, in.Servers, s.Connect, s.Now)
	r.Report, r.Problems = ha.Judge(observations)
	for _, o := range observations {
		r.Unread = append(r.Unread, o.Unread...)
	}
	r.finish()
	return r, nil
}
