package cmd

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// evil is what a client may send as its name.
const evil = "\x1b[2J\x1b]0;owned\x07\r\nlease/10.0.0.1"

// day is the moment of all lease screens.
func day() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

func someOrigin() leases.Origin {
	return leases.Origin{
		Namespace: "network", Time: day(), Source: "sql", From: []string{"kea at kea-database, as kea_viewer"}, Notes: []string{}, Unread: []problem.Unread{},
	}
}

func octetsOf(text string) leases.Octets {
	var o leases.Octets
	if err := o.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return o
}

// lease4 is an ordinary lease; n tells them apart.
func lease4(n int) leases.Lease {
	mac := octetsOf(fmt.Sprintf("02:00:00:00:00:%02x", n))
	return leases.Lease{
		Service: kea.DHCP4, Type: leases.V4, Address: netip.AddrFrom4([4]byte{10, 10, 1, byte(n)}), VLAN: 10, VLANName: "users", SubnetID: 10, Subnet: "10.10.0.0/16",
		HWAddress: mac, ClientID: append(leases.Octets{1}, mac...), Hostname: fmt.Sprintf("client-%d.example.org", n), State: leases.Active,
		ValidLifetime: 3600, LastSeen: day().Add(-15 * time.Minute), Expires: day().Add(45 * time.Minute),
	}
}

func lease6(n int) leases.Lease {
	l := lease4(n)
	l.Service, l.Type, l.Address, l.Subnet = kea.DHCP6, leases.NA, netip.MustParseAddr(fmt.Sprintf("2001:db8:10::1:%x", n)), "2001:db8:10::/64"
	l.DUID, l.IAID, l.ClientID, l.PreferredLifetime = octetsOf(fmt.Sprintf("00:03:00:01:02:00:00:00:00:%02x", n)), 1<<31+7, nil, 1800
	return l
}

func change4(n int, f func(*leases.Lease)) leases.Lease {
	l := lease4(n)
	f(&l)
	return l
}

// oddLeases are ordinary leases and whatever else there is.
func oddLeases() []leases.Lease {
	prefix := lease6(9)
	prefix.Type, prefix.Address, prefix.Length, prefix.HWAddress = leases.PD, netip.MustParseAddr("2001:db8:8000:900::"), 56, nil
	return []leases.Lease{
		lease4(1),
		change4(2, func(l *leases.Lease) { l.Expires, l.ValidLifetime = time.Time{}, 1<<32-1 }),
		change4(3, func(l *leases.Lease) { l.State, l.Expires = leases.Expired, day().Add(-3*time.Minute) }),
		change4(4, func(l *leases.Lease) { l.State, l.HWAddress, l.ClientID, l.Hostname = leases.Declined, nil, nil, "" }),
		change4(5, func(l *leases.Lease) { l.State, l.Expires = leases.Reclaimed, day().Add(-time.Hour) }),
		change4(6, func(l *leases.Lease) { l.Hostname = evil }),
		change4(7, func(l *leases.Lease) { l.Hostname = strings.Repeat("x", 255) }),
		change4(8, func(l *leases.Lease) { l.VLAN, l.VLANName, l.Subnet, l.SubnetID = 0, "", "", 99 }),
		change4(9, func(l *leases.Lease) { l.VLAN, l.VLANName = 0, "" }),
		change4(10, func(l *leases.Lease) { l.MissingOn, l.Hostname = []string{"kea-dhcp-1/dhcp4"}, "\xff\xfe" }),
		change4(11, func(l *leases.Lease) { l.State = "state-9" }),
		change4(12, func(l *leases.Lease) { l.LastSeen = day().Add(time.Minute) }),
		lease6(1),
		prefix,
	}
}

