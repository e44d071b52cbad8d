//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// configures runs `config` on the branch and wants an exit code.
func configures(t *testing.T, wantCode int, args ...string) run {
	t.Helper()
	r := plugin(t, append(append([]string{"config"}, args...), "-n", "branch")...)
	if r.code != wantCode {
		t.Fatalf("config %s: exit %d, want %d\n%s%s", strings.Join(args, " "), r.code, wantCode, r.out, r.err)
	}
	return r
}

// branchTexts are the files of the branch's servers as they lie in the ConfigMap, by server, and that object's version.
func branchTexts(t *testing.T) (texts map[string]string, version string) {
	t.Helper()
	var object struct {
		Metadata struct{ ResourceVersion string }
		Data     map[string]string
	}
	if err := json.Unmarshal([]byte(kubectl(t, "-n", "branch", "get", "configmap", "kea-dhcp-config", "-o", "json")), &object); err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	for _, pod := range []string{"kea-dhcp-0", "kea-dhcp-1"} {
		texts[pod+"/dhcp4"] = object.Data[pod+"-dhcp4.conf"]
	}
	return texts, object.Metadata.ResourceVersion
}

// running are a subnet's lifetime and reservations as each server of the branch runs them.
func running(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pod := range []string{"kea-dhcp-0", "kea-dhcp-1"} {
		var live struct {
			Dhcp4 struct {
				Subnet4 []struct {
					ID            int `json:"id"`
					ValidLifetime int `json:"valid-lifetime"`
					Reservations  []struct {
						HWAddress string `json:"hw-address"`
						IPAddress string `json:"ip-address"`
					} `json:"reservations"`
				} `json:"subnet4"`
			}
		}
		if err := json.Unmarshal(keaCommand(t, "branch", pod, "config-get", nil), &live); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(live.Dhcp4.Subnet4[0])
		if err != nil {
			t.Fatal(err)
		}
		found[pod] = string(text)
	}
	return found
}

func both(text string) map[string]string {
	return map[string]string{"kea-dhcp-0": text, "kea-dhcp-1": text}
}

