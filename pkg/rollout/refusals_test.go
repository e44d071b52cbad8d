package rollout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// configuration is a small one; parts of it are replaced by pairs of texts.
func configuration(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`{
  // the staff's
  "Dhcp4": {
    "interfaces-config": {"interfaces": ["eth0"]},
    "control-socket": {"socket-type": "unix", "socket-name": "/run/kea/kea4.sock"},
    "multi-threading": {"enable-multi-threading": true},
    "lease-database": {"type": "postgresql", "host": "kea-database", "name": "kea", "user": "kea", "password": "first-Password-1"},
    "hooks-libraries": [
      {"library": "/usr/lib/kea/hooks/libdhcp_ha.so", "parameters": {"high-availability": [{
        "this-server-name": "kea-0", "mode": "hot-standby", "heartbeat-delay": 2000,
        "peers": [{"name": "kea-0", "url": "http://10.0.0.1:8010/", "role": "primary"}, {"name": "kea-1", "url": "http://10.0.0.2:8010/", "role": "standby"}]}]}}
    ],
    "valid-lifetime": 3600
  }
}
`)
}

// What a reload does not bring, or would cut the servers off by, is found in the differences of real texts.
func TestResists(t *testing.T) {
	for _, tt := range []struct {
		name string
		from string
		to   string
		want string
	}{
		{"a value", `"valid-lifetime": 3600`, `"valid-lifetime": 3500`, ""},
		{"a delay of the high availability", `"heartbeat-delay": 2000`, `"heartbeat-delay": 5000`, ""},
		{"its mode", `"mode": "hot-standby"`, `"mode": "load-balancing"`, "ha-relationship"},
		{"a server's name", `"this-server-name": "kea-0"`, `"this-server-name": "kea-1"`, "ha-relationship"},
		{"a partner's address", "10.0.0.2:8010", "10.0.0.3:8010", "ha-relationship"},
		{"a partner more", `"role": "standby"}`, `"role": "standby"}, {"name": "kea-2", "url": "http://10.0.0.3:8010/", "role": "backup"}`, "ha-relationship"},
		{"no high availability any more", "libdhcp_ha.so", "libdhcp_stat_cmds.so", "ha-relationship"},
		{"the control socket", "kea4.sock", "other.sock", "control-socket"},
		{"threads", `"enable-multi-threading": true`, `"enable-multi-threading": false`, "multi-threading"},
		{"interfaces", `["eth0"]`, `["eth1"]`, "interfaces"},
		{"the database", `"host": "kea-database"`, `"host": "elsewhere"`, ""},
	} {
		found, err := differences(kea.DHCP4, configuration(), configuration(tt.from, tt.to))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v, %v", tt.name, found, err)
		}
		kinds := []string{}
		for _, d := range found {
			kinds = append(kinds, resists(d.Path))
		}
		if !strings.Contains(strings.Join(kinds, " "), tt.want) || tt.want == "" && strings.Join(kinds, "") != "" {
			t.Errorf("%s: %v are %v, not %q", tt.name, found, kinds, tt.want)
		}
	}
	if _, err := differences(kea.DHCP6, configuration(), configuration()); err == nil {
		t.Error("the other family's file was taken")
	}
}

func TestRefusal(t *testing.T) {
	for written, want := range map[string]string{
		"": "",
		"2026-11-23 13:44:28.637 WARN  [kea-dhcp4.dhcp4/1680.14] DHCP4_RESERVATIONS_LOOKUP_FIRST_ENABLED ...\n":                                              "",
		"Syntax check failed with: /dev/stdin:83.23-25: syntax error, unexpected constant string, expecting integer\n":                                       "line 83, column 23: syntax error, unexpected constant string, expecting integer",
		"noise\nError encountered: hooks libraries failed to validate - library or libraries in error are: /usr/lib/libdhcp_xx.so (/dev/stdin:39:5)\nmore\n": "hooks libraries failed to validate - library or libraries in error are: /usr/lib/libdhcp_xx.so (line 39, column 5)",
		"Error encountered: subnet configuration failed: the value of (default) valid-lifetime (3700) is not less than max-valid-lifetime (3600)\n":          "subnet configuration failed: the value of (default) valid-lifetime (3700) is not less than max-valid-lifetime (3600)",
	} {
		if got := refusal(written, kea.NewSecret(configuration())); got != want {
			t.Errorf("%q: %q", written, got)
		}
	}
	text := `{"Dhcp4": {"lease-database": {"type": "postgresql", "password": "correct horse"}}}`
	if got := refusal("Error encountered: got unexpected keyword \"correct horse\" in lease-database map\n", kea.NewSecret(text)); got == "" || strings.Contains(got, "correct") {
		t.Errorf("it tells a password: %q", got)
	}
}

