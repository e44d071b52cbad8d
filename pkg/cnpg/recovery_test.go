package cnpg

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

var update = flag.Bool("update", false, "rewrite the recovered clusters in testdata")

// recoveries are the kinds of recoveries, each with the cluster that it is made like.
func recoveries() map[string]struct {
	source string
	Recovery
} {
	pacific := time.FixedZone("", -8*3600)
	return map[string]struct {
		source string
		Recovery
	}{
		"plugin-to-time": {"network", Recovery{
			Name: "kea-database-r1", From: Archive{Method: MethodPlugin, Store: "kea-backups", ServerName: "kea-database"},
			Target:   RecoveryTarget{Time: time.Date(2026, 11, 22, 11, 39, 37, 506522_000, pacific)},
			CASecret: "kea-db-ca", DNSNames: []string{"kea-database", "kea-database.example.com"},
			Labels: map[string]string{marks.LabelDeployment: "kea-dhcp"}, Annotations: map[string]string{marks.AnnotationLineage: "[]"},
		}},
		"in-tree-to-backup": {"campus", Recovery{
			Name: "campus-db-r1", From: Archive{Method: MethodInTree, ServerName: "campus-db"},
			Target: RecoveryTarget{BackupID: "20261122T212425", Immediate: true}, Instances: 1,
		}},
		"exotic-to-lsn": {"exotic", Recovery{
			Name: "dhcp-r1", From: Archive{Method: MethodPlugin, Store: "store", ServerName: "dhcp-2"},
			Target: RecoveryTarget{LSN: 0x16B374D848, Timeline: "2"},
		}},
		"exotic-throwaway": {"exotic", Recovery{
			Name: "verify-x", From: Archive{Method: MethodPlugin, Store: "store", ServerName: "dhcp-2"}, Throwaway: true,
			Labels: map[string]string{marks.LabelComponent: "verification"},
			Owner:  &metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "verify-x", UID: "1"},
		}},
		"in-tree-throwaway": {"campus", Recovery{
			Name: "verify-y", From: Archive{Method: MethodInTree, ServerName: "campus-db"}, Throwaway: true,
		}},
	}
}

func TestRecoveredClusters(t *testing.T) {
	for name, r := range recoveries() {
		t.Run(name, func(t *testing.T) {
			typed, raw, err := r.Cluster(&objects[unstructured.Unstructured](t, r.source, "cluster.yaml")[0])
			if err != nil {
				t.Fatal(err)
			}
			if typed.Name != r.Name || typed.Spec.Bootstrap.Recovery.Source != RecoverySource {
				t.Errorf("the typed one is another: %s", typed.Name)
			}
			got, err := yaml.Marshal(raw.Object)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", "recovery", name+".yaml")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRecoveryKeepsTheRest: whatever a spec holds, a recovery changes nothing but what it must.
func TestRecoveryKeepsTheRest(t *testing.T) {
	changed := []string{"bootstrap", "certificates", "externalClusters"}
	of := map[string][]string{ // what else each kind of recovery changes
		"exotic-to-lsn":     {"plugins"},
		"in-tree-to-backup": {"instances"},
		"exotic-throwaway":  {"backup", "enablePDB", "instances", "managed", "monitoring", "plugins", "postgresql", "primaryUpdateStrategy"},
		"in-tree-throwaway": {"backup", "enablePDB", "instances", "maxSyncReplicas", "minSyncReplicas", "monitoring", "primaryUpdateStrategy"},
	}
	for name, r := range recoveries() {
		source := objects[unstructured.Unstructured](t, r.source, "cluster.yaml")[0]
		before := source.DeepCopy()
		_, raw, err := r.Cluster(&source)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before.Object, source.Object); diff != "" {
			t.Errorf("%s: the source was changed:\n%s", name, diff)
		}
		want, got := before.Object["spec"].(map[string]any), raw.Object["spec"].(map[string]any)
		differ := []string{}
		for field := range fields(want, got) {
			if !cmp.Equal(want[field], got[field]) {
				differ = append(differ, field)
			}
		}
		slices.Sort(differ)
		expected := slices.Sorted(slices.Values(append(of[name], changed...)))
		if diff := cmp.Diff(expected, differ); diff != "" {
			t.Errorf("%s changes other fields than it should:\n%s", name, diff)
		}
		for _, field := range []string{"uid", "resourceVersion", "creationTimestamp", "managedFields", "finalizers", "generation"} {
			if _, ok := raw.Object["metadata"].(map[string]any)[field]; ok {
				t.Errorf("%s: the server's own %s is kept", name, field)
			}
		}
	}
}

func fields(objects ...map[string]any) map[string]bool {
	found := map[string]bool{}
	for _, m := range objects {
		for field := range maps.Keys(m) {
			found[field] = true
		}
	}
	return found
}

func TestRecoveryOfARecoveredCluster(t *testing.T) {
	source := objects[unstructured.Unstructured](t, "campus", "cluster.yaml")[0]
	first := Recovery{Name: "one", From: Archive{Method: MethodInTree, ServerName: "campus-db"}}
	_, one, err := first.Cluster(&source)
	if err != nil {
		t.Fatal(err)
	}
	// Since then its own archive has moved to another store; the older times lie where they lay.
	if err := unstructured.SetNestedField(one.Object, "s3://elsewhere/", "spec", "backup", "barmanObjectStore", "destinationPath"); err != nil {
		t.Fatal(err)
	}
	for server, want := range map[string]string{"campus-db": "s3://backups/campus/", "one": "s3://elsewhere/"} {
		typed, _, err := Recovery{Name: "two", From: Archive{Method: MethodInTree, ServerName: server}}.Cluster(one)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(typed.Spec.ExternalClusters); n != 1 {
			t.Fatalf("%d external clusters", n)
		}
		store := typed.Spec.ExternalClusters[0].BarmanObjectStore
		if store.DestinationPath != want || store.ServerName != server {
			t.Errorf("%s: %s, %s", server, store.DestinationPath, store.ServerName)
		}
	}
}

func TestRefusedRecoveries(t *testing.T) {
	plugin := Archive{Method: MethodPlugin, Store: "kea-backups", ServerName: "kea-database"}
	for _, test := range []struct {
		name   string
		from   Archive
		change func(spec map[string]any)
		want   string
	}{
		{"a replica", plugin, func(spec map[string]any) { spec["replica"] = map[string]any{"primary": "kea-database", "source": "x"} }, errReplicaCluster.Error()},
		{"no archive", Archive{}, nil, errNoArchive.Error()},
		{"a store that is gone", Archive{Method: MethodInTree, ServerName: "older"}, nil, errNoStore.Error()},
		{"snapshots", Archive{Method: MethodSnapshot}, nil, "recovering from method volumeSnapshot is not supported"},
		{"an odd spec", plugin, func(spec map[string]any) { spec["instances"] = "three" }, "read cluster kea-database"},
	} {
		source := objects[unstructured.Unstructured](t, "network", "cluster.yaml")[0]
		if test.change != nil {
			test.change(source.Object["spec"].(map[string]any))
		}
		_, _, err := Recovery{Name: "r", From: test.from}.Cluster(&source)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	was := objects[unstructured.Unstructured](t, "network", "cluster.yaml")[0]
	was.Object["spec"].(map[string]any)["replica"] = map[string]any{"enabled": false, "source": "x"}
	if _, _, err := (Recovery{Name: "r", From: plugin}).Cluster(&was); err != nil {
		t.Errorf("one that was a replica once: %v", err)
	}
}
