package stack

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const backedUp = "  database: {backup: {destinationPath: s3://backups/kea}}"

// image changes the image of an operator.
func image(t *testing.T, f *cluster, deployment string, images ...string) {
	t.Helper()
	var d appsv1.Deployment
	if err := f.store.Get(t.Context(), client.ObjectKey{Namespace: "cnpg-system", Name: deployment}, &d); err != nil {
		t.Fatal(err)
	}
	d.Spec.Template.Spec.Containers = nil
	for _, name := range images {
		d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Image: name})
	}
	if err := f.store.Update(t.Context(), &d); err != nil {
		t.Fatal(err)
	}
}

// class makes the cluster's only storage class one with these annotations, or none.
func class(t *testing.T, f *cluster, name string, annotations map[string]string) {
	t.Helper()
	if err := f.store.DeleteAllOf(t.Context(), &storagev1.StorageClass{}); err != nil {
		t.Fatal(err)
	}
	if name == "" {
		return
	}
	if err := f.store.Create(t.Context(), &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: annotations}}); err != nil {
		t.Fatal(err)
	}
}

func secret(name string, keys ...string) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name}, Data: map[string][]byte{}}
	for _, key := range keys {
		s.Data[key] = []byte("x")
	}
	return s
}

func TestPreflight(t *testing.T) {
	const (
		createLogin = "kubectl -n network create secret generic backup-creds --from-literal=ACCESS_KEY_ID=… --from-literal=ACCESS_SECRET_KEY=…"
		noClass     = "critical no-storage-class spec.database.cluster.storage: it names no storage class, and the cluster has no default one; "
	)
	oldPlugin := func(version string) string {
		return "critical too-old Barman Cloud plugin: deployment cnpg-system/barman-cloud runs version " + version + "; 0.5 or newer is needed -> upgrade it"
	}
	oldOperator := func(version string) string {
		return "critical too-old CloudNativePG: deployment cnpg-system/cnpg-controller-manager runs version " + version + "; 1.26 or newer is needed -> upgrade it"
	}
	login := secret("backup-creds", "ACCESS_KEY_ID", "ACCESS_SECRET_KEY")
	for name, tt := range map[string]struct {
		lines   string
		objects []client.Object
		change  func(t *testing.T, f *cluster)
		want    []string
	}{
		"nothing is missing": {backedUp, []client.Object{login}, nil, []string{}},
		"no backups":         {"", nil, nil, []string{noBackup}},
		"memfile needs no CNPG": {"  database: {type: memfile}", nil, func(_ *testing.T, f *cluster) {
			f.lacks = []string{"Cluster", "ScheduledBackup", "ObjectStore"}
		}, []string{}},
		"no operator": {backedUp, []client.Object{login}, func(_ *testing.T, f *cluster) { f.lacks = []string{"Cluster", "ScheduledBackup", "ObjectStore"} }, []string{
			"critical no-cnpg CloudNativePG: the operator is not installed in this cluster -> install CloudNativePG 1.26 or newer: https://cloudnative-pg.io/docs",
			"critical no-barman-plugin Barman Cloud plugin: spec.database.backup.method is plugin, and the plugin is not installed in this cluster -> install the plugin, or set spec.database.backup.method to in-tree (until CNPG 1.30) or none",
		}},
		"no plugin is needed in-tree": {
			"  database: {backup: {destinationPath: s3://backups/kea, method: in-tree}}",
			[]client.Object{login},
			func(_ *testing.T, f *cluster) { f.lacks = []string{"ObjectStore"} },
			[]string{},
		},
		"both too old": {backedUp, []client.Object{login}, func(t *testing.T, f *cluster) {
			image(t, f, "cnpg-controller-manager", "registry.example.com:5000/mirror/cloudnative-pg:1.25.1@sha256:1234567890abcdef")
			image(t, f, "barman-cloud", "ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.4.1")
		}, []string{oldOperator("1.25.1"), oldPlugin("0.4.1")}},
		"the plugin's version does not matter without it": {"", nil, func(t *testing.T, f *cluster) { image(t, f, "barman-cloud", "x:0.1.0") }, []string{noBackup}},
		"versions that cannot be told": {backedUp, []client.Object{login}, func(t *testing.T, f *cluster) {
			image(t, f, "cnpg-controller-manager", "registry.example.com:5000/cloudnative-pg@sha256:1234567890abcdef")
			image(t, f, "barman-cloud")
		}, []string{}},
		"somebody's sidecar": {"", nil, func(t *testing.T, f *cluster) {
			image(t, f, "cnpg-controller-manager", "ghcr.io/cloudnative-pg/cloudnative-pg:1.28.0", "docker.io/istio/proxyv2:1.20.0")
		}, []string{noBackup}},
		"operators that may not be looked at": {"", nil, func(t *testing.T, f *cluster) {
			image(t, f, "cnpg-controller-manager", "cloudnative-pg:1.20.0")
			f.refuses["list Deployment"] = forbidden("list", "deployments.apps")
		}, []string{noBackup}},
		"no default class": {"", nil, func(t *testing.T, f *cluster) { class(t, f, "fast", nil) }, []string{
			noClass + "there are fast -> set spec.database.cluster.storage.storageClass", noBackup,
		}},
		"no class at all": {"", nil, func(t *testing.T, f *cluster) { class(t, f, "", nil) }, []string{
			noClass + "there is none -> set spec.database.cluster.storage.storageClass", noBackup,
		}},
		"a default in the old way": {"", nil, func(t *testing.T, f *cluster) {
			class(t, f, "fast", map[string]string{"storageclass.beta.kubernetes.io/is-default-class": "true"})
		}, []string{noBackup}},
		"unknown classes": {"  database: {cluster: {storage: {storageClass: fast}, walStorage: {size: 1Gi, storageClass: faster}}}", nil, nil, []string{
			`critical no-storage-class spec.database.cluster.storage: the storage class "fast" does not exist; there are standard -> set spec.database.cluster.storage.storageClass`,
			`critical no-storage-class spec.database.cluster.walStorage: the storage class "faster" does not exist; there are standard -> set spec.database.cluster.walStorage.storageClass`,
			noBackup,
		}},
		"an unknown class for files": {"  database: {type: memfile, memfile: {storage: {storageClass: fast}}}", nil, nil, []string{
			`critical no-storage-class spec.database.memfile.storage: the storage class "fast" does not exist; there are standard -> set spec.database.memfile.storage.storageClass`,
		}},
		"classes that may not be looked at": {"", nil, func(t *testing.T, f *cluster) {
			class(t, f, "", nil)
			f.refuses["list StorageClass"] = forbidden("list", "storageclasses.storage.k8s.io")
		}, []string{noBackup}},
		"no login for backups": {backedUp, nil, nil, []string{
			"critical no-backup-secret secret backup-creds: the object store's Secret does not exist -> " + createLogin,
		}},
		"keys are missing": {"  database: {backup: {destinationPath: s3://backups/kea, regionKey: REGION}}", []client.Object{secret("backup-creds", "ACCESS_KEY_ID")}, nil, []string{
			"critical no-backup-secret secret backup-creds: it has no key ACCESS_SECRET_KEY -> " + createLogin + " --from-literal=REGION=…",
			"critical no-backup-secret secret backup-creds: it has no key REGION -> " + createLogin + " --from-literal=REGION=…",
		}},
		"no certificate of the store": {"  database: {backup: {destinationPath: s3://backups/kea, endpointURL: \"https://minio:9000\", endpointCASecret: minio-ca}}", []client.Object{login}, nil, []string{
			"critical no-backup-secret secret minio-ca: the object store's Secret does not exist -> kubectl -n network create secret generic minio-ca --from-literal=ca.crt=…",
		}},
		"a login that may not be looked at": {backedUp, nil, func(_ *testing.T, f *cluster) {
			f.refuses["get Secret backup-creds"] = forbidden("get", "secrets")
		}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t, tt.objects...)
			if tt.change != nil {
				tt.change(t, f)
			}
			if diff := cmp.Diff(tt.want, said(f.plan(t, strings.Replace(office, "  vlans:", strings.TrimLeft(tt.lines+"\n  vlans:", "\n"), 1), Options{}))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A database whose archive cannot be reached does not come up: without its login, a new namespace is no place for it.
func TestPreflightOfANewNamespace(t *testing.T) {
	f := newCluster(t)
	if err := f.store.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "network"}}); err != nil {
		t.Fatal(err)
	}
	p := f.plan(t, with(backedUp), Options{CreateNamespace: true})
	want := []string{"critical no-backup-secret secret backup-creds: the object store's Secret does not exist -> kubectl create namespace network; kubectl -n network create secret generic backup-creds --from-literal=ACCESS_KEY_ID=… --from-literal=ACCESS_SECRET_KEY=…"}
	if diff := cmp.Diff(want, said(p)); diff != "" {
		t.Error(diff)
	}
}

