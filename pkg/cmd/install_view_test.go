package cmd

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

const configDiff = `--- ConfigMap/kea-dhcp-config (now)
+++ ConfigMap/kea-dhcp-config (new)
@@ -12,7 +12,7 @@
         "lease-database": {
           "type": "postgresql"
         },
-        "max-valid-lifetime": 7200,
+        "max-valid-lifetime": 10800,
         "user-context": {"note": "a line that is longer than a narrow terminal is wide, as lines of Kea's configuration are"}
`

// freshPlan is the first install of a stack.
func freshPlan() stack.Plan {
	create := func(kind, name, note string) stack.Change {
		return stack.Change{Action: stack.Create, Kind: kind, Name: name, Note: note}
	}
	return stack.Plan{
		Deployment: "kea-dhcp", Namespace: "network", CreateNamespace: true,
		Changes: []stack.Change{
			create("Namespace", "network", ""), create("ServiceAccount", "kea-dhcp", ""), create("Secret", "kea-db-credentials", "new password"),
			create("Secret", "kea-db-ca", "new certificate authority"), create("Service", "kea-database", ""), create("Cluster", "kea-database", ""),
			create("ConfigMap", "kea-dhcp-config", ""), create("StatefulSet", "kea-dhcp", ""),
		},
		Problems: []problem.Problem{{
			Severity: problem.Warning, Code: "no-backup", Subject: "spec.database.backup",
			Text: "no backups are made: a lost database is lost with all leases", Next: "set spec.database.backup.destinationPath",
		}},
	}
}

// changedPlan is an install over an earlier one.
func changedPlan() stack.Plan {
	return stack.Plan{
		Deployment: "kea-dhcp", Namespace: "network",
		Changes: []stack.Change{
			{Action: stack.Unchanged, Kind: "ServiceAccount", Name: "kea-dhcp"},
			{Action: stack.Keep, Kind: "Secret", Name: "kea-db-credentials", Note: "its content stays"},
			{Action: stack.Update, Kind: "Secret", Name: "kea-db-viewer", Note: "adds the keys ca.crt"},
			{Action: stack.Keep, Kind: "Service", Name: "kea-database", Note: "created once; operations change it"},
			{Action: stack.Unchanged, Kind: "Cluster", Name: "kea-database"},
			{Action: stack.Update, Kind: "ConfigMap", Name: "kea-dhcp-config", Diff: configDiff},
			{Action: stack.Update, Kind: "ConfigMap", Name: "kea-dhcp-scripts", Note: "the scripts of this version"},
			{Action: stack.Create, Kind: "CronJob", Name: "kea-dhcp-maintenance"},
		},
	}
}

// unchangedPlan is what a second install finds.
func unchangedPlan() stack.Plan {
	return stack.Plan{
		Deployment: "kea-dhcp", Namespace: "network",
		Changes: []stack.Change{
			{Action: stack.Unchanged, Kind: "ServiceAccount", Name: "kea-dhcp"},
			{Action: stack.Keep, Kind: "Secret", Name: "kea-db-credentials", Note: "its content stays"},
			{Action: stack.Unchanged, Kind: "StatefulSet", Name: "kea-dhcp"},
		},
	}
}

// cutoverPlan is one after a cutover: the database of the file is not the current one.
func cutoverPlan() stack.Plan {
	p := unchangedPlan()
	note := "the current database cluster is kea-database-r1"
	p.Changes = append(p.Changes,
		stack.Change{Action: stack.Keep, Kind: "Cluster", Name: "kea-database", Note: note},
		stack.Change{Action: stack.Update, Kind: "ConfigMap", Name: "kea-dhcp-scripts", Note: "the scripts of this version"})
	p.Problems = []problem.Problem{{
		Severity: problem.Info, Code: "another-cluster", Subject: "cluster kea-database-r1",
		Text: "it is the current database cluster since a cutover; what the file says of cluster kea-database and its backups is not applied",
	}}
	return p
}

