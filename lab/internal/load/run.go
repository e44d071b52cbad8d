package load

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// progressEvery is how often a run reports its progress.
const progressEvery = time.Second

// Run makes the load and returns what it measured. It returns when the Duration is over and every exchange is decided,
// or a Timeout after the context ended, which is a usual way to end a run and no error.
//
// An error is a configuration that makes no sense, a relay address that cannot be bound (not on an interface here, or
// its port in use) or a server with an address that must not be loaded; if the last shows up only during the run, the
// result is that of the run until then.
func Run(ctx context.Context, c Config) (Result, error) {
	c, err := c.checked()
	if err != nil {
		return Result{}, fmt.Errorf("load configuration: %w", err)
	}
	for _, s := range c.Servers() {
		if err := checkServer(s); err != nil {
			return Result{}, err
		}
	}
	e, err := newEngine(c)
	if err != nil {
		return Result{}, err
	}
	var families []Family
	for _, g := range c.groups() {
		families = append(families, g.family)
	}
	start := c.Now()
	e.recorder = newRecorder(start, c.Timeout, families)
	readers := e.readAll()
	stopReports := e.report()

	end, err := e.pace(ctx, newSchedule(start, c.Rate, c.Duration))
	e.drain()
	stopReports()
	e.close()
	readers.Wait()
	return e.result(end), err
}

// report calls Progress from a goroutine of its own, because a slow terminal must not slow the load down. The returned
// function ends that and waits for it.
func (e *engine) report() (stop func()) {
	if e.config.Progress == nil {
		return func() {}
	}
	done := make(chan struct{})
	var reporter sync.WaitGroup
	reporter.Go(func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				e.config.Progress(e.snapshot())
			}
		}
	})
	return func() {
		close(done)
		reporter.Wait()
	}
}

// result closes the record. No goroutine may be running any more.
func (e *engine) result(end time.Time) Result {
	result := e.recorder.finish(end)
	result.Rate = e.config.Rate
	for i, r := range e.relays {
		s := &result.Segments[i]
		s.Segment, s.VLAN, s.Family = r.segment.Name, r.segment.VLAN, r.family
	}
	if len(e.errors) > 0 {
		result.Errors = e.errors
	}
	return result
}
