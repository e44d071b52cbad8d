package logs

import (
	"context"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// How often the pods are looked at: soon when a log has ended, since its container starts again, or another pod does.
const (
	calm  = 5 * time.Second
	alert = time.Second
)

// Follow is Read, and goes on with what the daemons write until the context ends. A daemon that starts again, or whose pod
// is replaced, is told of and followed on; so is one that comes to the deployment. emit and tell are called one at a time.
// Errors: the context's, Read's before the first line, emit's and tell's. Permission: get pods/log, list pods.
func (s *Stream) Follow(ctx context.Context, emit func(Line) error, tell func(Note) error) error {
	if err := s.Read(ctx, emit, tell); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &follower{
		Stream: s, emit: emit, tell: tell, follows: map[string]*following{}, heard: make(chan heard, 256),
	}
	for _, l := range s.logs {
		x := &following{log: l, last: s.last[key(l)]}
		if !l.State.Running {
			x.down = l.State.Reason
		}
		f.follows[key(l)] = x
		f.start(ctx, x, s.onward(x.last))
	}
	return f.run(ctx)
}

// follower follows all logs.
type follower struct {
	*Stream
	emit func(Line) error
	tell func(Note) error

	follows map[string]*following
	heard   chan heard
	order   order
	blind   bool // the pods could not be looked at the last time, which was told
}

// following is one log that is followed, from run to run.
type following struct {
	log     inventory.Log
	reading bool      // a stream is open, or is being opened
	last    time.Time // of the last line read
	down    string    // why it does not run, as it was told; "" when it runs
	trouble string    // why its log could not be opened, as it was told
	gone    bool      // its pod is, as it was told
}

// heard is a line of a log that is followed, or with ended that there will be no more.
type heard struct {
	from  *following
	line  Line
	shown bool
	at    time.Time
	ended bool
	err   error // why the log could not be opened
}

func (f *follower) run(ctx context.Context) error {
	look := time.NewTimer(alert)
	defer look.Stop()
	flush := time.NewTicker(settle)
	defer flush.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ended(ctx)
		case h := <-f.heard:
			if err = f.hears(h); h.ended {
				look.Reset(alert / 4)
			}
		case <-flush.C:
			err = f.order.flush(time.Now().Add(-settle), f.emit)
		case <-look.C:
			if err = f.look(ctx); err == nil {
				look.Reset(f.patience())
			}
		}
		if err != nil {
			return cause(ctx, err)
		}
	}
}

func (f *follower) hears(h heard) error {
	x := h.from
	switch {
	case !h.ended:
		x.trouble = ""
		if !h.line.Time.IsZero() {
			x.last = h.line.Time
		}
		if h.shown {
			f.order.add(h)
		}
		return nil
	case h.err == nil, unstarted(h.err), h.err.Error() == x.trouble:
		x.reading = false
		return nil
	}
	x.reading, x.trouble = false, h.err.Error()
	return f.tell(Note{Server: x.log.Name(), Text: "its log cannot be read, trying on: " + x.trouble})
}

// patience is how long until the next look.
func (f *follower) patience() time.Duration {
	for _, x := range f.follows {
		if !x.reading && !x.gone {
			return alert
		}
	}
	return calm
}

// look finds out what became of the pods.
func (f *follower) look(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, calm)
	defer cancel()
	logs, err := inventory.ListLogs(limited, f.source.Reader, f.request.Namespace, f.request.Inventory)
	switch {
	case ctx.Err() != nil:
		return ended(ctx)
	case err != nil && f.blind:
		return nil
	case err != nil:
		f.blind = true
		return f.tell(Note{Text: "cannot look at the pods, trying on: " + err.Error()})
	case f.blind:
		f.blind = false
		if err := f.tell(Note{Text: "the pods can be looked at again"}); err != nil {
			return err
		}
	}
	for _, l := range logs {
		if !f.wants(l) {
			continue
		}
		if err := f.see(ctx, l); err != nil {
			return err
		}
	}
	for k, x := range f.follows {
		there := slices.ContainsFunc(logs, func(l inventory.Log) bool { return key(l) == k })
		if there || x.gone || x.reading {
			continue
		}
		x.gone = true
		if err := f.tell(Note{Server: x.log.Name(), Text: "its pod is gone"}); err != nil {
			return err
		}
	}
	return nil
}

