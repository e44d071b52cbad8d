//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/logs"
)

// written are the lines of `logs -o json`.
func written(t *testing.T, args ...string) []logs.Line {
	t.Helper()
	r := plugin(t, append([]string{"logs", "-o", "json"}, args...)...)
	if r.code != 0 {
		t.Fatalf("exit %d: %s", r.code, r.err)
	}
	found := []logs.Line{}
	for text := range strings.Lines(r.out) {
		var l logs.Line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		found = append(found, l)
	}
	return found
}

// All that the daemons wrote is there, as often as they wrote it, in the order of time, and nothing of it is a password.
func TestLogs(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	all := written(t, "-n", "branch")
	count := map[string]int{}
	for i, l := range all {
		count[l.Server]++
		if i > 0 && l.Time.Before(all[i-1].Time) {
			t.Errorf("line %d is of %s, after one of %s", i, l.Time, all[i-1].Time)
		}
	}
	until := all[len(all)-1].Time.Format(time.RFC3339Nano)
	for server, container := range map[string]string{"dhcp4": "dhcp4", "agent": "ctrl-agent"} {
		for _, pod := range []string{"kea-dhcp-0", "kea-dhcp-1"} {
			raw := 0
			for line := range strings.Lines(kubectl(t, "-n", "branch", "logs", pod, "-c", container, "--timestamps")) {
				if stamp, _, _ := strings.Cut(line, " "); stamp <= until {
					raw++
				}
			}
			if got := count[pod+"/"+server]; got == 0 || got < raw-1 || got > raw {
				t.Errorf("%d lines of %s/%s, kubectl has %d", got, pod, server, raw)
			}
		}
	}
	if len(count) != 4 {
		t.Errorf("servers: %v", count)
	}
	started := slices.IndexFunc(all, func(l logs.Line) bool { return l.Message == "DHCP4_STARTED" })
	if started < 0 || all[started].Level != "INFO" || all[started].Logger != "kea-dhcp4.dhcp4" || !strings.HasPrefix(all[started].Text, "Kea DHCPv4 server version 2.6") {
		t.Errorf("the line of the start: %d of %d", started, len(all))
	}
	last := written(t, "-n", "branch", "--tail", "5", "kea-dhcp-1/dhcp4")
	if len(last) != 5 || last[4].Server != "kea-dhcp-1/dhcp4" {
		t.Errorf("the last five: %+v", last)
	}
	for _, l := range written(t, "-n", "branch", "--level", "warn", "dhcp4") {
		if l.Level == "INFO" || l.Level == "DEBUG" || !strings.HasSuffix(l.Server, "/dhcp4") {
			t.Errorf("--level warn dhcp4 shows %+v", l)
		}
	}
	if r := plugin(t, "logs", "-n", "branch", "kea-dhcp-7"); r.code != 4 || !strings.Contains(r.err, `no Kea daemon "kea-dhcp-7" in namespace branch; there are kea-dhcp-0/agent, `) {
		t.Errorf("an unknown server: exit %d, %s", r.code, r.err)
	}
	if r := plugin(t, "__complete", "logs", "-n", "branch", "kea-dhcp-1/"); !strings.Contains(r.out, "\nkea-dhcp-1\nkea-dhcp-1/agent\nkea-dhcp-1/dhcp4\n") {
		t.Errorf("completion: %s", r.out)
	}
}

// A Deployment without our conventions, whose file holds its password in clear.
func TestLogsOfAForeignDeployment(t *testing.T) {
	claims(t, "foreign")
	all := written(t, "-n", "foreign")
	if !slices.ContainsFunc(all, func(l logs.Line) bool { return strings.HasSuffix(l.Server, "/dhcp4") && l.Message == "DHCP4_STARTED" }) ||
		!slices.ContainsFunc(all, func(l logs.Line) bool {
			return strings.HasSuffix(l.Server, "/agent") && l.Message == "CTRL_AGENT_STARTED"
		}) {
		t.Errorf("the starts of both daemons are not in %d lines", len(all))
	}
}

// follower is a `logs -f` that runs.
type follower struct {
	cmd      *exec.Cmd
	mu       sync.Mutex
	out, err []string
	wait     sync.WaitGroup
}

