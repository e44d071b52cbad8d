package cmd

import (
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/restore"
)

func TestWrongCommandLinesOfRestore(t *testing.T) {
	const help = "hint: kubectl kea restore --help"
	for name, tt := range map[string]struct {
		args, err string
	}{
		"no target":       {"", lines("error: restore to which moment? none of --to-time, --to-lsn, --to-backup and --latest says", `hint: kubectl kea restore --to-time "1h ago" --dry-run=server`)},
		"two targets":     {"--latest --to-lsn=0/1", lines("error: --to-lsn and --latest are several targets: give one", help)},
		"three targets":   {"--latest --to-time=-1h --to-backup=b", lines("error: --to-time and --to-backup and --latest are several targets: give one", help)},
		"later today":     {"--to-time=14:30", lines(`error: --to-time: "14:30" is not clear: today's, 2026-11-22T14:30:00Z, is still to come; for yesterday's, 2026-11-21T14:30:00Z, write "yesterday 14:30"`, help)},
		"no time":         {"--to-time=noon", lines(`error: --to-time: "noon" is no time: no form that is known fits; write it as in 2025-03-10T14:30:00Z, "2025-03-10 14:30", 14:30, "yesterday 14:30", -2h or "2h ago"`, help)},
		"no position":     {"--to-lsn=5000028", lines(`error: --to-lsn: "5000028" is not a position in the write-ahead log (like 16/B374D848)`, help)},
		"the zeroth":      {"--to-lsn=0/0", lines("error: --to-lsn: 0/0 is no position", help)},
		"carry what":      {"--latest --carry-leases=some", lines(`error: --carry-leases: "some" is none of all, none and vlan=10,20`, help)},
		"confirm what":    {"--latest --confirm=x", lines("error: --confirm is for --cutover; a restore alone is answered with --yes", help)},
		"confirm no name": {"--latest --cutover --confirm=x", lines("error: --confirm needs --name: a name that is made up is another one at each run", help)},
		"a bare moment":   {"14:30 UTC", lines(`error: what is "14:30 UTC"? a moment stands behind --to-time, in quotes when it has blanks`, `hint: kubectl kea restore --to-time "14:30 UTC" --dry-run=server`)},
		"without quotes":  {"-n network --to-time 2h ago", lines(`error: what is "ago"? a moment stands behind --to-time, in quotes when it has blanks`, `hint: kubectl kea restore --to-time "2h ago" -n network --dry-run=server`)},
		"a bare word":     {"everything", lines(`error: unknown command "everything" for "kubectl kea restore"`, "hint: kubectl kea restore --help")},
		"no name":         {"status -n network", lines("error: which restored cluster? name it", "hint: kubectl kea restore list -n network")},
		"dry run of what": {"--latest --dry-run=x", lines(`error: --dry-run "x": it takes none, client or server`, help)},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, result{err: tt.err, code: ExitUsage}, run(t.Context(), noCluster(t), append([]string{"restore"}, strings.Fields(tt.args)...)...))
		})
	}
}

func TestRestoreTarget(t *testing.T) {
	env, _, _ := testEnv() // it is noon
	zone := time.FixedZone("CET", 3600)
	env.Now = func() time.Time { return time.Date(2026, 11, 22, 13, 0, 0, 987654321, zone) }
	for name, tt := range map[string]struct {
		options restoreOptions
		want    restore.Wanted
	}{
		"an age":      {restoreOptions{toTime: "-15m"}, restore.Wanted{Time: time.Date(2026, 11, 22, 11, 45, 0, 0, time.UTC)}},
		"local":       {restoreOptions{toTime: "12:30"}, restore.Wanted{Time: time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC)}},
		"with a zone": {restoreOptions{toTime: "2026-11-20 14:30:00+00"}, restore.Wanted{Time: time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC)}},
		"exactly":     {restoreOptions{toTime: "12:30:00.1234567"}, restore.Wanted{Time: time.Date(2026, 11, 22, 11, 30, 0, 123456000, time.UTC)}},
		"a position":  {restoreOptions{toLSN: "0/5000028"}, restore.Wanted{LSN: 0x5000028}},
		"a backup":    {restoreOptions{toBackup: "b"}, restore.Wanted{Backup: "b"}},
		"all":         {restoreOptions{latest: true}, restore.Wanted{Latest: true}},
	} {
		tt.options.env = &env
		got, err := tt.options.target()
		if err != nil || got != tt.want {
			t.Errorf("%s: %v, %v; want %v", name, got, err, tt.want)
		}
	}
}

// The command that goes on names the same cluster and the same moment, whenever it is run.
func TestRestoreGoesOn(t *testing.T) {
	p := restore.Plan{Namespace: "network", Name: "kea-2"}
	for want, tt := range map[string]struct {
		options restoreOptions
		target  restore.Wanted
	}{
		"--to-time 2026-11-22T11:30:00.5Z":       {restoreOptions{toTime: "2h ago", carry: "all"}, restore.Wanted{Time: time.Date(2026, 11, 22, 11, 30, 0, 5e8, time.UTC)}},
		"--to-lsn 0/5000028":                     {restoreOptions{carry: "all"}, restore.Wanted{LSN: 0x5000028}},
		"--cluster kea --to-backup b":            {restoreOptions{carry: "all", subject: subject{cluster: "kea"}}, restore.Wanted{Backup: "b"}},
		"--cutover --carry-leases none --latest": {restoreOptions{carry: "none", request: restore.Request{Cutover: true}}, restore.Wanted{Latest: true}},
	} {
		p.Target = tt.target
		if got := tt.options.again(p); got != "kubectl kea restore -n network --name kea-2 "+want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestRestoreAsksForTheNameBeforeACutover(t *testing.T) {
	p := restore.Plan{Namespace: "network", Name: "kea-2", Source: "kea"}
	ask := func(o restoreOptions, answer string) (string, error) {
		env, _, errOut := testEnv()
		env.In, env.InTerminal = strings.NewReader(answer), answer != ""
		o.env = &env
		o.confirm.env = &env
		err := o.ask(t.Context(), p)
		return errOut.String(), err
	}
	cutover := restoreOptions{request: restore.Request{Cutover: true}}
	named := cutover
	named.request.Name, named.confirm.name = "kea-2", "kea-2"
	for name, tt := range map[string]struct {
		options     restoreOptions
		answer      string
		asked, fail string
	}{
		"yes":              {restoreOptions{}, "y\n", "Restore into the new cluster kea-2? [y/N] ", ""},
		"no":               {restoreOptions{}, "n\n", "", "not answered with yes"},
		"nobody there":     {restoreOptions{}, "", "", "no terminal to ask on"},
		"name":             {cutover, "kea-2\n", "Restore, and take kea-2 into service in the place of kea? Type kea-2 to go on: ", ""},
		"yes is no name":   {cutover, "yes\n", "", `the answer was not "kea-2"`},
		"nobody to name":   {cutover, "", "", "no terminal to ask on"},
		"named beforehand": {named, "", "", ""},
	} {
		asked, err := ask(tt.options, tt.answer)
		if !strings.Contains(asked, tt.asked) || (err == nil) != (tt.fail == "") || err != nil && !strings.Contains(err.Error(), tt.fail) {
			t.Errorf("%s: asked %q, %v", name, asked, err)
		}
		if name == "nobody to name" && hintOf(err) != "add --name kea-2 --confirm kea-2" {
			t.Errorf("the hint is %q", hintOf(err))
		}
	}
}
