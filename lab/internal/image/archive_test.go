package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/host"
)

// entries reads a tar: the names in their order, and the contents.
func entries(t *testing.T, path string) (names []string, contents map[string][]byte) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	contents = map[string][]byte{}
	for in := tar.NewReader(file); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return names, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		names, contents[header.Name] = append(names, header.Name), data
	}
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func TestWriteArchive(t *testing.T) {
	dir := t.TempDir()
	layer := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	system, program := layer("system.tar", "a small Debian"), layer("program.tar", "a program")
	images := []Image{
		{Names: []string{"lab/a:1", "lab/b:1"}, Layers: []string{system}, Env: []string{"A=b"}},
		{Names: []string{"lab/c:1"}, Layers: []string{system, program}, Entrypoint: []string{"/manager"}, User: "26:26"},
	}
	path := filepath.Join(dir, "archive.tar")
	if err := WriteArchive(path, images); err != nil {
		t.Fatal(err)
	}
	names, contents := entries(t, path)

	systemDigest, programDigest := digest([]byte("a small Debian")), digest([]byte("a program"))
	if unique := slices.Compact(slices.Sorted(slices.Values(names))); len(unique) != len(names) {
		t.Errorf("an entry is stored twice: %v", names)
	}
	if len(names) != 5 || names[len(names)-1] != "manifest.json" { // two layers, two configurations
		t.Errorf("entries %v", names)
	}
	for _, want := range []string{systemDigest, programDigest} {
		if got := digest(contents[want+".tar"]); got != want {
			t.Errorf("layer %s holds %s", want, got)
		}
	}

	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal(contents["manifest.json"], &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest) != len(images) {
		t.Fatalf("manifest of %d images, want %d", len(manifest), len(images))
	}
	for i, diffs := range [][]string{{systemDigest}, {systemDigest, programDigest}} {
		m := manifest[i]
		if !slices.Equal(m.RepoTags, images[i].Names) {
			t.Errorf("image %d is named %v", i, m.RepoTags)
		}
		if got := digest(contents[m.Config]) + ".json"; got != m.Config {
			t.Errorf("configuration %s has the digest %s", m.Config, got)
		}
		var config struct {
			Architecture, OS string
			Config           struct {
				Env, Entrypoint []string
				User            string
			}
			RootFS struct {
				DiffIDs []string `json:"diff_ids"`
			}
		}
		if err := json.Unmarshal(contents[m.Config], &config); err != nil {
			t.Fatal(err)
		}
		layers, ids := []string{}, []string{}
		for _, d := range diffs {
			layers, ids = append(layers, d+".tar"), append(ids, "sha256:"+d)
		}
		if !slices.Equal(m.Layers, layers) || !slices.Equal(config.RootFS.DiffIDs, ids) {
			t.Errorf("image %d: layers %v, diff ids %v, want %v", i, m.Layers, config.RootFS.DiffIDs, diffs)
		}
		if config.Config.User != images[i].User || !reflect.DeepEqual(config.Config.Entrypoint, images[i].Entrypoint) ||
			len(images[i].Env) > 0 && !slices.Contains(config.Config.Env, images[i].Env[0]) {
			t.Errorf("image %d: configuration %+v", i, config)
		}
	}
}

func TestWriteArchiveWithoutALayer(t *testing.T) {
	dir := t.TempDir()
	err := WriteArchive(filepath.Join(dir, "archive.tar"), []Image{{Names: []string{"lab/a:1"}, Layers: []string{filepath.Join(dir, "none.tar")}}})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestTwoProgramLayersAreAlike(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "manager")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	files := []file{
		{name: "tmp", mode: 0o1777}, {name: "operator/manager_amd64", from: program, mode: 0o755}, {name: "manager", link: "operator/manager_amd64", mode: 0o777},
	}
	layers := [][]byte{}
	for _, name := range []string{"one.tar", "two.tar"} {
		path := filepath.Join(dir, name)
		if err := writeProgramLayer(path, files); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, data)
		if err := os.Chtimes(program, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(layers[0], layers[1]) {
		t.Error("the same files made two different layers")
	}
	in := tar.NewReader(bytes.NewReader(layers[0]))
	for _, want := range []struct {
		name, link string
		kind       byte
		mode       int64
	}{{"tmp", "", tar.TypeDir, 0o1777}, {"operator/manager_amd64", "", tar.TypeReg, 0o755}, {"manager", "operator/manager_amd64", tar.TypeSymlink, 0o777}} {
		header, err := in.Next()
		if err != nil {
			t.Fatal(err)
		}
		if strings.TrimSuffix(header.Name, "/") != want.name || header.Linkname != want.link || header.Typeflag != want.kind || header.Mode != want.mode {
			t.Errorf("entry %+v, want %+v", header, want)
		}
	}
}

// The systems share packages by slices; one must not grow into the other.
func TestSystems(t *testing.T) {
	for _, s := range systems() {
		packages := slices.Sorted(slices.Values(s.packages))
		if len(slices.Compact(packages)) != len(s.packages) {
			t.Errorf("%s has a package twice: %v", s.name, s.packages)
		}
		if slices.Contains(s.packages, "postgresql-17") != (s.name == "trixie") || !slices.Contains(s.packages, "kea-dhcp4-server") ||
			!slices.Contains(s.packages, "faketime") {
			t.Errorf("%s: %v", s.name, s.packages)
		}
	}
}

func TestScratchAndOldArchivesAreRemoved(t *testing.T) {
	p := host.Paths{Cache: t.TempDir()}
	at := func(name string) string { return filepath.Join(p.Images(), name) }
	for _, name := range []string{"layers123/pause.tar", "mmdebstrap.abc/etc/passwd"} {
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{
		"layers123/pause.tar", "mmdebstrap.abc/etc/passwd", "kea30-1.tar.part", "rootfs-kea30-2.tar.part.tar",
		"kea30-1.tar", "kea30-0.tar", "rootfs-kea30-2.tar",
	} {
		if err := os.WriteFile(at(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removeScratch(p)
	removeOld(p, []Archive{{Path: at("kea30-1.tar")}})
	left, _ := filepath.Glob(at("*"))
	if want := []string{at("kea30-1.tar"), at("rootfs-kea30-2.tar")}; !slices.Equal(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
}
