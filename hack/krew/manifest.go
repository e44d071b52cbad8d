package main

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/release"
)

//go:embed manifest.yaml.tmpl
var manifestText string

// render is the manifest for the archives of a version in a folder, to be
// downloaded from below base.
func render(version, dist, base string) ([]byte, error) {
	type platform struct {
		release.Platform
		URI, SHA256 string
	}
	data := struct {
		Version, Homepage string
		Platforms         []platform
	}{Version: version, Homepage: release.Homepage}
	for _, p := range release.Platforms() {
		archive, err := os.ReadFile(filepath.Join(dist, p.Archive(version)))
		if err != nil {
			return nil, fmt.Errorf("%w; make dist makes it", err)
		}
		sum := sha256.Sum256(archive)
		data.Platforms = append(data.Platforms, platform{
			Platform: p, URI: base + "/" + p.Archive(version), SHA256: hex.EncodeToString(sum[:]),
		})
	}
	t, err := template.New("manifest").Parse(manifestText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
