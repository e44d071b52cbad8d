package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// begin is when the pods begin to write.
var begin = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// stamped is a line as the node gives it, so many milliseconds after the beginning.
func stamped(ms int, text string) string {
	return begin.Add(time.Duration(ms)*time.Millisecond).Format(time.RFC3339Nano) + " " + text
}

// kea-dhcp4's lines in the tests.
func said(level kea.LogLevel, text string) string {
	return fmt.Sprintf("2026-11-22 12:00:00.000 %-5s [kea-dhcp4.dhcp4/1.2] DHCP4_SAID %s", level, text)
}

// nodes are the logs of containers, by run. A run that is open is followed until it is closed.
type nodes struct {
	mu     sync.Mutex
	runs   map[string]*written // "pod/container"
	asked  []kube.LogOptions
	failed error
}

type written struct {
	lines []string
	open  bool
}

func (n *nodes) write(name string, lines ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.runs[name].lines = append(n.runs[name].lines, lines...)
}

// begins ends a container's run and begins the next.
func (n *nodes) begins(name string, lines ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if old := n.runs[name]; old != nil {
		old.open = false
	}
	n.runs[name] = &written{lines: lines, open: true}
}

func (n *nodes) PodLog(ctx context.Context, _, pod, container string, o kube.LogOptions) (io.ReadCloser, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.asked = append(n.asked, o)
	run := n.runs[pod+"/"+container]
	switch {
	case n.failed != nil:
		return nil, n.failed
	case run == nil:
		return nil, &kube.Error{Problem: kube.ProblemOther, Message: "container is waiting to start"}
	case !o.Follow:
		return io.NopCloser(strings.NewReader(strings.Join(n.since(run, o), "\n"))), nil
	}
	r, w := io.Pipe()
	go func() {
		for sent := 0; ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
			n.mu.Lock()
			lines, open := n.since(run, o), run.open
			n.mu.Unlock()
			for ; sent < len(lines); sent++ {
				if _, err := io.WriteString(w, lines[sent]+"\n"); err != nil {
					return
				}
			}
			if !open {
				break
			}
		}
		w.Close()
	}()
	return r, nil
}

// since keeps to what the API server does: a time counts to the second.
func (n *nodes) since(run *written, o kube.LogOptions) []string {
	lines := slices.Clone(run.lines)
	if !o.From.IsZero() {
		lines = slices.DeleteFunc(lines, func(l string) bool {
			stamp, _, _ := strings.Cut(l, " ")
			return stamp < o.From.UTC().Format("2006-01-02T15:04:05")
		})
	}
	if o.Tail != nil {
		lines = lines[max(0, len(lines)-*o.Tail):]
	}
	return lines
}

// pod runs kea-dhcp4, or does not when state is a reason.
func pod(name, uid, container, reason string) *corev1.Pod {
	status := corev1.ContainerStatus{Name: "dhcp4", ContainerID: container}
	if reason == "" {
		status.State.Running = &corev1.ContainerStateRunning{}
	} else {
		status.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "here", Name: name, UID: types.UID(uid)},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "dhcp4", Command: []string{"kea-dhcp4", "-c", "/a"}}}},
		Status:     corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{status}},
	}
}

func cluster(pods ...client.Object) client.WithWatch {
	return fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(pods...).WithStatusSubresource(&corev1.Pod{}).Build()
}

// two are two servers with a few lines each.
func two() *nodes {
	return &nodes{runs: map[string]*written{
		"kea-0/dhcp4": {open: true, lines: []string{
			stamped(0, said(kea.LogInfo, "one")), stamped(20, said(kea.LogDebug, "three")), stamped(30, "  more of three"), stamped(50, said(kea.LogWarn, "five")),
		}},
		"kea-1/dhcp4": {open: true, lines: []string{
			stamped(10, said(kea.LogError, "two")), stamped(40, "last words of a shell"), stamped(60, said(kea.LogInfo, "six")),
		}},
	}}
}

// short is a line in a test.
func short(l Line) string {
	return strings.TrimSpace(strings.Join([]string{l.Server, string(l.Level), l.Text}, " "))
}

// collect gathers lines and notes.
type collect struct {
	mu    sync.Mutex
	lines []string
	notes []string
}

func (c *collect) emit(l Line) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, short(l))
	return nil
}

