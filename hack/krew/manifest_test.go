package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/release"
)

func TestRender(t *testing.T) {
	dist := t.TempDir()
	for _, p := range release.Platforms() {
		if err := os.WriteFile(filepath.Join(dist, p.Archive("v1.2.3")), []byte(p.OS), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := render("v1.2.3", dist, "https://example.net/v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Metadata struct{ Name string }
		Spec     struct {
			Version          string
			ShortDescription string
			Platforms        []struct {
				Selector         struct{ MatchLabels map[string]string }
				URI, SHA256, Bin string
			}
		}
	}
	if err := yaml.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if m.Metadata.Name != "kea" || m.Spec.Version != "v1.2.3" || strings.Contains(m.Spec.ShortDescription, "\n") {
		t.Errorf("name %q, version %q, short description %q", m.Metadata.Name, m.Spec.Version, m.Spec.ShortDescription)
	}
	if len(m.Spec.Platforms) != 6 {
		t.Fatalf("%d platforms, want 6", len(m.Spec.Platforms))
	}
	first, last := m.Spec.Platforms[0], m.Spec.Platforms[5]
	if first.URI != "https://example.net/v1.2.3/kubectl-kea_v1.2.3_linux_amd64.tar.gz" || first.Bin != "kubectl-kea" || len(first.SHA256) != 64 {
		t.Errorf("first platform %+v", first)
	}
	if last.URI != "https://example.net/v1.2.3/kubectl-kea_v1.2.3_windows_arm64.zip" || last.Bin != "kubectl-kea.exe" ||
		last.Selector.MatchLabels["os"] != "windows" || last.Selector.MatchLabels["arch"] != "arm64" || last.SHA256 == first.SHA256 {
		t.Errorf("last platform %+v", last)
	}
}

func TestRenderNeedsEveryArchive(t *testing.T) {
	_, err := render("v1.2.3", t.TempDir(), "https://example.net")
	if err == nil || !strings.Contains(err.Error(), "make dist") {
		t.Errorf("got %v, want an error that names make dist", err)
	}
}

func TestSame(t *testing.T) {
	line := func(digit, rest string) []byte {
		return []byte("a: b\n    sha256: " + strings.Repeat(digit, 64) + "\n" + rest)
	}
	for _, tt := range []struct {
		name       string
		have, want []byte
		exact, ok  bool
	}{
		{"equal", line("0", ""), line("0", ""), true, true},
		{"another build between releases", line("0", ""), line("1", ""), false, true},
		{"another build at a release", line("0", ""), line("1", ""), true, false},
		{"another text", line("0", "x\n"), line("0", ""), false, false},
	} {
		if err := same(tt.have, tt.want, tt.exact); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
