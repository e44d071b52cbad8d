//go:build e2e

package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
)

// leased is a scenario whose leases stand in PostgreSQL.
type leased struct{ scenario, namespace, cluster, database string }

func leasedInSQL() []leased {
	return []leased{
		{"hot-standby", "network", "kea-database", "kea"},
		{"load-balancing", "campus", "campus-db", "kea"},
		{"foreign", "foreign", "dhcpstore", "leases"},
	}
}

// withClients plays real clients against a scenario. Their leases stay for an hour.
func withClients(t *testing.T, scenario string) {
	t.Helper()
	if m := underLoad(t, func() {}, scenario, "-rate", "20", "-duration", "3s"); m.Started == 0 || m.Lost > m.Started/2 {
		t.Fatalf("clients of %s: %+v", scenario, m)
	}
}

// listed is `leases -o json`, which must succeed.
func listed(t *testing.T, namespace string, more ...string) leases.List {
	t.Helper()
	r := plugin(t, append([]string{"leases", "-n", namespace, "-o", "json"}, more...)...)
	if r.code != 0 {
		t.Fatalf("leases %v: exit %d: %s", more, r.code, r.err)
	}
	return decode[leases.List](t, r)
}

// told is a lease in few words, for comparing.
func told(l *leases.Lease) string {
	expires := int64(0)
	if !l.Expires.IsZero() {
		expires = l.Expires.Unix()
	}
	client := l.ClientID
	if l.Service == kea.DHCP6 {
		client = l.DUID
	}
	return fmt.Sprintf("%s %s %s/%s subnet %d until %d for %d state %s name %q", l.Type, l.Resource(), strings.ReplaceAll(l.HWAddress.String(), ":", ""),
		strings.ReplaceAll(client.String(), ":", ""), l.SubnetID, expires, l.ValidLifetime, l.State, l.Hostname)
}

func addresses() cmp.Option { return cmp.Comparer(func(a, b netip.Addr) bool { return a == b }) }

// inSQL are all leases of a database, told by psql.
func inSQL(t *testing.T, at leased) []string {
	t.Helper()
	const state = `case when state=0 and expire<=now() and valid_lifetime<>4294967295 then 'expired' else (array['active','declined','reclaimed','released','registered'])[state+1] end`
	const end = `case when valid_lifetime=4294967295 then 0 else extract(epoch from expire)::bigint end`
	rows := psql(t, at.namespace, at.cluster, at.database, `select json_build_array('V4', host('0.0.0.0'::inet+address), encode(coalesce(hwaddr,''),'hex'), encode(coalesce(client_id,''),'hex'), subnet_id, `+end+`, valid_lifetime, `+state+`, coalesce(hostname,'')) from lease4 order by address`)
	rows += "\n" + psql(t, at.namespace, at.cluster, at.database, `select json_build_array((array['IA_NA','IA_TA','IA_PD'])[lease_type+1], host(address::inet) || case when lease_type=2 then '/' || prefix_len else '' end, encode(coalesce(hwaddr,''),'hex'), encode(duid,'hex'), subnet_id, `+end+`, valid_lifetime, `+state+`, coalesce(hostname,'')) from lease6 order by address::inet, prefix_len`)
	var all []string
	for line := range strings.SplitSeq(strings.TrimSpace(rows), "\n") {
		var r []any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, fmt.Sprintf("%v %v %v/%v subnet %.0f until %.0f for %.0f state %v name %q", r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]))
	}
	return all
}

// All leases of each database are listed, in the order of their addresses and as the database has them; the servers' API
// tells the same, to the last field.
func TestLeasesAreThoseOfTheDatabase(t *testing.T) {
	claims(t, "network", "campus", "foreign")
	for _, at := range leasedInSQL() {
		t.Run(at.namespace, func(t *testing.T) {
			withClients(t, at.scenario)
			list := listed(t, at.namespace)
			got := []string{}
			for i := range list.Leases {
				got = append(got, told(&list.Leases[i]))
			}
			if diff := cmp.Diff(inSQL(t, at), got); diff != "" {
				t.Errorf("the database (-) and the list (+):\n%s", diff)
			}
			if list.Source != "sql" || len(got) < 20 || len(list.Unread) > 0 {
				t.Errorf("%d leases from %s (%v), unread %v", len(got), list.Source, list.From, list.Unread)
			}
			api := listed(t, at.namespace, "--source", "api")
			if api.Source != "api" {
				t.Errorf("--source api was read from %s", api.Source)
			}
			if diff := cmp.Diff(list.Leases, api.Leases, addresses()); diff != "" {
				t.Errorf("SQL (-) and Kea's API (+):\n%s", diff)
			}
		})
	}
}

