package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/release"
)

// check proves that the committed manifest is what would be rendered today,
// that krew's validator takes it, and that krew installs every platform's
// archive: from a server on this machine, with nothing of the network needed.
func check(ctx context.Context, version, dist, tools string, exact bool) error {
	have, err := os.ReadFile(committed)
	if err != nil {
		return err
	}
	want, err := render(version, dist, release.Downloads+"/"+version)
	if err != nil {
		return err
	}
	if err := same(have, want, exact); err != nil {
		return err
	}
	if tools, err = filepath.Abs(tools); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "kubectl-kea-krew-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := shim(filepath.Join(work, "bin"), tools); err != nil {
		return err
	}
	k := krew{work: work, tools: tools}
	if err := k.validate(ctx, "committed", have, "-skip-install"); err != nil {
		return err
	}
	base, stop, err := serve(ctx, dist)
	if err != nil {
		return err
	}
	defer stop()
	local, err := render(version, dist, base)
	if err != nil {
		return err
	}
	if err := k.validate(ctx, "local", local); err != nil {
		return err
	}
	return k.install(ctx, version)
}

// same compares the committed manifest with one rendered now. Between releases
// the checksums may differ: they are those of the release.
func same(have, want []byte, exact bool) error {
	if !exact {
		sum := regexp.MustCompile(`(?m)^( *sha256: )[0-9a-f]{64}$`)
		have, want = sum.ReplaceAll(have, []byte("$1")), sum.ReplaceAll(want, []byte("$1"))
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%s is not what its template and the archives give; make krew-manifest writes it", committed)
	}
	return nil
}

// krew is the two tools of krew and a folder to work in.
type krew struct{ work, tools string }

// validate runs krew's validator on a manifest. Unless told otherwise it
// installs the plugin for each platform with `kubectl krew install`.
func (k krew) validate(ctx context.Context, name string, manifest []byte, flags ...string) error {
	path := filepath.Join(k.work, name, "kea.yaml")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, manifest, 0o600); err != nil {
		return err
	}
	return k.run(ctx, k.path(), "validate-krew-manifest", append([]string{"-manifest", path}, flags...)...)
}

// install installs the plugin for this machine and asks it for its version.
func (k krew) install(ctx context.Context, version string) error {
	root := filepath.Join(k.work, "root")
	env := append(k.path(), "KREW_ROOT="+root)
	if err := k.run(ctx, env, "krew", "install", "--manifest", filepath.Join(k.work, "local", "kea.yaml")); err != nil {
		return err
	}
	own := release.Platform{OS: runtime.GOOS, Arch: runtime.GOARCH}
	out, err := exec.CommandContext(ctx, filepath.Join(root, "bin", own.Binary()), "version", "-o", "jsonpath={.version}").CombinedOutput()
	if err != nil {
		return fmt.Errorf("run the installed plugin: %w\n%s", err, out)
	}
	if string(out) != version {
		return fmt.Errorf("the installed plugin says version %s, want %s", out, version)
	}
	return nil
}

func (k krew) path() []string {
	return []string{"PATH=" + filepath.Join(k.work, "bin") + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + k.work, "KREW_NO_UPGRADE_CHECK=1"}
}

func (k krew) run(ctx context.Context, env []string, tool string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(k.tools, tool), args...)
	c.Env = env
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", tool, strings.Join(args, " "), err, out)
	}
	return nil
}

// shim makes a folder with a kubectl that knows one subcommand: krew. That is
// all the validator asks of it.
func shim(bin, tools string) error {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	script := fmt.Sprintf("#!/bin/sh\nshift\nexport KREW_NO_UPGRADE_CHECK=1\nexec %q \"$@\"\n", filepath.Join(tools, "krew"))
	return os.WriteFile(filepath.Join(bin, "kubectl"), []byte(script), 0o755)
}

// serve serves a folder on this machine only.
func serve(ctx context.Context, dir string) (base string, stop func(), err error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with stop
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}