// shown is what a format writes of leases, on a terminal of some columns or into a pipe (0).
func shown(t *testing.T, all []leases.Lease, format string, width int, colour, namespaces bool) string {
	t.Helper()
	env, out, _ := testEnv()
	if width > 0 {
		env.OutSize = func() printer.Size { return printer.Size{Width: width} }
	}
	coloured(t, &env, colour)
	o := &output{env: &env, spec: format, choices: printer.Choices{Name: true, CSV: true, Dialects: dialects(false)}}
	f, err := o.format()
	if err != nil {
		t.Fatal(err)
	}
	rows := o.rows(f, namespaces)
	write := func(namespace string, all []leases.Lease) {
		about := someOrigin()
		about.Namespace = namespace
		if err := rows.begin(about); err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if err := rows.row(&all[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.end(about, false); err != nil {
			t.Fatal(err)
		}
	}
	if namespaces {
		write("campus", all[:min(2, len(all))])
	}
	write("network", all)
	if err := rows.close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// coloured sets --color.
func coloured(t *testing.T, env *Env, colour bool) {
	t.Helper()
	if err := env.color.Set(map[bool]string{true: "always", false: "never"}[colour]); err != nil {
		t.Fatal(err)
	}
}

// screen compares what is on a screen with a file, and looks for what must not be there.
func screen(t *testing.T, name, text string, width int) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	golden(t, name, lines)
	for _, line := range lines {
		if w := ansi.StringWidth(line); width > 0 && w > width && !oneWord(line) {
			t.Errorf("%d columns: %q", w, line)
		}
		if strings.ContainsAny(ansi.Strip(line), "\x1b\r\x07\u202e") {
			t.Errorf("a control character: %q", line)
		}
	}
}

func TestLeasesScreens(t *testing.T) {
	all := oddLeases()
	for _, test := range []struct {
		name, format       string
		width              int
		colour, namespaces bool
	}{
		{"80", "", 80, false, false},
		{"140", "", 140, false, false},
		{"colour", "", 140, true, false},
		{"pipe", "", 0, false, false},
		{"wide", "wide", 80, false, false},
		{"namespaces", "", 140, false, true},
		{"namespaces-80", "", 80, false, true},
		{"csv", "csv", 0, false, false},
		{"csv-namespaces", "csv", 0, false, true},
		{"json", "json", 0, false, false},
		{"json-namespaces", "json", 0, false, true},
		{"yaml", "yaml", 0, false, false},
		{"yaml-namespaces", "yaml", 0, false, true},
		{"name", "name", 0, false, false},
		{"jsonpath", "jsonpath={range .leases[*]}{.address}{' '}{.hostname}{'\\n'}{end}", 0, false, false},
		{"columns", "custom-columns=IP:.address,MAC:.hwAddress,VLAN:.vlan", 0, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := shown(t, all, test.format, test.width, test.colour, test.namespaces)
			if test.name == "jsonpath" {
				return // as it is, for programs; the dialects escape on a terminal
			}
			width := test.width
			if test.format == "wide" {
				width = 0
			}
			screen(t, "leases-list-"+test.name, text, width)
		})
	}
	plain, colour := shown(t, all, "", 140, false, false), shown(t, all, "", 140, true, false)
	if diff := cmp.Diff(plain, ansi.Strip(colour)); diff != "" {
		t.Errorf("colour changes the words:\n%s", diff)
	}
}

// An address is never cut off: somebody will copy it.
func TestLeasesAddressesStayWhole(t *testing.T) {
	long := lease6(1)
	long.Address = netip.MustParseAddr("2001:db8:1234:5678:9abc:def0:1234:5678")
	long.Hostname, long.HWAddress = strings.Repeat("long", 20), nil
	for _, width := range []int{80, 100, 140} {
		text := shown(t, []leases.Lease{lease4(1), long}, "", width, false, false)
		if !strings.Contains(text, long.Address.String()+" ") {
			t.Errorf("at %d columns:\n%s", width, text)
		}
		screen(t, fmt.Sprintf("leases-list-long-%d", width), text, width)
	}
}

// What is written bit by bit is what the whole value would be.
func TestLeasesStreamsAreWhole(t *testing.T) {
	for _, n := range []int{0, 1, 2, chunkSize, 2*chunkSize + 1} {
		all := make([]leases.Lease, n)
		for i := range all {
			all[i] = lease4(i % 256)
		}
		want, err := json.Marshal(leases.List{Origin: someOrigin(), Leases: all})
		if err != nil {
			t.Fatal(err)
		}
		for format, decode := range map[string]func([]byte) ([]byte, error){
			"json": func(b []byte) ([]byte, error) { return b, nil },
			"yaml": yaml.YAMLToJSON,
		} {
			text := shown(t, all, format, 0, false, false)
			raw, err := decode([]byte(text))
			if err != nil {
				t.Fatalf("%s of %d: %v", format, n, err)
			}
			if diff := cmp.Diff(generic(t, want), generic(t, raw)); diff != "" {
				t.Errorf("%s of %d:\n%s", format, n, diff)
			}
			text = shown(t, all, format, 0, false, true)
			if raw, err = decode([]byte(text)); err != nil {
				t.Fatalf("%s of namespaces: %v", format, err)
			}
			if items := generic(t, raw).(map[string]any)["items"].([]any); len(items) != 2 {
				t.Errorf("%s: %d items", format, len(items))
			}
		}
		table := strings.Split(strings.TrimRight(shown(t, all, "", 0, false, false), "\n"), "\n")
		if n > 0 && len(table) != n+1 {
			t.Errorf("a table of %d leases has %d lines", n, len(table))
		}
		column := strings.Index(table[0], "CLIENT")
		for _, line := range table[min(1, n):] {
			if n > 0 && !strings.HasPrefix(line[column:], "02:00:") {
				t.Fatalf("out of line: %q", line)
			}
		}
		records, err := csv.NewReader(strings.NewReader(shown(t, all, "csv", 0, false, false))).ReadAll()
		if err != nil || len(records) != n+1 {
			t.Errorf("csv of %d: %d records, %v", n, len(records), err)
		}
	}
}

func generic(t *testing.T, raw []byte) any {
	t.Helper()
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		t.Fatalf("%v:\n%s", err, raw)
	}
	return value
}

