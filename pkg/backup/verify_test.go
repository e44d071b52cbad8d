package backup

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

func inspection() keadb.Inspection {
	return keadb.Inspection{
		Schema: keadb.Schema{Version: 22, Minor: 2}, Hosts: 3,
		IPv4: keadb.LeasesInspection{
			Rows: 12, Valid: 9, Newest: time.Date(2026, 11, 23, 6, 10, 0, 0, time.UTC),
			Subnets: []keadb.SubnetInspection{
				{SubnetID: 10, Rows: map[int]int64{0: 10, 1: 1}, Counted: map[int]int64{0: 10, 1: 1}, Valid: 8},
				{SubnetID: 99, Rows: map[int]int64{0: 1}, Counted: map[int]int64{0: 1}, Valid: 1},
			},
		},
		IPv6: keadb.LeasesInspection{
			Rows: 1, Valid: 1, Newest: time.Date(2026, 11, 23, 6, 11, 0, 0, time.UTC),
			Subnets: []keadb.SubnetInspection{{SubnetID: 10, Rows: map[int]int64{0: 1}, Counted: map[int]int64{0: 1}, Valid: 1}},
		},
	}
}

func names() subnetNames {
	config := func(service kea.Service, cidr string) *kea.Config {
		return &kea.Config{Service: service, Subnets: []kea.Subnet{{
			ID: 10, CIDR: netip.MustParsePrefix(cidr), UserContext: map[string]any{"vlan": 10, "name": "users"},
		}}}
	}
	return newSubnetNames([]inventory.Server{{File: config(kea.DHCP4, "10.10.0.0/16")}, {File: config(kea.DHCP6, "2001:db8::/64")}, {}})
}

func TestJudge(t *testing.T) {
	v := Verdict{OK: true}
	v.judge(inspection(), &keadb.Schema{Version: 22, Minor: 2}, names())
	want := Verdict{
		OK: true, Leases: 10, Rows: 13, Newest: time.Date(2026, 11, 23, 6, 11, 0, 0, time.UTC),
		Checks: []Check{
			{"schema", true, "version 22.2, as in service"},
			{"counters", true, "agree with the rows in each of 3 subnets"},
			{"duplicates", true, "no address stands in two rows"},
			{"leases", true, "10 in 13 rows are valid now, 3 reservations in the database"},
		},
		VLANs: []VLANCount{
			{Service: "dhcp4", SubnetID: 99, Leases: 1, Rows: 1},
			{Service: "dhcp4", VLAN: 10, VLANName: "users", Subnet: "10.10.0.0/16", SubnetID: 10, Leases: 8, Rows: 11},
			{Service: "dhcp6", VLAN: 10, VLANName: "users", Subnet: "2001:db8::/64", SubnetID: 10, Leases: 1, Rows: 1},
		},
	}
	if diff := cmp.Diff(want, v); diff != "" {
		t.Error(diff)
	}
}

func TestJudgeFindsFaults(t *testing.T) {
	same := &keadb.Schema{Version: 22, Minor: 2}
	for _, test := range []struct {
		name   string
		live   *keadb.Schema
		change func(*keadb.Inspection)
		want   Check
	}{
		{"nobody to compare with", nil, nil, Check{"schema", true, "version 22.2; the database in service does not answer, so that it was not compared"}},
		{
			"another schema", &keadb.Schema{Version: 29, Minor: 0}, nil,
			Check{"schema", false, "version 22.2, and 29.0 in service: Kea would have to be changed, or the schema be upgraded, after a restore"},
		},
		{"a row that is not counted", same, func(in *keadb.Inspection) { in.IPv4.Subnets[0].Rows[0]++ }, Check{"counters", false, "VLAN 10 10.10.0.0/16: 11 rows in state 0, 10 counted"}},
		{"a count without rows", same, func(in *keadb.Inspection) { in.IPv4.Subnets[1].Counted[1] = 4 }, Check{"counters", false, "dhcp4 subnet 99: 0 rows in state 1, 4 counted"}},
		{"an address twice", same, func(in *keadb.Inspection) { in.IPv6.Duplicates = 2 }, Check{"duplicates", false, "2 addresses stand in more than one row"}},
		{"no leases", same, func(in *keadb.Inspection) { in.IPv4, in.IPv6 = keadb.LeasesInspection{}, keadb.LeasesInspection{} }, Check{"counters", true, "there is nothing to count"}},
	} {
		in := inspection()
		if test.change != nil {
			test.change(&in)
		}
		v := Verdict{OK: true}
		v.judge(in, test.live, names())
		found := false
		for _, c := range v.Checks {
			found = found || c == test.want
		}
		if !found || v.OK != test.want.OK {
			t.Errorf("%s: %+v", test.name, v.Checks)
		}
	}
}