func (c *collect) tell(n Note) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notes = append(c.notes, strings.TrimSpace(n.Server+" "+n.Text))
	return nil
}

// until waits for a line or a note.
func (c *collect) until(t *testing.T, of *[]string, text string) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		c.mu.Lock()
		found := slices.Contains(*of, text)
		all := slices.Concat(c.lines, c.notes)
		c.mu.Unlock()
		switch {
		case found:
			return
		case time.Now().After(end):
			t.Fatalf("%q does not come: %q", text, all)
		}
	}
}

func TestRead(t *testing.T) {
	all := []string{
		"kea-0/dhcp4 INFO one", "kea-1/dhcp4 ERROR two", "kea-0/dhcp4 DEBUG three", "kea-0/dhcp4    more of three",
		"kea-1/dhcp4  last words of a shell", "kea-0/dhcp4 WARN five", "kea-1/dhcp4 INFO six",
	}
	for name, test := range map[string]struct {
		request Request
		want    []string
	}{
		"all":                   {Request{Tail: -1}, all},
		"the last of all":       {Request{Tail: 3}, all[4:]},
		"none":                  {Request{Tail: 0}, nil},
		"more than there are":   {Request{Tail: 30}, all},
		"one server":            {Request{Tail: -1, Servers: []string{"kea-1/dhcp4"}}, []string{all[1], all[4], all[6]}},
		"a pod":                 {Request{Tail: -1, Servers: []string{"kea-0"}}, []string{all[0], all[2], all[3], all[5]}},
		"a daemon":              {Request{Tail: -1, Servers: []string{"dhcp4"}}, all},
		"at a level":            {Request{Tail: -1, Level: kea.LogWarn}, []string{all[1], all[4], all[5]}},
		"the last at a level":   {Request{Tail: 1, Level: kea.LogError}, []string{all[4]}},
		"everything by a level": {Request{Tail: -1, Level: kea.LogDebug}, all},
	} {
		t.Run(name, func(t *testing.T) {
			test.request.Namespace = "here"
			s, err := Open(t.Context(), Source{cluster(pod("kea-0", "a", "c0", ""), pod("kea-1", "b", "c1", "")), two()}, test.request)
			if err != nil {
				t.Fatal(err)
			}
			var c collect
			if err := s.Read(t.Context(), c.emit, c.tell); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, c.lines); diff != "" || len(c.notes) != 0 {
				t.Errorf("notes %v, lines (-want +got):\n%s", c.notes, diff)
			}
		})
	}
}

func TestUnknownServer(t *testing.T) {
	_, err := Open(t.Context(), Source{cluster(pod("kea-0", "a", "c0", "")), two()}, Request{Namespace: "here", Servers: []string{"kea-7"}})
	var unknown *UnknownServerError
	if !errors.As(err, &unknown) || err.Error() != `no Kea daemon "kea-7" in namespace here; there are kea-0/dhcp4` {
		t.Errorf("%v", err)
	}
}

