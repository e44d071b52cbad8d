package cmd

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

var update = flag.Bool("update", false, "rewrite the screens in testdata")

// captured is a report that the lab gave with -o json.
func captured(t *testing.T, name string) status.Report {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "reports", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r status.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// golden compares lines with a file, or writes it with -update.
func golden(t *testing.T, name string, lines []string) {
	t.Helper()
	file := filepath.Join("testdata", "screens", name+".txt")
	got := strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites):\n%s", file, diff)
	}
}

// add puts problems into a report and keeps it sorted and summed up, as status does.
func add(r *status.Report, problems ...problem.Problem) {
	r.Problems = append(r.Problems, problems...)
	problem.Sort(r.Problems)
	r.Worst = problem.Worst(r.Problems)
}

// primaryKilled: the primary's container crashes, nobody asks for an address, and the standby waits.
func primaryKilled(t *testing.T) status.Report {
	t.Helper()
	r := captured(t, "network")
	for i := range r.Relationships {
		x := &r.Relationships[i]
		x.Serving, x.Unserved, x.ClockSkewSeconds = new(false), []string{"kea-dhcp-0"}, nil
		p, s := &x.Peers[0], &x.Peers[1]
		p.State, p.Scopes, p.Reached, p.Via, p.Why, p.Serves, p.LeaseQuery = "", []string{}, false, "", "CrashLoopBackOff, last: Error, exit code 1", new(false), ""
		p.Version, p.Uptime, p.FileDiffers, p.Restarts = "", nil, nil, 5
		p.SeenState, p.SeenAge = new(kea.StateUnavailable), new(ha.Seconds(95))
		s.SeenState, s.SeenAge, s.Unacked = nil, nil, new(1)
		service := string(x.Service)
		add(&r, problem.Problem{
			Severity: problem.Critical, Code: "standby-waits", Subject: x.Name, Next: "kubectl kea ha force-takeover kea-dhcp-1/" + service + " -n network",
			Text: "nobody serves: no client gets an address; kea-dhcp-0/" + service + " is down (CrashLoopBackOff, last: Error, exit code 1), and kea-dhcp-1/" + service +
				" takes over only after it has seen more than 2 clients that the primary leaves unanswered (seen: 1)",
		}, problem.Problem{
			Severity: problem.Warning, Code: "server-down", Subject: p.Server, Next: "kubectl -n network describe pod kea-dhcp-0",
			Text: "the server does not run (CrashLoopBackOff, last: Error, exit code 1): there is no redundancy",
		})
	}
	return r
}

// databaseGone: the cluster is fenced, and every server has lost its leases although its HA state looks normal.
func databaseGone(t *testing.T) status.Report {
	t.Helper()
	r := captured(t, "network")
	for i := range r.Relationships {
		x := &r.Relationships[i]
		x.Serving, x.Unserved = new(false), []string{"kea-dhcp-0"}
		for j := range x.Peers {
			x.Peers[j].LeaseQuery, x.Peers[j].Serves = ha.Broken, new(false)
		}
		add(&r, problem.Problem{
			Severity: problem.Critical, Code: "no-lease-database", Subject: x.Name, Next: "kubectl -n network logs kea-dhcp-0 -c " + string(x.Service) + " --tail=50",
			Text: "nobody serves: no client gets an address; kea-dhcp-0 and kea-dhcp-1 lost the lease database, although status-get may look normal",
		})
	}
	d := &r.Databases[0]
	d.Cluster.Serving, d.Cluster.Healthy, d.Cluster.ReadyInstances, d.Cluster.Fenced = false, false, 0, []string{"*"}
	d.Primary = &cnpg.Instance{Pod: d.Cluster.Primary, Error: "connection refused"}
	d.Look = status.Look{Why: "no pod that the Service selects is ready"}
	add(&r, problem.Problem{
		Severity: problem.Critical, Code: "cluster-fenced", Subject: "cluster kea-database", Next: "kubectl -n network describe clusters.postgresql.cnpg.io kea-database",
		Text: `it is fenced (*): PostgreSQL is stopped on purpose, although the operator's phase says "Cluster in healthy state"`,
	})
	for i := range r.VLANs {
		r.VLANs[i].CountedBy, r.VLANs[i].Assigned = "", kea.Count{}
	}
	return r
}

