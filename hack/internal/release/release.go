// Package release says what a release consists of: its platforms and the names
// of its archives.
package release

import (
	"fmt"
	"regexp"
)

// Version is the version that this tree is going to be released as.
const Version = "v0.1.0"

// The project's pages.
const (
	Homepage  = "https://github.com/kubectl-kea/kubectl-kea"
	Downloads = Homepage + "/releases/download"
)

// Platform is an operating system and a processor as Go names them.
type Platform struct{ OS, Arch string }

// Platforms are those that a release is built for.
func Platforms() []Platform {
	var out []Platform
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			out = append(out, Platform{system, arch})
		}
	}
	return out
}

// Binary is the name of the program on a platform.
func (p Platform) Binary() string {
	if p.OS == "windows" {
		return "kubectl-kea.exe"
	}
	return "kubectl-kea"
}

// Archive is the name of a version's archive for a platform.
func (p Platform) Archive(version string) string {
	ending := "tar.gz"
	if p.OS == "windows" {
		ending = "zip"
	}
	return fmt.Sprintf("kubectl-kea_%s_%s_%s.%s", version, p.OS, p.Arch, ending)
}

// CheckVersion refuses what krew would: a version is vX.Y.Z, perhaps with a
// suffix.
func CheckVersion(version string) error {
	if !regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`).MatchString(version) {
		return fmt.Errorf("version %q is not of the form v1.2.3", version)
	}
	return nil
}
