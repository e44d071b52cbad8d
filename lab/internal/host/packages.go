package host

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// packages are Debian's names of what the lab runs on the machine itself.
func packages() []string {
	return []string{"containerd", "runc", "containernetworking-plugins", "iptables", "conntrack", "mmdebstrap", "iproute2", "util-linux"}
}

// InstallPackages installs the Debian packages that are missing.
func InstallPackages(ctx context.Context, log io.Writer) (string, error) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return "", fmt.Errorf("the lab needs Debian's apt-get: %w", err)
	}
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("the lab needs root (namespaces, cgroups, mounts)")
	}
	missing := []string{}
	for _, name := range packages() {
		out, err := exec.CommandContext(ctx, "dpkg-query", "-W", "-f", "${Status}", name).Output()
		if err != nil || !bytes.Contains(out, []byte("install ok installed")) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return "all there", nil
	}
	quiet := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := step.Command(ctx, log, "/", quiet, "apt-get", "update"); err != nil {
		return "", err
	}
	// An install that was broken off must be mended first, or apt refuses the next one.
	if err := step.Command(ctx, log, "/", quiet, "dpkg", "--configure", "-a"); err != nil {
		return "", err
	}
	args := append([]string{"install", "-y", "--no-install-recommends"}, missing...)
	if err := step.Command(ctx, log, "/", quiet, "apt-get", args...); err != nil {
		return "", err
	}
	return "installed " + strings.Join(missing, " "), nil
}

// Mirror is the Debian mirror that this machine's own apt uses.
func Mirror(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL) $(COMPONENT)", "Created-By: Packages").Output()
	if err != nil {
		return "", fmt.Errorf("ask apt for its mirror: %w", err)
	}
	return mirrorOf(string(out))
}

// mirrorOf finds Debian's main archive in `apt-get indextargets` lines of address, label and component.
func mirrorOf(targets string) (string, error) {
	for line := range strings.Lines(targets) {
		if f := strings.Fields(line); len(f) == 3 && f[1] == "Debian" && f[2] == "main" {
			return f[0], nil
		}
	}
	return "", fmt.Errorf("apt has no Debian mirror with component main; see /etc/apt/sources.list")
}