// see compares a log with what was known of it, and goes on with it where it does not go on by itself.
func (f *follower) see(ctx context.Context, l inventory.Log) error {
	x := f.follows[key(l)]
	unknown := x == nil
	if unknown {
		x = &following{log: l}
		f.follows[key(l)] = x
		text := "is new; going on with it"
		if !l.State.Running {
			text, x.down = "is new, and does not run yet: "+stopped(l.State), l.State.Reason
		}
		if err := f.tell(Note{Server: l.Name(), Text: text}); err != nil {
			return err
		}
	}
	if x.reading {
		return nil // its end will be heard of
	}
	if text := change(x, l); text != "" {
		if err := f.tell(Note{Server: l.Name(), Text: text}); err != nil {
			return err
		}
	}
	if x.log.Run.Pod != l.Run.Pod {
		x.last = time.Time{}
	}
	fresh := unknown || x.log.Run != l.Run || x.gone
	x.log, x.gone = l, false
	switch {
	case l.State.Running:
		x.down = ""
		f.start(ctx, x, kube.LogOptions{From: x.last})
	case fresh && l.Run.Container != "":
		f.start(ctx, x, kube.LogOptions{From: x.last}) // it ran and ended between two looks, and its log is there
	}
	return nil
}

// change says what became of a log's container; "" for nothing that was not told.
func change(x *following, l inventory.Log) string {
	switch replaced := x.log.Run.Pod != l.Run.Pod && x.log.Run.Pod != ""; {
	case !l.State.Running && (l.State.Reason != x.down || replaced):
		x.down = l.State.Reason
		if replaced {
			return "its pod was replaced; the new one does not run yet: " + stopped(l.State)
		}
		return "does not run: " + stopped(l.State)
	case !l.State.Running:
		return ""
	case replaced, x.gone:
		return "its pod was replaced; going on with the new one"
	case x.log.Run.Container != "" && x.log.Run.Container != l.Run.Container:
		return "its container has restarted (" + l.State.LastExit + "); going on"
	case x.down != "":
		return "runs; going on"
	}
	return ""
}

// onward are the options of what comes after the lines that Read gave, the last of a log at this time; with none, what
// Read would give by now.
func (s *Stream) onward(last time.Time) kube.LogOptions {
	if last.IsZero() {
		return s.options()
	}
	return kube.LogOptions{From: last}
}

// start follows one run of a log.
func (f *follower) start(ctx context.Context, x *following, o kube.LogOptions) {
	if !x.log.State.Exists {
		return
	}
	x.reading = true
	o.Timestamps, o.Follow = true, true
	l := x.log
	go func() {
		err := f.hear(ctx, x, l, o)
		select {
		case f.heard <- heard{from: x, ended: true, err: err}:
		case <-ctx.Done():
		}
	}()
}

// hear reads one run of a log as it is written. The error is one of opening it: a stream that breaks is opened again.
func (f *follower) hear(ctx context.Context, x *following, l inventory.Log, o kube.LogOptions) error {
	body, err := f.source.Pods.PodLog(ctx, l.Namespace, l.Pod, l.Container, o)
	if err != nil {
		return err
	}
	defer body.Close()
	r := reading{log: l, known: f.known}
	for lines := newLineReader(body); ; {
		text, err := lines.read()
		if err != nil {
			return nil // the next look tells what became of it
		}
		line := r.line(text)
		if !line.Time.IsZero() && !line.Time.After(o.From) {
			continue // that time is asked for to the second
		}
		select {
		case f.heard <- heard{from: x, line: line, shown: r.takes(line, f.request.Level), at: time.Now()}:
		case <-ctx.Done():
			return nil
		}
	}
}
