package cnpg

import (
	"bufio"
	"context"
	"time"

	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What a recovery is told of, beside objects that are new or changed.
type (
	// gone is an object that was deleted.
	gone struct{ object any }
	// broken is a watch that cannot be had.
	broken struct{ err error }
	// said is a line of a container's log.
	said struct {
		pod string
		recoveryLine
	}
	// tried is a login into the primary; err is nil where it works.
	tried struct {
		pod string
		err error
	}
)

// againTime is how long a watch that ended rests before it begins anew.
const againTime = time.Second

// observe tells of every object of a list as it is and as it changes, until the context ends. A watch that breaks begins
// anew; one that is refused at first is an error.
func observe(ctx context.Context, seen chan<- any, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) {
	for first := true; ; first = false {
		w, err := c.Watch(ctx, list, opts...)
		switch {
		case err == nil:
			pass(ctx, seen, w)
		case first:
			tell(ctx, seen, broken{err})
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(againTime):
		}
	}
}

// pass hands on what a watch tells until it ends.
func pass(ctx context.Context, seen chan<- any, w watch.Interface) {
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case event, open := <-w.ResultChan():
			switch {
			case !open, event.Type == watch.Error:
				return
			case event.Type == watch.Added, event.Type == watch.Modified:
				tell(ctx, seen, event.Object)
			case event.Type == watch.Deleted:
				tell(ctx, seen, gone{event.Object})
			}
		}
	}
}

func tell(ctx context.Context, seen chan<- any, what any) {
	select {
	case seen <- what:
	case <-ctx.Done():
	}
}

// longestLine bounds a line of a log, in bytes.
const longestLine = 1 << 20

// follow tells of every line of a container's log. A log that cannot be read is no reason to stop: it only narrates.
func follow(ctx context.Context, seen chan<- any, logs PodLogs, namespace, pod, container string) {
	stream, err := logs(ctx, namespace, pod, container, true)
	if err != nil {
		return
	}
	defer stream.Close()
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		tell(ctx, seen, said{pod, parseRecoveryLine(lines.Bytes())})
	}
}

// readLog reads what containers of a pod wrote, one after the other. The error is the first container's: others may not
// be there.
func readLog(ctx context.Context, logs PodLogs, namespace, pod string, containers ...string) ([]recoveryLine, error) {
	found := []recoveryLine{}
	var failed error
	for i, container := range containers {
		stream, err := logs(ctx, namespace, pod, container, false)
		if err != nil {
			if i == 0 {
				failed = err
			}
			continue
		}
		lines := bufio.NewScanner(stream)
		lines.Buffer(nil, longestLine)
		for lines.Scan() {
			found = append(found, parseRecoveryLine(lines.Bytes()))
		}
		stream.Close()
	}
	return found, failed
}
