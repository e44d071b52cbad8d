package logs

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// Read gives what the daemons have written so far, in the order of time: a line comes after all that were written before
// it. tell is called for logs that cannot be read, before the first line.
// Errors: the first log's that could not be read when none could, emit's. Permission: get pods/log.
func (s *Stream) Read(ctx context.Context, emit func(Line) error, tell func(Note) error) error {
	opened, err := s.open(ctx, tell)
	defer func() {
		for _, h := range opened {
			h.body.Close()
		}
	}()
	if err != nil || len(opened) == 0 {
		return err
	}
	last := newTail(s.request.Tail, emit)
	for {
		var first *history
		for _, h := range opened {
			if h.next != nil && (first == nil || h.next.Time.Before(first.next.Time)) {
				first = h
			}
		}
		if first == nil {
			return last.end()
		}
		line := *first.next
		if first.takes(line, s.request.Level) {
			if err := last.add(line); err != nil {
				return err
			}
		}
		if !line.Time.IsZero() {
			s.last[key(first.log)] = line.Time
		}
		if err := first.advance(); err != nil {
			return cause(ctx, fmt.Errorf("read the log of %s: %w", first.log.Name(), err))
		}
	}
}

// history is one log that is being read, with the line that comes next.
type history struct {
	reading
	body  io.ReadCloser
	lines *lineReader
	next  *Line
}

func (h *history) advance() error {
	text, err := h.lines.read()
	if err != nil {
		h.next = nil
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	}
	line := h.line(text)
	if line.Time.IsZero() && strings.HasPrefix(line.Text, lostLog) {
		h.next = nil
		return errLost
	}
	h.next = &line
	return nil
}

// lostLog is how the node begins what it says in place of a log that it has cleared away.
const lostLog = "unable to retrieve container logs for "

var errLost = errors.New("it is no longer on its node")

// open opens all logs at once, each at its first line.
func (s *Stream) open(ctx context.Context, tell func(Note) error) ([]*history, error) {
	found, failed := make([]*history, len(s.logs)), make([]error, len(s.logs))
	var wait sync.WaitGroup
	for i, l := range s.logs {
		if !l.State.Exists {
			continue
		}
		wait.Go(func() {
			body, err := s.source.Pods.PodLog(ctx, l.Namespace, l.Pod, l.Container, s.options())
			if err != nil {
				failed[i] = err
				return
			}
			found[i] = &history{reading: reading{log: l, known: s.known}, body: body, lines: newLineReader(body)}
			failed[i] = found[i].advance()
		})
	}
	wait.Wait()
	opened := []*history{}
	for _, h := range found {
		if h != nil {
			opened = append(opened, h)
		}
	}
	return opened, s.refused(ctx, opened, failed, tell)
}

// refused says which logs could not be read. It is an error when that is all of them. Of those that do not exist yet the
// notes say why.
func (s *Stream) refused(ctx context.Context, opened []*history, failed []error, tell func(Note) error) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	for i, err := range failed {
		switch {
		case err == nil, unstarted(err):
		case len(opened) == 0:
			return err
		default:
			if err := tell(Note{Server: s.logs[i].Name(), Text: "its log cannot be read: " + err.Error()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// options are those of what was written so far.
func (s *Stream) options() kube.LogOptions {
	o := kube.LogOptions{Timestamps: true, Previous: s.request.Previous, Since: s.request.Since}
	// With a level, the last lines of the log need not be the last ones wanted.
	if s.request.Tail == 0 || (s.request.Tail > 0 && s.request.Level == "") {
		o.Tail = &s.request.Tail
	}
	return o
}

// tail gives on the last lines, or all at once where there is no bound.
type tail struct {
	keep  int
	emit  func(Line) error
	lines []Line
	begin int // of the oldest line, when lines is full
}

func newTail(keep int, emit func(Line) error) *tail { return &tail{keep: keep, emit: emit} }

func (t *tail) add(l Line) error {
	switch {
	case t.keep < 0:
		return t.emit(l)
	case t.keep == 0:
	case len(t.lines) < t.keep:
		t.lines = append(t.lines, l)
	default:
		t.lines[t.begin] = l
		t.begin = (t.begin + 1) % t.keep
	}
	return nil
}

func (t *tail) end() error {
	for i := range t.lines {
		if err := t.emit(t.lines[(t.begin+i)%len(t.lines)]); err != nil {
			return err
		}
	}
	return nil
}

// longestLine bounds what is kept of a line. Kea can write its whole configuration into one.
const longestLine = 1 << 20

// lineReader reads lines of any length and keeps the beginning of long ones.
type lineReader struct{ from *bufio.Reader }

func newLineReader(r io.Reader) *lineReader { return &lineReader{bufio.NewReaderSize(r, 64<<10)} }

func (r *lineReader) read() (string, error) {
	var line []byte
	for {
		part, err := r.from.ReadSlice('\n')
		if room := longestLine - len(line); room > 0 {
			line = append(line, part[:min(room, len(part))]...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && len(line) == 0:
			return "", err
		}
		// An unfinished last line counts; the error comes again.
		for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
			line = line[:len(line)-1]
		}
		return string(line), nil
	}
}

// cause is why a context ended, where that is why something failed.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ended(ctx)
	}
	return err
}

// ended is why a context ended: which time was up, or that it was cancelled, of which nobody needs to be told more.
func ended(ctx context.Context) error {
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return err
	}
	return context.Cause(ctx)
}
