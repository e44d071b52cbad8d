package release

import "testing"

func TestNames(t *testing.T) {
	want := []string{
		"kubectl-kea_v1.2.3_linux_amd64.tar.gz", "kubectl-kea_v1.2.3_linux_arm64.tar.gz",
		"kubectl-kea_v1.2.3_darwin_amd64.tar.gz", "kubectl-kea_v1.2.3_darwin_arm64.tar.gz",
		"kubectl-kea_v1.2.3_windows_amd64.zip", "kubectl-kea_v1.2.3_windows_arm64.zip",
	}
	platforms := Platforms()
	if len(platforms) != len(want) {
		t.Fatalf("%d platforms, want %d", len(platforms), len(want))
	}
	for i, p := range platforms {
		if got := p.Archive("v1.2.3"); got != want[i] {
			t.Errorf("archive %q, want %q", got, want[i])
		}
		if exe := p.Binary() == "kubectl-kea.exe"; exe != (p.OS == "windows") {
			t.Errorf("%v: binary %q", p, p.Binary())
		}
	}
}

func TestCheckVersion(t *testing.T) {
	for version, ok := range map[string]bool{
		Version: true, "v1.2.3": true, "v1.2.3-rc.1": true, "1.2.3": false, "v1.2": false, "v01.2.3": false, "": false, "v1.2.3 ": false,
	} {
		if err := CheckVersion(version); (err == nil) != ok {
			t.Errorf("CheckVersion(%q) = %v", version, err)
		}
	}
}
