package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// program is one binary of the lab: where its main package is and how it is linked.
type program struct{ name, pkg, ldflags string }

func programs(kubernetes string) []program {
	v := strings.SplitN(strings.TrimPrefix(kubernetes, "v"), ".", 3)
	ld := "-s -w"
	// Kubernetes refuses to serve some APIs when it does not know its own version.
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		ld += fmt.Sprintf(" -X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s -X %[1]s.gitTreeState=clean"+
			" -X %[1]s.gitCommit=%040[5]d -X %[1]s.buildDate=2026-01-01T00:00:00Z", pkg, kubernetes, v[0], v[1], 0)
	}
	return []program{
		{"hyperkube", "./cmd/hyperkube", ld},
		// A program of its own: it starts in a third of the time, and the tests start it some thousand times.
		{"kubectl", "k8s.io/kubernetes/cmd/kubectl", ld},
		{"cnpg-manager", "github.com/cloudnative-pg/cloudnative-pg/cmd/manager", "-s -w"},
		{"barman-plugin", "github.com/cloudnative-pg/plugin-barman-cloud/cmd/manager", "-s -w"},
		{"gofakes3", "github.com/johannesboyne/gofakes3/cmd/gofakes3", "-s -w"},
		{"pause", "./cmd/pause", "-s -w"},
	}
}

// Build compiles the lab's programs into the cache, keyed by their inputs, and links Bin() to them.
func (p Paths) Build(ctx context.Context, log io.Writer) (string, error) {
	version, err := p.ModuleVersion("k8s.io/kubernetes")
	if err != nil {
		return "", err
	}
	key, err := p.programKey()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(p.Cache, "bin-"+key)
	note := "cached"
	if _, err := os.Stat(filepath.Join(dir, "complete")); err != nil {
		note = "built"
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", err
		}
		for _, b := range programs(version) {
			err := step.Command(ctx, log, p.Source, []string{"CGO_ENABLED=0", "GOWORK=off"}, "go", "build", "-trimpath", "-buildvcs=false",
				"-ldflags", b.ldflags, "-o", filepath.Join(dir, b.name), b.pkg)
			if err != nil {
				return "", err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "complete"), nil, 0o644); err != nil {
			return "", err
		}
		running, _ := os.Readlink(p.Bin()) // a running lab mounts its programs into pods
		p.prune("bin-", dir, running)
	}
	_ = os.Remove(p.Bin())
	return note, os.Symlink(dir, p.Bin())
}

// prune removes what earlier inputs left in the cache.
func (p Paths) prune(prefix string, keep ...string) {
	old, _ := filepath.Glob(filepath.Join(p.Cache, prefix+"*"))
	for _, dir := range old {
		if !slices.Contains(keep, dir) {
			_ = os.RemoveAll(dir)
		}
	}
}

// programKey names the built programs by what goes into them: the pinned requirements, our own sources and the compiler.
func (p Paths) programKey() (string, error) {
	files := []string{"go.mod", "go.sum"}
	for _, dir := range []string{"hyperkube", "pause"} {
		sources, err := filepath.Glob(filepath.Join(p.Source, "cmd", dir, "*.go"))
		if err != nil {
			return "", err
		}
		files = append(files, sources...)
	}
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version())
	for _, file := range files {
		if !filepath.IsAbs(file) {
			file = filepath.Join(p.Source, file)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %d\n", filepath.Base(file), len(data))
		hash.Write(data)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// ModuleVersion is the version of a module that lab/go.mod pins.
func (p Paths) ModuleVersion(module string) (string, error) {
	data, err := os.ReadFile(filepath.Join(p.Source, "go.mod"))
	if err != nil {
		return "", err
	}
	m := regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(module) + ` (v\S+)`).FindSubmatch(data)
	if m == nil {
		return "", fmt.Errorf("module %s is not in lab/go.mod", module)
	}
	return string(m[1]), nil
}
