package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/load"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/scenario"
)

func mustParse(t *testing.T, line string) *loadOptions {
	t.Helper()
	o, err := parseLoad(strings.Fields(line), io.Discard)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return o
}

func find(t *testing.T, name string) scenario.Scenario {
	t.Helper()
	s, err := scenario.Find("../../scenarios", name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestParseLoad(t *testing.T) {
	none := limits{lost: -1, naks: -1, duplicates: -1}
	base := loadOptions{scenario: "x", rate: 50, duration: 10 * time.Second, timeout: time.Second, clients: -1, output: "text", limits: none}
	with := func(change func(*loadOptions)) loadOptions {
		o := base
		change(&o)
		return o
	}
	for line, want := range map[string]loadOptions{
		"x":                      base,
		"x -rate 7 -duration 2m": with(func(o *loadOptions) { o.rate, o.duration = 7, 2*time.Minute }),
		"-rate 7 x":              with(func(o *loadOptions) { o.rate = 7 }),
		"x -4":                   with(func(o *loadOptions) { o.only4 = true }),
		"x -vlan 10,20 -vlan 30": with(func(o *loadOptions) { o.vlans = []int{10, 20, 30} }),
		"x -servers a,b":         with(func(o *loadOptions) { o.servers = []string{"a", "b"} }),
		"x -renew -retry -secs 9 -seed 4 -clients 0 -timeout 2s -o json": with(func(o *loadOptions) {
			o.renew, o.retry, o.secs, o.seed, o.clients, o.timeout, o.output = true, true, 9, 4, 0, 2*time.Second, "json"
		}),
		"x -max-lost 0 -max-naks 1 -max-duplicates 2 -max-silence 3s": with(func(o *loadOptions) { o.limits = limits{lost: 0, naks: 1, duplicates: 2, silence: 3 * time.Second} }),
	} {
		if got := mustParse(t, line); !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, want %+v", line, *got, want)
		}
	}
}

func TestParseLoadRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                   "a scenario is missing",
		"-rate 5":            "a scenario is missing",
		"x y":                `unexpected argument "y"`,
		"x -rate 5 y":        `unexpected argument "y"`,
		"x -rate fast":       `invalid value "fast"`,
		"x -vlan 10,ten":     `"ten" is no VLAN number`,
		"x -secs 65536":      "more than a packet can say",
		"x -seed 4294967296": "-seed 4294967296 is more than",
		"x -o yaml":          "neither text nor json",
		"x -nonsense":        "not defined",
	} {
		if _, err := parseLoad(strings.Fields(line), io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", line, err, want)
		}
	}
	help := &bytes.Buffer{}
	if _, err := parseLoad([]string{"-h"}, help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-max-lost") {
		t.Errorf("help: %v\n%s", err, help)
	}
}

func TestLoadConfig(t *testing.T) {
	for _, test := range []struct {
		line     string
		families []load.Family
		segments string
	}{
		{"hot-standby", []load.Family{load.V4, load.V6}, "vlan10 10.10.0.1 2001:db8:10::1, vlan20 10.20.0.1 2001:db8:20::1, vlan30 10.30.0.1 2001:db8:30::1"},
		{"hot-standby -4 -6 -vlan 20", []load.Family{load.V4, load.V6}, "vlan20 10.20.0.1 2001:db8:20::1"},
		{"hot-standby -6 -vlan 30,10", []load.Family{load.V6}, "vlan10 invalid IP 2001:db8:10::1, vlan30 invalid IP 2001:db8:30::1"},
		{"load-balancing", []load.Family{load.V4, load.V6}, "vlan110 10.110.0.1 2001:db8:110::1, vlan120 10.120.0.1 invalid IP"},
		{"branch", []load.Family{load.V4}, "vlan210 10.210.0.1 invalid IP, vlan220 10.220.0.1 invalid IP"},
		{"foreign -4", []load.Family{load.V4}, "vlan0 10.66.0.1 invalid IP"},
	} {
		o := mustParse(t, test.line)
		config, err := o.config(find(t, o.scenario))
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
		}
		segments := []string{}
		for _, s := range config.Segments {
			segments = append(segments, fmt.Sprint(s.Name, " ", s.Relay4, " ", s.Relay6))
		}
		if got := strings.Join(segments, ", "); got != test.segments || !slices.Equal(config.Families, test.families) {
			t.Errorf("%s: %v %s", test.line, config.Families, got)
		}
	}
}