// fullCard is a card with everything in it.
func fullCard() (leases.Card, leases.Wanted) {
	l := lease4(7)
	l.FQDNForward, l.FQDNReverse = true, true
	l.UserContext = []byte(`{"ISC":{"relay-agent-info":{"sub-options":"0x0104766c3130"}},"note":"moved from floor 3"}`)
	l.MissingOn = []string{"kea-dhcp-1/dhcp4"}
	other := lease4(8)
	card := leases.Card{
		Origin: someOrigin(), Asked: "10.10.1.7", As: "IPv4 address",
		Entries: []leases.Entry{{
			Lease: l, SharedNetwork: "floor-1", VLANFrom: "subnet's user-context", Pool: "10.10.1.0-10.10.254.255", ClientID: "Ethernet 02:00:00:00:00:07",
			Relay: []leases.RelayFact{{Name: "circuit-id", Hex: octetsOf("76:6c:31:30"), Text: "vl10"}, {Name: "remote-id", Hex: octetsOf("00:01")}},
			Reservations: []leases.ReservedFor{
				{Identifier: "hw-address 02:00:00:00:00:07", Address: "10.10.1.7", Hostname: "printer-7", From: "configuration", Fits: true},
				{Identifier: "client-id 01:02:00:00:00:00:09", Address: "10.10.1.7", From: "database", Why: "the address is reserved for another client"},
			},
			Others: []leases.Lease{other, lease6(7)},
			Before: []leases.FormerHolder{
				{Client: "02:00:00:00:00:05", Hostname: "client-5", From: day().Add(-50 * time.Hour), Until: day().Add(-26 * time.Hour), End: "released"},
				{Client: "02:00:00:00:00:04", Hostname: evil, From: day().Add(-90 * time.Hour), Until: day().Add(-51 * time.Hour), End: "expired"},
			},
		}},
	}
	return card, leases.Wanted{Text: "10.10.1.7", Kinds: []leases.Kind{leases.IPv4Address}}
}