// VLANs are those of the configuration, and foreign's are not known until somebody tells them.
func TestLeasesHaveTheirVLAN(t *testing.T) {
	claims(t, "network", "campus", "foreign")
	withClients(t, "foreign")
	for _, l := range listed(t, "network").Leases {
		want := map[uint32]string{10: "10 users", 20: "20 voice", 30: "30 guests"}[l.SubnetID]
		if got := fmt.Sprintf("%d %s", l.VLAN, l.VLANName); got != want {
			t.Fatalf("%s of subnet %d: VLAN %s, want %s", l.Resource(), l.SubnetID, got, want)
		}
	}
	for _, l := range listed(t, "foreign").Leases {
		if l.VLAN != 0 || l.Subnet == "" {
			t.Fatalf("%s: VLAN %d, subnet %q", l.Resource(), l.VLAN, l.Subnet)
		}
	}
	if r := plugin(t, "leases", "-n", "foreign", "--vlan", "66"); r.code != 2 || !strings.Contains(r.err, "--vlan-map") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	mapped := listed(t, "foreign", "--vlan-map", "66=10.66.0.0/16", "--vlan", "66")
	if len(mapped.Leases) == 0 || mapped.Leases[0].VLAN != 66 {
		t.Errorf("with a map: %d leases", len(mapped.Leases))
	}
}

