package printer

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// frameTime is how often a running step is redrawn.
const frameTime = 100 * time.Millisecond

// StepsOptions say how the progress of a long operation is shown.
type StepsOptions struct {
	Canvas Canvas
	// Live is true on a terminal: the running step has a spinner and its time.
	// Elsewhere there is one line per change.
	Live bool
	// Width is asked before each frame; nil or zero is unknown.
	Width func() int
	Now   func() time.Time
}

// Steps shows the progress of one operation, a line per named step. It may be
// used from several goroutines; one step runs at a time.
type Steps struct {
	w    io.Writer
	opts StepsOptions

	mu      sync.Mutex
	name    string // of the running step; empty when none runs
	note    string
	started time.Time
	frame   int
	stop    chan struct{} // ends the ticker
	stopped chan struct{} // closed once it has ended; nil when there is none
}

// NewSteps shows steps on w. Close must be called at the end.
func NewSteps(w io.Writer, opts StepsOptions) *Steps {
	s := &Steps{w: w, opts: opts}
	if opts.Live {
		s.stop, s.stopped = make(chan struct{}), make(chan struct{})
		go s.run()
	}
	return s
}

// run redraws the running step until Close.
func (s *Steps) run() {
	defer close(s.stopped)
	ticker := time.NewTicker(frameTime)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-ticker.C:
			s.Tick()
		}
	}
}

// Tick redraws the running step. A live Steps ticks by itself.
func (s *Steps) Tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frame++
	s.draw()
}

// Start begins a step. One that still runs is done.
func (s *Steps) Start(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(Good, "✓", "")
	s.name, s.note, s.started = name, "", s.opts.Now()
	if s.opts.Live {
		s.draw()
		return
	}
	s.print(Textf("%s ...", name))
}

// Note says what the running step waits for, as in "2 of 3 instances ready".
func (s *Steps) Note(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.name == "" || note == s.note {
		return
	}
	s.note = note
	if s.opts.Live {
		s.draw()
		return
	}
	s.print(Concat(Textf("%s: %s ", s.name, note), s.elapsed()))
}

// Done ends the running step; the result may be empty.
func (s *Steps) Done(result string) { s.end(Good, "✓", result) }

// Skip ends the running step, which turned out to need nothing, with the reason.
func (s *Steps) Skip(reason string) { s.end(Dim, "·", reason) }

// Fail ends the running step, which did not succeed.
func (s *Steps) Fail(reason string) { s.end(Bad, "✗", reason) }

func (s *Steps) end(tone Tone, mark, result string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(tone, mark, result)
}

// Print writes a line above the running step.
func (s *Steps) Print(l Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.print(l)
	s.draw()
}

// Close ends the drawing. A step that still runs was interrupted.
func (s *Steps) Close() {
	if s.stopped != nil {
		close(s.stop)
		<-s.stopped
		s.stopped = nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(Warn, "·", "interrupted")
}

// finish writes the last line of the running step, if one runs.
func (s *Steps) finish(tone Tone, mark, result string) {
	if s.name == "" {
		return
	}
	l := Concat(tone.Text(mark), Text(" "+s.name))
	if result != "" {
		l = Concat(l, Text(": "+result))
	}
	l = Concat(l, Text(" "), s.elapsed())
	s.name, s.note = "", ""
	s.print(l)
}

// draw shows the running step on a terminal.
func (s *Steps) draw() {
	if !s.opts.Live || s.name == "" {
		return
	}
	l := Concat(Accent.Text(spinner(s.opts.Canvas.ASCII, s.frame)), Text(" "+s.name))
	if s.note != "" {
		l = Concat(l, Dim.Text(": "+s.note))
	}
	l = Concat(l, Text(" "), s.elapsed())
	if s.opts.Width != nil {
		if w := s.opts.Width(); w > 1 {
			l = l.Truncate(w - 1)
		}
	}
	s.write("\r" + l.Render(s.opts.Canvas) + eraseLine)
}

// print writes one whole line, over the running step's when there is one. On a terminal it is wrapped between words.
func (s *Steps) print(l Line) {
	canvas := s.opts.Canvas
	if s.opts.Width != nil {
		canvas.Width = s.opts.Width()
	}
	for _, text := range (paragraph{rest: 2, text: l}).lines(canvas) {
		if s.opts.Live {
			text = "\r" + text + eraseLine
		}
		s.write(text + "\n")
	}
}

// write drops the error: progress that nobody can see must not stop the work.
func (s *Steps) write(text string) { _, _ = io.WriteString(s.w, text) }

func (s *Steps) elapsed() Line {
	d := s.opts.Now().Sub(s.started)
	if d < time.Second {
		return Line{}
	}
	return Dim.Text(fmt.Sprintf("(%s)", Duration(d)))
}

// spinner is the glyph of one frame.
func spinner(ascii bool, frame int) string {
	glyphs := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	if ascii {
		glyphs = []rune(`|/-\`)
	}
	return string(glyphs[frame%len(glyphs)])
}
