package cmd

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// A wrong command line is refused before anything is asked, and says what is wrong with it.
func TestWrongCommandLinesOfLeases(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "vlans")
	if err := os.WriteFile(bad, []byte("10=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ args, says string }{
		{"leases bogus", `unknown command "bogus" for "kubectl kea leases"`},
		{"leases list extra", `what is "extra"?`},
		{"leases --mac printer", `--mac "printer" is no hardware address: it is not hexadecimal`},
		{"leases --mac 00:1a:2b:3c:4d:5e:6g", "--mac"},
		{"leases --ip 10.10.1.300", `--ip "10.10.1.300" is no address, prefix or range`},
		{"leases --ip 10.0.0.9-10.0.0.1", "ends before it begins"},
		{"leases --client-id x", `--client-id "x" is no client id`},
		{"leases --duid 00", `--duid "00" is no DUID`},
		{"leases --hostname ~", "--hostname ~ needs a part"},
		{"leases --state actve", "did you mean active?"},
		{"leases --expires-within soon", `--expires-within "soon" is no length of time`},
		{"leases --seen-since tomorrow", `--seen-since "tomorrow" is no time`},
		{"leases --at 2999-01-01", "no time that has passed"},
		{"leases --sort size", `--sort "size" is no order`},
		{"leases --limit -1", "--limit -1 is negative"},
		{"leases --source ldap", `--source "ldap": it takes auto, sql or api`},
		{"leases --vlan-map 10", "--vlan-map:"},
		{"leases --vlan-map @" + bad, "is no prefix"},
		{"leases --vlan-map @/does/not/exist", "no such file"},
		{"leases -l ===", "--selector"},
		{"leases -o xml", `unknown output format "xml"`},
		{"leases -o custom-columns=x", "custom-columns"},
		{"leases -w --at 14:30", "choose one"},
		{"leases -w --limit 5", "it takes no --sort, --reverse or --limit"},
		{"leases -w --interval 1ms", "too short"},
		{"leases --vlan=", "--vlan is empty"},
		{"leases list --mac=", "--mac is empty"},
		{"leases --at=", "--at is empty"},
		{"leases export --ip=", "--ip is empty"},
		{"leases export --to /", "--to / is a directory"},
		{"leases declined clear --vlan= --yes", "--vlan is empty"},
		{"leases 10.10.1.7", "hint: kubectl kea leases get 10.10.1.7"},
		{"leases get 10.10.1.1-10.10.1.9", "list them with --ip 10.10.1.1-10.10.1.9"},
		{"leases get", "WHAT to get is missing"},
		{"leases get a b", "one at a time"},
		{"leases get 10.0.0.0/8", "list them with --ip 10.0.0.0/8"},
		{"leases get print*", "--hostname 'print*'"},
		{"leases usage extra", `what is "extra"?`},
		{"leases usage -w --interval 1ms", "too short"},
		{"vlans --source x", "--source"},
		{"leases export -o xml", `unknown export format "xml"; valid are csv, json, memfile`},
		{"leases export -o memfile --kea-version new", `--kea-version "new" is no version`},
		{"leases export --state x", "is no state"},
		{"leases delete", "which lease?"},
		{"leases delete printer", "kubectl kea leases get finds the address"},
		{"leases delete 10.0.0.1 --dry-run=maybe", "it takes none, client or server"},
		{"leases declined clear --ip x", `--ip "x"`},
		{"leases declined bogus", "unknown command"},
	} {
		t.Run(test.args, func(t *testing.T) {
			got := run(t.Context(), noCluster(t), strings.Fields(test.args)...)
			if got.code != ExitUsage || got.out != "" || !strings.HasPrefix(got.err, "error: ") || !strings.Contains(got.err, test.says) || !strings.Contains(got.err, "\nhint: kubectl kea ") {
				t.Errorf("exit code %d, stdout %q, stderr %q", got.code, got.out, got.err)
			}
		})
	}
}