// Every filter gives what a look at each lease of the whole list would give, through SQL and through the API.
func TestLeaseFilters(t *testing.T) {
	claims(t, "network")
	withClients(t, "hot-standby")
	name := func(sql string) { psql(t, "network", "kea-database", "kea", sql) }
	name(`update lease4 set hostname='printer-7.example.org' where address=(select min(address) from lease4 where state=0 and expire>now())`)
	name(`update lease6 set hostname='Printer-8.example.org' where address=(select min(address) from lease6 where state=0 and expire>now() and lease_type=0)`)
	t.Cleanup(func() {
		name(`update lease4 set hostname='' where hostname ilike 'printer-%'`)
		name(`update lease6 set hostname='' where hostname ilike 'printer-%'`)
	})
	all := listed(t, "network").Leases
	first4 := all[slices.IndexFunc(all, func(l leases.Lease) bool {
		return l.Service == kea.DHCP4 && len(l.HWAddress) == 6 && len(l.ClientID) > 0
	})]
	first6 := all[slices.IndexFunc(all, func(l leases.Lease) bool {
		return l.Service == kea.DHCP6 && l.Type == leases.NA && len(l.HWAddress) == 6
	})]
	mac := first4.HWAddress.String()
	bare := strings.ReplaceAll(mac, ":", "")
	isMAC := func(l *leases.Lease) bool { return l.HWAddress.String() == mac }
	for _, test := range []struct {
		args []string
		fits func(*leases.Lease) bool
	}{
		{[]string{"-4"}, func(l *leases.Lease) bool { return l.Service == kea.DHCP4 }},
		{[]string{"-6"}, func(l *leases.Lease) bool { return l.Service == kea.DHCP6 }},
		{[]string{"--vlan", "20"}, func(l *leases.Lease) bool { return l.VLAN == 20 }},
		{[]string{"--vlan", "guests,voice"}, func(l *leases.Lease) bool { return l.VLAN != 10 }},
		{[]string{"--subnet", "10.10.0.0/16"}, func(l *leases.Lease) bool { return l.Subnet == "10.10.0.0/16" }},
		{[]string{"--subnet", "30", "-6"}, func(l *leases.Lease) bool { return l.SubnetID == 30 && l.Service == kea.DHCP6 }},
		{[]string{"--ip", first4.Address.String()}, func(l *leases.Lease) bool { return l.Address == first4.Address }},
		{[]string{"--ip", "10.20.0.0/16"}, func(l *leases.Lease) bool { return netip.MustParsePrefix("10.20.0.0/16").Contains(l.Address) }},
		{[]string{"--ip", "10.30.0.50-10.30.0.52,2001:db8:20::/64"}, func(l *leases.Lease) bool {
			return l.Address.Compare(netip.MustParseAddr("10.30.0.50")) >= 0 && l.Address.Compare(netip.MustParseAddr("10.30.0.52")) <= 0 || netip.MustParsePrefix("2001:db8:20::/64").Contains(l.Address)
		}},
		{[]string{"--mac", mac}, isMAC},
		{[]string{"--mac", strings.ToUpper(strings.ReplaceAll(mac, ":", "-"))}, isMAC},
		{[]string{"--mac", bare[:4] + "." + bare[4:8] + "." + bare[8:]}, isMAC},
		{[]string{"--mac", bare}, isMAC},
		{[]string{"--mac", mac[:14]}, func(l *leases.Lease) bool { return strings.HasPrefix(l.HWAddress.String(), mac[:14]) }},
		{[]string{"--client-id", first4.ClientID.String()}, func(l *leases.Lease) bool { return l.ClientID.String() == first4.ClientID.String() }},
		{[]string{"--duid", first6.DUID.String()}, func(l *leases.Lease) bool { return l.DUID.String() == first6.DUID.String() }},
		{[]string{"--hostname", "printer-7.example.org"}, func(l *leases.Lease) bool { return l.Hostname == "printer-7.example.org" }},
		{[]string{"--hostname", "PRINTER-?.example.*"}, func(l *leases.Lease) bool { return strings.Contains(strings.ToLower(l.Hostname), "printer") }},
		{[]string{"--hostname", "~rinter-8"}, func(l *leases.Lease) bool { return strings.Contains(strings.ToLower(l.Hostname), "rinter-8") }},
		{[]string{"--hostname", "*INTER*"}, func(l *leases.Lease) bool { return strings.Contains(strings.ToLower(l.Hostname), "inter") }},
		{[]string{"--state", "active"}, func(l *leases.Lease) bool { return l.State == leases.Active }},
		{[]string{"--state", "declined,reclaimed"}, func(l *leases.Lease) bool { return l.State == leases.Declined || l.State == leases.Reclaimed }},
		{[]string{"--seen-since", "1d"}, func(l *leases.Lease) bool { return time.Since(l.LastSeen) < 24*time.Hour }},
		{[]string{"--expires-within", "2d", "--state", "active"}, func(l *leases.Lease) bool {
			return l.State == leases.Active && !l.Expires.IsZero() && time.Until(l.Expires) < 48*time.Hour
		}},
		{[]string{"--vlan", "10", "-4", "--state", "active", "--mac", mac[:5]}, func(l *leases.Lease) bool {
			return l.VLAN == 10 && l.Service == kea.DHCP4 && l.State == leases.Active && strings.HasPrefix(l.HWAddress.String(), mac[:5])
		}},
	} {
		want := []string{}
		for i := range all {
			if test.fits(&all[i]) {
				want = append(want, all[i].Resource())
			}
		}
		for _, source := range []string{"sql", "api"} {
			got := []string{}
			for _, l := range listed(t, "network", append([]string{"--source", source}, test.args...)...).Leases {
				got = append(got, l.Resource())
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%v through %s (-want +got):\n%s", test.args, source, diff)
			}
		}
	}
	for sort, key := range map[string]func(*leases.Lease) int64{
		"seen":    func(l *leases.Lease) int64 { return -l.LastSeen.Unix() },
		"expires": func(l *leases.Lease) int64 { return l.Expires.Unix() },
		"vlan":    func(l *leases.Lease) int64 { return int64(l.VLAN) },
	} {
		for _, source := range []string{"sql", "api"} {
			got := listed(t, "network", "--sort", sort, "--source", source, "--state", "active", "--expires-within", "10d").Leases
			if len(got) < 10 || !slices.IsSortedFunc(got, func(a, b leases.Lease) int { return int(key(&a) - key(&b)) }) {
				t.Errorf("--sort %s through %s: %d leases out of order", sort, source, len(got))
			}
		}
	}
	if few := listed(t, "network", "--limit", "3"); len(few.Leases) != 3 || !few.More || few.Leases[0].Resource() != all[0].Resource() {
		t.Errorf("--limit 3: %d leases, more %v", len(few.Leases), few.More)
	}
}

