// Package scenario raises the deployments that the tool is tried on. A scenario is data: a folder of manifests and a
// scenario.yaml that says in which order they are applied, what to wait for, and where its DHCP clients are.
package scenario

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// Scenario is one scenario.yaml.
type Scenario struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Namespace   string `json:"namespace"`
	Stages      []struct {
		Apply   string   `json:"apply"`   // manifest file in the scenario's folder, or
		Install string   `json:"install"` // stack file there, for kubectl kea install
		Wait    []string `json:"wait"`    // cluster/NAME, statefulset/NAME, deployment/NAME, backup/NAME
		Timeout string   `json:"timeout"` // of the waiting; 5m when empty
	} `json:"stages"`
	Load struct {
		Pods  []string `json:"pods"` // the Kea servers' pods; both get every packet
		VLANs []struct {
			VLAN   int    `json:"vlan"`
			Relay4 string `json:"relay4"`
			Relay6 string `json:"relay6"`
		} `json:"vlans"`
	} `json:"load"`

	dir string
}

// Plugin makes the command that runs the built plugin against the lab.
type Plugin func(ctx context.Context, args ...string) *exec.Cmd

// List reads the scenarios below a folder, by name.
func List(dir string) ([]Scenario, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*", "scenario.yaml"))
	if err != nil {
		return nil, err
	}
	all := []Scenario{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		s := Scenario{dir: filepath.Dir(file)}
		if err := yaml.UnmarshalStrict(data, &s); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		all = append(all, s)
	}
	return all, nil
}

// Find is the scenario of that name.
func Find(dir, name string) (Scenario, error) {
	all, err := List(dir)
	if err != nil {
		return Scenario{}, err
	}
	names := []string{}
	for _, s := range all {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(names, ", "))
}

// Up brings the scenario about stage by stage: manifests are applied, stacks installed. Run again, it changes nothing.
func (s Scenario) Up(ctx context.Context, c *cluster.Cluster, plugin Plugin, run *step.Runner) error {
	err := run.Run(ctx, step.Step{Name: s.Name + " relays", Do: func(ctx context.Context, log io.Writer) (string, error) {
		return "", s.AddRelays(ctx, c, log)
	}})
	if err != nil {
		return err
	}
	for _, stage := range s.Stages {
		err := run.Run(ctx, step.Step{Name: s.Name + " " + strings.TrimSuffix(stage.Apply+stage.Install, ".yaml"), Do: func(ctx context.Context, log io.Writer) (string, error) {
			var err error
			if stage.Apply != "" {
				err = s.apply(ctx, c, log, stage.Apply)
			} else {
				err = s.install(ctx, plugin, log, stage.Install)
			}
			if err != nil {
				return "", err
			}
			limit := 5 * time.Minute
			if stage.Timeout != "" {
				parsed, err := time.ParseDuration(stage.Timeout)
				if err != nil {
					return "", err
				}
				limit = parsed
			}
			for _, object := range stage.Wait {
				if err := s.wait(ctx, c, log, object, limit); err != nil {
					return "", err
				}
			}
			return strings.Join(stage.Wait, ", "), nil
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// Down deletes the scenario's namespace with all that is in it.
func (s Scenario) Down(ctx context.Context, c *cluster.Cluster, run *step.Runner) error {
	return run.Run(ctx, step.Step{Name: s.Name + " down", Do: func(ctx context.Context, log io.Writer) (string, error) {
		cmd := c.Kubectl(ctx, "delete", "namespace", s.Namespace, "--ignore-not-found", "--timeout=3m")
		cmd.Stdout, cmd.Stderr = log, log
		return "", cmd.Run()
	}})
}

// apply applies one of the scenario's manifests.
func (s Scenario) apply(ctx context.Context, c *cluster.Cluster, log io.Writer, file string) error {
	cmd := c.Kubectl(ctx, "apply", "--server-side", "--force-conflicts", "-f", filepath.Join(s.dir, file))
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("apply %s: %w", file, err)
	}
	return nil
}

// install installs one of the scenario's stacks with the plugin, which waits until leases can be had.
func (s Scenario) install(ctx context.Context, plugin Plugin, log io.Writer, file string) error {
	cmd := plugin(ctx, "install", "-f", filepath.Join(s.dir, file), "--yes")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl kea install -f %s: %w", file, err)
	}
	return nil
}

// AddRelays gives the node the addresses of the VLANs' relays. Run again, it changes nothing.
func (s Scenario) AddRelays(ctx context.Context, c *cluster.Cluster, log io.Writer) error {
	for _, vlan := range s.Load.VLANs {
		for _, address := range []string{vlan.Relay4, vlan.Relay6} {
			if address == "" {
				continue
			}
			args := []string{"ip", "addr", "replace", address, "dev", "lo"}
			if strings.Contains(address, ":") {
				args = append(args, "nodad")
			}
			argv := c.InNetwork(args...)
			if err := step.Command(ctx, log, "/", nil, argv[0], argv[1:]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// check says whether an object of the cluster is ready.
type check func(c *cluster.Cluster, ctx context.Context, namespace, name string) bool

// waits are the kinds of objects that a stage may wait for.
func waits() map[string]check {
	workload := func(resource string) check {
		return func(c *cluster.Cluster, ctx context.Context, namespace, name string) bool {
			return c.WorkloadReady(ctx, namespace, resource, name)
		}
	}
	return map[string]check{
		"statefulset": workload("statefulsets"),
		"deployment":  workload("deployments"),
		"cluster":     (*cluster.Cluster).DatabaseReady,
		"backup":      (*cluster.Cluster).BackupCompleted,
	}
}

// wait waits for one object; when it does not come about, what the cluster knows about that goes to log.
func (s Scenario) wait(ctx context.Context, c *cluster.Cluster, log io.Writer, object string, limit time.Duration) error {
	kind, name, _ := strings.Cut(object, "/")
	ready, ok := waits()[kind]
	if !ok {
		return fmt.Errorf("scenario %s waits for a %q; it may wait for %s", s.Name, kind, strings.Join(slices.Sorted(maps.Keys(waits())), ", "))
	}
	if err := cluster.Until(ctx, object, limit, func(ctx context.Context) bool { return ready(c, ctx, s.Namespace, name) }); err != nil {
		cmd := c.Kubectl(ctx, "-n", s.Namespace, "get", "pods,clusters.postgresql.cnpg.io,events", "--sort-by=.metadata.creationTimestamp")
		cmd.Stdout, cmd.Stderr = log, log
		_ = cmd.Run()
		return err
	}
	return nil
}