// All missing permissions are named at once, and nothing that follows from them.
func TestMissingPermissions(t *testing.T) {
	f := newCluster(t)
	f.denied = []string{"get secrets", "create secrets", "patch statefulsets.apps", "create pods/portforward", "list services"}
	f.refuses["list Service"] = forbidden("list", "services")
	f.refuses["get Secret kea-db-ca"] = forbidden("get", "secrets")
	p := f.plan(t, office, Options{})
	want := []string{
		"critical missing-permission namespace network: you may not: list services; get,create secrets; create pods/portforward; patch statefulsets.apps -> ask a cluster administrator for a RoleBinding to the ClusterRole admin and the CNPG rights named here",
		noBackup,
	}
	if diff := cmp.Diff(want, said(p)); diff != "" || len(p.Changes) != 0 {
		t.Error(diff, p.Changes)
	}
}

func TestPermissions(t *testing.T) {
	resources := func(lines string) []string {
		found := []string{}
		for _, p := range Permissions(load(t, with(lines))) {
			if p.Namespace != "network" {
				t.Errorf("%s is asked for in namespace %q", p, p.Namespace)
			}
			_, resource, _ := strings.Cut(p.String(), " ")
			if !slices.Contains(found, resource) {
				found = append(found, resource)
			}
		}
		return found
	}
	always := []string{
		"services", "configmaps", "secrets", "serviceaccounts", "pods", "pods/portforward", "statefulsets.apps", "poddisruptionbudgets.policy",
		"roles.rbac.authorization.k8s.io", "leases.coordination.k8s.io",
	}
	for lines, more := range map[string][]string{
		"  database: {type: memfile}":                                    {"networkpolicies.networking.k8s.io"},
		"  database: {type: memfile}\n  networkPolicy: {enabled: false}": {},
		"  database: {type: memfile}\n  exposure: {type: hostNetwork}":   {},
		"  highAvailability: {mode: hot-standby}":                        {"networkpolicies.networking.k8s.io", "cronjobs.batch", "clusters.postgresql.cnpg.io"},
		backedUp: {"networkpolicies.networking.k8s.io", "cronjobs.batch", "clusters.postgresql.cnpg.io", "scheduledbackups.postgresql.cnpg.io", "objectstores.barmancloud.cnpg.io"},
		"  database: {backup: {destinationPath: s3://backups, method: in-tree}}": {"networkpolicies.networking.k8s.io", "cronjobs.batch", "clusters.postgresql.cnpg.io", "scheduledbackups.postgresql.cnpg.io"},
	} {
		t.Run(lines, func(t *testing.T) {
			if diff := cmp.Diff(append(slices.Clone(always), more...), resources(lines)); diff != "" {
				t.Error(diff)
			}
		})
	}
	verbs := []string{}
	for _, p := range Permissions(load(t, office)) {
		if p.Resource == "leases" || p.Resource == "secrets" {
			verbs = append(verbs, p.String())
		}
	}
	want := []string{
		"get secrets", "list secrets", "create secrets", "patch secrets",
		"get leases.coordination.k8s.io", "create leases.coordination.k8s.io", "update leases.coordination.k8s.io", "delete leases.coordination.k8s.io",
	}
	if diff := cmp.Diff(want, verbs); diff != "" {
		t.Error(diff)
	}
}

