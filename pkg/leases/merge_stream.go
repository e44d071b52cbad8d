package leases

import (
	"context"
	"sync"
)

// A reader's leases come in batches, and so many may wait: a reader that is ahead of the others has to stop.
const (
	batchSize = 128
	batches   = 2
)

// stream is one reader's leases on their way.
type stream struct {
	reader Reader
	c      chan []Lease
	err    error // valid once c is closed
	batch  []Lease
	next   int
}

// streams reads from all readers at once, and gives what compares as equal together, in the readers' order. All must
// give their leases in the order of compare. A reader that fails is noted in failed and missing from then on. When it
// returns, no reader is at work any more.
func (w *weave) streams(ctx context.Context, f Filter, compare func(a, b *Lease) int, yield func([]copyOf) error) error {
	stop := make(chan struct{})
	var wait sync.WaitGroup
	defer wait.Wait()
	defer close(stop)
	all := make([]*stream, len(w.readers))
	for i, r := range w.readers {
		s := &stream{reader: r, c: make(chan []Lease, batches)}
		all[i] = s
		wait.Go(func() { s.read(ctx, f, stop) })
	}
	var same []copyOf
	for {
		same = same[:0]
		for _, s := range all {
			l := s.peek(w.failed)
			if l == nil {
				continue
			}
			order := -1
			if len(same) > 0 {
				order = compare(l, same[0].lease)
			}
			switch {
			case order < 0:
				same = append(same[:0], copyOf{l, s.reader})
			case order == 0:
				same = append(same, copyOf{l, s.reader})
			}
		}
		if len(same) == 0 {
			return nil
		}
		// They are passed before they are given: giving them may take as long as it likes.
		for _, s := range all {
			if s.next < len(s.batch) && holds(same, &s.batch[s.next]) {
				s.next++
			}
		}
		if err := yield(same); err != nil {
			return err
		}
	}
}

func holds(same []copyOf, l *Lease) bool {
	for _, c := range same {
		if c.lease == l {
			return true
		}
	}
	return false
}

// read fills the channel. It never cancels a reading from outside, which would cost a database's session.
func (s *stream) read(ctx context.Context, f Filter, stop <-chan struct{}) {
	defer close(s.c)
	batch := make([]Lease, 0, batchSize)
	send := func() error {
		select {
		case s.c <- batch:
			batch = make([]Lease, 0, batchSize)
			return nil
		case <-stop:
			return errEnough
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := s.reader.Each(ctx, f, func(l *Lease) error {
		batch = append(batch, l.Clone())
		if len(batch) < batchSize {
			return nil
		}
		return send()
	})
	if sent := send(); err == nil {
		err = sent
	}
	s.err = err
}

// peek is the next lease; nil at the end.
func (s *stream) peek(failed map[string]error) *Lease {
	for s.next >= len(s.batch) {
		batch, ok := <-s.c
		if !ok {
			if s.err != nil {
				failed[s.reader.String()] = s.err
			}
			return nil
		}
		s.batch, s.next = batch, 0
	}
	return &s.batch[s.next]
}
