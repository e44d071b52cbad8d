package kube

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

const (
	// flushTime bounds how long Close waits for bytes that were written and not yet sent.
	flushTime = time.Second
	// errorTextTime bounds how long the end of a stream waits for the kubelet's text about it, when the other side never
	// sent a byte. That text is the only trace of a refused connection; it was written before the stream ended.
	errorTextTime = 2 * time.Second
	// lateTextTime is the same for a stream that did carry bytes: an end is then normal, and some container runtimes
	// hold the error stream open for a second after it.
	lateTextTime = 20 * time.Millisecond
	bufferSize   = 32 << 10
)

// stream is a net.Conn over the pair of streams of one forwarded connection. The caller's side is one end of a pipe in
// memory, which brings real deadlines; two goroutines carry bytes between its other end and the data stream.
type stream struct {
	net.Conn // the caller's end of the pipe

	inner   net.Conn
	session *session
	data    httpstream.Stream
	about   PodError

	text     chan string   // what the error stream said, once it ended
	sent     chan struct{} // closed when the sender has stopped
	received chan struct{} // closed when the receiver has stopped
	failure  atomic.Pointer[PodError]
	closing  atomic.Bool
	close    sync.Once
}

func newStream(session *session, data, errs httpstream.Stream, about PodError) *stream {
	outer, inner := net.Pipe()
	s := &stream{
		Conn: outer, inner: inner, session: session, data: data, about: about,
		text: make(chan string, 1), sent: make(chan struct{}), received: make(chan struct{}),
	}
	_ = errs.Close() // nothing is written to it
	go func() {
		text, _ := io.ReadAll(io.LimitReader(errs, refusalLimit))
		s.text <- string(text)
	}()
	go s.send()
	go s.receive()
	return s
}

// receive carries bytes from the pod to the caller, then finds out why there are no more.
func (s *stream) receive() {
	defer close(s.received)
	n, _ := io.CopyBuffer(onlyWriter{s.inner}, onlyReader{s.data}, make([]byte, bufferSize))
	s.end(n > 0)
}

// send carries bytes from the caller to the pod.
func (s *stream) send() {
	defer close(s.sent)
	if _, err := io.CopyBuffer(onlyWriter{s.data}, onlyReader{s.inner}, make([]byte, bufferSize)); err != nil {
		s.end(true)
	}
}

// end lets the caller see the end of the stream, with the reason where there is one.
func (s *stream) end(carried bool) {
	if !s.closing.Load() && s.failure.Load() == nil {
		if failure := s.reason(carried); failure != nil {
			s.failure.CompareAndSwap(nil, failure)
		}
	}
	_ = s.inner.Close()
}

func (s *stream) reason(carried bool) *PodError {
	patience := errorTextTime
	if carried {
		patience = lateTextTime
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	failure := s.about
	select {
	case text := <-s.text:
		s.text <- text // for the other goroutine
		if text == "" {
			return s.lost()
		}
		failure.Message, failure.Kind = shorten(text), kindOf(text)
		return &failure
	case <-s.session.CloseChan():
		return s.lost()
	case <-timer.C:
		return s.lost()
	}
}

// lost is the reason when the whole connection to the API server ended, nil when only the stream did.
func (s *stream) lost() *PodError {
	select {
	case <-s.session.CloseChan():
		failure := s.about
		failure.Message, failure.Kind = ErrLost.Error(), ErrLost
		return &failure
	default:
		return nil
	}
}

// Read implements net.Conn. The end of a stream that broke is a *PodError, not io.EOF.
func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	return n, s.translate(err)
}

// Write implements net.Conn. It returns when the bytes are on their way, as with TCP.
func (s *stream) Write(p []byte) (int, error) {
	n, err := s.Conn.Write(p)
	return n, s.translate(err)
}

func (s *stream) translate(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	if s.closing.Load() {
		return net.ErrClosed
	}
	if failure := s.failure.Load(); failure != nil {
		return failure
	}
	return err
}

// Close implements net.Conn. Bytes already written are sent first, within a second.
func (s *stream) Close() error {
	s.close.Do(func() {
		s.closing.Store(true)
		_ = s.Conn.Close() // the sender sees the end after its last byte
		timer := time.NewTimer(flushTime)
		defer timer.Stop()
		select {
		case <-s.sent:
			_ = s.data.Close()
			s.session.Close()
		case <-timer.C:
			s.session.abort()
		}
	})
	return nil
}

// LocalAddr implements net.Conn.
func (s *stream) LocalAddr() net.Addr { return streamAddr("kubectl-kea") }

// RemoteAddr implements net.Conn: namespace/pod:port.
func (s *stream) RemoteAddr() net.Addr {
	return streamAddr(podAddress(s.about.Namespace, s.about.Pod, s.about.Port))
}

type streamAddr string

// Network implements net.Addr.
func (streamAddr) Network() string { return "port-forward" }

// String implements net.Addr.
func (a streamAddr) String() string { return string(a) }

// onlyReader and onlyWriter keep io.CopyBuffer from finding shortcuts around its buffer.
type (
	onlyReader struct{ io.Reader }
	onlyWriter struct{ io.Writer }
)

// kindOf classifies the kubelet's text.
func kindOf(text string) error {
	text = strings.ToLower(text)
	switch {
	case strings.Contains(text, "connection refused"):
		return ErrRefused
	case strings.Contains(text, "connection reset"), strings.Contains(text, "broken pipe"), strings.Contains(text, "lost connection"):
		return ErrLost
	}
	return nil
}

// shorten cuts the kubelet's text, which names namespaces' paths and container IDs, down to what went wrong.
func shorten(text string) string {
	text = strings.TrimSpace(text)
	switch kind := kindOf(text); {
	case errors.Is(kind, ErrRefused):
		return "connection refused (nothing listens there)"
	case errors.Is(kind, ErrLost):
		return "connection reset by the pod"
	}
	return firstLine([]byte(text))
}
