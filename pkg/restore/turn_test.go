package restore

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

func TestTurn(t *testing.T) {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database", Annotations: map[string]string{"other": "stays"}},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{cnpg.LabelCluster: "kea", cnpg.LabelInstanceRole: "primary"}},
	}
	src := holding(t, service)
	key := client.ObjectKeyFromObject(service)
	version, noted := "", 0
	for range 2 { // the second time it is turned already, and nothing is written
		if err := turn(t.Context(), src.Client, key, "kea-r1", func(s *corev1.Service) error { noted++; s.Annotations["noted"] = "yes"; return nil }); err != nil {
			t.Fatal(err)
		}
		var now corev1.Service
		if err := src.Client.Get(t.Context(), key, &now); err != nil {
			t.Fatal(err)
		}
		if now.Spec.Selector[cnpg.LabelCluster] != "kea-r1" || now.Spec.Selector[cnpg.LabelInstanceRole] != "primary" ||
			now.Annotations[marks.AnnotationCurrentCluster] != "kea-r1" || now.Annotations["other"] != "stays" || now.Annotations["noted"] != "yes" || noted != 1 {
			t.Errorf("%v %v", now.Spec.Selector, now.Annotations)
		}
		if version != "" && version != now.ResourceVersion {
			t.Error("written twice")
		}
		version = now.ResourceVersion
	}
}

// The loop goes on until a login lands where it should, and gives up with what was said last.
func TestLoginLoop(t *testing.T) {
	psql := func(t *testing.T, script string) string {
		t.Helper()
		dir := t.TempDir()
		text := "#!/bin/sh\ncd " + dir + "\necho x >> count\n" + script
		if err := os.WriteFile(filepath.Join(dir, "psql"), []byte(text), 0o700); err != nil { //nolint:gosec // it is to be run
			t.Fatal(err)
		}
		return dir
	}
	for name, tt := range map[string]struct {
		script string
		want   string // of the error; "" for none
		tries  int
	}{
		"at once":          {`echo "10.0.0.5|f|off"`, "", 1},
		"the third time":   {`[ $(wc -l < count) -ge 3 ] && echo "10.0.0.5|f|off" || { echo "connection refused" >&2; exit 2; }`, "", 3},
		"the old cluster":  {`echo "10.0.0.4|f|off"`, "10.0.0.4|f|off", 4},
		"still recovering": {`echo "10.0.0.5|t|on"`, "10.0.0.5|t|on", 4},
		"no password":      {`echo "fe_sendauth: no password supplied" >&2; exit 2`, "fe_sendauth: no password supplied", 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := psql(t, tt.script)
			cmd := exec.CommandContext(t.Context(), "sh", "-c", loginLoop, "sh", "host='x'", "10.0.0.5|f|off", "4")
			cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
			said := strings.Builder{}
			cmd.Stderr = &said
			err := cmd.Run()
			if got := lastLine(said.String(), os.ErrInvalid); (err == nil) != (tt.want == "") || err != nil && got != tt.want {
				t.Errorf("%v: %q", err, got)
			}
			count, err := os.ReadFile(filepath.Join(dir, "count"))
			if n := strings.Count(string(count), "\n"); err != nil || n != tt.tries {
				t.Errorf("%d tries, want %d (%v)", n, tt.tries, err)
			}
		})
	}
}

// A server whose image has no psql cannot try: then Kubernetes has to say that the Service leads to the new primary alone.
func TestProofWithoutPsql(t *testing.T) {
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database"}}
	primary := &corev1.Pod{Status: corev1.PodStatus{PodIP: "10.0.0.5"}}
	slice := func(name string, ready bool, addresses ...string) *discoveryv1.EndpointSlice {
		return &discoveryv1.EndpointSlice{
			ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: map[string]string{discoveryv1.LabelServiceName: "kea-database"}},
			Endpoints:  []discoveryv1.Endpoint{{Addresses: addresses, Conditions: discoveryv1.EndpointConditions{Ready: &ready}}},
		}
	}
	for name, tt := range map[string]struct {
		said   string
		slices []client.Object
		fine   bool
	}{
		"no psql, it leads there":       {"sh: 3: psql: not found", []client.Object{slice("a", true, "10.0.0.5")}, true},
		"no shell, it leads there":      {`exec: "sh": executable file not found in $PATH`, []client.Object{slice("a", true, "10.0.0.5"), slice("b", false, "10.0.0.4")}, true},
		"another password, and to both": {"fe_sendauth: no password supplied", []client.Object{slice("a", true, "10.0.0.5"), slice("b", true, "10.0.0.4")}, false},
		"no psql, to nothing":           {"psql: not found", nil, false},
		"a login that is refused":       {"FATAL:  the database system is starting up", []client.Object{slice("a", true, "10.0.0.5")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				src := holding(t, tt.slices...)
				src.Pods = saying{said: tt.said}
				d := inventory.Database{Host: "kea-database", Port: 5432, Name: "kea", User: "kea", Service: service}
				err := startProof(t.Context(), src, crewOf(&daemon{}), d, primary).wait(t.Context())
				if (err == nil) != tt.fine {
					t.Error(err)
				}
			})
		})
	}
}

// saying is a container in which every command fails with some words.
type saying struct {
	noPods
	said string
}

func (s saying) Exec(_ context.Context, _, _, _ string, _ []string, _ io.Reader, _, stderr io.Writer) error {
	_, _ = io.WriteString(stderr, s.said)
	return errors.New("exit status 1")
}