// The configuration of a pair that serves is looked at, compared and changed: by values, by whole files and by the stack
// file. Comments stay, both run what their files say, and what is refused changes nothing.
func TestConfig(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	stack := filepath.Join(world.root, "lab", "scenarios", "branch", "stack.yaml")
	t.Cleanup(func() {
		plugin(t, "config", "abort", "-n", "branch", "--yes")
		configures(t, 0, "apply", "-f", stack, "--yes")
		restored(t, "branch")
	})
	configures(t, 0, "diff")
	original, _ := branchTexts(t)
	asInstalled := running(t)

	// Rendered and as it lies there are the same: this pair has no password.
	rendered := decode[struct{ Items []config.File }](t, configures(t, 0, "render", "-o", "json"))
	made := decode[struct{ Items []config.File }](t, configures(t, 0, "render", "-f", stack, "-o", "json"))
	for i, f := range rendered.Items {
		if f.Text != original[f.Server] || made.Items[i].Text != f.Text {
			t.Errorf("%s is rendered otherwise than it lies there", f.Server)
		}
	}
	if r := configures(t, 4, "render", "--server", "kea-dhcp-7"); !strings.Contains(r.err, "there are: kea-dhcp-0/dhcp4, kea-dhcp-1/dhcp4") {
		t.Errorf("no such server:\n%s", r.err)
	}

	// Whole files: a comment, and a lifetime.
	args := []string{}
	for server, text := range original {
		file := filepath.Join(t.TempDir(), "kea.conf")
		text = "# kept by hand\n" + strings.Replace(text, `"valid-lifetime": 3600`, `"valid-lifetime": 3000 /* for now */`, 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--file", server+"="+file)
	}
	if r := configures(t, 3, append([]string{"diff"}, args...)...); strings.Count(r.out, "now:  3600\n") != 1 || !strings.Contains(r.out, "the same as of kea-dhcp-0/dhcp4") {
		t.Errorf("diff of files:\n%s", r.out)
	}
	configures(t, 0, append([]string{"apply", "--yes"}, args...)...)
	commented, version := branchTexts(t)

	// What is refused changes nothing.
	for _, refused := range []struct {
		code   int
		reason string
		args   []string
	}{
		{1, "subnet4[id=9].valid-lifetime: there is no such element", []string{"--set", "subnet4[id=9].valid-lifetime=600", "--yes"}},
		{1, "Kea refuses the new configuration: line ", []string{"--set", "valid-lifetime=soon", "--yes"}},
		{1, "nothing was changed: there is no terminal to ask on", []string{"--set", "valid-lifetime=600"}},
		{1, "a reload would change the way to the server itself", []string{"--set", "control-socket.socket-name=/run/kea/other.sock", "--yes"}},
		{2, "choose one", []string{"--set", "valid-lifetime=600", "-f", stack}},
		{4, "server kea-dhcp-7 in namespace branch", []string{"--set", "valid-lifetime=600", "--server", "kea-dhcp-7", "--yes"}},
	} {
		if r := configures(t, refused.code, append([]string{"apply"}, refused.args...)...); !strings.Contains(r.out+r.err, refused.reason) {
			t.Errorf("%v: not refused with %q\n%s%s", refused.args, refused.reason, r.out, r.err)
		}
	}
	for _, dry := range []string{"client", "server"} {
		if r := configures(t, 0, "apply", "--set", "valid-lifetime=600", "--dry-run="+dry); !strings.HasSuffix(r.out, "dry run: nothing was changed\n") {
			t.Errorf("dry run:\n%s", r.out)
		}
	}
	if _, now := branchTexts(t); now != version {
		t.Errorf("the object changed from version %s to %s", version, now)
	}

	// Single values: a lifetime and a reservation, in both files, with everything else as it was, byte for byte.
	const reservation = `{"hw-address":"02:00:00:00:aa:01","ip-address":"10.210.0.20"}`
	edits := []kea.Edit{
		{Path: "subnet4[id=1].valid-lifetime", Value: 600},
		{Path: "subnet4[id=1].reservations[hw-address=02:00:00:00:aa:01]", Value: json.RawMessage(reservation)},
	}
	change := []string{"--set", edits[0].Path + "=600", "--set", edits[1].Path + "=" + reservation}
	r := configures(t, 0, append([]string{"apply", "--yes"}, change...)...)
	t.Logf("%s", r.out[strings.LastIndex(r.out, "✓"):])
	edited, _ := branchTexts(t)
	for server, text := range commented {
		want, err := kea.EditConfig([]byte(text), edits)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), edited[server]); diff != "" || !strings.HasPrefix(edited[server], "# kept by hand\n") {
			t.Errorf("%s: %s", server, diff)
		}
	}
	wanted := both(`{"id":1,"valid-lifetime":600,"reservations":[{"hw-address":"02:00:00:00:aa:01","ip-address":"10.210.0.20"}]}`)
	if diff := cmp.Diff(wanted, running(t)); diff != "" {
		t.Error(diff)
	}
	if d := diffed(t, 0); d.Found != 0 || !d.Complete {
		t.Errorf("the peers differ: %+v", d)
	}
	if again := configures(t, 0, append([]string{"apply", "--yes"}, change...)...); !strings.HasPrefix(again.out, "Nothing to change in namespace branch") {
		t.Errorf("a second time:\n%s", again.out)
	}

	// Killed half way: status names it, the one command takes it back, the other goes on.
	const step = "kea-dhcp-0 reloads, kea-dhcp-1 takes over meanwhile"
	killAt(t, step, "config", "apply", "-n", "branch", "--unset", edits[1].Path, "--yes")
	if o := look(t, "branch").Operations; len(o) != 1 || o[0].Continue != "kubectl kea config apply -n branch" || o[0].Abort != "kubectl kea config abort -n branch" {
		t.Errorf("status says %+v", o)
	}
	configures(t, 0, "abort", "--yes")
	if diff := cmp.Diff(wanted, running(t)); diff != "" {
		t.Errorf("taken back: %s", diff)
	}
	if texts, _ := branchTexts(t); cmp.Diff(edited, texts) != "" {
		t.Error("the files are not what they were")
	}
	killAt(t, step, "config", "apply", "-n", "branch", "--unset", edits[1].Path, "--yes")
	configures(t, 0, "apply", "--yes")
	if diff := cmp.Diff(both(`{"id":1,"valid-lifetime":600,"reservations":[]}`), running(t)); diff != "" {
		t.Errorf("gone on with: %s", diff)
	}

	// The stack file again; install has nothing to add, and nothing is left behind.
	configures(t, 0, "apply", "-f", stack, "--yes")
	if diff := cmp.Diff(asInstalled, running(t)); diff != "" {
		t.Errorf("the stack file: %s", diff)
	}
	if texts, _ := branchTexts(t); cmp.Diff(original, texts) != "" {
		t.Error("the files are not those of the stack file")
	}
	if r := plugin(t, "install", "-f", stack, "--yes"); r.code != 0 || !strings.Contains(r.out, "nothing to change") || !strings.Contains(r.out, "the servers hand out leases") {
		t.Errorf("install: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if left, err := tryKubectl("-n", "branch", "get", "secret", "kea-dhcp-before-rollout"); err == nil {
		t.Errorf("left behind:\n%s", left)
	}
}
