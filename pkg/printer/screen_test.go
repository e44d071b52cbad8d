package printer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// writes records each write by itself.
type writes struct{ all []string }

func (w *writes) Write(b []byte) (int, error) {
	w.all = append(w.all, string(b))
	return len(b), nil
}

func TestScreenOnATerminal(t *testing.T) {
	var w writes
	size := Size{Width: 10, Height: 3}
	s := NewScreen(&w, func() Size { return size })
	frames := [][]string{
		{"one", "\x1b[32mexactly 10\x1b[m", "three"},
		{"wider than ten", "2", "3", "4", "5"},
		{"only"},
		{"exactly 10"},
	}
	for _, f := range frames {
		if err := s.Draw(f); err != nil {
			t.Fatal(err)
		}
	}
	size.Height = 6
	if err := s.Draw(frames[1]); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second changes nothing
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"\x1b[?25l\n\n\n\x1b[Hone\x1b[K\r\n\x1b[32mexactly 10\x1b[m\r\nthree\x1b[K\x1b[J",
		"\x1b[?25l\x1b[Hwider than\r\n2\x1b[K\r\n... 3 more",
		"\x1b[?25l\x1b[Honly\x1b[K\x1b[J",
		"\x1b[?25l\x1b[Hexactly 10\r\n\x1b[J",
		"\x1b[?25l\x1b[Hwider than\r\n2\x1b[K\r\n3\x1b[K\r\n4\x1b[K\r\n5\x1b[K\x1b[J",
		"\r\n\x1b[?25h",
	}
	if diff := cmp.Diff(want, w.all); diff != "" {
		t.Errorf("writes (-want +got):\n%s", diff)
	}
}

func TestScreenInAPipe(t *testing.T) {
	var w writes
	s := NewScreen(&w, nil)
	for _, f := range [][]string{{"a", "b"}, {"c"}} {
		if err := s.Draw(f); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := strings.Join(w.all, ""), "a\nb\n---\nc\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestScreenOfUnknownSize(t *testing.T) {
	var w writes
	s := NewScreen(&w, func() Size { return Size{} })
	if err := s.Draw([]string{"a", "b"}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.all[0], "\x1b[?25l\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
