package logs

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// Pods reads the logs of containers; *kube.Client has it.
type Pods interface {
	PodLog(ctx context.Context, namespace, pod, container string, o kube.LogOptions) (io.ReadCloser, error)
}

// Source is how a deployment is reached.
type Source struct {
	Reader client.Reader
	Pods   Pods
}

// Request says what is wanted.
type Request struct {
	Namespace string
	Inventory inventory.Options
	// Servers are names such as "kea-dhcp-0/dhcp4", "kea-dhcp-0" or "dhcp4"; none is all.
	Servers []string
	Since   time.Duration // 0: no bound
	Tail    int           // the last lines of all that are wanted; negative: no bound
	Level   kea.LogLevel  // the least grave that is wanted; "": all
	// Previous asks for the run before of each container.
	Previous bool
}

// Note is something to know of one daemon's log beside its lines.
type Note struct {
	Server string
	Text   string // "does not run: CrashLoopBackOff"
	Next   string // a command; "" for none
}

// Stream is the logs of a deployment, found and not yet read.
type Stream struct {
	source  Source
	request Request
	logs    []inventory.Log
	known   []kea.Secret
	notes   []Note
	last    map[string]time.Time // of the last line read, by log
}

// UnknownServerError says that nothing here has that name.
type UnknownServerError struct {
	Server, Namespace string
	Known             []string
}

// Error implements error.
func (e *UnknownServerError) Error() string {
	return fmt.Sprintf("no Kea daemon %q in namespace %s; there are %s", e.Server, e.Namespace, strings.Join(e.Known, ", "))
}

// Open finds the logs. Errors: inventory.ErrNone, *inventory.UnfinishedError, *UnknownServerError.
func Open(ctx context.Context, s Source, r Request) (*Stream, error) {
	in, err := inventory.Discover(ctx, s.Reader, r.Namespace, r.Inventory)
	if err != nil {
		return nil, err
	}
	all := in.Logs(r.Inventory)
	x := &Stream{source: s, request: r, known: in.Secrets(), last: map[string]time.Time{}}
	for _, name := range r.Servers {
		if !slices.ContainsFunc(all, func(l inventory.Log) bool { return named(l, name) }) {
			return nil, &UnknownServerError{name, r.Namespace, names(all)}
		}
	}
	for _, l := range all {
		if x.wants(l) {
			x.logs = append(x.logs, l)
			x.notes = append(x.notes, about(l, in, r.Previous)...)
		}
	}
	return x, nil
}

// Names are the servers in the stream: as wide as they are, the column in front of the lines is.
func (s *Stream) Names() []string { return names(s.logs) }

func names(logs []inventory.Log) []string {
	found := []string{}
	for _, l := range logs {
		found = append(found, l.Names()...)
	}
	return found
}

// Notes say what the stream lacks, and why.
func (s *Stream) Notes() []Note { return s.notes }

func (s *Stream) wants(l inventory.Log) bool {
	return len(s.request.Servers) == 0 || slices.ContainsFunc(s.request.Servers, func(name string) bool { return named(l, name) })
}

// named reports whether a name means this log: the daemon in its pod, the whole pod, or the daemon in every pod.
func named(l inventory.Log, name string) bool {
	return name == l.Pod || name == l.Name() || slices.Contains(l.Names(), name) || slices.Contains(l.Daemons, name)
}

// key tells logs apart, from one run to the next and when a pod takes the place of another of its name.
func key(l inventory.Log) string { return l.Pod + "/" + l.Container }

// unstarted reports whether a container has written nothing yet, or has no run before the present one: the API server
// calls both a bad request.
func unstarted(err error) bool {
	explained := kube.Explain(err)
	return explained != nil && (explained.Problem == kube.ProblemOther || explained.Problem == kube.ProblemNotFound)
}