func TestLoadCheck(t *testing.T) {
	for line, want := range map[string]string{
		"branch":                          "",
		"branch -servers kea-dhcp-1":      "",
		"branch -vlan 10":                 "no VLAN 10; it has 210, 220",
		"branch -servers kea-dhcp-7":      `no server "kea-dhcp-7"; it has kea-dhcp-0, kea-dhcp-1`,
		"branch -6":                       "no v6 relay",
		"branch -4 -6":                    "no v6 relay",
		"load-balancing -vlan 120 -6":     "no v6 relay",
		"load-balancing -vlan 120,110 -6": "",
	} {
		o := mustParse(t, line)
		err := o.check(find(t, o.scenario))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", line, err, want)
		}
	}
	o := mustParse(t, "branch -servers kea-dhcp-1")
	if got := o.pods(find(t, "branch")); !slices.Equal(got, []string{"kea-dhcp-1"}) {
		t.Errorf("servers %v", got)
	}
	if got := mustParse(t, "branch").pods(find(t, "branch")); !slices.Equal(got, []string{"kea-dhcp-0", "kea-dhcp-1"}) {
		t.Errorf("servers %v", got)
	}
}

func TestTheSeedIsTheHours(t *testing.T) {
	at := time.Date(2026, 11, 22, 21, 0, 0, 0, time.UTC)
	if hourSeed(at) != hourSeed(at.Add(59*time.Minute)) || hourSeed(at) == hourSeed(at.Add(time.Hour)) {
		t.Error("the seed does not change with the hour, and only then")
	}
	config, err := mustParse(t, "branch -seed 7 -clients 33").config(find(t, "branch"))
	if err != nil || config.Seed != 7 || config.Clients != 33 {
		t.Errorf("%+v, %v", config, err)
	}
}

// As many clients as the rate needs: load.Run refuses fewer, and the smallest pool has 200 addresses.
func TestClientsFor(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 10, 50, 100, 333, 1000} {
		for _, timeout := range []time.Duration{100 * time.Millisecond, time.Second, 5 * time.Second} {
			for relays := range 6 {
				clients := clientsFor(rate, timeout, relays+1)
				asked := rate / float64(relays+1) * timeout.Seconds() // in the time in which none may be asked again
				if float64(clients) < asked+1 || float64(clients) > 1.25*asked+13 {
					t.Errorf("rate %v, timeout %v, %d relays: %d clients, %v are asked", rate, timeout, relays+1, clients, asked)
				}
			}
		}
	}
	if got := clientsFor(100, time.Second, 2); 2*got > 200 { // this hour's and the last one's, in VLAN 220
		t.Errorf("%d clients fill the smallest pool", got)
	}
}

