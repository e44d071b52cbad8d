package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/host"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// Names of the lab's images, as the manifests use them.
const (
	Pause         = "docker.io/kealab/pause:3.10"
	CNPG          = "docker.io/kealab/cloudnative-pg:1.30.0"
	BarmanPlugin  = "docker.io/kealab/barman-plugin:0.14.0"
	BarmanSidecar = "docker.io/kealab/barman-sidecar:0.14.0"
	PostgreSQL    = "docker.io/kealab/postgresql:17"
	Kea26         = "docker.io/kealab/kea:2.6"
	Kea30         = "docker.io/kealab/kea:3.0"
)

// rootfs is a small Debian system.
type rootfs struct {
	name, suite, release string // release: the suite to prefer, when it is not suite itself
	packages             []string
}

func clientPackages() []string {
	return []string{"ca-certificates", "faketime", "iproute2", "netcat-openbsd", "procps"}
}

func systems() []rootfs {
	kea := []string{"kea-dhcp4-server", "kea-dhcp6-server", "kea-ctrl-agent", "kea-admin", "postgresql-client"}
	return []rootfs{
		// PostgreSQL, Barman Cloud and Kea 2.6 share one system: one image to make and to import.
		{name: "trixie", suite: "trixie", packages: append(append([]string{"postgresql-17", "barman-cli-cloud", "python3-boto3"}, kea...), clientPackages()...)},
		{name: "kea30", suite: "trixie", release: "trixie-backports", packages: append(kea, clientPackages()...)},
	}
}

// Archive is an image archive in the cache, and the images in it.
type Archive struct {
	Path  string
	Names []string
}

// Archives lists the archives that Make leaves, in the order in which the cluster wants them.
func Archives(p host.Paths) ([]Archive, error) {
	key, err := key(p)
	if err != nil {
		return nil, err
	}
	at := func(name string) string { return filepath.Join(p.Images(), name+"-"+key+".tar") }
	return []Archive{
		{at("programs"), []string{Pause, CNPG, BarmanPlugin}},
		{at("trixie"), []string{PostgreSQL, Kea26, BarmanSidecar}},
		{at("kea30"), []string{Kea30}},
	}, nil
}

// Make makes the archives that are not in the cache.
func Make(ctx context.Context, p host.Paths, log io.Writer) (string, error) {
	archives, err := Archives(p)
	if err != nil {
		return "", err
	}
	missing := 0
	for _, archive := range archives {
		if _, err := os.Stat(archive.Path); err != nil {
			missing++
		}
	}
	if missing == 0 {
		return "cached", nil
	}
	if err := os.MkdirAll(p.Images(), 0o755); err != nil {
		return "", err
	}
	removeScratch(p)
	mirror, err := host.Mirror(ctx)
	if err != nil {
		return "", err
	}
	layers := map[string]string{}
	for _, system := range systems() {
		if layers[system.name], err = system.make(ctx, p, mirror, log); err != nil {
			return "", err
		}
	}
	scratch, err := os.MkdirTemp(p.Images(), "layers")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(scratch)
	programs, err := programLayers(p, scratch)
	if err != nil {
		return "", err
	}
	images := [][]Image{
		{
			{Names: []string{Pause}, Layers: []string{programs["pause"]}, Entrypoint: []string{"/pause"}, User: "65535:65535"},
			{Names: []string{CNPG}, Layers: []string{programs["cnpg"]}, Entrypoint: []string{"/manager"}, User: "65532:65532"},
			{Names: []string{BarmanPlugin}, Layers: []string{programs["barman"]}, Entrypoint: []string{"/manager"}, User: "65532:65532"},
		},
		{
			{Names: []string{PostgreSQL, Kea26}, Layers: []string{layers["trixie"]}, Env: postgresPath()},
			{Names: []string{BarmanSidecar}, Layers: []string{layers["trixie"], programs["sidecar"]}, Entrypoint: []string{"/manager"}, User: "26:26", Env: postgresPath()},
		},
		{{Names: []string{Kea30}, Layers: []string{layers["kea30"]}}},
	}
	for i, archive := range archives {
		temporary := archive.Path + ".part"
		if err := WriteArchive(temporary, images[i]); err != nil {
			return "", fmt.Errorf("write image archive %s: %w", archive.Path, err)
		}
		if err := os.Rename(temporary, archive.Path); err != nil {
			return "", err
		}
	}
	removeOld(p, archives)
	return fmt.Sprintf("made %d archives", missing), nil
}

