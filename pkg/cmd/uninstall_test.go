package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

// deployed is an object of a deployment.
func deployed(deployment string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "branch", Name: deployment, Labels: map[string]string{
		"kea.fos1.io/deployment": deployment, "app.kubernetes.io/managed-by": "kubectl-kea",
	}}
}

// office is a cluster with a server of one deployment and the volume of its leases.
func office(t *testing.T, more ...client.Object) *cluster {
	t.Helper()
	f := newCluster(t, append(more, &corev1.ConfigMap{ObjectMeta: deployed("kea-dhcp")}, &corev1.PersistentVolumeClaim{ObjectMeta: deployed("kea-dhcp")})...)
	f.namespace = "branch"
	return f
}

const officeRemoval = `kea-dhcp in namespace branch: 1 object to delete, 1 to keep

ACTION   KIND                    NAME       NOTE
delete   ConfigMap               kea-dhcp
keep     PersistentVolumeClaim   kea-dhcp   unless --delete volumes
`

func TestWrongCommandLinesOfUninstall(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		err  string
	}{
		"an unknown part": {[]string{"uninstall", "--delete", "x"}, lines(`error: --delete "x": it takes database, volumes, backups`, "hint: kubectl kea uninstall --help")},
		"one of several":  {[]string{"uninstall", "--delete", "database,everything"}, lines(`error: --delete "everything": it takes database, volumes, backups`, "hint: kubectl kea uninstall --help")},
		"the servers":     {[]string{"uninstall", "--delete", "servers"}, lines(`error: --delete "servers": it takes database, volumes, backups`, "hint: kubectl kea uninstall --help")},
		"two names":       {[]string{"uninstall", "a", "b"}, lines("error: accepts at most 1 arg(s), received 2", "hint: kubectl kea uninstall --help")},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, result{err: tt.err, code: ExitUsage}, run(t.Context(), noCluster(t), tt.args...))
		})
	}
}

// Which deployment is meant: the one named, else the only one.
func TestUninstallChooses(t *testing.T) {
	other := &corev1.Service{ObjectMeta: deployed("other")}
	for name, tt := range map[string]struct {
		cluster *cluster
		args    []string
		want    result
	}{
		"the only one": {office(t), nil, result{out: officeRemoval + "\ndry run: nothing was changed\n"}},
		"named":        {office(t, other), []string{"kea-dhcp"}, result{out: officeRemoval + "\ndry run: nothing was changed\n"}},
		"one of two":   {office(t, other), nil, result{err: lines("error: which of kea-dhcp, other?", "hint: kubectl kea uninstall kea-dhcp"), code: ExitUsage}},
		"unknown":      {office(t), []string{"nobody"}, result{err: lines("error: no deployment nobody of kubectl kea install in namespace branch", "hint: kubectl kea status -A"), code: ExitFailed}},
		"none": {
			func() *cluster { f := newCluster(t); f.namespace = "branch"; return f }(), nil,
			result{err: lines("error: no deployment of kubectl kea install in namespace branch", "hint: kubectl kea status -A"), code: ExitFailed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, tt.want, run(t.Context(), tt.cluster.use, append([]string{"uninstall", "--dry-run"}, tt.args...)...))
			tt.cluster.untouched(t)
		})
	}
}

func TestUninstallDeclined(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string // "" for no terminal
		args []string
		err  string
	}{
		"yes is no name":       {"yes\n", nil, "This ends DHCP by kea-dhcp in namespace branch. Type kea-dhcp to go on: error: nothing was changed: the answer was not \"kea-dhcp\"\n"},
		"of the leases, too":   {"no\n", []string{"--delete", "volumes"}, "This ends DHCP and deletes all leases of kea-dhcp. Type kea-dhcp to go on: error: nothing was changed: the answer was not \"kea-dhcp\"\n"},
		"another name":         {"kea-dhcp\n", []string{"--confirm=kea"}, "error: nothing was changed: --confirm says \"kea\", the name is \"kea-dhcp\"\n"},
		"without a terminal":   {"", nil, "error: nothing was changed: there is no terminal to ask on\nhint: add --confirm=kea-dhcp\n"},
		"without one, as JSON": {"", []string{"-o", "json"}, "error: nothing was changed: there is no terminal to ask on\nhint: add --confirm=kea-dhcp\n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := office(t)
			env := f.use
			if tt.in != "" {
				env = f.answering(tt.in)
			}
			got := run(t.Context(), env, append([]string{"uninstall"}, tt.args...)...)
			if got.err != tt.err || got.code != ExitFailed {
				t.Errorf("got  %q\nwant %q", got.err, tt.err)
			}
			f.untouched(t)
		})
	}
}

