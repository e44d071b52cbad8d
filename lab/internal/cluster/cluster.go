// Package cluster raises a one-node Kubernetes with the CNPG operator, the Barman Cloud plugin and an S3 store inside
// the lab's namespaces.
package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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
func New(h *host.Host) *Cluster {
	return &Cluster{Host: h, hostAddress: "127.0.0.1:16443", api: NewAPI(h.Kubeconfig())}
}

// Up raises the cluster. What runs already is left as it is.
func (c *Cluster) Up(ctx context.Context, run *step.Runner) error {
	// Found out now, not after ten minutes of building.
	if err := cmp.Or(c.CheckNoOtherLab(), c.checkHostAddress()); err != nil {
		return err
	}
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
		return step.Step{Name: "import " + name, Do: func(ctx context.Context, log io.Writer) (string, error) { return c.importImages(ctx, log, archives[i]) }}
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

// importImages puts an archive's images into containerd, once: the archive's name changes with its content.
func (c *Cluster) importImages(ctx context.Context, log io.Writer, archive image.Archive) (string, error) {
	mark := filepath.Join(c.Run(), "imported-"+filepath.Base(archive.Path))
	if _, err := os.Stat(mark); err == nil {
		return "there already", nil
	}
	argv := c.Enter("ctr", "-a", c.containerdSocket(), "-n", "k8s.io", "images", "import", archive.Path)
	if err := step.Command(ctx, log, "/", nil, argv[0], argv[1:]...); err != nil {
		return "", err
	}
	return "", os.WriteFile(mark, nil, 0o644)
}

// Until polls a condition; what names it in the error.
func Until(ctx context.Context, what string, limit time.Duration, ok func(ctx context.Context) bool) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if ok(limited) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, context.Cause(ctx))
		case <-limited.Done():
			if ctx.Err() != nil {
				return fmt.Errorf("wait for %s: %w", what, context.Cause(ctx))
			}
			return fmt.Errorf("%s is not ready after %s", what, limit)
		case <-time.After(150 * time.Millisecond):
		}
	}
}

// await is Until for what daemons do: it gives up at once when one of them has ended, and a failure puts the end of their
// logs into the step's, because theirs tell why.
func (c *Cluster) await(ctx context.Context, log io.Writer, what string, limit time.Duration, daemons []string, ok func(ctx context.Context) bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := Until(ctx, what, limit, func(ctx context.Context) bool {
		for _, name := range daemons {
			if !c.Lives(name) {
				cancel(fmt.Errorf("%s has ended", name))
				return false
			}
		}
		return ok(ctx)
	})
	if err != nil {
		for _, name := range daemons {
			path := filepath.Join(c.Logs(), name+".log")
			fmt.Fprintf(log, "the end of %s:\n%s\n", path, step.Tail(path, 10))
		}
	}
	return err
}

// listenOnHost opens the host's side of the way to the API server. The socket belongs to the host's network; the bridge
// that serves it runs inside the lab's.
func (c *Cluster) listenOnHost() (net.Listener, error) {
	listener, err := net.Listen("tcp", c.hostAddress)
	if errors.Is(err, syscall.EADDRINUSE) {
		_, port, _ := net.SplitHostPort(c.hostAddress)
		return nil, fmt.Errorf("another program listens on %s, where the lab's API server is to answer on this machine: see which with `ss -ltnp 'sport = :%s'`, end it, and raise the lab again",
			c.hostAddress, port)
	}
	if err != nil {
		return nil, fmt.Errorf("open the API server's address on the host: %w", err)
	}
	return listener, nil
}

// checkHostAddress fails when the API server's address on the host is somebody else's.
func (c *Cluster) checkHostAddress() error {
	if c.Lives("bridge") {
		return nil
	}
	listener, err := c.listenOnHost()
	if err != nil {
		return err
	}
	return listener.Close()
}