// A log that cannot be read is told of; it is an error when there is no other.
func TestUnreadable(t *testing.T) {
	refused := errors.New("refused")
	only := two()
	only.failed = refused
	s, err := Open(t.Context(), Source{cluster(pod("kea-0", "a", "c0", "")), only}, Request{Namespace: "here", Tail: -1})
	if err != nil {
		t.Fatal(err)
	}
	var c collect
	if err := s.Read(t.Context(), c.emit, c.tell); !errors.Is(err, refused) {
		t.Errorf("the only one: %v", err)
	}

	waits := two()
	delete(waits.runs, "kea-1/dhcp4")
	s, err = Open(t.Context(), Source{cluster(pod("kea-0", "a", "c0", ""), pod("kea-1", "b", "", "ImagePullBackOff")), waits}, Request{Namespace: "here", Tail: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Read(t.Context(), c.emit, c.tell); err != nil || !slices.Equal(c.lines, []string{"kea-0/dhcp4 WARN five"}) {
		t.Errorf("beside another: %v, %v", err, c.lines)
	}
	want := []Note{{"kea-1/dhcp4", "does not run: ImagePullBackOff", "kubectl -n here describe pod kea-1"}}
	if diff := cmp.Diff(want, s.Notes()); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

// A node clears the logs of former runs away, and says so in the log's place.
func TestLostLog(t *testing.T) {
	n := two()
	n.runs["kea-1/dhcp4"].lines = []string{"unable to retrieve container logs for containerd://1234"}
	s, err := Open(t.Context(), Source{cluster(pod("kea-0", "a", "c0", ""), pod("kea-1", "b", "c1", "")), n}, Request{Namespace: "here", Tail: 1})
	if err != nil {
		t.Fatal(err)
	}
	var c collect
	if err := s.Read(t.Context(), c.emit, c.tell); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"kea-0/dhcp4 WARN five", "kea-1/dhcp4 its log cannot be read: it is no longer on its node"}, append(c.lines, c.notes...)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A container that restarts and a pod that is replaced are named, and their lines come once each, in order.
func TestFollow(t *testing.T) {
	n := two()
	k := cluster(pod("kea-0", "a", "c0", ""), pod("kea-1", "b", "c1", ""))
	s, err := Open(t.Context(), Source{k, n}, Request{Namespace: "here", Tail: 1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var c collect
	ended := make(chan error, 1)
	go func() { ended <- s.Follow(ctx, c.emit, c.tell) }()
	c.until(t, &c.lines, "kea-1/dhcp4 INFO six")

	n.write("kea-0/dhcp4", stamped(100, said(kea.LogInfo, "seven")))
	c.until(t, &c.lines, "kea-0/dhcp4 INFO seven")

	restarted := pod("kea-0", "a", "c2", "")
	restarted.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{Reason: "Error", ExitCode: 137}
	restarted.ResourceVersion = ""
	if err := k.Status().Update(t.Context(), restarted); err != nil {
		t.Fatal(err)
	}
	n.begins("kea-0/dhcp4", stamped(2000, said(kea.LogInfo, "eight")))
	c.until(t, &c.lines, "kea-0/dhcp4 INFO eight")

	if err := k.Delete(t.Context(), pod("kea-1", "b", "c1", "")); err != nil {
		t.Fatal(err)
	}
	n.begins("kea-1/dhcp4", stamped(10, said(kea.LogInfo, "nine"))) // the new pod's node is behind
	c.until(t, &c.notes, "kea-1/dhcp4 its pod is gone")
	if err := k.Create(t.Context(), pod("kea-1", "z", "c3", "")); err != nil {
		t.Fatal(err)
	}
	c.until(t, &c.lines, "kea-1/dhcp4 INFO nine")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	wantLines := []string{"kea-1/dhcp4 INFO six", "kea-0/dhcp4 INFO seven", "kea-0/dhcp4 INFO eight", "kea-1/dhcp4 INFO nine"}
	if diff := cmp.Diff(wantLines, c.lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	wantNotes := []string{
		"kea-0/dhcp4 its container has restarted (Error, exit code 137); going on", "kea-1/dhcp4 its pod is gone",
		"kea-1/dhcp4 its pod was replaced; going on with the new one",
	}
	if diff := cmp.Diff(wantNotes, c.notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}

func TestOrder(t *testing.T) {
	var o order
	var got []string
	emit := func(l Line) error { got = append(got, l.Text); return nil }
	add := func(written, arrived int, text string) {
		o.add(heard{line: Line{Time: begin.Add(time.Duration(written)), Text: text}, at: begin.Add(time.Duration(arrived))})
	}
	add(5, 10, "b")
	add(3, 12, "a")
	add(9, 11, "d")
	add(7, 30, "c") // late, and written before one that is ripe
	add(20, 31, "e")
	for _, step := range []struct {
		until int
		want  string
	}{{9, ""}, {11, "abcd"}, {30, "abcd"}, {40, "abcde"}} {
		if err := o.flush(begin.Add(time.Duration(step.until)), emit); err != nil || strings.Join(got, "") != step.want {
			t.Errorf("until %d: %v, %v", step.until, got, err)
		}
	}
}

func TestLongLines(t *testing.T) {
	r := newLineReader(strings.NewReader(strings.Repeat("x", longestLine+5) + "\r\nshort\n\nlast"))
	for _, want := range []int{longestLine, 5, 0, 4} {
		if line, err := r.read(); err != nil || len(line) != want {
			t.Errorf("%d bytes, %v; want %d", len(line), err, want)
		}
	}
	if _, err := r.read(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}