// unfinished: a cutover was interrupted, and the clusters may not be listed.
func unfinished(t *testing.T) status.Report {
	t.Helper()
	r := captured(t, "campus")
	r.Operations = []inventory.Operation{{
		Object: "service kea-database", Kind: "cutover", Step: "switch the service", Started: r.Time.Add(-7 * time.Minute), By: "alice@laptop",
		Continue: "kubectl kea restore cutover kea-database -n campus", Abort: "kubectl kea restore abort kea-database -n campus",
	}}
	r.Databases[0].Backups = nil
	r.Unread = []problem.Unread{
		{Source: "backups of cluster campus-db", Error: `backups.postgresql.cnpg.io is forbidden: User "alice" cannot list resource "backups" in API group "postgresql.cnpg.io" in the namespace "campus"`},
		{Source: "kea-1/dhcp6 lease statistics", Error: "no answer within 4s"},
	}
	r.Complete = false
	return r
}

// unknown: a server that does not answer, of which its partner says that it lost it too, and we may not ask.
func unknown(t *testing.T) status.Report {
	t.Helper()
	r := captured(t, "network")
	x := &r.Relationships[0]
	x.Serving, x.ConfigurationAlike, x.ClockSkewSeconds, x.SharedDatabase = nil, nil, nil, nil
	p := &x.Peers[0]
	p.State, p.Scopes, p.Reached, p.Via, p.Serves, p.Version, p.Uptime, p.LeaseQuery, p.FileDiffers = "", nil, false, "", nil, "", nil, "", nil
	p.Why = `pods "kea-dhcp-0" is forbidden: User "alice" cannot create resource "pods/portforward"`
	add(&r, problem.Problem{
		Severity: problem.Warning, Code: "not-reached", Subject: p.Server, Next: "kubectl auth can-i create pods/portforward -n network",
		Text: "the server runs and could not be asked: " + p.Why,
	})
	r.Complete = false
	return r
}

// viewer: somebody who may not read Kea's password, only the read-only login.
func viewer(t *testing.T) status.Report {
	t.Helper()
	r := captured(t, "network")
	d := &r.Databases[0]
	d.Look.Viewer, d.Look.Why = "kea-viewer", "Kea's password could not be read"
	d.Credential = status.Credential{Source: "secret kea-db-credentials, key pg_service.conf", Secret: "kea-db-credentials"}
	r.Unread = []problem.Unread{{Source: "secret kea-db-credentials", Error: `secrets "kea-db-credentials" is forbidden: User "alice" cannot get resource "secrets" in API group "" in the namespace "network"`}}
	r.Complete = false
	return r
}

// hostile: what a server says and how things are named must not reach the terminal as it is.
func hostile(t *testing.T) status.Report {
	t.Helper()
	const evil = "\x1b[2J\x1b]0;owned\x07\r\nHEALTHY"
	r := captured(t, "foreign")
	p := &r.Standalone[0]
	p.Reached, p.State, p.Why, p.Version, p.Via, p.Serves = false, "", evil, evil, evil, nil
	r.VLANs[0].Name, r.VLANs[0].From = evil, evil
	r.Databases[0].Look = status.Look{Tried: true, Error: evil}
	r.Databases[0].Leads = evil
	r.Operations = []inventory.Operation{{Object: evil, Kind: evil, Step: evil, By: evil, Continue: evil}}
	r.Unread = []problem.Unread{{Source: evil, Error: evil}}
	add(&r, problem.Problem{Severity: problem.Warning, Subject: evil, Text: evil, Next: evil})
	return r
}