// One lease is found by whatever is known of it.
func TestLeasesGet(t *testing.T) {
	claims(t, "network")
	withClients(t, "hot-standby")
	all := listed(t, "network", "--state", "active").Leases
	four := all[slices.IndexFunc(all, func(l leases.Lease) bool { return l.Service == kea.DHCP4 && len(l.ClientID) > 0 && l.VLAN == 20 })]
	six := all[slices.IndexFunc(all, func(l leases.Lease) bool { return l.Service == kea.DHCP6 && l.Type == leases.NA && l.VLAN == 20 })]
	psql(t, "network", "kea-database", "kea", `update lease4 set hostname='find-me.example.org' where address='`+four.Address.String()+`'::inet-'0.0.0.0'::inet`)
	t.Cleanup(func() {
		psql(t, "network", "kea-database", "kea", `update lease4 set hostname='' where hostname='find-me.example.org'`)
	})
	for _, source := range []string{"sql", "api"} {
		for _, test := range []struct{ what, as, finds string }{
			{four.Address.String(), "IPv4 address", four.Resource()},
			{four.HWAddress.String(), "hardware address", four.Resource()},
			{strings.ToUpper(strings.ReplaceAll(four.HWAddress.String(), ":", "-")), "hardware address", four.Resource()},
			{four.ClientID.String(), "client id", four.Resource()},
			{"find-me.example.org", "host name", four.Resource()},
			{"FIND-ME", "host name", four.Resource()},
			{six.Address.String(), "IPv6 address", six.Resource()},
			{six.DUID.String(), "DUID", six.Resource()},
		} {
			r := plugin(t, "leases", "get", test.what, "-n", "network", "-o", "json", "--source", source)
			if r.code != 0 {
				t.Errorf("get %s through %s: exit %d: %s", test.what, source, r.code, r.err)
				continue
			}
			card := decode[leases.Card](t, r)
			if card.As != test.as || !slices.ContainsFunc(card.Entries, func(e leases.Entry) bool { return e.Lease.Resource() == test.finds && e.Pool != "" && e.VLANFrom != "" }) {
				t.Errorf("get %s through %s: as %q, %+v", test.what, source, card.As, card.Entries)
			}
		}
	}
	for what, says := range map[string]string{
		"10.10.0.7":             "outside of all pools of subnet 10.10.0.0/16, VLAN 10 users",
		"10.10.254.254":         "free: it lies in pool 10.10.1.0-10.10.254.255",
		"192.0.2.1":             "in no subnet",
		"02:ff:ff:ff:ff:ff":     "looked for as hardware address, client id, DUID",
		"nobody.example.org":    "looked for as host name",
		"2001:db8:10::ffff:1:1": "VLAN 10 users",
	} {
		r := plugin(t, "leases", "get", what, "-n", "network")
		if r.code != 4 || !strings.Contains(strings.Join(strings.Fields(r.out), " "), says) || !strings.Contains(r.err, "not found") {
			t.Errorf("get %s: exit %d\n%s%s", what, r.code, r.out, r.err)
		}
	}
}