// A daemon that answered with success and still runs the former text is found out; one that writes a value in its own way
// is not taken for that.
func TestStale(t *testing.T) {
	before, after := configuration(), configuration(`"valid-lifetime": 3600`, `"valid-lifetime": 3500`)
	for name, tt := range map[string]struct {
		live string
		want bool
	}{
		"the new one":          {after, false},
		"the former one":       {before, true},
		"in another way of it": {configuration(`"valid-lifetime": 3600`, `"valid-lifetime": 3500.0`), false},
	} {
		live, err := kea.ParseConfig([]byte(tt.live))
		if err != nil {
			t.Fatal(err)
		}
		if err := stale(kea.NewSecret(before), kea.NewSecret(after), live); (err != nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The way back holds both texts, and nothing that is shown holds a password.
func TestKeptAndShown(t *testing.T) {
	object := Object{KindSecret, "kea", "kea-dhcp4.conf"}
	after := configuration("first-Password-1", "second-Password-2")
	found, err := differences(kea.DHCP4, configuration(), after)
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{
		Namespace: "network", Files: []FileChange{{File: File{Server: "kea-0/dhcp4", Object: object}, Differences: found}},
		Moves:   []Move{{Turn: Turn{Pod: "kea-0", Seats: []Seat{{Server: "kea-0/dhcp4", Service: kea.DHCP4, Scopes: []string{"kea-0"}, PartnerScopes: []string{}}}}, Way: WayCovered}},
		changes: []Change{{object, kea.NewSecret(configuration()), kea.NewSecret(after)}},
	}
	data, err := pack(p.record())
	if err != nil {
		t.Fatal(err)
	}
	r, err := unpack(data)
	if diff := cmp.Diff(p.record(), r); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	k := kept{record: r}
	if diff := cmp.Diff(p.changes[0].After.Reveal(), k.changes()[0].After.Reveal()); diff != "" {
		t.Error(diff)
	}
	p.findLogins()
	if len(p.logins) != 1 {
		t.Errorf("%d logins", len(p.logins))
	}
	for _, shown := range []string{fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", p.changes), fmt.Sprintf("%v", p.logins)} {
		if strings.Contains(shown, "Password-") {
			t.Errorf("it shows a password: %s", shown)
		}
	}
}

// Only what differs is written, and never over what somebody else wrote.
func TestOnly(t *testing.T) {
	have := map[string]kea.Secret{"a": kea.NewSecret("1"), "b": kea.NewSecret("1")}
	for name, tt := range map[string]struct {
		now  map[string]string
		want map[string]string
		err  bool
	}{
		"nothing is written yet": {map[string]string{"a": "1", "b": "1"}, map[string]string{"a": "2", "b": "2"}, false},
		"one is":                 {map[string]string{"a": "2", "b": "1"}, map[string]string{"b": "2"}, false},
		"somebody was there":     {map[string]string{"a": "2", "b": "3"}, nil, true},
	} {
		texts := map[string]string{"a": "2", "b": "2"}
		err := only(texts, have, func(k string) string { return tt.now[k] })
		if (err != nil) != tt.err || err == nil && !cmp.Equal(texts, tt.want) {
			t.Errorf("%s: %v, %v", name, texts, err)
		}
	}
}

// Who keeps what it was told is named; people and this program are not.
func TestWriters(t *testing.T) {
	owns := func(manager, key string) metav1.ManagedFieldsEntry {
		return metav1.ManagedFieldsEntry{Manager: manager, FieldsV1: metav1.NewFieldsV1(`{"f:data":{".":{},"f:` + key + `":{}}}`)}
	}
	o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{
		owns("kubectl-kea", "kea-dhcp4.conf"), owns("kubectl-client-side-apply", "kea-dhcp4.conf"), owns("argocd-controller", "kea-dhcp4.conf"), owns("helm-controller", "other.conf"),
	}}}
	if diff := cmp.Diff([]string{"argocd-controller"}, writers(o, "kea-dhcp4.conf")); diff != "" {
		t.Error(diff)
	}
}

// A run that ended between its last step and its lock leaves the lock: the next run takes it away, unless it is another's.
func TestLockLeft(t *testing.T) {
	for kind, want := range map[string]bool{LockKind: true, "credentials rotation": false} {
		p := Plan{Deployment: "kea-dhcp", facts: facts{in: &inventory.Inventory{Operations: []inventory.Operation{{Object: "lease kea-dhcp-operation", Kind: kind}}}}}
		if got := p.lockLeft(); got != want {
			t.Errorf("%s: %v", kind, got)
		}
		if p.Continues = want; want && (p.Idle() || len((&Work{p: p}).Steps()) > 0) {
			t.Error("there is more to do than to take the lock away")
		}
	}
}