func screens(t *testing.T) map[string]status.Report {
	t.Helper()
	return map[string]status.Report{
		"hot-standby": captured(t, "network"), "load-balancing": captured(t, "campus"), "foreign": captured(t, "foreign"),
		"primary-killed": primaryKilled(t), "database-gone": databaseGone(t), "unfinished": unfinished(t), "unknown": unknown(t), "hostile": hostile(t), "viewer": viewer(t),
	}
}

func TestScreens(t *testing.T) {
	for name, report := range screens(t) {
		for command, page := range map[string]func(status.Report, printer.Canvas) printer.Page{"status": statusPage, "ha-status": haPage} {
			for suffix, canvas := range map[string]printer.Canvas{"-80": {Width: 80}, "-140": {Width: 140}} {
				title := command + "-" + name + suffix
				t.Run(title, func(t *testing.T) {
					lines := page(report, canvas).Lines(canvas)
					golden(t, title, lines)
					for _, line := range lines {
						if w := ansi.StringWidth(line); w > canvas.Width && !oneWord(line) {
							t.Errorf("%d columns: %q", w, line)
						}
						if strings.ContainsAny(line, "\x1b\r\x07") {
							t.Errorf("a control character: %q", line)
						}
					}
				})
			}
		}
	}
}

// oneWord: a word that is longer than a line stands alone and is not broken, since it may be a command to copy.
func oneWord(line string) bool { return len(strings.Fields(line)) <= 1 }

func TestScreensWide(t *testing.T) {
	canvas := printer.Canvas{Wide: true}
	r := captured(t, "campus")
	golden(t, "status-load-balancing-wide", statusPage(r, canvas).Lines(canvas))
	r = captured(t, "network")
	x := &r.Relationships[0]
	x.ConfigurationAlike, x.Differences = new(false), []kea.Difference{{Path: "subnet4[id=10].valid-lifetime", A: "3600", B: ""}}
	x.Peers[0].FileDiffers, x.Peers[0].FileDifferences = new(true), []kea.Difference{{Path: "valid-lifetime", A: "3600", B: "60"}}
	golden(t, "ha-status-differences-wide", haPage(r, canvas).Lines(canvas))
	canvas = printer.Canvas{Width: 80}
	golden(t, "ha-status-differences-80", haPage(r, canvas).Lines(canvas))
}

func TestScreenInColour(t *testing.T) {
	canvas := printer.Canvas{Width: 80, Theme: printer.NewTheme()}
	lines := statusPage(primaryKilled(t), canvas).Lines(canvas)
	golden(t, "status-primary-killed-colour", lines)
	plain := printer.Canvas{Width: 80}
	if diff := cmp.Diff(statusPage(primaryKilled(t), plain).Lines(plain), strings.Split(ansi.Strip(strings.Join(lines, "\n")), "\n")); diff != "" {
		t.Errorf("colour changes the words:\n%s", diff)
	}
}

// The first words are the answer; a script and a person at night read no further.
func TestVerdict(t *testing.T) {
	for name, want := range map[string]string{
		"hot-standby":    "HEALTHY  namespace network: 4 servers, database kea-database 3/3, 6 address ranges",
		"primary-killed": "CRITICAL  namespace network: kea-dhcp-0 + kea-dhcp-1 dhcp4: nobody serves: no client gets an address  (2 critical, 2 warnings)",
		"unfinished":     "UNKNOWN  namespace campus: nothing is wrong in what could be read; see what could not, below",
		"foreign":        "WARNING  namespace foreign: clients are served; cluster dhcpstore: it has neither backups nor an archive: nothing can be restored  (1 warning, 1 info)",
	} {
		if got := verdict(screens(t)[name]).String(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
	if got := verdict(screens(t)["unknown"]).String(); !strings.Contains(got, "whether all clients are served is not known") {
		t.Errorf("unknown: %s", got)
	}
}