// Peers that keep their leases in files are both asked, and what one of them misses is said.
func TestLeasesOfMemfilePeers(t *testing.T) {
	claims(t, "branch")
	withClients(t, "branch")
	list := listed(t, "branch")
	if list.Source != "api" || len(list.From) != 2 || len(list.Leases) < 20 {
		t.Errorf("%d leases from %s %v", len(list.Leases), list.Source, list.From)
	}
	seen := map[string]bool{}
	for _, l := range list.Leases {
		if seen[l.Resource()] {
			t.Errorf("%s twice", l.Resource())
		}
		seen[l.Resource()] = true
		if len(l.MissingOn) > 0 {
			t.Errorf("%s is missing on %v", l.Resource(), l.MissingOn)
		}
	}
	if r := plugin(t, "leases", "-n", "branch", "--source", "sql"); r.code != 1 || !strings.Contains(r.err, "memfile") {
		t.Errorf("--source sql: exit %d: %s", r.code, r.err)
	}
	gone := list.Leases[0]
	r := plugin(t, "leases", "delete", gone.Resource(), "-n", "branch", "--force", "--yes")
	if r.code != 0 || !strings.Contains(r.out, gone.Resource()+" deleted") {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "get", gone.Resource(), "-n", "branch"); r.code != 4 {
		t.Errorf("after its deletion: exit %d\n%s", r.code, r.out)
	}
}

