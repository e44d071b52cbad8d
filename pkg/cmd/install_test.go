package cmd

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

func TestInstallPrintsDefaults(t *testing.T) {
	same(t, result{out: stackfile.Printed()}, run(t.Context(), noCluster(t), "install", "--print-defaults"))
}

func TestWrongCommandLinesOfInstall(t *testing.T) {
	good := stackFile(t, branchStack)
	bad := stackFile(t, strings.NewReplacer("10.10.1.0-10.10.254.255", "10.20.1.0-10.20.1.9", "memfile", "mysql").Replace(branchStack))
	for name, tt := range map[string]struct {
		args []string
		code int
		err  string
	}{
		"no file":               {[]string{"install"}, ExitUsage, lines("error: which stack? -f is missing", "hint: kubectl kea install --print-defaults > stack.yaml")},
		"a dry run of what":     {[]string{"install", "-f", good, "--dry-run=x"}, ExitUsage, lines(`error: --dry-run "x": it takes none, client or server`, "hint: kubectl kea install --help")},
		"true is not kubectl's": {[]string{"install", "-f", good, "--dry-run="}, ExitUsage, lines(`error: --dry-run "": it takes none, client or server`, "hint: kubectl kea install --help")},
		"no format":             {[]string{"install", "-f", good, "-o", "csv"}, ExitUsage, lines(`error: unknown output format "csv"; valid are table, wide, json, yaml, name, jsonpath=…, jsonpath-file=…, custom-columns=…, go-template=…, go-template-file=…`, "hint: kubectl kea install --help")},
		"an argument":           {[]string{"install", good}, ExitUsage, lines(`error: what is "`+good+`"? kubectl kea install takes flags only`, "hint: kubectl kea install --help")},
		"no such file":          {[]string{"install", "-f", "/does/not/exist"}, ExitFailed, "error: read the stack file: open /does/not/exist: no such file or directory\n"},
		"mistakes in it": {[]string{"install", "-f", bad}, ExitFailed, "error: 2 mistakes in " + bad + "; nothing was changed\n" +
			findings(t, bad)},
	} {
		t.Run(name, func(t *testing.T) {
			same(t, result{err: tt.err, code: tt.code}, run(t.Context(), noCluster(t), tt.args...))
		})
	}
	t.Run("from standard input", func(t *testing.T) {
		got := run(t.Context(), func(e *Env) {
			noCluster(t)(e)
			e.In = strings.NewReader("kind: Stack\nspce: {}\n")
		}, "install", "-f", "-")
		if got.code != ExitFailed || !strings.Contains(got.err, " in standard input; nothing was changed\n       line 2: ") || got.out != "" {
			t.Errorf("%+v", got)
		}
	})
}

// findings are those of a file, as lines of an error.
func findings(t *testing.T, path string) string {
	t.Helper()
	_, err := (&Env{}).readStack(path)
	if err == nil {
		t.Fatal("no mistakes")
	}
	_, rest, _ := strings.Cut(err.Error(), "\n")
	text := ""
	for line := range strings.Lines(rest + "\n") {
		text += "       " + line
	}
	return text
}

func TestInstallNamespaces(t *testing.T) {
	file, unnamed := stackFile(t, branchStack), stackFile(t, strings.Replace(branchStack, ", namespace: branch", "", 1))
	for name, tt := range map[string]struct {
		file, flag string
		args       []string
		err        string
		namespace  string
	}{
		"the file's":         {file, "", nil, "", "branch"},
		"both say the same":  {file, "branch", nil, "", "branch"},
		"they contradict":    {file, "other", nil, "error: -n says other, the stack file says metadata.namespace: branch\nhint: kubectl kea install --help\n", ""},
		"also in a dry run":  {file, "other", []string{"--dry-run=client"}, "error: -n says other, the stack file says metadata.namespace: branch\nhint: kubectl kea install --help\n", ""},
		"the command line's": {unnamed, "branch", nil, "", "branch"},
		"the kubeconfig's":   {unnamed, "", []string{"--create-namespace"}, "", "default"},
		"its manifests, too": {unnamed, "branch", []string{"--dry-run=client"}, "", "branch"},
		"manifests' own":     {file, "", []string{"--dry-run=client"}, "", "branch"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			f.namespace = tt.flag
			got := run(t.Context(), f.use, append([]string{"install", "-f", tt.file, "--dry-run=server"}, tt.args...)...)
			if tt.err != "" {
				same(t, result{err: tt.err, code: ExitUsage}, got)
				return
			}
			if got.code != ExitOK || !strings.Contains(got.out, "namespace "+tt.namespace) && !strings.Contains(got.out, "namespace: "+tt.namespace+"\n") {
				t.Errorf("%+v", got)
			}
			f.untouched(t)
		})
	}
}