func TestVerdictOnABackup(t *testing.T) {
	v := Verdict{Backup: "b", At: time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC), OK: true, Checks: []Check{{"login", true, "x"}}, VLANs: []VLANCount{{SubnetID: 1}}}
	text, err := v.annotation()
	if err != nil || strings.Contains(text, "subnetID") {
		t.Errorf("%s, %v", text, err)
	}
	v.VLANs = nil
	if diff := cmp.Diff(&v, VerdictOf(cnpg.Backup{Verified: text})); diff != "" {
		t.Error(diff)
	}
}

func TestChooseABackup(t *testing.T) {
	at := func(minute int) *time.Time {
		t := time.Date(2026, 11, 23, 6, minute, 0, 0, time.UTC)
		return &t
	}
	w := Window{Spans: []Span{
		{Archive: cnpg.Archive{ServerName: "old"}, Backups: []cnpg.Backup{{Name: "first", Stopped: at(1)}, {Name: "late", Stopped: at(5)}}},
		{Archive: cnpg.Archive{ServerName: "new"}, Backups: []cnpg.Backup{{Name: "newest", Stopped: at(9)}}},
	}}
	for name, want := range map[string][2]string{"": {"newest", "new"}, "first": {"first", "old"}} {
		var v Verification
		if !v.choose(w, name) || v.Backup.Name != want[0] || v.Archive.ServerName != want[1] {
			t.Errorf("%q: %s in %s", name, v.Backup.Name, v.Archive.ServerName)
		}
	}
	var v Verification
	if v.choose(w, "gone") || v.choose(Window{}, "") {
		t.Error("a backup out of nothing")
	}
}

func TestKeeper(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{batchv1.AddToScheme, cnpgv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := fake.NewClientBuilder().WithScheme(scheme).Build()
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-verify-x"}, Spec: cnpgv1.ClusterSpec{
		ImagePullSecrets: []cnpgv1.LocalObjectReference{{Name: "registry"}},
	}}
	k, err := newKeeper(t.Context(), c, cluster, "postgresql:17")
	if err != nil {
		t.Fatal(err)
	}
	cluster.OwnerReferences = []metav1.OwnerReference{k.owner()}
	if err := c.Create(t.Context(), cluster); err != nil {
		t.Fatal(err)
	}
	key := client.ObjectKey{Namespace: "network", Name: "kea-verify-x"}
	var job batchv1.Job
	if err := c.Get(t.Context(), key, &job); err != nil {
		t.Fatal(err)
	}
	pod, err := json.Marshal(job.Spec.Template.Spec)
	if err != nil || *job.Spec.ActiveDeadlineSeconds != 45 || *job.Spec.TTLSecondsAfterFinished != 0 || !strings.Contains(string(pod), `"registry"`) {
		t.Errorf("%s, %v", pod, err)
	}
	k.job.CreationTimestamp = metav1.NewTime(time.Date(2026, 11, 23, 7, 0, 0, 0, time.UTC))
	if err := k.extend(t.Context(), time.Date(2026, 11, 23, 7, 1, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	if err := c.Get(t.Context(), key, &job); err != nil || *job.Spec.ActiveDeadlineSeconds != 105 {
		t.Errorf("%d seconds, %v", *job.Spec.ActiveDeadlineSeconds, err)
	}
	for range 2 { // what is gone already is fine
		if err := k.end(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := c.Get(t.Context(), key, cluster); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("the cluster is left: %v", err)
	}
}