func TestUninstall(t *testing.T) {
	for name, tt := range map[string]struct {
		in   string
		args []string
		out  string
		gone bool
	}{
		"asked":      {"kea-dhcp\n", nil, officeRemoval + "✓ kea-dhcp in namespace branch: the servers are deleted; kept: PersistentVolumeClaim kea-dhcp\n", false},
		"--confirm":  {"", []string{"--confirm=kea-dhcp"}, officeRemoval + "✓ kea-dhcp in namespace branch: the servers are deleted; kept: PersistentVolumeClaim kea-dhcp\n", false},
		"all of it":  {"", []string{"--confirm=kea-dhcp", "--delete", "volumes,database,backups"}, "✓ kea-dhcp in namespace branch: deleted\n", true},
		"names only": {"", []string{"--confirm=kea-dhcp", "-o", "name"}, "configmap/kea-dhcp\npersistentvolumeclaim/kea-dhcp\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			f := office(t)
			got := run(t.Context(), f.answering(tt.in), append([]string{"uninstall"}, tt.args...)...)
			if got.code != ExitOK || !strings.HasSuffix(got.out, tt.out) {
				t.Errorf("%+v", got)
			}
			key := client.ObjectKey{Namespace: "branch", Name: "kea-dhcp"}
			if err := f.Get(t.Context(), key, &corev1.ConfigMap{}); err == nil {
				t.Error("the configuration is still there")
			}
			if gone := f.Get(t.Context(), key, &corev1.PersistentVolumeClaim{}) != nil; gone != tt.gone {
				t.Errorf("the volume is gone: %v", gone)
			}
		})
	}
}

// With nothing to delete it says what is kept, in every format, and asks nothing.
func TestUninstallWithNothingToDelete(t *testing.T) {
	f := newCluster(t, &corev1.PersistentVolumeClaim{ObjectMeta: deployed("kea-dhcp")})
	f.namespace = "branch"
	got := run(t.Context(), f.use, "uninstall")
	want := "kea-dhcp in namespace branch: 0 objects to delete, 1 to keep\n\nACTION   KIND                    NAME       NOTE\nkeep     PersistentVolumeClaim   kea-dhcp   unless --delete volumes\n"
	same(t, result{out: want}, got)
	got = run(t.Context(), f.use, "uninstall", "-o", "json")
	var r stack.Removal
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || len(r.Changes) != 1 || got.code != ExitOK {
		t.Errorf("%v: %+v", err, got)
	}
	f.untouched(t)
}

func TestUninstallHints(t *testing.T) {
	t.Run("held", func(t *testing.T) {
		f := office(t, heldLease("ann@elsewhere"))
		got := run(t.Context(), f.use, "uninstall", "--confirm=kea-dhcp")
		if !strings.HasSuffix(got.err, "\nhint: wait for it, or add --take-over when it is dead\n") || got.code != ExitFailed {
			t.Errorf("%+v", got)
		}
		f.untouched(t)
	})
	t.Run("failed", func(t *testing.T) {
		f := office(t)
		f.WithWatch = interceptor.NewClient(f.WithWatch, interceptor.Funcs{
			Delete: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.DeleteOption) error {
				if o.GetName() == "kea-dhcp" {
					return errors.New("etcdserver: request timed out")
				}
				return c.Delete(ctx, o, options...)
			},
		})
		got := run(t.Context(), f.use, "uninstall", "--confirm=kea-dhcp", "--delete", "volumes,database")
		want := fmt.Sprintf("error: delete the servers: delete ConfigMap kea-dhcp: etcdserver: request timed out\nhint: kubectl kea uninstall %s -n branch --delete volumes,database goes on from here\n", "kea-dhcp")
		if !strings.HasSuffix(got.err, want) || got.code != ExitFailed {
			t.Errorf("%+v", got)
		}
	})
}
