//go:build e2e

// Package e2e tries the built plugin on real clusters: Kubernetes, CloudNativePG, Kea and DHCP clients.
//
// It raises the lab when it is down and takes down what it raised, also when it is interrupted; a lab that was up is used
// and left up. Set KUBECTL_KEA_E2E_CLUSTER and KUBECONFIG to use a cluster of one's own with the scenarios' manifests
// applied; the tests that need the lab's machine then fail and say so.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// world is what all tests share; TestMain sets the paths once, before any test.
var world struct {
	root, lab, plugin, kubectl string
	secrets                    secrets
	turns                      turns
}

func TestMain(m *testing.M) {
	flag.Parse()
	// Their turns decide what runs at once, and those that wait count too.
	if err := flag.Set("test.parallel", "1000"); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	code, err := setUp(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func setUp(m *testing.M) (int, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return 1, err
	}
	scratch, err := os.MkdirTemp("", "kubectl-kea-e2e")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	world.root, world.plugin = root, filepath.Join(root, "bin", "kubectl-kea")
	if _, err := os.Stat(world.plugin); err != nil {
		return 1, fmt.Errorf("the plugin is not built (make build): %w", err)
	}
	if os.Getenv("KUBECTL_KEA_E2E_CLUSTER") != "" {
		world.kubectl = "kubectl"
		return m.Run(), nil
	}
	world.lab = filepath.Join(scratch, "lab")
	if err := os.Setenv("KEALAB_SOURCE", filepath.Join(root, "lab")); err != nil {
		return 1, err
	}
	if err := stream(filepath.Join(root, "lab"), "go", "build", "-o", world.lab, "./cmd/lab"); err != nil {
		return 1, fmt.Errorf("build the lab's driver: %w", err)
	}
	_, wasDown := labOutput("kubeconfig")
	if wasDown != nil {
		down := func() { _ = stream(root, world.lab, "down") }
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		go func() {
			<-signals
			down()
			os.Exit(130)
		}()
		defer down()
	}
	if err := stream(root, world.lab, "up", "hot-standby", "load-balancing", "branch", "foreign", "recovery", "handmade"); err != nil {
		return 1, fmt.Errorf("raise the lab: %w", err)
	}
	path, err := labOutput("kubeconfig")
	if err != nil {
		return 1, err
	}
	path = strings.TrimSpace(path)
	world.kubectl = filepath.Join(filepath.Dir(path), "bin", "kubectl")
	if err := os.Setenv("KUBECONFIG", path); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// stream runs a program with its output on ours.
func stream(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
	return cmd.Run()
}

func labOutput(args ...string) (string, error) {
	out, err := exec.Command(world.lab, args...).Output()
	return string(out), err
}