// blockedPlan is one that cannot be applied, for several reasons.
func blockedPlan() stack.Plan {
	p := freshPlan()
	p.Problems = append([]problem.Problem{
		{
			Severity: problem.Critical, Code: "no-cnpg", Subject: "CloudNativePG", Text: "the operator is not installed in this cluster",
			Next: "install CloudNativePG 1.26 or newer: https://cloudnative-pg.io/docs",
		},
		{
			Severity: problem.Critical, Code: "no-backup-secret", Subject: "secret backup-creds", Text: "the object store's Secret does not exist",
			Next: "kubectl -n network create secret generic backup-creds --from-literal=ACCESS_KEY_ID=… --from-literal=ACCESS_SECRET_KEY=…",
		},
		{
			Severity: problem.Critical, Code: "refused-by-the-cluster", Subject: "StatefulSet kea-dhcp",
			Text: "admission webhook \"validate.kyverno.svc\" denied the request: \x1b[31mno pods as root\x1b[0m",
		},
	}, p.Problems...)
	return p
}

// lagging are servers that run an older configuration, or in an older pod.
func lagging(p stack.Plan, lags ...stack.Lag) stack.Plan {
	p.Lagging = lags
	return p
}

func lag(pod, server, text string) stack.Lag { return stack.Lag{Pod: pod, Server: server, Text: text} }

const (
	oldPod    = "its pod is older than the StatefulSet's template"
	oldConfig = "runs an older configuration: max-valid-lifetime is 7200, the file says 10800"
)

func TestInstallScreens(t *testing.T) {
	both := lagging(changedPlan(), lag("kea-dhcp-0", "kea-dhcp-0/dhcp4", oldConfig), lag("kea-dhcp-1", "kea-dhcp-1/dhcp4", oldConfig))
	older := lagging(changedPlan(), lag("kea-dhcp-0", "kea-dhcp-0", oldPod), lag("kea-dhcp-1", "kea-dhcp-1", oldPod), lag("kea-dhcp-0", "kea-dhcp-0/dhcp4", oldConfig))
	pages := map[string]func(printer.Canvas) printer.Page{
		"plan-fresh":         func(c printer.Canvas) printer.Page { return planPage(freshPlan(), false, c) },
		"plan-changed":       func(c printer.Canvas) printer.Page { return planPage(changedPlan(), true, c) },
		"plan-nothing":       func(c printer.Canvas) printer.Page { return planPage(unchangedPlan(), true, c) },
		"plan-cutover":       func(c printer.Canvas) printer.Page { return planPage(cutoverPlan(), false, c) },
		"plan-blocked":       func(c printer.Canvas) printer.Page { return planPage(blockedPlan(), true, c) },
		"installed":          func(printer.Canvas) printer.Page { return installedPage(freshPlan(), nil, true) },
		"installed-no-wait":  func(printer.Canvas) printer.Page { return installedPage(freshPlan(), nil, false) },
		"installed-lagging":  func(printer.Canvas) printer.Page { return installedPage(both, nil, true) },
		"installed-older":    func(printer.Canvas) printer.Page { return installedPage(older, nil, true) },
		"uninstall-plan":     func(printer.Canvas) printer.Page { return removalPage(removalOf(true), true) },
		"uninstall-all":      func(printer.Canvas) printer.Page { return removalPage(removalOf(false), false) },
		"uninstalled":        func(printer.Canvas) printer.Page { return removedPage(removalOf(true)) },
		"uninstalled-wholly": func(printer.Canvas) printer.Page { return removedPage(removalOf(false)) },
	}
	goldenScreens(t, "install-", pages)
}

