package cmd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func TestWrongCommandLineOfHADiff(t *testing.T) {
	want := result{err: lines("error: --max-leases -1: it takes a number of leases, or 0", "hint: kubectl kea ha diff --help"), code: ExitUsage}
	same(t, want, run(t.Context(), noCluster(t), "ha", "diff", "--max-leases", "-1"))
}

func TestHADiffPage(t *testing.T) {
	const a, b = "kea-dhcp-0/dhcp4", "kea-dhcp-1/dhcp4"
	for name, test := range map[string]struct {
		report ha.DiffReport
		want   string
	}{
		"the same": {
			ha.DiffReport{Namespace: "branch", Complete: true, Comparisons: []ha.Comparison{
				{Aspect: ha.AspectPeers, Server: a, A: a, B: b},
				{Aspect: ha.AspectLeases, Server: a, A: a, B: b, Leases: 60},
				{Aspect: ha.AspectFile, Server: b, A: "file", B: "running", Source: "configmap files, key b"},
			}},
			lines(
				"SAME  namespace branch: 3 comparisons, nothing differs",
				"",
				"kea-dhcp-0/dhcp4",
				"  configuration, against kea-dhcp-1/dhcp4   same",
				"  leases, against kea-dhcp-1/dhcp4          same  of 60 leases",
				"",
				"kea-dhcp-1/dhcp4",
				"  its file, against what it runs            same  configmap files, key b",
			),
		},
		"different": {
			ha.DiffReport{Namespace: "branch", Found: 4, Comparisons: []ha.Comparison{
				{Aspect: ha.AspectPeers, Server: a, A: a, B: b, Found: 1, Differences: []kea.Difference{{Path: "subnet4[id=1].valid-lifetime", A: "3600", B: "60"}}},
				{Aspect: ha.AspectCredential, Server: a, A: "login", B: "secret kea", Found: 1, Differences: []kea.Difference{{Path: "lease-database.password", A: "<redacted>", B: "<redacted>"}}},
				{Aspect: ha.AspectLeases, Server: a, A: a, B: b, Leases: 50000, Bounded: true, Found: 2, Differences: []kea.Difference{{Path: "lease[10.0.0.1]", A: "02:00:00:00:00:01 until 2026-11-22T12:59:00Z\x1b"}}},
				{Aspect: ha.AspectFile, Server: b, A: "file", B: "running", Why: "it was not reached: no pod"},
			}},
			lines(
				"DIFFERENT  namespace branch: 4 differences in 3 of 4 comparisons",
				"",
				"kea-dhcp-0/dhcp4",
				"  configuration, against kea-dhcp-1/dhcp4   1 difference",
				"    subnet4[id=1].valid-lifetime",
				"      kea-dhcp-0/dhcp4: 3600",
				"      kea-dhcp-1/dhcp4: 60",
				"  database login, against secret kea        1 difference",
				"    lease-database.password",
				"      login: <redacted>",
				"      secret kea: <redacted>",
				"  leases, against kea-dhcp-1/dhcp4          2 differences  of the first 50000",
				"    leases, there are more",
				"    lease[10.0.0.1]",
				`      kea-dhcp-0/dhcp4: 02:00:00:00:00:01 until 2026-11-22T12:59:00Z\x1b`,
				"      kea-dhcp-1/dhcp4: absent",
				"    and 1 more",
				"",
				"kea-dhcp-1/dhcp4",
				"  its file, against what it runs            not compared: it was not reached: no",
				"    pod",
			),
		},
		"incomplete": {
			ha.DiffReport{Namespace: "branch", Comparisons: []ha.Comparison{
				{Aspect: ha.AspectPeers, Server: a, A: a, B: b, Why: "kea-dhcp-1/dhcp4 has no pod here"},
				{Aspect: ha.AspectFile, Server: a, Why: "its file is in no Secret and no ConfigMap", Absent: true},
			}},
			lines(
				"INCOMPLETE  namespace branch: 1 of 2 comparisons could not be made",
				"",
				"kea-dhcp-0/dhcp4",
				"  configuration, against kea-dhcp-1/dhcp4   not compared: kea-dhcp-1/dhcp4 has",
				"    no pod here",
				"  its file, against what it runs            not compared: its file is in no",
				"    Secret and no ConfigMap",
			),
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(haDiffPage(test.report).Lines(printer.Canvas{Width: 80}), "\n") + "\n"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