func cards(t *testing.T) map[string]func() (leases.Card, leases.Wanted) {
	t.Helper()
	wanted := func(text string) leases.Wanted {
		w, err := leases.ParseWanted(text)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	vacant := func(v leases.Vacancy) func() (leases.Card, leases.Wanted) {
		return func() (leases.Card, leases.Wanted) {
			v.Address = "10.10.1.7"
			return leases.Card{Origin: someOrigin(), Asked: "10.10.1.7", As: "IPv4 address", Entries: []leases.Entry{}, Address: &v}, wanted("10.10.1.7")
		}
	}
	where := leases.Vacancy{Subnet: "10.10.0.0/16", VLAN: 10, VLANName: "users", Pool: "10.10.1.0-10.10.254.255", Reserved: []leases.ReservedFor{}}
	verdict := func(v string) leases.Vacancy { w := where; w.Verdict = v; return w }
	reserved := verdict("reserved")
	reserved.Reserved = []leases.ReservedFor{{Identifier: "hw-address 02:00:00:00:00:09", Address: "10.10.1.7", Hostname: evil, From: "database"}}
	return map[string]func() (leases.Card, leases.Wanted){
		"full": fullCard,
		"prefix": func() (leases.Card, leases.Wanted) {
			all := oddLeases()
			return leases.Card{Origin: someOrigin(), Asked: "00:03:00:01:02:00:00:00:00:09", As: "DUID", Entries: []leases.Entry{{
				Lease: all[len(all)-1], DUID: "DUID-LL: Ethernet 02:00:00:00:00:09", Pool: "2001:db8:8000::/40",
			}}}, wanted("00:03:00:01:02:00:00:00:00:09")
		},
		"hostile": func() (leases.Card, leases.Wanted) {
			l := lease4(1)
			l.Hostname, l.UserContext, l.VLANName = evil, []byte(`{"note":"\u001b[2J"}`), evil
			return leases.Card{Origin: someOrigin(), Asked: evil, As: evil, Entries: []leases.Entry{{
				Lease: l, ClientID: evil, SharedNetwork: evil, VLANFrom: evil, Pool: evil,
				Relay:        []leases.RelayFact{{Name: evil, Text: evil}},
				Reservations: []leases.ReservedFor{{Identifier: evil, Why: evil, From: evil}},
			}}}, wanted("10.10.1.7")
		},
		"orphan": func() (leases.Card, leases.Wanted) {
			return leases.Card{Origin: someOrigin(), Asked: "10.10.1.8", Entries: []leases.Entry{{Lease: oddLeases()[7]}}}, wanted("10.10.1.8")
		},
		"many": func() (leases.Card, leases.Wanted) {
			card := leases.Card{Origin: someOrigin(), Asked: "printer", As: "host name"}
			for _, l := range oddLeases() {
				card.Entries = append(card.Entries, leases.Entry{Lease: l})
			}
			return card, wanted("printer")
		},
		"nobody": func() (leases.Card, leases.Wanted) {
			return leases.Card{Origin: someOrigin(), Asked: "02:00:00:00:00:ff", As: "hardware address", Entries: []leases.Entry{}}, wanted("02:00:00:00:00:ff")
		},
		"free": vacant(verdict("free")), "outside": vacant(verdict("outside-pools")), "reserved": vacant(reserved),
		"no-subnet": vacant(leases.Vacancy{Verdict: "no-subnet", Reserved: []leases.ReservedFor{}}),
	}
}

func TestLeaseCards(t *testing.T) {
	for name, make := range cards(t) {
		for suffix, canvas := range map[string]printer.Canvas{"-80": {Width: 80}, "-140": {Width: 140}} {
			t.Run(name+suffix, func(t *testing.T) {
				card, wanted := make()
				screen(t, "leases-get-"+name+suffix, strings.Join(cardPage(card, wanted, canvas).Lines(canvas), "\n"), canvas.Width)
			})
		}
	}
	canvas := printer.Canvas{Width: 80, Theme: printer.NewTheme()}
	card, wanted := fullCard()
	screen(t, "leases-get-full-colour", strings.Join(cardPage(card, wanted, canvas).Lines(canvas), "\n"), 80)
}

func amountOf(total, assigned, declined, reserved, free uint64) leases.Amount {
	return leases.Amount{Total: kea.CountOf(total), Assigned: kea.CountOf(assigned), Declined: kea.CountOf(declined), Reserved: kea.CountOf(reserved), Free: kea.CountOf(free)}
}

// someUsage has VLANs of every fullness.
func someUsage() leases.Usage {
	big := kea.Pool{First: netip.MustParseAddr("2001:db8:10::"), Last: netip.MustParseAddr("2001:db8:10::ffff:ffff:ffff:ffff")}
	assigned := kea.CountOf(230)
	perHour := 12.5
	huge := leases.Amount{Total: big.Size(), Assigned: kea.CountOf(1_000_000), Free: big.Size().Sub(kea.CountOf(1_000_000))}
	prefixes := amountOf(256, 210, 0, 0, 46)
	u := leases.Usage{
		Origin: someOrigin(),
		VLANs: []leases.VLANUsage{
			{Service: kea.DHCP4, VLAN: 20, Name: "voice", From: "shared network's name", Amount: amountOf(250, 230, 20, 5, 0), PerHour: &perHour, FullIn: "full", Subnets: []leases.SubnetUsage{
				{ID: 20, Subnet: "10.20.0.0/24", SharedNetwork: "vlan20", Amount: amountOf(250, 230, 20, 5, 0), Pools: []leases.PoolUsage{
					{Pool: "10.20.0.5-10.20.0.254", Total: kea.CountOf(250), Reserved: kea.CountOf(5), Assigned: &assigned},
				}},
			}},
			{Service: kea.DHCP4, VLAN: 30, Name: "guests", Amount: amountOf(1000, 930, 0, 0, 70), Subnets: []leases.SubnetUsage{}},
			{Service: kea.DHCP4, VLAN: 40, Amount: amountOf(1000, 820, 3, 0, 177), Subnets: []leases.SubnetUsage{}},
			{Service: kea.DHCP6, VLAN: 10, Name: evil, Amount: huge, Prefix: &prefixes, Subnets: []leases.SubnetUsage{
				{ID: 10, Subnet: "2001:db8:10::/64", Amount: huge, Prefix: &prefixes, Pools: []leases.PoolUsage{{Pool: "2001:db8:10::/64", Total: big.Size()}}},
			}},
			{Service: kea.DHCP4, Amount: amountOf(763, 27, 0, 0, 736), Subnets: []leases.SubnetUsage{{ID: 1, Subnet: "10.66.0.0/22", Amount: amountOf(763, 27, 0, 0, 736)}}},
			{Service: kea.DHCP4, Amount: amountOf(0, 3, 1, 0, 0), Subnets: []leases.SubnetUsage{{ID: 99, Amount: amountOf(0, 3, 1, 0, 0)}}},
		},
		Totals: []leases.Totals{{Service: kea.DHCP4, Amount: amountOf(3013, 2010, 24, 5, 983)}, {Service: kea.DHCP6, Amount: huge, Prefix: &prefixes}},
		Differences: []leases.Difference{{
			Service: kea.DHCP4, Subnet: "10.20.0.0/24", What: "assigned addresses", A: "database", ACount: kea.CountOf(230), B: "kea-dhcp-1/dhcp4", BCount: kea.CountOf(100), Means: "the server counts leases that the others do not have, or misses some: kubectl kea ha status",
		}},
	}
	return u
}

func TestLeasesUsageScreens(t *testing.T) {
	u := someUsage()
	for suffix, canvas := range map[string]printer.Canvas{
		"80": {Width: 80}, "140": {Width: 140}, "wide": {Wide: true}, "colour": {Width: 140, Theme: printer.NewTheme()},
	} {
		t.Run(suffix, func(t *testing.T) {
			screen(t, "leases-usage-"+suffix, strings.Join(usagePage(u, canvas).Lines(canvas), "\n"), canvas.Width)
		})
	}
	empty := leases.Usage{Origin: someOrigin()}
	canvas := printer.Canvas{Width: 80}
	screen(t, "leases-usage-empty", strings.Join(usagePage(empty, canvas).Lines(canvas), "\n"), 80)
	records := usageRecords([]leases.Usage{u})
	for _, row := range records.Rows {
		if len(row) != len(records.Header) {
			t.Errorf("%d cells under %d headers", len(row), len(records.Header))
		}
	}
}

func TestLeaseFeedScreens(t *testing.T) {
	event := func(kind leases.EventKind, l leases.Lease, note string) leases.Event {
		return leases.Event{Time: day(), Kind: kind, Lease: l, Note: note}
	}
	all := oddLeases()
	events := []leases.Event{
		event(leases.Granted, all[0], ""), event(leases.Renewed, all[1], ""), event(leases.Freed, all[5], ""), event(leases.Refused, all[3], ""),
		event(leases.RanOut, all[2], ""), event(leases.Erased, all[6], "before its end: up to Kea 2.2 the client released it, later somebody deleted it"),
		event(leases.Granted, all[len(all)-2], ""), event(leases.Seen, all[len(all)-1], ""), event(leases.Moved, all[7], "another client got the address"),
		event(leases.Counted, leases.Lease{Service: kea.DHCP4, VLAN: 10, VLANName: "users"}, "21 leases, 3 more"), event(leases.Lost, leases.Lease{}, evil), event(leases.Back, leases.Lease{}, ""),
	}
	for _, test := range []struct {
		name, format string
		width        int
		all          bool
	}{{"80", "", 80, false}, {"140", "", 140, false}, {"pipe", "", 0, false}, {"wide", "wide", 0, false}, {"csv", "csv", 0, true}, {"name", "name", 0, false}, {"namespaces", "", 140, true}} {
		t.Run(test.name, func(t *testing.T) {
			env, out, _ := testEnv()
			if test.width > 0 {
				env.OutSize = func() printer.Size { return printer.Size{Width: test.width} }
			}
			coloured(t, &env, false)
			o := output{env: &env, spec: test.format, choices: printer.Choices{Name: true, CSV: true}}
			f, err := o.format()
			if err != nil {
				t.Fatal(err)
			}
			w := &eventLines{out: &o, format: f, all: test.all}
			for i := range events {
				if err := w.write("network", &events[i]); err != nil {
					t.Fatal(err)
				}
			}
			screen(t, "leases-feed-"+test.name, out.String(), test.width)
		})
	}
}

func TestLeaseRemovalScreens(t *testing.T) {
	rules := leases.RemovalRules{
		Now: day(), Servers: func(*leases.Lease) []string { return []string{"kea-dhcp-0/dhcp4"} },
		Reserved: func(l *leases.Lease) []leases.ReservedFor {
			if l.Address.String() != "10.10.1.1" {
				return nil
			}
			return []leases.ReservedFor{{Identifier: "hw-address 02:00:00:00:00:01", From: "database"}}
		},
	}
	forced := rules
	forced.InUse = true
	for name, plan := range map[string]leases.RemovalPlan{
		"refused": leases.PlanRemoval(oddLeases(), rules), "forced": leases.PlanRemoval(oddLeases(), forced), "nothing": leases.PlanRemoval(nil, rules),
	} {
		for suffix, canvas := range map[string]printer.Canvas{"-80": {Width: 80}, "-140": {Width: 140}} {
			t.Run(name+suffix, func(t *testing.T) {
				page := leaseRemovalPage(removalReport{RemovalPlan: plan, DryRun: name == "refused"}, someOrigin(), canvas)
				screen(t, "leases-removal-"+name+suffix, strings.Join(page.Lines(canvas), "\n"), canvas.Width)
			})
		}
	}
	var said []string
	for _, done := range []leases.Removed{
		{Lease: lease4(1), Outcome: leases.OutcomeDeleted},
		{Lease: lease4(1), Outcome: leases.OutcomeGone},
		{Lease: lease4(1), Outcome: leases.OutcomeChanged, Why: "its client has renewed it on kea-0/dhcp4"},
		{Lease: lease4(1), Outcome: leases.OutcomeFailed, Why: evil},
	} {
		said = append(said, outcome(done).String())
	}
	want := []string{"deleted", "was gone already", "left alone: its client has renewed it on kea-0/dhcp4", `failed: \x1b[2J\x1b]0;owned\a\r\nlease/10.0.0.1`}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
}

// Namespaces come in one order, and what a limit cuts off is said of the right one.
func TestMergeLists(t *testing.T) {
	old := change4(3, func(l *leases.Lease) { l.LastSeen = day().Add(-time.Hour) })
	lists := []leases.List{
		{Origin: leases.Origin{Namespace: "campus"}, Leases: []leases.Lease{lease4(1), old}},
		{Origin: leases.Origin{Namespace: "network"}, Leases: []leases.Lease{lease4(2)}},
	}
	merged := mergeLists(lists, leases.Filter{Sort: leases.ByLastSeen, Reverse: true, Limit: 2})
	var got []string
	for _, m := range merged {
		got = append(got, lists[m.list].Namespace+" "+m.lease.Resource())
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"campus 10.10.1.1", "network 10.10.1.2"}, got); diff != "" {
		t.Error(diff)
	}
	if !lists[0].More || lists[1].More {
		t.Errorf("more: %v, %v", lists[0].More, lists[1].More)
	}
}

func TestLineWriter(t *testing.T) {
	for _, test := range []struct {
		w    lineWriter
		want string
	}{
		{lineWriter{}, "head\none\ntwo\n"},
		{lineWriter{drop: true}, "one\ntwo\n"},
		{lineWriter{first: "namespace,", prefix: "x,"}, "namespace,head\nx,one\nx,two\n"},
		{lineWriter{drop: true, prefix: "x,"}, "x,one\nx,two\n"},
	} {
		var b bytes.Buffer
		w := test.w
		w.to = &b
		for _, text := range []string{"head\none\n", "two\n"} {
			if n, err := w.Write([]byte(text)); err != nil || n != len(text) {
				t.Fatal(n, err)
			}
		}
		if b.String() != test.want {
			t.Errorf("%+v: %q", test.w, b.String())
		}
	}
}
