//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
)

// keaCommand sends a command to a pod's dhcp4 through its control agent, from inside the pod, and gives the answer's arguments.
func keaCommand(t *testing.T, namespace, pod, command string, arguments any) json.RawMessage {
	t.Helper()
	body, err := json.Marshal(map[string]any{"command": command, "service": []string{"dhcp4"}, "arguments": arguments})
	if err != nil {
		t.Fatal(err)
	}
	const post = `body=$(cat); exec 3<>/dev/tcp/127.0.0.1/8000
printf 'POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3; cat <&3`
	cmd := exec.Command(world.kubectl, "-n", namespace, "exec", "-i", pod, "-c", "dhcp4", "--", "bash", "-c", post)
	cmd.Stdin = strings.NewReader(string(body))
	out, err := cmd.CombinedOutput()
	_, answer, ok := strings.Cut(string(out), "\r\n\r\n")
	var said []struct {
		Result    int
		Text      string
		Arguments json.RawMessage
	}
	if err != nil || !ok || json.Unmarshal([]byte(answer), &said) != nil || len(said) != 1 || said[0].Result != 0 {
		t.Fatalf("%s of %s: %v\n%s", command, pod, err, out)
	}
	return said[0].Arguments
}

// settled waits until a pod of the branch has a configuration file again as it was: whatever reloads or starts next reads it.
func settled(t *testing.T, pod, file string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); ; time.Sleep(500 * time.Millisecond) {
		kubectl(t, "-n", "branch", "annotate", "pod", pod, "--overwrite", "kea.fos1.io/nudge="+fmt.Sprint(time.Now().UnixNano()))
		time.Sleep(500 * time.Millisecond)
		mounted, err := tryKubectl("-n", "branch", "exec", pod, "-c", "dhcp4", "--", "cat", "/srv/kea/config/"+pod+"-dhcp4.conf")
		if err == nil && strings.TrimSpace(mounted) == strings.TrimSpace(file) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("pod %s does not get its file back: %v", pod, err)
		}
	}
}

// diffed is `ha diff -o json` of the branch, with its exit code.
func diffed(t *testing.T, wantCode int) ha.DiffReport {
	t.Helper()
	r := plugin(t, "ha", "diff", "-n", "branch", "-o", "json")
	if r.code != wantCode {
		t.Errorf("exit %d, want %d\n%s%s", r.code, wantCode, r.out, r.err)
	}
	return decode[ha.DiffReport](t, r)
}

// differing are the differences of a report: "aspect server path: a | b".
func differing(r ha.DiffReport) []string {
	found := []string{}
	for _, c := range r.Comparisons {
		for _, d := range c.Differences {
			found = append(found, fmt.Sprintf("%s %s %s: %s | %s", c.Aspect, c.Server, d.Path, d.A, d.B))
		}
	}
	return found
}

