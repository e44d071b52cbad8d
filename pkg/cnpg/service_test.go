package cnpg

import (
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestServiceTargetOfRealServices(t *testing.T) {
	clusters := []cnpgv1.Cluster{*clusterFixture(t, "network"), *clusterFixture(t, "foreign")}
	got := map[string]Target{}
	for _, scenario := range []string{"network", "foreign"} {
		for _, svc := range objects[corev1.Service](t, scenario, "services.yaml") {
			if target, ok := ServiceTarget(&svc, clusters); ok {
				got[svc.Namespace+"/"+svc.Name] = target
			}
		}
	}
	kea := types.NamespacedName{Namespace: "network", Name: "kea-database"}
	store := types.NamespacedName{Namespace: "foreign", Name: "dhcpstore"}
	want := map[string]Target{
		"network/kea-database":    {Cluster: kea, Role: RolePrimary, Exists: true},
		"network/kea-database-rw": {Cluster: kea, Role: RolePrimary, Exists: true},
		"network/kea-database-ro": {Cluster: kea, Role: RoleReplica, Exists: true},
		"network/kea-database-r":  {Cluster: kea, Role: RoleAny, Exists: true},
		"foreign/dhcpstore-rw":    {Cluster: store, Role: RolePrimary, Exists: true},
		"foreign/dhcpstore-ro":    {Cluster: store, Role: RoleReplica, Exists: true},
		"foreign/dhcpstore-r":     {Cluster: store, Role: RoleAny, Exists: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestServiceTarget(t *testing.T) {
	clusters := []cnpgv1.Cluster{*clusterFixture(t, "network")}
	key := func(name string) types.NamespacedName { return types.NamespacedName{Namespace: "network", Name: name} }
	tests := []struct {
		name     string
		selector map[string]string
		external string
		want     Target
		ok       bool
	}{
		{
			name: "old label", selector: map[string]string{LabelCluster: "kea-database", "role": "primary"},
			want: Target{Cluster: key("kea-database"), Role: RolePrimary, Exists: true}, ok: true,
		},
		{
			name: "a cluster that is gone", selector: map[string]string{LabelCluster: "gone", LabelInstanceRole: "primary"},
			want: Target{Cluster: key("gone"), Role: RolePrimary}, ok: true,
		},
		{
			name: "one instance", selector: map[string]string{LabelInstanceName: "kea-database-2"},
			want: Target{Cluster: key("kea-database"), Role: RoleInstance, Instance: "kea-database-2", Exists: true}, ok: true,
		},
		{
			name: "pooler", selector: map[string]string{LabelPooler: "pool", LabelPodRole: "pooler"},
			want: Target{Cluster: key(""), Role: RolePooler, Pooler: "pool"}, ok: true,
		},
		{
			name: "external name", external: "kea-database-rw.network.svc.cluster.local.",
			want: Target{Cluster: key("kea-database"), Role: RolePrimary, Exists: true}, ok: true,
		},
		{name: "external name elsewhere", external: "kea-database-rw.example.org"},
		{name: "external name of the internet", external: "kea-database-rw.network.example.org"},
		{name: "somebody else's", selector: map[string]string{"app": "web"}},
		{name: "no selector"},
	}
	for _, test := range tests {
		svc := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "db"}}
		svc.Spec.Selector = test.selector
		if test.external != "" {
			svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, test.external
		}
		got, ok := ServiceTarget(svc, clusters)
		if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
			t.Errorf("%s: %v %s", test.name, ok, diff)
		}
	}
}

func TestHostTarget(t *testing.T) {
	clusters := []cnpgv1.Cluster{*clusterFixture(t, "network")}
	for host, want := range map[string]Role{
		"kea-database-rw": RolePrimary, "kea-database-ro": RoleReplica, "kea-database-r.network": RoleAny,
		"kea-database-rw.network.svc": RolePrimary, "kea-database-rw.other": "", "kea-database": "", "": "", "10.0.0.1": "",
	} {
		if got, ok := HostTarget(host, "network", clusters); got.Role != want || ok != (want != "") {
			t.Errorf("%s: %+v, %v", host, got, ok)
		}
	}
}