// Without a cluster the manifests can be had all the same.
func TestInstallDryRunWithoutACluster(t *testing.T) {
	file := stackFile(t, strings.Replace(branchStack, ", namespace: branch", "", 1))
	got := run(t.Context(), nil, "install", "-f", file, "--dry-run=client", "-o", "yaml")
	const warning = "warning: the addresses of the peers are not known: state them in spec.highAvailability.peerAddresses, or install once; placeholders stand for them, and Kea does not start with those\n"
	if got.code != ExitOK || got.err != warning || !strings.HasPrefix(got.out, "apiVersion: v1\n") || !strings.Contains(got.out, "namespace: default\n") {
		t.Errorf("exit %d, stderr %s", got.code, got.err)
	}
	if plain := run(t.Context(), nil, "install", "-f", file, "--dry-run=client"); plain.out != got.out {
		t.Error("the table is not the YAML")
	}
	names := run(t.Context(), nil, "install", "-f", file, "--dry-run=client", "-o", "name")
	if !strings.HasPrefix(names.out, "serviceaccount/kea-dhcp\nrole/kea-dhcp-viewer\n") {
		t.Error(names.out)
	}
	var l struct {
		Kind  string           `json:"kind"`
		Items []map[string]any `json:"items"`
	}
	text := run(t.Context(), nil, "install", "-f", file, "--dry-run=client", "-o", "json")
	if err := json.Unmarshal([]byte(text.out), &l); err != nil || l.Kind != "List" || len(l.Items) != strings.Count(names.out, "\n") {
		t.Errorf("%v, %s of %d", err, l.Kind, len(l.Items))
	}
}

// A no, in whatever form, changes nothing.
func TestInstallDeclined(t *testing.T) {
	file := stackFile(t, branchStack)
	interrupted, interrupt := context.WithCancel(t.Context())
	for name, tt := range map[string]struct {
		ctx  context.Context
		env  func(f *cluster) func(*Env)
		code int
		err  string
	}{
		"no":          {env: func(f *cluster) func(*Env) { return f.answering("n\n") }, code: ExitFailed, err: "Apply this to namespace branch? [y/N] error: nothing was changed: the question was not answered with yes\n"},
		"end":         {env: func(f *cluster) func(*Env) { return f.answering("") }, code: ExitFailed, err: "Apply this to namespace branch? [y/N] \nerror: nothing was changed: the question was not answered with yes\n"},
		"no terminal": {env: func(f *cluster) func(*Env) { return f.use }, code: ExitFailed, err: "error: nothing was changed: there is no terminal to ask on\nhint: add --yes, or --dry-run=server to look only\n"},
		"Ctrl-C": {ctx: interrupted, env: func(f *cluster) func(*Env) {
			return func(e *Env) {
				f.use(e)
				e.In, e.InTerminal, e.ErrOut = silence{t.Context()}, true, onPrompt{e.ErrOut, interrupt}
			}
		}, code: ExitInterrupted, err: "Apply this to namespace branch? [y/N] \n"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			got := run(ctx, tt.env(f), "install", "-f", file)
			if got.code != tt.code || got.err != tt.err || !strings.HasPrefix(got.out, "kea-dhcp in namespace branch: 11 objects to create, 0 to change, 0 unchanged\n") {
				t.Errorf("%+v", got)
			}
			f.untouched(t)
		})
	}
}

// onPrompt does something once a prompt is shown.
type onPrompt struct {
	w    interface{ Write([]byte) (int, error) }
	then func()
}

func (o onPrompt) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if strings.HasSuffix(string(p), "[y/N] ") {
		o.then()
	}
	return n, err
}

func TestInstallWithoutWaiting(t *testing.T) {
	file := stackFile(t, branchStack)
	for name, tt := range map[string]struct {
		in   string
		args []string
	}{"asked": {"yes\n", nil}, "--yes": {"", []string{"--yes"}}} {
		t.Run(name, func(t *testing.T) {
			f := newCluster(t)
			got := run(t.Context(), f.answering(tt.in), append([]string{"install", "-f", file, "--wait=false"}, tt.args...)...)
			if got.code != ExitOK {
				t.Fatalf("%+v", got)
			}
			if want := "✓ kea-dhcp in namespace branch: applied; nobody waited for the servers\nnext: kubectl kea status -n branch\n"; !strings.HasSuffix(got.out, want) {
				t.Errorf("stdout %s", got.out)
			}
			if strings.Contains(got.err, "wait for") || !strings.Contains(got.err, "Kea servers") || !f.wrote("apply kea-dhcp-config") {
				t.Errorf("stderr %s", got.err)
			}
			if err := f.Get(t.Context(), client.ObjectKey{Namespace: "branch", Name: "kea-dhcp-operation"}, &coordinationv1.Lease{}); client.IgnoreNotFound(err) != nil || err == nil {
				t.Errorf("the lock: %v", err)
			}
		})
	}
	t.Run("as JSON", func(t *testing.T) {
		f := newCluster(t)
		got := run(t.Context(), f.use, "install", "-f", file, "--wait=false", "--yes", "-o", "json")
		var p stack.Plan
		if err := json.Unmarshal([]byte(got.out), &p); err != nil || got.code != ExitOK || len(p.Changes) != 11 || p.Lagging == nil || p.Problems == nil {
			t.Errorf("%v: %+v", err, got)
		}
	})
}

