package manifest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sh runs a script as the pods do, with the tools of this machine, and returns what it says and its exit code.
func sh(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, shell, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// fakeAdmin stands for kea-admin: it answers with the lines of a file, one each time, as CODE TEXT, and notes what it was
// asked.
const fakeAdmin = `#!/bin/sh
echo "$*" >>"$FAKE/asked"
answer=$(head -n 1 "$FAKE/answers")
tail -n +2 "$FAKE/answers" >"$FAKE/rest"
mv "$FAKE/rest" "$FAKE/answers"
echo "${answer#* }"
exit "${answer%% *}"
`

func TestPrepareDatabase(t *testing.T) {
	t.Parallel()
	const (
		refused = `2 psql: error: connection to server at "kea-database" (10.0.0.1), port 5432 failed: Connection refused`
		empty   = `3 ERROR:  relation "schema_version" does not exist`
		version = "db-version pgsql -h kea-database -P 5432 -u kea -n kea"
		create  = "db-init pgsql -h kea-database -P 5432 -u kea -n kea -d SCRIPTS"
	)
	for _, c := range []struct {
		name, pod string
		answers   []string
		code      int
		said      string // in the container's log
		reason    string // for kubectl describe
		asked     []string
	}{
		{"right", "kea-dhcp-0", []string{"0 22.2"}, 0, "schema 22.2", "", []string{version}},
		{"older", "kea-dhcp-0", []string{"0 13.0"}, 3, "", "schema 13.0 is older than 22.2 that this Kea needs", []string{version}},
		{"older minor", "kea-dhcp-1", []string{"0 22.1"}, 3, "", "schema 22.1 is older than 22.2 that this Kea needs", []string{version}},
		{"newer", "kea-dhcp-1", []string{"0 29.0"}, 3, "", "schema 29.0 is newer than 22.2 that this Kea needs", []string{version}},
		{"newer by more digits", "kea-dhcp-1", []string{"0 100.0"}, 3, "", "schema 100.0 is newer than 22.2 that this Kea needs", []string{version}},
		{"empty, first server", "kea-dhcp-0", []string{empty, "0 done", "0 22.2"}, 0, "making schema 22.2", "", []string{version, create, version}},
		{"empty, second server waits", "kea-dhcp-1", []string{empty, empty, "0 22.2"}, 0, "waiting for the first server", "", []string{version, version, version}},
		{"eleventh server is not the first", "kea-dhcp-10", []string{empty, "0 22.2"}, 0, "waiting for the first server", "", []string{version, version}},
		{"comes up late", "kea-dhcp-1", []string{refused, refused, "0 22.2"}, 0, "Connection refused", "", []string{version, version, version}},
		{
			"stays away", "kea-dhcp-0",
			[]string{refused, refused, refused},
			1, "",
			`gave up waiting for the database: connection to server at "kea-database" (10.0.0.1), port 5432 failed: Connection refused`,
			[]string{version, version, version},
		},
		{
			"somebody else's tables", "kea-dhcp-0",
			[]string{empty, "2 ERROR/kea-admin: Expected empty database kea.", empty, "2 ERROR/kea-admin: Expected empty database kea.", empty, "2 ERROR/kea-admin: Expected empty database kea."},
			1, "", "gave up waiting for the database: ",
			[]string{version, create, version, create, version, create},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "bin/kea-admin", fakeAdmin, 0o755)
			write(t, dir, "answers", strings.Join(c.answers, "\n")+"\n", 0o644)
			write(t, dir, "scripts/pgsql/dhcpdb_create.pgsql", "UPDATE schema_version\n    SET version = '22', minor = '1';\n\nUPDATE schema_version\n    SET version = '22', minor = '2';\n", 0o644)
			said, code := sh(t, []string{
				"PATH=" + dir + "/bin:" + os.Getenv("PATH"), "FAKE=" + dir, "RUN_DIR=" + t.TempDir(), "POD_NAME=" + c.pod, "PGHOST=kea-database", "PGPORT=5432",
				"PGDATABASE=kea", "PGUSER=kea", "SCRIPTS_DIR=" + dir + "/scripts", "TRIES=3", "PAUSE=0", "TERMINATION_LOG=" + dir + "/reason",
			}, "scripts/prepare.sh")
			if code != c.code || !strings.Contains(said, c.said) {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, said)
			}
			if reason := read(t, dir+"/reason"); !strings.HasPrefix(reason, c.reason) || c.code == 0 && reason != "" {
				t.Errorf("reason %q, want %q", reason, c.reason)
			}
			asked := strings.Split(strings.TrimSpace(strings.ReplaceAll(read(t, dir+"/asked"), dir+"/scripts", "SCRIPTS")), "\n")
			if diff := cmp.Diff(c.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPrepareInterfaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, ips, interfaces, unicast, want string }{
		{"both families", "10.0.0.5,fd00::5", "eth0", "eth0", `["eth0", "eth0/fd00::5"]`},
		{"IPv6 first", "fd00::5,10.0.0.5", "eth0", "eth0", `["eth0", "eth0/fd00::5"]`},
		{"IPv4 only", "10.0.0.5", "eth0", "eth0", `["eth0"]`},
		{"several", "10.0.0.5,fd00::5", "eth0 eth1", "eth0", `["eth0", "eth1", "eth0/fd00::5"]`},
		{"all", "10.0.0.5,fd00::5", "*", "eth0", `["*", "eth0/fd00::5"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, run := t.TempDir(), t.TempDir()
			said, code := sh(t, []string{"RUN_DIR=" + run, "POD_DIR=" + dir, "POD_IPS=" + c.ips, "INTERFACES6=" + c.interfaces, "UNICAST6=" + c.unicast}, "scripts/prepare.sh")
			if code != 0 {
				t.Fatalf("exit %d:\n%s", code, said)
			}
			if got := strings.TrimSpace(read(t, dir+"/interfaces6.json")); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if info, err := os.Stat(run); err != nil || info.Mode().Perm() != 0o750 {
				t.Errorf("%v %v", info.Mode(), err)
			}
		})
	}
}

// dhcpd answers like a daemon: a list of answers, the last of them for ever.
type dhcpd struct {
	sync.Mutex
	answers, asked []string
}

func (d *dhcpd) answer(body []byte) string {
	d.Lock()
	defer d.Unlock()
	d.asked = append(d.asked, string(body))
	a := d.answers[0]
	if len(d.answers) > 1 {
		d.answers = d.answers[1:]
	}
	return a
}

func TestProbe(t *testing.T) {
	t.Parallel()
	const (
		found  = `[ { "arguments": { "ip-address": "192.0.2.1" }, "result": 0, "text": "IPv4 lease found." } ]`
		none   = `[ { "result": 3, "text": "Lease not found." } ]`
		lost   = `[ { "result": 1, "text": "fatal database error or connectivity lost" } ]`
		dead   = `[ { "result": 1, "text": "no current lease manager is available" } ]`
		lease4 = `{"command":"lease4-get","service":["dhcp4"],"arguments":{"ip-address":"192.0.2.1"}}`
		lease6 = `{"command":"lease6-get","service":["dhcp6"],"arguments":{"ip-address":"2001:db8::1"}}`
	)
	for _, c := range []struct {
		name, mode, service string
		answers             []string
		code                int
		said                string
		asked               []string
	}{
		{"lease found", "ready", "dhcp4", []string{found}, 0, "", []string{lease4}},
		{"no such lease", "ready", "dhcp6", []string{none}, 0, "", []string{lease6}},
		{"session lost, connected anew", "ready", "dhcp4", []string{lost, none}, 0, "", []string{lease4, lease4}},
		{"no database", "ready", "dhcp4", []string{lost, dead}, 1, "dhcp4: no current lease manager is available\n", []string{lease4, lease4}},
		{"no database, but alive", "alive", "dhcp4", []string{`[ { "result": 0, "text": "2.6.3" } ]`}, 0, "", []string{`{"command":"version-get","service":["dhcp4"]}`}},
		{"agent", "alive", "agent", []string{`[ { "result": 0, "text": "2.6.3" } ]`}, 0, "", []string{`{"command":"version-get"}`}},
	} {
		t.Run(c.name+" by HTTP", func(t *testing.T) {
			d := &dhcpd{answers: c.answers}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%s %v %v", r.Method, r.Header, err)
				}
				fmt.Fprint(w, d.answer(body))
			}))
			defer server.Close()
			port := server.URL[strings.LastIndex(server.URL, ":")+1:]
			said, code := sh(t, []string{"WAIT=3"}, "scripts/probe.sh", c.mode, c.service, port)
			if code != c.code || said != c.said || !slices.Equal(d.asked, c.asked) {
				t.Errorf("exit %d, want %d; said %q; asked %q", code, c.code, said, d.asked)
			}
		})
		if c.service == "agent" {
			continue
		}
		t.Run(c.name+" by socket", func(t *testing.T) {
			d := &dhcpd{answers: c.answers}
			socket := listen(t, func(conn net.Conn) {
				body := make([]byte, len(c.asked[0]))
				if _, err := io.ReadFull(bufio.NewReader(conn), body); err == nil {
					fmt.Fprint(conn, d.answer(body))
				}
			})
			said, code := sh(t, []string{"WAIT=3"}, "scripts/probe.sh", c.mode, c.service, "1", socket)
			if code != c.code || said != c.said || !slices.Equal(d.asked, c.asked) {
				t.Errorf("exit %d, want %d; said %q; asked %q", code, c.code, said, d.asked)
			}
		})
	}
}

// TestProbeOfTheDeaf: a daemon that takes the connection and says nothing is not alive, and does not hold the probe.
func TestProbeOfTheDeaf(t *testing.T) {
	t.Parallel()
	quiet := make(chan struct{})
	defer close(quiet)
	socket := listen(t, func(net.Conn) { <-quiet })
	for _, mode := range []string{"alive", "ready"} {
		t.Run(mode, func(t *testing.T) {
			began := time.Now()
			said, code := sh(t, []string{"WAIT=1"}, "scripts/probe.sh", mode, "dhcp4", "1", socket)
			if took := time.Since(began); code != 1 || took > 5*time.Second || said != "dhcp4: no answer within 1 s\n" {
				t.Errorf("exit %d after %s: %q", code, took, said)
			}
		})
	}
}

// listen serves a socket with a short path: a system allows about a hundred characters.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "probe") //nolint:usetesting // a test's own folder has too long a name for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	path := filepath.Join(dir, "kea4.sock")
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return path
}

func write(t *testing.T, dir, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// read returns a file's text, "" when there is none.
func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(fmt.Errorf("read: %w", err))
	}
	return string(text)
}