func TestImageVersion(t *testing.T) {
	for name, want := range map[string]string{
		"ghcr.io/cloudnative-pg/cloudnative-pg:1.30.0":      "1.30.0",
		"cloudnative-pg:1.26":                               "1.26",
		"ghcr.io/cloudnative-pg/plugin-barman-cloud:v0.6.0": "0.6.0",
		"host:5000/cnpg:1.25.3-ubi9":                        "1.25.3",
		"host:5000/cnpg:1.25.3@sha256:9f86d081884c7d65":     "1.25.3",
		"host:5000/cnpg@sha256:9f86d081884c7d65":            "",
		"host:5000/cnpg":                                    "",
		"10.0.0.5:5000/cnpg":                                "",
		"registry:443.example/cnpg":                         "",
		"cnpg:latest":                                       "",
		"cnpg:main-2024.10.1":                               "",
		"cnpg:5000":                                         "",
		"":                                                  "",
	} {
		if got := imageVersion(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestOlder(t *testing.T) {
	for _, tt := range []struct {
		version, than string
		want          bool
	}{
		{"1.25.9", "1.26", true}, {"1.26", "1.26", false}, {"1.26.0", "1.26", false}, {"1.9.0", "1.26", true}, {"1.100.0", "1.26", false}, {"2.0", "1.26", false}, {"0.4.1", "0.5", true},
	} {
		if got := older(tt.version, tt.than); got != tt.want {
			t.Errorf("%s older than %s: %v", tt.version, tt.than, got)
		}
	}
}
