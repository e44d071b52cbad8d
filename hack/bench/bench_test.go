package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/hack/internal/timing"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

func ms(values ...float64) timing.Sample {
	var s timing.Sample
	for _, v := range values {
		s = append(s, time.Duration(v*float64(time.Millisecond)))
	}
	return s
}

func TestPage(t *testing.T) {
	r := &result{
		machine: "Fast CPU, 2 cores, linux/amd64", size: 40 << 20, rounds: 3,
		pods:    subject{name: "kubectl get pods", runs: ms(100, 90, 120)},
		status:  subject{name: "kubectl kea status", runs: ms(260, 250, 300)},
		version: subject{name: "kubectl kea version", missing: "kubectl kea version: exit status 1: error: no"},
	}
	const want = `Fast CPU, 2 cores, linux/amd64
3 runs of each, taking turns

COMMAND                 MEDIAN            MIDDLE HALF        MIN        MAX   RATIO
kubectl get pods      100.0 ms    95.0 ms to 110.0 ms    90.0 ms   120.0 ms    1.00
kubectl kea status    260.0 ms   255.0 ms to 280.0 ms   250.0 ms   300.0 ms    2.60
kubectl kea version          -

TARGET                MEASURED                      WANTED
kubectl kea status    2.60 times kubectl get pods   at most 2.5 times   missed
kubectl kea version   -                             at most 25.0 ms     not measured
size of the binary    40 MiB                        at most 65 MiB      met

not measured: kubectl kea version: exit status 1: error: no
`
	if diff := cmp.Diff(want, strings.Join(r.page().Lines(printer.Canvas{}), "\n")+"\n"); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if r.met() {
		t.Error("a missed target counts as met")
	}
}

func TestMet(t *testing.T) {
	r := &result{size: 1, pods: subject{runs: ms(100)}, status: subject{runs: ms(250)}, version: subject{runs: ms(25)}}
	if !r.met() {
		t.Errorf("just met counts as missed: %+v", r.targets())
	}
	r.pods.runs = nil
	if r.met() {
		t.Error("a target that was not measured counts as met")
	}
}

func TestMeasure(t *testing.T) {
	bin := t.TempDir()
	write := func(name, script string) string {
		path := filepath.Join(bin, name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	log := filepath.Join(bin, "log")
	t.Setenv("KUBECTL", write("kubectl", "echo pods >> "+log))
	plugin := write("kubectl-kea", "echo $1 >> "+log+"; [ $1 = version ] || exit 3")
	r, err := measure(t.Context(), plugin, "network", 2)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.pods.runs) + len(r.status.runs) + len(r.version.runs); n != 6 {
		t.Errorf("%d runs, want 6: %+v", n, r)
	}
	runs, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Repeat("pods\nstatus\nversion\n", 3); string(runs) != want {
		t.Errorf("runs in the order %q, want %q", runs, want)
	}
	write("kubectl", "echo cannot reach it >&2; exit 1")
	if r, err = measure(t.Context(), plugin, "network", 1); err != nil || !strings.HasSuffix(r.pods.missing, "cannot reach it") {
		t.Errorf("without a cluster: %v, %+v", err, r)
	}
}
