// Command dist builds the plugin for every platform and packs each build into
// an archive with the licence and the completion program. Built twice from the
// same source, the archives are the same byte for byte.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/release"
)

func main() {
	version := flag.String("version", release.Version, "the version to build")
	out := flag.String("out", "dist", "the folder to fill")
	quick := flag.Bool("quick", false, "build for this machine only; the archives of the others hold a placeholder")
	flag.Parse()
	if err := dist(context.Background(), *version, *out, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// dist fills a folder with the archives of a version and their checksums.
func dist(ctx context.Context, version, out string, quick bool) error {
	if err := release.CheckVersion(version); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	licence, err := os.ReadFile("LICENSE")
	if err != nil {
		return err
	}
	complete, err := exec.CommandContext(ctx, "go", "run", "./cmd/kubectl-kea", "completion", "kubectl").Output()
	if err != nil {
		return fmt.Errorf("print the completion program: %w", err)
	}
	if err := os.WriteFile(filepath.Join(out, "kubectl_complete-kea"), complete, 0o755); err != nil {
		return err
	}
	var sums strings.Builder
	for _, p := range release.Platforms() {
		start := time.Now()
		binary := []byte("no program: dist -quick built for another platform\n")
		if own := p.OS == runtime.GOOS && p.Arch == runtime.GOARCH; own || !quick {
			if binary, err = build(ctx, p, version); err != nil {
				return err
			}
		}
		files := []file{{p.Binary(), 0o755, binary}, {"LICENSE", 0o644, licence}}
		if p.OS != "windows" {
			files = append(files, file{"kubectl_complete-kea", 0o755, complete})
		}
		sum, err := writeArchive(filepath.Join(out, p.Archive(version)), files)
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%s  %s\n", sum, p.Archive(version))
		fmt.Printf("%s (%.0fs)\n", p.Archive(version), time.Since(start).Seconds())
	}
	return os.WriteFile(filepath.Join(out, "checksums.txt"), []byte(sums.String()), 0o644)
}

// build is the program for a platform. Paths, times, the machine and the commit
// are kept out of it, so that the same source gives the same bytes.
func build(ctx context.Context, p release.Platform, version string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "kubectl-kea-dist-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, p.Binary())
	c := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X main.version="+version, "-o", path, "./cmd/kubectl-kea")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Arch)
	if out, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build for %s/%s: %w\n%s", p.OS, p.Arch, err, out)
	}
	return os.ReadFile(path)
}
