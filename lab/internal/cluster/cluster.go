// Package cluster raises a one-node Kubernetes with the CNPG operator, the Barman Cloud plugin and an S3 store inside
// the lab's namespaces.
package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/host"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/image"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// Cluster is the lab's Kubernetes.
type Cluster struct {
	*host.Host
	hostAddress string // where the API server answers on the host's loopback
	api         *API
}

// New makes the handle of the lab's cluster; it starts nothing.
func New(h *host.Host) *Cluster { return &Cluster{Host: h, hostAddress: "127.0.0.1:16443", api: &API{path: h.Kubeconfig()}} }

// Up raises the cluster. What runs already is left as it is.
func (c *Cluster) Up(ctx context.Context, run *step.Runner) error {
	err := run.Chain(ctx,
		step.Step{Name: "debian packages", Do: host.InstallPackages},
		step.Step{Name: "programs", Do: c.Build},
		step.Step{Name: "images", Do: func(ctx context.Context, log io.Writer) (string, error) { return image.Make(ctx, c.Paths, log) }},
		step.Step{Name: "network", Do: quiet(c.CreateNetwork)},
		step.Step{Name: "holder", Do: quiet(func(ctx context.Context, _ io.Writer) error { return c.StartHolder(ctx) })},
	)
	if err != nil {
		return err
	}
	archives, err := image.Archives(c.Paths)
	if err != nil {
		return err
	}
	load := func(i int, name string) step.Step {
		return step.Step{Name: "import " + name, Do: quiet(func(ctx context.Context, log io.Writer) error { return c.importImages(ctx, log, archives[i]) })}
	}
	if err := run.Run(ctx, step.Step{Name: "containerd", Do: quiet(c.startContainerd)}); err != nil {
		return err
	}
	return run.Side(ctx,
		func(ctx context.Context) error {
			return run.Chain(ctx, load(0, "programs"), load(1, "trixie"), load(2, "kea 3.0"))
		},
		func(ctx context.Context) error {
			return run.Chain(ctx,
				step.Step{Name: "api server", Do: quiet(c.startAPIServer)},
				step.Step{Name: "node", Do: quiet(c.startNode)},
				step.Step{Name: "add-ons applied", Do: quiet(c.applyAddons)},
				step.Step{Name: "dns, s3, cnpg and barman ready", Do: quiet(c.waitAddons)},
			)
		})
}

func quiet(do func(ctx context.Context, log io.Writer) error) func(context.Context, io.Writer) (string, error) {
	return func(ctx context.Context, log io.Writer) (string, error) { return "", do(ctx, log) }
}

// Kubectl is a kubectl command inside the lab's network.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) *exec.Cmd {
	argv := c.InNetwork(append([]string{filepath.Join(c.Bin(), "kubectl"), "--kubeconfig", c.KubeconfigInside()}, args...)...)
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

// apply applies manifests given as text.
func (c *Cluster) apply(ctx context.Context, log io.Writer, manifests string) error {
	cmd := c.Kubectl(ctx, "apply", "--server-side", "--force-conflicts", "-f", "-")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(manifests), log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apply manifests: %w", err)
	}
	return nil
}

func (c *Cluster) importImages(ctx context.Context, log io.Writer, archive image.Archive) error {
	argv := c.Enter("ctr", "-a", c.containerdSocket(), "-n", "k8s.io", "images", "import", archive.Path)
	return step.Command(ctx, log, "/", nil, argv[0], argv[1:]...)
}

// Until polls a condition; what names it in the error.
func Until(ctx context.Context, what string, limit time.Duration, ok func(ctx context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if ok(ctx) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %s", what, limit)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// listenOnHost opens the host's side of the way to the API server. The socket belongs to the host's network; the bridge
// that serves it runs inside the lab's.
func (c *Cluster) listenOnHost() (*os.File, error) {
	listener, err := net.Listen("tcp", c.hostAddress)
	if err != nil {
		return nil, fmt.Errorf("open the API server's address on the host: %w", err)
	}
	defer listener.Close()
	return listener.(*net.TCPListener).File()
}