// Kea's viewer role is enough, and Kea's password is not read.
func TestLeasesForViewers(t *testing.T) {
	claims(t, "network")
	const who = "lease-viewer"
	kubectl(t, "-n", "network", "create", "rolebinding", who, "--role=kea-dhcp-viewer", "--user="+who)
	t.Cleanup(func() { kubectl(t, "-n", "network", "delete", "rolebinding", who) })
	withClients(t, "hot-standby")
	list := listed(t, "network", "--as", who)
	if list.Source != "sql" || len(list.Leases) == 0 || !strings.Contains(list.From[0], "as kea_viewer") {
		t.Errorf("%d leases from %v", len(list.Leases), list.From)
	}
	if r := plugin(t, "leases", "usage", "-n", "network", "--as", who); r.code != 0 || !strings.Contains(r.out, "voice") {
		t.Errorf("usage: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// A database that is down is said to be down; Kea is not asked instead, which asks the same database.
func TestLeasesWithoutDatabase(t *testing.T) {
	claims(t, "foreign")
	fence := func(value string) {
		kubectl(t, "-n", "foreign", "annotate", "clusters.postgresql.cnpg.io", "dhcpstore", value, "--overwrite")
	}
	t.Cleanup(func() {
		fence("cnpg.io/fencedInstances-")
		kubectl(t, "-n", "foreign", "wait", "--for=condition=Ready", "pod/dhcpstore-1", "--timeout=120s")
		readableAgain(t)
	})
	fence(`cnpg.io/fencedInstances=["*"]`)
	kubectl(t, "-n", "foreign", "wait", "--for=condition=Ready=false", "pod/dhcpstore-1", "--timeout=60s")
	for _, args := range [][]string{{"leases"}, {"leases", "get", "10.66.1.1"}, {"leases", "usage"}, {"leases", "export"}} {
		r := plugin(t, append(args, "-n", "foreign")...)
		if r.code != 1 || !strings.Contains(r.err, "which Kea asks too") || !strings.Contains(r.err, "hint: kubectl kea status -n foreign") {
			t.Errorf("%v: exit %d\n%s%s", args, r.code, r.out, r.err)
		}
		if r.took > 15*time.Second {
			t.Errorf("%v: it took %s to say so", args, r.took)
		}
	}
}

// readableAgain waits until foreign's leases can be read.
func readableAgain(t *testing.T) {
	t.Helper()
	for range 60 {
		if r := plugin(t, "leases", "-n", "foreign", "-o", "name"); r.code == 0 {
			return
		}
		time.Sleep(time.Second)
	}
	t.Error("the leases of foreign cannot be read")
}

// Usage is what a count of the leases gives, by VLAN; vlans is another name for it.
func TestLeasesUsage(t *testing.T) {
	claims(t, "network", "campus", "foreign")
	for _, at := range leasedInSQL() {
		withClients(t, at.scenario)
		u := decode[leases.Usage](t, plugin(t, "leases", "usage", "-n", at.namespace, "-o", "json", "--count"))
		for _, total := range u.Totals {
			table := map[kea.Service]string{kea.DHCP4: "lease4 where state=0", kea.DHCP6: "lease6 where state=0 and lease_type<>2"}[total.Service]
			want := psql(t, at.namespace, at.cluster, at.database, "select count(*) from "+table)
			if got := total.Amount.Assigned.String(); got != want {
				t.Errorf("%s %s: %s assigned, the database has %s", at.namespace, total.Service, got, want)
			}
		}
		if len(u.Differences) > 0 || len(u.Unread) > 0 {
			t.Errorf("%s: differences %v, unread %v", at.namespace, u.Differences, u.Unread)
		}
		for _, v := range u.VLANs {
			for _, s := range v.Subnets {
				for _, p := range s.Pools {
					if p.Assigned == nil {
						t.Errorf("%s: pool %s was not counted", at.namespace, p.Pool)
					}
				}
			}
		}
	}
	usage, vlans := plugin(t, "leases", "usage", "-n", "network"), plugin(t, "vlans", "-n", "network")
	if usage.code != 0 || len(strings.Split(usage.out, "\n")) != len(strings.Split(vlans.out, "\n")) {
		t.Errorf("usage:\n%svlans:\n%s", usage.out, vlans.out)
	}
}

// An export has every lease once; CSV for spreadsheets, JSON as the list has it.
func TestLeasesExport(t *testing.T) {
	claims(t, "network")
	withClients(t, "hot-standby")
	list := listed(t, "network")
	file := filepath.Join(t.TempDir(), "leases")
	export := func(args ...string) []byte {
		t.Helper()
		r := plugin(t, append([]string{"leases", "export", "-n", "network", "--to", file}, args...)...)
		if r.code != 0 || r.out != "" || !strings.Contains(r.err, fmt.Sprintf("leases in %s", file)) {
			t.Fatalf("export %v: exit %d\n%s%s", args, r.code, r.out, r.err)
		}
		if _, err := os.Stat(file + ".part"); err == nil {
			t.Errorf("export %v: the part stayed", args)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	records, err := csv.NewReader(bytes.NewReader(export("--sort", "address"))).ReadAll()
	if err != nil || len(records) != len(list.Leases)+1 || records[1][2] != list.Leases[0].Address.String() {
		t.Errorf("CSV: %d records of %d leases, %v", len(records), len(list.Leases), err)
	}
	var exported []leases.Lease
	if err := json.Unmarshal(export("-o", "json"), &exported); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(exported, func(a, b leases.Lease) int { return leases.Compare(&leases.Filter{})(&a, &b) })
	if diff := cmp.Diff(list.Leases, exported, addresses()); diff != "" {
		t.Errorf("the list (-) and the export (+):\n%s", diff)
	}
	if r := plugin(t, "leases", "export", "-n", "network", "-o", "memfile"); r.code != 2 || !strings.Contains(r.err, "choose with -4 or -6") {
		t.Errorf("a memfile of both: exit %d: %s", r.code, r.err)
	}
}

// What is exported as memfile is taken back by Kea's own kea-admin lease-upload, and is the same rows then.
func TestLeasesGoThroughLeaseUpload(t *testing.T) {
	claims(t, "network")
	// The first seed's clients have IAIDs below 2^31, and others, who may have been there before, the ones that are left out.
	if m := underLoad(t, func() {}, "hot-standby", "-rate", "20", "-duration", "3s", "-seed", "1"); m.Lost > m.Started/2 {
		t.Fatalf("%+v", m)
	}
	password := kubectl(t, "-n", "network", "get", "secret", "kea-db-credentials", "-o", "go-template={{.data.password | base64decode}}")
	world.secrets.learn(password)
	const scratch = "kea_upload"
	drop := "drop database if exists " + scratch + " with (force)"
	psql(t, "network", "kea-database", "postgres", drop)
	psql(t, "network", "kea-database", "postgres", "create database "+scratch+" owner kea")
	t.Cleanup(func() { psql(t, "network", "kea-database", "postgres", drop) })
	inPod := func(stdin []byte, script string) {
		t.Helper()
		cmd := exec.Command(world.kubectl, "-n", "network", "exec", "-i", "kea-dhcp-1", "-c", "dhcp4", "--", "sh", "-c", script)
		cmd.Stdin = bytes.NewReader(stdin)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, strings.ReplaceAll(string(out), password, "***"))
		}
	}
	login := fmt.Sprintf("-h kea-database -n %s -u kea -p '%s'", scratch, password)
	inPod(nil, "kea-admin db-init pgsql "+login)
	const lasting = " where expire > now() + interval '20 minutes'" // Kea reclaims others meanwhile
	columns := map[string]string{
		"-4": "address, hwaddr, client_id, valid_lifetime, expire, subnet_id, fqdn_fwd, fqdn_rev, hostname, state, user_context, pool_id from lease4" + lasting,
		"-6": "address, duid, valid_lifetime, expire, subnet_id, pref_lifetime, lease_type, iaid, prefix_len, fqdn_fwd, fqdn_rev, hostname, hwaddr, state, user_context, pool_id from lease6" + lasting,
	}
	for family, of := range columns {
		file := []byte(plugin(t, "leases", "export", "-n", "network", family, "-o", "memfile").out)
		if family == "-6" {
			// lease-upload fails with an IAID of 2^31 or more, as the export says; those of real clients are at random.
			file, of = smallIAIDs(t, file), of+" and iaid>=0"
		}
		inPod(file, "cat >/tmp/upload.csv && kea-admin lease-upload pgsql "+family+" -i /tmp/upload.csv "+login)
		rows := func(database string) string {
			return psql(t, "network", "kea-database", database, "select "+of+" order by address")
		}
		if diff := cmp.Diff(rows("kea"), rows(scratch)); diff != "" {
			t.Errorf("%s: Kea's database (-) and what was uploaded (+):\n%s", family, diff)
		}
		if n := strings.Count(rows(scratch), "\n"); n < 10 {
			t.Errorf("%s: only %d rows", family, n)
		}
	}
}

// smallIAIDs leaves the lines out whose IAID the schema's signed column turns negative.
func smallIAIDs(t *testing.T, file []byte) []byte {
	t.Helper()
	lines := strings.SplitAfter(string(file), "\n")
	column := slices.Index(strings.Split(strings.TrimSpace(lines[0]), ","), "iaid")
	return []byte(lines[0] + strings.Join(slices.DeleteFunc(lines[1:], func(line string) bool {
		cells := strings.Split(line, ",")
		if len(cells) <= column {
			return true
		}
		n, err := strconv.ParseUint(cells[column], 10, 32)
		return err != nil || n >= 1<<31
	}), ""))
}

// A lease in use is refused; with --force it goes, through Kea. Declined addresses come back when somebody says so.
func TestLeasesDeleteAndClear(t *testing.T) {
	claims(t, "network")
	withClients(t, "hot-standby")
	active := listed(t, "network", "-4", "--vlan", "30", "--state", "active").Leases
	gone, declined := active[0].Resource(), active[1].Resource()
	if r := plugin(t, "leases", "delete", gone, "-n", "network", "--yes"); r.code != 1 || !strings.Contains(r.out, "it looks in use") || !strings.Contains(r.err, "hint: if you know better, add --force") {
		t.Errorf("in use: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "delete", gone, "-n", "network", "--force"); r.code != 1 || !strings.Contains(r.err, "no terminal") {
		t.Errorf("nobody to ask: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "delete", gone, "-n", "network", "--force", "--dry-run=client"); r.code != 0 || !strings.Contains(r.out, "nothing was changed") {
		t.Errorf("dry run: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if len(listed(t, "network", "--ip", gone).Leases) != 1 {
		t.Fatalf("%s is gone, and nobody deleted it", gone)
	}
	if r := plugin(t, "leases", "delete", gone, "-n", "network", "--force", "--yes"); r.code != 0 || !strings.Contains(r.out, gone+" deleted") {
		t.Errorf("forced: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "delete", gone, "-n", "network", "--force", "--yes"); r.code != 4 {
		t.Errorf("again: exit %d\n%s%s", r.code, r.out, r.err)
	}
	psql(t, "network", "kea-database", "kea", `update lease4 set state=1, hwaddr='', client_id='', expire=date_trunc('second', now()+interval '1 day'), valid_lifetime=86400 where address='`+declined+`'::inet-'0.0.0.0'::inet`)
	if r := plugin(t, "leases", "delete", declined, "-n", "network", "--yes"); r.code != 1 || !strings.Contains(r.err, "leases declined clear") {
		t.Errorf("a declined one: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := plugin(t, "leases", "declined", "clear", "--vlan", "30", "-n", "network", "--yes"); r.code != 1 || !strings.Contains(r.out, "a client found it in use") {
		t.Errorf("declined just now: exit %d\n%s%s", r.code, r.out, r.err)
	}
	r := plugin(t, "leases", "declined", "clear", "--vlan", "30", "-n", "network", "--yes", "--force")
	if r.code != 0 || !strings.Contains(r.out, declined+" deleted") {
		t.Errorf("clear: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if left := listed(t, "network", "--vlan", "30", "--state", "declined").Leases; len(left) > 0 {
		t.Errorf("still declined: %d", len(left))
	}
}

// The live feed tells of clients while they come.
func TestLeasesAreFollowed(t *testing.T) {
	claims(t, "campus")
	cmd := exec.Command(world.plugin, "leases", "-w", "-n", "campus", "-o", "csv")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	m := underLoad(t, func() {}, "load-balancing", "-4", "-vlan", "120", "-rate", "5", "-duration", "3s", "-seed", fmt.Sprint(time.Now().Unix()), "-clients", "10")
	time.Sleep(3 * time.Second)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("Ctrl-C: exit %d\n%s", code, errOut.String())
	}
	records, err := csv.NewReader(bytes.NewReader(out.Bytes())).ReadAll()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errOut.String())
	}
	clients := map[string]bool{}
	for _, r := range records[1:] {
		if (r[1] == "seen" || r[1] == "granted") && r[3] == "120" {
			clients[r[5]] = true
		}
	}
	if len(clients) < 9 {
		t.Errorf("%d clients of 10 (%d exchanges) were told of:\n%s%s", len(clients), m.Started, out.String(), errOut.String())
	}
}

// Every namespace is one list, in one format.
func TestLeasesOfAllNamespaces(t *testing.T) {
	namespaces := []string{}
	for _, at := range leasedInSQL() {
		withClients(t, at.scenario)
		namespaces = append(namespaces, at.namespace)
	}
	r := plugin(t, "leases", "-A", "--limit", "50", "--sort", "seen", "-o", "csv")
	records, err := csv.NewReader(strings.NewReader(r.out)).ReadAll()
	if err != nil || len(records) != 51 || records[0][0] != "namespace" {
		t.Fatalf("exit %d, %d records, %v\n%s", r.code, len(records), err, r.err)
	}
	all := decode[struct{ Items []leases.List }](t, plugin(t, "leases", "-A", "-o", "json", "--seen-since", "5m"))
	for _, namespace := range namespaces {
		i := slices.IndexFunc(all.Items, func(l leases.List) bool { return l.Namespace == namespace })
		if i < 0 || len(all.Items[i].Leases) == 0 {
			t.Errorf("no lease of namespace %s", namespace)
		}
	}
}

// Wrong names are answered with right ones, also by the shell.
func TestLeasesKnowTheVLANs(t *testing.T) {
	claims(t, "network")
	r := plugin(t, "leases", "--vlan", "vioce", "-n", "network")
	if r.code != 2 || !strings.Contains(r.err, `no VLAN "vioce"`) || !strings.Contains(r.err, "voice") || !strings.Contains(r.err, "hint: kubectl kea leases usage -n network") {
		t.Errorf("exit %d: %s", r.code, r.err)
	}
	if r := plugin(t, "__complete", "leases", "-n", "network", "--vlan", ""); !strings.Contains(r.out, "10\tVLAN 10 (users)") || !strings.Contains(r.out, "20\t") {
		t.Errorf("completion: %s%s", r.out, r.err)
	}
	if r := plugin(t, "leases", "-n", "default"); r.code != 1 || !strings.Contains(r.err, "hint: kubectl kea leases -n ") {
		t.Errorf("no servers: exit %d: %s", r.code, r.err)
	}
}