// A right command line gets as far as the cluster.
func TestLeasesNeedACluster(t *testing.T) {
	for _, line := range []string{
		"leases", "leases list -4 --vlan 10 --mac 00:1a:2b -o name", "leases get 10.0.0.1", "leases usage -A", "vlans", "leases export --to " + filepath.Join(t.TempDir(), "x"),
		"leases delete 10.0.0.1", "leases declined clear --vlan 20", "leases -w",
	} {
		same(t, result{err: "error: this test has no cluster\n", code: ExitFailed}, run(t.Context(), nil, strings.Fields(line)...))
	}
}

// On a terminal the newest come first and few; a pipe gets all by address.
func TestLeasesChosen(t *testing.T) {
	terminal := func() printer.Size { return printer.Size{Width: 80} }
	for _, test := range []struct {
		o        leasesListOptions
		terminal bool
		want     leases.Filter
	}{
		{leasesListOptions{limit: -1}, true, leases.Filter{Sort: leases.ByLastSeen, Reverse: true, Limit: screenful}},
		{leasesListOptions{limit: -1}, false, leases.Filter{Sort: leases.ByAddress}},
		{leasesListOptions{limit: 0}, true, leases.Filter{Sort: leases.ByLastSeen, Reverse: true}},
		{leasesListOptions{limit: -1, sort: "seen", reverse: true}, false, leases.Filter{Sort: leases.ByLastSeen}},
		{leasesListOptions{limit: 5, sort: "Expires"}, true, leases.Filter{Sort: leases.ByExpiry, Limit: 5}},
		{
			leasesListOptions{limit: -1, filter: leaseFilter{six: true, mac: "00:1a", states: "active", hostname: "~a", seenSince: "1h", expiresWithin: "2h", duid: "0x000102", clientID: "0102"}},
			false,
			leases.Filter{
				Services: []kea.Service{kea.DHCP6}, HWAddress: leases.Octets{0, 0x1a}, HWPrefix: true, States: []leases.State{leases.Active}, Hostname: leases.Pattern{Text: "a", Kind: leases.Substring},
				SeenSince: day().Add(-time.Hour), ExpiresWithin: 2 * time.Hour, DUID: leases.Octets{0, 1, 2}, ClientID: leases.Octets{1, 2}, Sort: leases.ByAddress,
			},
		},
		// What is asked of the past is asked as of then.
		{leasesListOptions{limit: -1, at: "1h", filter: leaseFilter{seenSince: "1h"}}, false, leases.Filter{SeenSince: day().Add(-2 * time.Hour), Sort: leases.ByAddress}},
	} {
		env, _, _ := testEnv()
		if test.terminal {
			env.OutSize = terminal
		}
		o := test.o
		o.env = &env
		got, err := o.chosen()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%+v:\n%s", test.o, diff)
		}
	}
}

// catalog has two VLANs, one of them in both families, and a subnet without.
func someCatalog() *leases.Catalog {
	subnet := func(id uint32, prefix string, vlan int, name string) kea.Subnet {
		s := kea.Subnet{ID: id, CIDR: netip.MustParsePrefix(prefix)}
		if vlan != 0 {
			s.UserContext = map[string]any{"vlan": float64(vlan), "name": name}
		}
		return s
	}
	return leases.NewCatalog([]*kea.Config{
		{Service: kea.DHCP4, Subnets: []kea.Subnet{subnet(10, "10.10.0.0/16", 10, "users"), subnet(20, "10.20.0.0/24", 20, "voice"), subnet(21, "10.21.0.0/24", 20, "voice"), subnet(66, "10.66.0.0/22", 0, "")}},
		{Service: kea.DHCP6, Subnets: []kea.Subnet{subnet(10, "2001:db8:10::/64", 10, "users")}},
	}, inventory.VLANRules{})
}