func postgresPath() []string {
	return []string{"PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
}

// programLayers are the layers that hold built programs only.
func programLayers(p host.Paths, dir string) (map[string]string, error) {
	folders := []file{{name: "etc", mode: 0o755}, {name: "tmp", mode: 0o1777}}
	content := map[string][]file{
		"pause":   {{name: "pause", from: filepath.Join(p.Bin(), "pause"), mode: 0o755}},
		"cnpg":    append(folders, file{name: "operator", mode: 0o755}, file{name: "operator/manager_amd64", from: filepath.Join(p.Bin(), "cnpg-manager"), mode: 0o755}, file{name: "manager", link: "operator/manager_amd64", mode: 0o777}),
		"barman":  append(folders, file{name: "manager", from: filepath.Join(p.Bin(), "barman-plugin"), mode: 0o755}),
		"sidecar": {{name: "manager", from: filepath.Join(p.Bin(), "barman-plugin"), mode: 0o755}},
	}
	paths := map[string]string{}
	for name, files := range content {
		paths[name] = filepath.Join(dir, name+".tar")
		if err := writeProgramLayer(paths[name], files); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// make makes the system's tar with mmdebstrap, unless the cache has it. What PostgreSQL's JIT needs is left out: 180 MB
// that the lab (jit=off) never loads. postgres is uid 26, as CNPG expects.
func (r rootfs) make(ctx context.Context, p host.Paths, mirror string, log io.Writer) (string, error) {
	sum := sha256.Sum256([]byte(fmt.Sprint(r)))
	path := filepath.Join(p.Images(), "rootfs-"+r.name+"-"+hex.EncodeToString(sum[:])[:12]+".tar")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	args := []string{"--mode=root", "--variant=minbase", "--include=" + strings.Join(r.packages, ","), `--aptopt=Acquire::Check-Valid-Until "false"`}
	for _, out := range []string{"man/*", "doc/*", "locale/*", "info/*"} {
		args = append(args, "--dpkgopt=path-exclude=/usr/share/"+out)
	}
	args = append(args, "--dpkgopt=path-include=/usr/share/doc/*/copyright",
		"--dpkgopt=path-exclude=/usr/lib/x86_64-linux-gnu/libLLVM*", "--dpkgopt=path-exclude=/usr/lib/x86_64-linux-gnu/libz3*",
		"--dpkgopt=path-exclude=/usr/lib/postgresql/*/lib/bitcode/*",
		`--essential-hook=useradd -R "$1" -u 26 -g 26 -M -d /var/lib/postgresql -s /bin/bash postgres`,
		`--essential-hook=mkdir -p "$1/etc/postgresql-common"; echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"`,
		`--customize-hook=rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/etc/resolv.conf "$1"/etc/hostname`)
	sources := []string{"deb " + mirror + " " + r.suite + " main"}
	if r.release != "" {
		args = append(args, `--aptopt=APT::Default-Release "`+r.release+`"`)
		sources = append(sources, "deb "+mirror+" "+r.release+" main")
	}
	temporary := path + ".part.tar"
	args = append(append(args, r.suite, temporary), sources...)
	if err := step.Command(ctx, log, "/", []string{"TMPDIR=" + p.Images()}, "mmdebstrap", args...); err != nil {
		return "", err
	}
	return path, os.Rename(temporary, path)
}

// key names the archives by what goes into them.
func key(p host.Paths) (string, error) {
	programs, err := os.Readlink(p.Bin())
	if err != nil {
		return "", fmt.Errorf("the programs are not built: %w", err)
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(systems(), filepath.Base(programs))))
	return hex.EncodeToString(sum[:])[:12], nil
}

// removeScratch removes what a run left that was broken off without a chance to clean up. A system that something is
// still mounted in stays: removing it would remove what is mounted.
func removeScratch(p host.Paths) {
	for _, pattern := range []string{"*.part", "*.part.tar", "layers*", "mmdebstrap.*"} {
		found, _ := filepath.Glob(filepath.Join(p.Images(), pattern))
		for _, path := range found {
			if len(host.MountsBelow(path)) == 0 {
				_ = os.RemoveAll(path)
			}
		}
	}
}

// removeOld removes the archives of earlier inputs; the systems that they were made from stay.
func removeOld(p host.Paths, keep []Archive) {
	current := map[string]bool{}
	for _, archive := range keep {
		current[archive.Path] = true
	}
	found, _ := filepath.Glob(filepath.Join(p.Images(), "*-*.tar"))
	for _, path := range found {
		if !current[path] && !strings.HasPrefix(filepath.Base(path), "rootfs-") {
			_ = os.Remove(path)
		}
	}
}
