package printer

import "sync"

// syncWriter counts writes from any goroutine.
type syncWriter struct {
	mu sync.Mutex
	n  int
}

func (w *syncWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	return len(b), nil
}

func (w *syncWriter) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.n
}