// A difference of each kind is made, found by its path, and gone when it is taken back.
func TestHADiff(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	if r := diffed(t, 0); len(r.Comparisons) != 4 || r.Found != 0 || !r.Complete {
		t.Fatalf("as installed: %+v", r)
	}

	t.Run("a file that is not loaded", func(t *testing.T) {
		const key = "kea-dhcp-1-dhcp4.conf"
		file := kubectl(t, "-n", "branch", "get", "configmap", "kea-dhcp-config", "-o", `jsonpath={.data.kea-dhcp-1-dhcp4\.conf}`)
		put := func(text string) {
			patch, err := json.Marshal(map[string]any{"data": map[string]string{key: text}})
			if err != nil {
				t.Fatal(err)
			}
			kubectl(t, "-n", "branch", "patch", "configmap", "kea-dhcp-config", "--type=merge", "-p", string(patch))
		}
		t.Cleanup(func() {
			put(file)
			settled(t, "kea-dhcp-1", file)
		})
		changed := strings.Replace(file, `"lfc-interval": 3600`, `"lfc-interval": 7200`, 1)
		if changed == file {
			t.Fatalf("nothing to change in\n%s", file)
		}
		put(changed)
		if got := fmt.Sprint(differing(diffed(t, 3))); got != "[file kea-dhcp-1/dhcp4 lease-database.lfc-interval: 7200 | 3600]" {
			t.Error(got)
		}
		put(file)
		diffed(t, 0)
	})

	t.Run("a peer that runs something else", func(t *testing.T) {
		t.Cleanup(func() {
			keaCommand(t, "branch", "kea-dhcp-1", "config-reload", map[string]any{})
			restored(t, "branch")
		})
		var config struct{ Dhcp4 map[string]any }
		if err := json.Unmarshal(keaCommand(t, "branch", "kea-dhcp-1", "config-get", map[string]any{}), &config); err != nil {
			t.Fatal(err)
		}
		config.Dhcp4["valid-lifetime"] = 3599
		keaCommand(t, "branch", "kea-dhcp-1", "config-set", config)
		got := differing(diffed(t, 3))
		if len(got) != 2 || got[0] != "peers kea-dhcp-0/dhcp4 valid-lifetime: 3600 | 3599" || got[1] != "file kea-dhcp-1/dhcp4 valid-lifetime: 3600 | 3599" {
			t.Error(got)
		}
	})
	diffed(t, 0)

	t.Run("a lease that one peer has", func(t *testing.T) {
		const address = "10.220.0.249"
		t.Cleanup(func() { keaCommand(t, "branch", "kea-dhcp-1", "lease4-del", map[string]any{"ip-address": address}) })
		begun := time.Now().Add(-20 * time.Second)
		keaCommand(t, "branch", "kea-dhcp-1", "lease4-add", map[string]any{
			"ip-address": address, "hw-address": "02:00:00:aa:bb:cc", "subnet-id": 2, "valid-lft": 3600, "expire": begun.Add(time.Hour).Unix(),
		})
		r := diffed(t, 3)
		if got := differing(r); len(got) != 1 || !strings.HasPrefix(got[0], "leases kea-dhcp-0/dhcp4 lease["+address+"]:  | 02:00:00:aa:bb:cc until ") {
			t.Error(got)
		}
		text := plugin(t, "ha", "diff", "-n", "branch")
		if text.code != 3 || !strings.HasPrefix(text.out, "DIFFERENT  namespace branch: 1 difference in 1 of 4 comparisons\n") || !strings.Contains(text.out, "kea-dhcp-0/dhcp4: absent\n") {
			t.Errorf("exit %d:\n%s", text.code, text.out)
		}
		if r := plugin(t, "ha", "diff", "-n", "branch", "--max-leases", "0"); r.code != 0 {
			t.Errorf("without leases: exit %d\n%s", r.code, r.out)
		}
	})
	diffed(t, 0)
}

// A password in a file, and the Secret behind it: compared, and in no output (plugin looks for it in every one).
func TestHADiffOfALogin(t *testing.T) {
	claims(t, "foreign")
	r := decode[ha.DiffReport](t, plugin(t, "ha", "diff", "-n", "foreign", "-o", "json"))
	if len(r.Comparisons) != 2 || r.Found != 0 || !r.Complete || r.Comparisons[1].Aspect != ha.AspectCredential || r.Comparisons[1].B != "secret store-login" {
		t.Fatalf("as installed: %+v", r)
	}
	file := kubectl(t, "-n", "foreign", "get", "configmap", "address-service-files", "-o", `jsonpath={.data.server\.json}`)
	put := func(text string) {
		patch, err := json.Marshal(map[string]any{"data": map[string]string{"server.json": text}})
		if err != nil {
			t.Fatal(err)
		}
		kubectl(t, "-n", "foreign", "patch", "configmap", "address-service-files", "--type=merge", "-p", string(patch))
	}
	t.Cleanup(func() { put(file) })
	put(strings.Replace(file, `"password": "lab-only-`, `"password": "lab-only-not-`, 1))
	got := plugin(t, "ha", "diff", "-n", "foreign", "-o", "json")
	if r := decode[ha.DiffReport](t, got); got.code != 3 || r.Found != 1 || r.Comparisons[0].Differences[0].A != `"<redacted>"` {
		t.Errorf("another password in the file: exit %d, %+v", got.code, r)
	}
}