func TestLeasesPlace(t *testing.T) {
	for _, test := range []struct {
		vlans, subnets []string
		want           map[kea.Service][]uint32
		err            string
	}{
		{nil, nil, nil, ""},
		{[]string{"10"}, nil, map[kea.Service][]uint32{kea.DHCP4: {10}, kea.DHCP6: {10}}, ""},
		{[]string{"10", "voice", "20"}, nil, map[kea.Service][]uint32{kea.DHCP4: {10, 20, 21}, kea.DHCP6: {10}}, ""},
		{nil, []string{"10.66.0.0/22"}, map[kea.Service][]uint32{kea.DHCP4: {66}}, ""},
		{[]string{"20"}, []string{"10.21.0.0/24"}, map[kea.Service][]uint32{kea.DHCP4: {21}}, ""},
		{[]string{"20"}, []string{"10.66.0.0/22"}, map[kea.Service][]uint32{}, ""},
		{[]string{"viuce"}, nil, nil, `--vlan: no VLAN "viuce"`},
		{nil, []string{"10.99.0.0/16"}, nil, `--subnet: no subnet "10.99.0.0/16"`},
	} {
		var f leases.Filter
		err := (&leaseFilter{vlans: test.vlans, subnets: test.subnets}).place(&f, someCatalog(), "network")
		if test.err != "" {
			var usage *UsageError
			if err == nil || !errors.As(err, &usage) || !strings.Contains(err.Error(), test.err) || hintOf(err) != "kubectl kea leases usage -n network" {
				t.Errorf("%v: %v, hint %q", test, err, hintOf(err))
			}
			continue
		}
		if diff := cmp.Diff(test.want, f.Subnets); err != nil || diff != "" {
			t.Errorf("%v: %v\n%s", test, err, diff)
		}
	}
	var f leases.Filter
	if err := (&leaseFilter{vlans: []string{"10"}}).place(&f, leases.NewCatalog(nil, inventory.VLANRules{}), "foreign"); err == nil || !strings.Contains(err.Error(), "--vlan-map tells them") {
		t.Errorf("no VLAN is known: %v", err)
	}
}

func TestLeaseHints(t *testing.T) {
	for _, test := range []struct {
		err  error
		hint string
	}{
		{&leases.DatabaseError{Database: "kea at kea-database", Err: errors.New("connection refused")}, "kubectl kea status -n network"},
		{fmt.Errorf("%w: x", leases.ErrNoWay), "kubectl kea status -n network"},
		{&inventory.UnfinishedError{Operation: inventory.Operation{Continue: "kubectl kea restore cutover"}}, "kubectl kea restore cutover"},
		{errors.New("x"), ""},
		{WithHint(errors.New("x"), "y"), "y"},
	} {
		if got := hintOf(leaseHint(test.err, "network")); got != test.hint {
			t.Errorf("%v: %q", test.err, got)
		}
	}
	if leaseHint(nil, "network") != nil {
		t.Error("no error has become one")
	}
}

// What stands against a deletion says what would allow it.
func TestLeaseRefusals(t *testing.T) {
	refused := func(unless leases.RemovalUnless) leases.RemovalPlan {
		return leases.RemovalPlan{Refused: []leases.Removal{{Lease: lease4(1), Refused: "no", Unless: unless}}}
	}
	o := &leaseRemoval{}
	for unless, hint := range map[leases.RemovalUnless]string{
		leases.UnlessInUse: "if you know better, add --force", leases.UnlessFresh: "if you know better, add --force",
		leases.UnlessDeclined: "kubectl kea leases declined clear --ip 10.10.1.1", "": "",
	} {
		if err := o.refused(refused(unless), false); err == nil || hintOf(err) != hint {
			t.Errorf("%s: %v, %q", unless, err, hintOf(err))
		}
	}
	both := refused(leases.UnlessFresh)
	both.Delete = []leases.Removal{{Lease: lease4(2)}}
	if err := o.refused(both, true); err != nil {
		t.Errorf("the rest may go: %v", err)
	}
	if err := o.refused(both, false); err == nil {
		t.Error("leases that were named are deleted together or not at all")
	}
}

func TestParseKeaVersion(t *testing.T) {
	for text, want := range map[string]string{"": "0.0", "2.6": "2.6", "3.0.1": "3.0"} {
		v, err := parseKeaVersion(text)
		if got := fmt.Sprintf("%d.%d", v.Major, v.Minor); err != nil || got != want {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestIncompleteExports(t *testing.T) {
	if diff := cmp.Diff([]string{"1 lease on standard output", "12 leases in x.csv.part"}, []string{incomplete(1, ""), incomplete(12, "x.csv.part")}); diff != "" {
		t.Error(diff)
	}
}