func followLogs(t *testing.T, args ...string) *follower {
	t.Helper()
	f := &follower{cmd: exec.Command(world.plugin, append([]string{"logs", "-f"}, args...)...)}
	out, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errOut, err := f.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gather := func(lines *bufio.Scanner, into *[]string) {
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			f.mu.Lock()
			*into = append(*into, lines.Text())
			f.mu.Unlock()
		}
	}
	f.wait.Go(func() { gather(bufio.NewScanner(out), &f.out) })
	f.wait.Go(func() { gather(bufio.NewScanner(errOut), &f.err) })
	t.Cleanup(func() { _ = f.cmd.Process.Kill() })
	return f
}

// count is how many lines of a stream hold all these words.
func (f *follower) count(of *[]string, words ...string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, line := range *of {
		if !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(line, w) }) {
			n++
		}
	}
	return n
}

func (f *follower) until(t *testing.T, of *[]string, words ...string) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); f.count(of, words...) == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no line with %q\n%s\n%s", words, strings.Join(f.out, "\n"), strings.Join(f.err, "\n"))
		}
	}
}

// stop is Ctrl-C; it gives the exit code.
func (f *follower) stop(t *testing.T) int {
	t.Helper()
	_ = f.cmd.Process.Signal(os.Interrupt)
	f.wait.Wait()
	_ = f.cmd.Wait()
	silent(t, "logs -f", strings.Join(append(f.out, f.err...), "\n"))
	return f.cmd.ProcessState.ExitCode()
}

// It goes on over a daemon that is killed and a pod that is deleted, says so, and shows each line once.
func TestLogsFollow(t *testing.T) {
	claims(t, "branch")
	restored(t, "branch")
	f := followLogs(t, "-n", "branch", "--tail", "3", "-o", "json")
	f.until(t, &f.out, `"server":`)
	lab(t, "load", "branch", "-rate", "20", "-duration", "3s")
	f.until(t, &f.out, `"kea-dhcp-0/dhcp4"`, "DHCP4_QUERY_LABEL")

	lab(t, "shell", "kill", "-KILL", firstProcess(t, "kea-dhcp-1", "dhcp4"))
	f.until(t, &f.err, "kea-dhcp-1/dhcp4 its container has restarted (")
	f.until(t, &f.out, `"kea-dhcp-1/dhcp4"`, "DHCP4_STARTED")
	restored(t, "branch")

	kubectl(t, "-n", "branch", "delete", "pod", "kea-dhcp-1", "--grace-period=1")
	f.until(t, &f.err, "kea-dhcp-1/dhcp4")
	restored(t, "branch")
	for end := time.Now().Add(time.Minute); f.count(&f.out, `"kea-dhcp-1/dhcp4"`, "DHCP4_STARTED") < 2 && time.Now().Before(end); {
		time.Sleep(50 * time.Millisecond)
	}
	if n := f.count(&f.out, `"kea-dhcp-1/dhcp4"`, "DHCP4_STARTED"); n != 2 {
		t.Errorf("kea-dhcp-1 started twice, and that is in %d lines", n)
	}
	time.Sleep(time.Second)
	if code := f.stop(t); code != 130 {
		t.Errorf("Ctrl-C ended it with %d", code)
	}
	if n := f.count(&f.err, "error:"); n != 0 {
		t.Errorf("Ctrl-C is no error:\n%s", strings.Join(f.err, "\n"))
	}
	once := map[string]bool{}
	for _, line := range f.out {
		if once[line] {
			t.Errorf("twice: %s", line)
		}
		once[line] = true
	}
	// No line is missing between the first and the last one that came.
	first := slices.IndexFunc(f.out, func(l string) bool { return strings.Contains(l, `"kea-dhcp-0/dhcp4"`) })
	raw := plugin(t, "logs", "-o", "json", "-n", "branch", "kea-dhcp-0/dhcp4")
	_, rest, _ := strings.Cut(raw.out, f.out[first])
	queries := 0
	for line := range strings.Lines(f.out[first] + rest) {
		if strings.Contains(line, "DHCP4_QUERY_LABEL") {
			queries++
			if !once[strings.TrimSpace(line)] {
				t.Errorf("not followed: %s", line)
			}
		}
	}
	if queries < 120 { // two a client, and both servers hear of all
		t.Errorf("%d queries of 60 clients are in the log", queries)
	}
	if f.count(&f.err, "kea-dhcp-1/dhcp4 its pod was replaced") != 1 {
		t.Errorf("the new pod was not named:\n%s", strings.Join(f.err, "\n"))
	}
}
