package cmd

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

func TestWrongCommandLinesOfConfig(t *testing.T) {
	for args, want := range map[string]string{
		"diff --set valid-lifetime":                            "--set valid-lifetime: it takes PATH=VALUE, as in subnet4[id=10].valid-lifetime=3600",
		"diff --set subnet4[id=10]":                            "--set subnet4[id=10]: it takes PATH=VALUE, as in subnet4[id=10].valid-lifetime=3600",
		"diff --unset=":                                        "--unset: it takes a path, as in subnet4[id=10].valid-lifetime",
		"diff --service dhcp":                                  `--service "dhcp": it takes dhcp4 or dhcp6`,
		"diff --file kea-dhcp-0":                               "--file kea-dhcp-0: it takes SERVER=FILE, as in kea-dhcp-0/dhcp4=kea-dhcp4.conf",
		"apply -f x --set a=1":                                 "-f, --file, and --set with --unset are three ways to say what changes: choose one",
		"apply --file a=b --server a":                          "--file names its server itself: leave out --server and --service",
		"apply --dry-run=perhaps --set valid-lifetime=3600":    `--dry-run "perhaps": it takes none, client or server`,
		"diff --set subnet4[id=1].a=1 --set subnet6[id=1].a=1": "subnet4[id=1].a is for dhcp4 and subnet6[id=1].a for dhcp6, which have a file each: change one after the other",
		"diff --set subnet4[id=1].a=1 --set a=1":               "subnet4[id=1].a is for dhcp4, and a for both families: add --service dhcp4, or change one after the other",
		"diff --unset subnet6[id=1].a --service dhcp4":         "subnet6[id=1].a is for dhcp6, and --service says dhcp4",
		"render --service dhcp":                                `--service "dhcp": it takes dhcp4 or dhcp6`,
	} {
		words := append([]string{"config"}, strings.Fields(args)...)
		got := run(t.Context(), noCluster(t), words...)
		if got.code != ExitUsage || got.out != "" || !strings.HasPrefix(got.err, "error: "+want+"\n") {
			t.Errorf("%s: %+v", args, got)
		}
	}
}