// What stands against it is shown, whatever the format, and nothing is changed.
func TestInstallBlocked(t *testing.T) {
	file := stackFile(t, branchStack)
	const failed = "error: nothing was changed: see what stands against it, above\n"
	f := newCluster(t, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "kea-dhcp-0"}})
	got := run(t.Context(), f.use, "install", "-f", file, "--yes")
	want := lines(
		"kea-dhcp in namespace branch: cannot be installed", "", "Problems",
		"  critical  Service kea-dhcp-0: an object of this name exists and is not of this deployment",
		"            next: kubectl -n branch get service kea-dhcp-0 --show-labels",
	)
	same(t, result{out: want, err: failed, code: ExitFailed}, got)
	got = run(t.Context(), f.use, "install", "-f", file, "--yes", "-o", "json")
	var p stack.Plan
	if err := json.Unmarshal([]byte(got.out), &p); err != nil || len(p.Problems) != 1 || got.err != failed || got.code != ExitFailed {
		t.Errorf("%v: %+v", err, got)
	}
	f.allow = false
	got = run(t.Context(), f.use, "install", "-f", file, "--yes")
	if got.code != ExitFailed || !strings.Contains(got.out, "you may not: get,list,create,patch services; ") || strings.Contains(got.out, "is not of this deployment") {
		t.Errorf("%+v", got)
	}
	f.untouched(t)
}

// Somebody else at work, an interruption and a lack of time each name the next command.
func TestInstallHints(t *testing.T) {
	file := stackFile(t, branchStack)
	t.Run("held", func(t *testing.T) {
		f := newCluster(t, heldLease("ann@elsewhere"))
		got := run(t.Context(), f.use, "install", "-f", file, "--yes", "--wait=false")
		const want = "error: ann@elsewhere works on branch/kea-dhcp: install since 2026-11-22T11:59:00Z, last sign of life 2026-11-22T11:59:59Z\nhint: wait for it, or add --take-over when it is dead\n"
		if got.err != want || got.code != ExitFailed {
			t.Errorf("got  %s\nwant %s", got.err, want)
		}
		f.untouched(t)
		if got := run(t.Context(), f.use, "install", "-f", file, "--yes", "--wait=false", "--take-over"); got.code != ExitOK {
			t.Errorf("%+v", got)
		}
	})
	t.Run("out of time", func(t *testing.T) {
		f := newCluster(t)
		got := run(t.Context(), f.use, "install", "-f", file, "--yes", "--timeout", "2s")
		const want = "error: wait for the servers to hand out leases: time ran out; last seen: kea-dhcp-0: no pod; kea-dhcp-1: no pod\nhint: kubectl -n branch get pods,events; the same command again waits on\n"
		if !strings.HasSuffix(got.err, want) || got.code != ExitTimeout {
			t.Errorf("exit %d: %s", got.code, got.err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		f := newCluster(t)
		ctx, interrupt := context.WithCancel(t.Context())
		got := run(ctx, func(e *Env) {
			f.use(e)
			e.ErrOut = onWait{e.ErrOut, interrupt}
		}, "install", "-f", file, "--yes", "--force-conflicts")
		if want := "hint: kubectl kea install -n branch -f " + file + " --force-conflicts goes on from here\n"; !strings.HasSuffix(got.err, want) || got.code != ExitInterrupted {
			t.Errorf("exit %d: %s", got.code, got.err)
		}
		// And it does: the lock is free.
		again := run(t.Context(), f.use, "install", "-f", file, "--yes", "--wait=false")
		if again.code != ExitOK {
			t.Errorf("%+v", again)
		}
	})
}

// onWait does something once a step waits.
type onWait struct {
	w    interface{ Write([]byte) (int, error) }
	then func()
}

func (o onWait) Write(p []byte) (int, error) {
	if strings.Contains(string(p), "no pod") {
		o.then()
	}
	return o.w.Write(p)
}

func heldLease(by string) *coordinationv1.Lease {
	env, _, _ := testEnv()
	sign := metav1.NewMicroTime(env.Now().Add(-1e9))
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "kea-dhcp-operation", Annotations: map[string]string{
			"kea.fos1.io/operation-state": `{"kind":"install","started":"2026-11-22T11:59:00Z","by":"` + by + `"}`,
		}},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &by, RenewTime: &sign},
	}
}

func TestCount(t *testing.T) {
	got := []string{count(0, "mistake"), count(1, "mistake"), count(3, "mistake")}
	if diff := cmp.Diff([]string{"0 mistakes", "1 mistake", "3 mistakes"}, got); diff != "" {
		t.Error(diff)
	}
}
