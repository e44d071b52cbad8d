package rollout

import (
	"context"
	"io"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// Source is how the cluster, its pods, Kea and the databases are reached.
type Source struct {
	Client    client.Client
	Pods      Pods
	Connector *inventory.Connector
	// Observe, when set, is told of every statement sent to a database.
	Observe func(keadb.Call)
	Now     func() time.Time
}

// Pods are the ways into pods; *kube.Client has them.
type Pods interface {
	inventory.Dialer
	// Exec runs a command in a container. Permission: create pods/exec.
	Exec(ctx context.Context, namespace, pod, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error
}