func TestEditsOfFlags(t *testing.T) {
	o := configChange{
		set:   []string{`subnet4[id=10].pools[pool=a]={"pool": "a", "b": [1]}`, "a=b=c", "n=7200", `s="7200"`, "e="},
		unset: []string{"subnet4[id=20]"},
	}
	want := []kea.Edit{
		{Path: "subnet4[id=10].pools[pool=a]", Value: json.RawMessage(`{"pool":"a","b":[1]}`)},
		{Path: "a", Value: "b=c"},
		{Path: "n", Value: json.RawMessage("7200")},
		{Path: "s", Value: json.RawMessage(`"7200"`)},
		{Path: "e", Value: ""},
		{Path: "subnet4[id=20]", Remove: true},
	}
	got, err := o.edits()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A path that one family has alone leaves the servers of the other alone.
func TestEditsOfOneFamily(t *testing.T) {
	for path, want := range map[string]string{"subnet4[id=10].valid-lifetime": "dhcp4", "subnet6": "dhcp6", "valid-lifetime": ""} {
		o := configChange{unset: []string{path}}
		if err := o.validate(); err != nil || o.service != want {
			t.Errorf("%s: %q, %v", path, o.service, err)
		}
	}
}

// A file that was printed with its passwords hidden is not one to run.
func TestHiddenSecretsAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kea-dhcp4.conf")
	if err := os.WriteFile(file, []byte(`{"Dhcp4": {"lease-database": {"password": "<redacted>"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o := configChange{files: []string{"kea-dhcp-0/dhcp4=" + file}}
	_, _, err := o.wanted(t.Context(), &kube.Client{Namespace: "branch"})
	if err == nil || !strings.Contains(err.Error(), "printed to be looked at") || !strings.Contains(hintOf(err), "--show-secrets -n branch") {
		t.Errorf("%v, hint %q", err, hintOf(err))
	}
}

// A stack file is rendered without a cluster, and a password in it is shown only when it is asked for.
func TestConfigRenderOfStack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "stack.yaml")
	if err := os.WriteFile(file, []byte(branchStack), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(t.Context(), nil, "config", "render", "-f", file, "--server", "kea-dhcp-1/dhcp4")
	const head = "# kea-dhcp-1/dhcp4: configmap kea-dhcp-config, key kea-dhcp-1-dhcp4.conf\n{\n  \"Dhcp4\": {\n"
	if got.code != ExitOK || !strings.HasPrefix(got.out, head) || strings.Contains(got.out, "kea-dhcp-0/dhcp4:") {
		t.Errorf("%+v", got)
	}
	missing := run(t.Context(), nil, "config", "render", "-f", file, "--server", "kea-dhcp-7")
	if missing.code != ExitNotFound || !strings.Contains(missing.err, "server kea-dhcp-7 in namespace branch (there are: kea-dhcp-0/dhcp4, kea-dhcp-1/dhcp4") {
		t.Errorf("%+v", missing)
	}
}

func TestConfigScreens(t *testing.T) {
	const a, b = "kea-dhcp-0/dhcp4", "kea-dhcp-1/dhcp4"
	object := func(key string) rollout.Object {
		return rollout.Object{Kind: rollout.KindConfigMap, Name: "kea-dhcp-config", Key: key}
	}
	differences := []kea.Difference{
		{Path: "subnet4[id=10].reservations", B: `[{"hw-address":"02:00:00:00:00:01","ip-address":"10.10.0.5"}]`},
		{Path: "valid-lifetime", A: "3600", B: "7200"},
		{Path: "lease-database.password", A: `"<redacted>"`, B: `"<redacted>"`},
	}
	file := func(server, key string) rollout.FileChange {
		return rollout.FileChange{File: rollout.File{Server: server, Object: object(key)}, Differences: differences}
	}
	seat := func(server, partner string, scopes ...string) rollout.Turn {
		pod, _, _ := strings.Cut(server, "/")
		return rollout.Turn{Pod: pod, Seats: []rollout.Seat{{Server: server, Service: kea.DHCP4, Scopes: scopes, Partner: partner}}}
	}
	const maintenance = "kea-dhcp-1 takes over without a gap; when it gives back, clients wait for a heartbeat (2s) at most"
	plan := rollout.Plan{
		Namespace: "branch", Deployment: "kea-dhcp", Files: []rollout.FileChange{file(a, "0.conf"), file(b, "1.conf")},
		Moves: []rollout.Move{
			{Turn: seat(b, a), Way: rollout.WayCovered, Cost: "none: kea-dhcp-0 serves"},
			{Turn: seat(a, b, "kea-dhcp-0"), Way: rollout.WayMaintenance, Cost: maintenance},
		},
		Problems: []problem.Problem{
			{Severity: problem.Warning, Code: "clients-wait", Subject: a, Text: maintenance},
			{Severity: problem.Warning, Code: "written-by-others", Subject: "configmap kea-dhcp-config", Text: "Argo CD writes it too, and may put its own version back: make the same change there"},
		},
	}
	blocked := plan
	blocked.Problems = []problem.Problem{problem.NewCritical("configuration-refused", a, "Kea refuses the new configuration: line 61, column 23: syntax error", "")}
	behind := plan
	behind.Files = []rollout.FileChange{{File: rollout.File{Server: a, Object: object("0.conf")}, Behind: true, Differences: differences[1:2]}, {File: rollout.File{Server: b, Object: object("1.conf")}, Behind: true, Differences: []kea.Difference{}}}
	behind.Problems = nil
	report := config.Report{
		Namespace: "branch", Asked: true, Found: 4, Servers: []config.Difference{
			{Server: a, Object: object("0.conf").String(), File: differences, Running: differences[1:2]},
			{Server: b, Object: object("1.conf").String(), File: differences, Running: differences[1:2]},
			{Server: "kea-dhcp-2/dhcp4", Object: object("2.conf").String(), File: differences[1:2], WhyRunning: "it was not reached: no pod"},
		},
	}
	rolled := rollout.Report{
		Namespace: "branch", Deployment: "kea-dhcp", Seconds: 13.31, Remarks: []string{"a remark"},
		Servers: []rollout.Reloaded{{Server: b, Way: rollout.WayCovered, Seconds: 3.21}, {Server: a, Way: rollout.WayMaintenance, Seconds: 9.04}},
	}
	for _, width := range []int{80, 140} {
		c := printer.Canvas{Width: width}
		for name, page := range map[string]printer.Page{
			"plan":    rolloutPage(plan, []string{"statefulset kea-dhcp"}, true, c),
			"blocked": rolloutPage(blocked, nil, false, c),
			"behind":  rolloutPage(behind, nil, false, c),
			"applied": rolledPage(rolled),
			"diff":    configDiffPage(report),
		} {
			golden(t, fmt.Sprintf("config-%s-%d", name, width), page.Lines(c))
		}
	}
	if leavesAlone(plan) {
		t.Error("nobody is left alone")
	}
	plan.Moves[1].Way = rollout.WayAlone
	if !leavesAlone(plan) {
		t.Error("the clients of the primary are")
	}
}