// goldenScreens draws pages at both widths, plain and in colour, and compares them with files that begin with prefix.
func goldenScreens(t *testing.T, prefix string, pages map[string]func(printer.Canvas) printer.Page) {
	t.Helper()
	for name, page := range pages {
		for suffix, width := range map[string]int{"-80": 80, "-140": 140} {
			t.Run(name+suffix, func(t *testing.T) {
				plain, colour := printer.Canvas{Width: width}, printer.Canvas{Width: width, Theme: printer.NewTheme()}
				lines := page(plain).Lines(plain)
				golden(t, prefix+name+suffix, lines)
				for _, line := range lines {
					if w := ansi.StringWidth(line); w > width && !oneWord(line) {
						t.Errorf("%d columns: %q", w, line)
					}
					if strings.ContainsAny(line, "\x1b\r\x07") {
						t.Errorf("a control character: %q", line)
					}
				}
				coloured := page(colour).Lines(colour)
				if width == 80 {
					golden(t, prefix+name+"-colour", coloured)
				}
				if diff := cmp.Diff(lines, strings.Split(ansi.Strip(strings.Join(coloured, "\n")), "\n")); diff != "" {
					t.Errorf("colour changes the words:\n%s", diff)
				}
			})
		}
	}
}

// removalOf is an uninstall that keeps the data, or one of everything.
func removalOf(keep bool) stack.Removal {
	r := stack.Removal{Deployment: "kea-dhcp", Namespace: "network", Changes: []stack.Change{
		{Action: stack.Delete, Kind: "StatefulSet", Name: "kea-dhcp"},
		{Action: stack.Delete, Kind: "ConfigMap", Name: "kea-dhcp-config"},
		{Action: stack.Delete, Kind: "Service", Name: "kea-dhcp"},
		{Action: stack.Delete, Kind: "Cluster", Name: "kea-database"},
		{Action: stack.Delete, Kind: "Secret", Name: "kea-db-ca"},
		{Action: stack.Delete, Kind: "Backup", Name: "kea-database-20261122020000"},
	}}
	for i := range r.Changes {
		if part := map[string]string{"Cluster": "database", "Secret": "database", "Backup": "backups"}[r.Changes[i].Kind]; keep && part != "" {
			r.Changes[i].Action, r.Changes[i].Note = stack.Keep, "unless --delete "+part
		}
	}
	return r
}

// The standby, which is the last server, is restarted first, and each pod once. What is only a file needs no restart.
func TestOrderOfRestarts(t *testing.T) {
	for name, tt := range map[string]struct {
		lags []stack.Lag
		want []string
	}{
		"both files": {[]stack.Lag{lag("kea-dhcp-0", "kea-dhcp-0/dhcp4", oldConfig), lag("kea-dhcp-1", "kea-dhcp-1/dhcp4", oldConfig)}, []string{"config apply"}},
		"the standby's pod and the primary's file": {
			[]stack.Lag{lag("kea-dhcp-1", "kea-dhcp-1", oldPod), lag("kea-dhcp-0", "kea-dhcp-0/dhcp4", oldConfig)},
			[]string{"config apply", "kea-dhcp-1"},
		},
		"pods and two daemons each": {[]stack.Lag{
			lag("kea-dhcp-0", "kea-dhcp-0", oldPod), lag("kea-dhcp-1", "kea-dhcp-1", oldPod), lag("kea-dhcp-0", "kea-dhcp-0/dhcp4", oldConfig),
			lag("kea-dhcp-0", "kea-dhcp-0/dhcp6", oldConfig), lag("kea-dhcp-1", "kea-dhcp-1/dhcp4", oldConfig), lag("kea-dhcp-1", "kea-dhcp-1/dhcp6", oldConfig),
		}, []string{"kea-dhcp-1", "kea-dhcp-0"}},
		"the primary's file only": {[]stack.Lag{lag("kea-dhcp-0", "kea-dhcp-0/dhcp4", oldConfig)}, []string{"config apply"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := []string{}
			for _, line := range installedPage(lagging(changedPlan(), tt.lags...), nil, true).Lines(printer.Canvas{}) {
				if _, rest, ok := strings.Cut(line, "delete pod "); ok {
					got = append(got, rest)
				}
				if strings.Contains(line, "kubectl kea config apply -n ") {
					got = append(got, "config apply")
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
