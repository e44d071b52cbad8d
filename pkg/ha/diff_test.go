package ha

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// filed gives captured servers files that say what they run, with a change of the text.
func filed(t *testing.T, observations []Observation, change func(pod, text string) string) []Observation {
	t.Helper()
	for i := range observations {
		o := &observations[i]
		text := string(mustJSON(t, map[string]any{"Dhcp4": o.Config.Raw}))
		if change != nil {
			text = change(o.Server.Pod, text)
		}
		config, err := kea.ParseConfig([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		o.Server.File, o.Server.FileSource = &config, "configmap files, key "+o.Server.Pod
	}
	return observations
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// compared is a comparison in short.
func compared(c Comparison) string {
	text := fmt.Sprintf("%s %s | %s | %d", c.Aspect, c.A, c.B, c.Found)
	for _, d := range c.Differences {
		text += fmt.Sprintf(" %s: %s | %s", d.Path, d.A, d.B)
	}
	return strings.TrimSpace(text + " " + c.Why)
}

func TestDiffConfigurations(t *testing.T) {
	const a, b = "kea-dhcp-0/dhcp4", "kea-dhcp-1/dhcp4"
	for name, test := range map[string]struct {
		scenario string
		change   func(t *testing.T, pair []Observation) []Observation
		want     []string
	}{
		"the same, as captured": {
			"network", func(t *testing.T, p []Observation) []Observation { return filed(t, p, nil) },
			[]string{"peers " + a + " | " + b + " | 0", "file file | running | 0", "file file | running | 0"},
		},
		"a peer runs something else": {
			"branch", func(t *testing.T, p []Observation) []Observation {
				p = filed(t, p, nil)
				text := strings.Replace(string(mustJSON(t, map[string]any{"Dhcp4": p[1].Config.Raw})), `"decline-probation-period":86400`, `"decline-probation-period":60`, 1)
				config, err := kea.ParseConfig([]byte(text))
				if err != nil {
					t.Fatal(err)
				}
				p[1].Config = &config
				return p
			},
			[]string{
				"peers " + a + " | " + b + " | 1 decline-probation-period: 86400 | 60", "file file | running | 0",
				"file file | running | 1 decline-probation-period: 86400 | 60",
			},
		},
		"a file was changed and not loaded": {
			"branch", func(t *testing.T, p []Observation) []Observation {
				return filed(t, p, func(pod, text string) string {
					if pod == "kea-dhcp-1" {
						text = strings.Replace(text, `"decline-probation-period":86400`, `"decline-probation-period":60`, 1)
					}
					return text
				})
			},
			[]string{"peers " + a + " | " + b + " | 0", "file file | running | 0", "file file | running | 1 decline-probation-period: 60 | 86400"},
		},
		"a peer is down: the files are compared": {
			"network", func(t *testing.T, p []Observation) []Observation {
				p = filed(t, p, nil)
				down(&p[1], "CrashLoopBackOff")
				return p
			},
			[]string{
				"peers " + a + " (its file) | " + b + " (its file) | 0", "file file | running | 0",
				"file file | running | 0 it was not reached: CrashLoopBackOff",
			},
		},
		"a peer is down and has no file": {
			"network", func(_ *testing.T, p []Observation) []Observation {
				unreached(&p[1], errors.New("no answer"))
				p[1].Server.File, p[1].Server.FileSource = nil, ""
				return p[1:]
			},
			[]string{"file file | running | 0 its file is in no Secret and no ConfigMap"},
		},
		"a peer has no pod": {
			"network", func(t *testing.T, p []Observation) []Observation { return filed(t, p, nil)[:1] },
			[]string{"peers " + a + " | " + b + " | 0 " + b + " has no pod here", "file file | running | 0"},
		},
		"a server alone, and another password, which is not shown": {
			"foreign", func(t *testing.T, _ []Observation) []Observation {
				return filed(t, []Observation{captured(t, "foreign", "address-service")}, nil)
			},
			[]string{`file file | running | 1 lease-database.password: "<redacted>" | "<redacted>"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var p []Observation
			if test.scenario != "foreign" {
				p = pair(t, test.scenario)
			}
			got := []string{}
			for _, c := range DiffConfigurations(test.change(t, p)) {
				got = append(got, compared(c))
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDiffLogin(t *testing.T) {
	login := func(change func(*Login)) Login {
		l := Login{
			Server: "kea-0/dhcp4", User: "kea", Password: kea.NewSecret("one"), Source: "secret a, key pgpass", Secret: "secret b", Role: "kea", Set: kea.NewSecret("one"),
		}
		change(&l)
		return l
	}
	for name, test := range map[string]struct {
		login Login
		want  string
	}{
		"the same":           {login(func(*Login) {}), "credential login | secret b | 0"},
		"another":            {login(func(l *Login) { l.Set = kea.NewSecret("two") }), "credential login | secret b | 1 lease-database.password: <redacted> | <redacted>"},
		"none":               {login(func(l *Login) { l.Password, l.Lacking = kea.Secret{}, "no line" }), "credential login | secret b | 1 lease-database.password:  | <redacted>"},
		"one not readable":   {login(func(l *Login) { l.Password = kea.Secret{} }), "credential login | secret b | 0 the password in secret a, key pgpass could not be read"},
		"of another role":    {login(func(l *Login) { l.Role = "app" }), "credential login | secret b | 0 secret b holds the password of role app, and the server logs in as kea"},
		"Secret not there":   {login(func(l *Login) { l.Err = errors.New("gone") }), "credential login | secret b | 0 secret b: gone"},
		"Secret without one": {login(func(l *Login) { l.Set = kea.Secret{} }), "credential login | secret b | 0 secret b: it holds no password"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compared(DiffLogin(test.login)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// keeper is a server with leases of its own; later is what it knows when it is asked for one again.
type keeper struct {
	leases, later []kea.Lease
	failed        error
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func (k keeper) Clock(context.Context, kea.Service) (time.Time, error) { return noon, k.failed }

func (k keeper) LeasePage(_ context.Context, _ kea.Service, from netip.Addr, limit int) ([]kea.Lease, error) {
	found := []kea.Lease{}
	for _, l := range k.leases {
		if (!from.IsValid() || from.Less(l.Address)) && len(found) < limit {
			found = append(found, l)
		}
	}
	if len(found) == 0 {
		return nil, kea.ErrEmpty
	}
	return found, nil
}

func (k keeper) LeaseOf(_ context.Context, _ kea.Service, address netip.Addr, _ kea.LeaseType) (kea.Lease, error) {
	for _, l := range slices.Concat(k.later, k.leases) {
		if l.Address == address {
			return l, nil
		}
	}
	return kea.Lease{}, kea.ErrEmpty
}

// lease is one of a client, last seen so long before noon, for an hour.
func lease(address int, client byte, ago time.Duration) kea.Lease {
	return kea.Lease{
		Service: kea.DHCP4, Address: netip.AddrFrom4([4]byte{10, 0, byte(address >> 8), byte(address)}), HWAddress: []byte{2, 0, 0, 0, 0, client},
		CLTT: noon.Add(-ago), Valid: 3600,
	}
}

func reclaimed(l kea.Lease) kea.Lease { l.State = 2; return l }

func TestDiffLeases(t *testing.T) {
	many := func(n int) []kea.Lease {
		all := []kea.Lease{}
		for i := range n {
			all = append(all, lease(i+1, 1, time.Minute))
		}
		return all
	}
	for name, test := range map[string]struct {
		a, b    keeper
		limit   int
		want    string
		leases  int
		bounded bool
	}{
		"the same":          {a: keeper{leases: many(2)}, b: keeper{leases: many(2)}, want: "0", leases: 2},
		"none on both":      {want: "0"},
		"one on the first":  {a: keeper{leases: many(2)}, b: keeper{leases: many(1)}, want: "1 lease[10.0.0.2]: 02:00:00:00:00:01 until 2026-11-22T12:59:00Z |", leases: 2},
		"one on the second": {a: keeper{leases: many(1)}, b: keeper{leases: many(2)}, want: "1 lease[10.0.0.2]:  | 02:00:00:00:00:01 until 2026-11-22T12:59:00Z", leases: 2},
		"of two clients": {
			a: keeper{leases: []kea.Lease{lease(1, 1, time.Minute)}}, b: keeper{leases: []kea.Lease{lease(1, 2, time.Minute)}},
			want: "1 lease[10.0.0.1]: 02:00:00:00:00:01 until 2026-11-22T12:59:00Z | 02:00:00:00:00:02 until 2026-11-22T12:59:00Z", leases: 1,
		},
		"renewed on one":           {a: keeper{leases: []kea.Lease{lease(1, 1, 30*time.Minute)}}, b: keeper{leases: []kea.Lease{lease(1, 1, 20*time.Minute)}}, want: "0", leases: 1},
		"underway":                 {a: keeper{leases: []kea.Lease{lease(1, 1, 2*time.Second)}}, want: "0", leases: 1},
		"expired":                  {a: keeper{leases: []kea.Lease{lease(1, 1, time.Hour)}}, want: "0", leases: 1},
		"reclaimed":                {a: keeper{leases: []kea.Lease{reclaimed(lease(1, 1, time.Minute))}}, want: "0", leases: 1},
		"reclaimed on one":         {a: keeper{leases: many(1)}, b: keeper{leases: []kea.Lease{reclaimed(lease(1, 1, time.Minute))}}, want: "1 lease[10.0.0.1]: 02:00:00:00:00:01 until 2026-11-22T12:59:00Z |", leases: 1},
		"it came meanwhile":        {a: keeper{leases: many(1)}, b: keeper{later: many(1)}, want: "0", leases: 1},
		"it was released since":    {a: keeper{leases: many(1), later: []kea.Lease{reclaimed(lease(1, 1, time.Minute))}}, want: "0", leases: 1},
		"bounded by the first":     {a: keeper{leases: many(2500)}, b: keeper{leases: many(2400)}, limit: 1000, want: "0", leases: 1000, bounded: true},
		"several pages":            {a: keeper{leases: many(2400)}, b: keeper{leases: many(2400)}, limit: 5000, want: "0", leases: 2400},
		"a server does not answer": {a: keeper{leases: many(1)}, b: keeper{failed: errors.New("no answer")}, want: "0 kea-1/dhcp4: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			server := func(pod string) inventory.Server { return inventory.Server{Pod: pod, Service: kea.DHCP4} }
			c := DiffLeases(t.Context(), server("kea-0"), server("kea-1"), test.a, test.b, cmp.Or(test.limit, 100))
			want := "leases kea-0/dhcp4 | kea-1/dhcp4 | " + test.want
			if got := compared(c); got != want || c.Leases != test.leases || c.Bounded != test.bounded {
				t.Errorf("%d leases, bounded %v\ngot  %s\nwant %s", c.Leases, c.Bounded, got, want)
			}
		})
	}
	c := DiffLeases(t.Context(), inventory.Server{}, inventory.Server{}, keeper{leases: many(300)}, keeper{}, 1000)
	if c.Found != 300 || len(c.Differences) != shownLeases {
		t.Errorf("%d differences, %d named", c.Found, len(c.Differences))
	}
}

func TestDiffReportSum(t *testing.T) {
	r := DiffReport{Comparisons: []Comparison{
		{Aspect: AspectLeases, Server: "b"},
		{Aspect: AspectFile, Server: "b", Found: 2},
		{Aspect: AspectCredential, Server: "a", Why: "no such thing", Absent: true},
		{Aspect: AspectPeers, Server: "b", Found: 1},
	}}
	r.sum()
	order := ""
	for _, c := range r.Comparisons {
		order += c.Server + " " + string(c.Aspect) + ", "
	}
	if order != "a credential, b peers, b file, b leases, " || r.Found != 3 || !r.Complete {
		t.Errorf("%s: %d differences, complete %v", order, r.Found, r.Complete)
	}
	r.Comparisons[1].Why = "no answer"
	if r.sum(); r.Complete {
		t.Error("what was not compared is complete")
	}
}