func TestLimits(t *testing.T) {
	result := load.Result{Figures: load.Figures{Counts: load.Counts{Lost: 3, Naks: 2, Duplicates: 1}, Silence: load.Silence{Longest: 1500 * time.Millisecond}}}
	for line, want := range map[string][]string{
		"x": {},
		"x -max-lost 3 -max-naks 2 -max-duplicates 1 -max-silence 1500ms": {},
		"x -max-lost 2":                       {"3 lost, at most 2 are allowed"},
		"x -max-lost 0 -max-naks 0":           {"3 lost, at most 0 are allowed", "2 NAKs, at most 0 are allowed"},
		"x -max-duplicates 0 -max-silence 1s": {"1 duplicate addresses, at most 0 are allowed", "a silence of 1.5s, at most 1s is allowed"},
	} {
		if got := mustParse(t, line).limits.exceededBy(result); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

func TestLoadReport(t *testing.T) {
	s := find(t, "branch")
	result := load.Result{Figures: load.Figures{Counts: load.Counts{Started: 10, Acked: 7, Lost: 3}}}
	config := load.Config{Seed: 5, Clients: 20}
	out := &bytes.Buffer{}
	if err := mustParse(t, "branch").report(out, s, config, result); err != nil || !strings.Contains(out.String(), "lost 3 of 10 exchanges") {
		t.Errorf("losses alone are an error: %v\n%s", err, out)
	}
	out.Reset()
	err := mustParse(t, "branch -o json -max-lost 1").report(out, s, config, result)
	var exit *exitError
	if !errors.As(err, &exit) || exit.code != 3 {
		t.Errorf("error %v", err)
	}
	var got struct {
		Scenario      string
		Seed, Clients int
		Started, Lost int
		Exceeded      []string
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Scenario != "branch" || got.Seed != 5 || got.Clients != 20 || got.Started != 10 || got.Lost != 3 || len(got.Exceeded) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestServersAmong(t *testing.T) {
	a, b, c := netip.MustParseAddr("10.89.0.2"), netip.MustParseAddr("10.89.0.3"), netip.MustParseAddr("fd00:89::4")
	pods := []cluster.Pod{
		{Name: "kea-dhcp-1", V4: b, V6: c},
		{Name: "kea-dhcp-0", V4: a},
		{Name: "kea-dhcp-10", V4: a},
		{Name: "kea-database-1", V4: a},
		{Name: "address-service-fb876b7f7-zk287", V4: a},
		{Name: "address-service-fb876b7f7-new"},
		{Name: "address-services-1", V4: a},
	}
	for _, test := range []struct {
		wanted []string
		want   []load.Server
	}{
		{[]string{"kea-dhcp-0", "kea-dhcp-1"}, []load.Server{{Name: "kea-dhcp-0", V4: a}, {Name: "kea-dhcp-1", V4: b, V6: c}}},
		{[]string{"kea-dhcp-1"}, []load.Server{{Name: "kea-dhcp-1", V4: b, V6: c}}},
		{[]string{"address-service"}, []load.Server{{Name: "address-service-fb876b7f7-zk287", V4: a}}},
		{[]string{"kea"}, []load.Server{{Name: "kea-database-1", V4: a}, {Name: "kea-dhcp-0", V4: a}, {Name: "kea-dhcp-1", V4: b, V6: c}, {Name: "kea-dhcp-10", V4: a}}},
		{[]string{"none"}, []load.Server{}},
	} {
		if got := serversAmong(pods, test.wanted); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.wanted, got, test.want)
		}
	}
}

// Pods get new addresses, and the API server goes away with the pods staying where they are.
func TestServersFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, after := netip.MustParseAddr("10.89.0.2"), netip.MustParseAddr("10.89.0.3")
		var address atomic.Pointer[netip.Addr] // nil: the API server does not answer
		address.Store(&before)
		said := &bytes.Buffer{}
		s := &servers{namespace: "network", wanted: []string{"kea-dhcp-0"}, say: said, ask: func(_ context.Context, namespace string) ([]cluster.Pod, error) {
			if a := address.Load(); a != nil && namespace == "network" {
				return []cluster.Pod{{Name: "kea-dhcp-0", V4: *a}}, nil
			}
			return nil, io.ErrUnexpectedEOF
		}}
		if s.now() != nil {
			t.Error("servers before anybody asked")
		}
		ctx, cancel := context.WithCancel(t.Context())
		go s.follow(ctx)
		expect := func(what string, want netip.Addr, words string) {
			t.Helper()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if got := s.now(); len(got) != 1 || got[0].V4 != want {
				t.Errorf("%s: %v", what, got)
			}
			if got := said.String(); got != words {
				t.Errorf("%s: said %q, want %q", what, got, words)
			}
		}
		expect("at first", before, "")
		address.Store(nil)
		failing := "the pods' addresses are not known for the moment (the last ones are used): unexpected EOF\n"
		expect("without the API server", before, failing)
		address.Store(&after)
		expect("with another address", after, failing+"the pods' addresses are known again\n")
		cancel()
		synctest.Wait()
	})
}

func TestReport(t *testing.T) {
	failed := func(code string) error { return exec.CommandContext(t.Context(), "sh", "-c", code).Run() }
	for _, test := range []struct {
		what string
		err  error
		code int
		said string
	}{
		{"nothing", nil, 0, ""},
		{"an error", io.EOF, 1, "error: EOF\n"},
		{"a code alone", &exitError{code: 1}, 1, ""},
		{"a code and words", &exitError{code: 3, err: io.EOF}, 3, "error: EOF\n"},
		{"a program that spoke for itself", quietExit(failed("exit 7")), 7, ""},
		{"a program that was killed", quietExit(failed("kill -9 $$")), 1, "error: signal: killed\n"},
		{"a step's program, which did not", fmt.Errorf("step: %w", failed("exit 7")), 1, "error: step: exit status 7\n"},
	} {
		out := &bytes.Buffer{}
		if code := report(test.err, out); code != test.code || out.String() != test.said {
			t.Errorf("%s: exit code %d, said %q", test.what, code, out)
		}
	}
}
