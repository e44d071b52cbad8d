package leases

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// PartialError comes at the end of a reading from several readers, some of which did not answer: the rows of the others
// have all been given.
type PartialError struct {
	Failed map[string]error // by reader
}

// Error names the readers and what became of them, sorted.
func (e *PartialError) Error() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(e.Failed)) {
		all = append(all, fmt.Sprintf("%s: %v", name, e.Failed[name]))
	}
	return strings.Join(all, "; ")
}

// Unwrap returns what became of them.
func (e *PartialError) Unwrap() []error { return slices.Collect(maps.Values(e.Failed)) }

// merged reads from several readers at once.
type merged struct {
	readers []Reader
	related bool // they may know of the same lease
}

// Merge returns one reader of several that are each a part, as a reader of DHCPv4 and one of DHCPv6, or peers, which
// keep the same leases each on its own: then a lease comes once, as the server knows it where the client was seen last,
// with the servers in MissingOn that lack it, or know it only as it was before, though it is active. Readers are peers as
// far as they have the same services; see Join for those of servers that have nothing to do with each other.
//
// All are read side by side, and a slow one does not make memory grow. Peers' leases stream in the order of addresses
// only; any other order keeps all that match, or with a limit that many. When some fail, the others' rows come all the
// same and the error is a *PartialError; Counts then returns counts with it.
func Merge(readers ...Reader) Reader {
	if len(readers) == 1 {
		return readers[0]
	}
	return &merged{readers, true}
}

// Join returns one reader of several that have nothing to do with each other, as deployments side by side: leases of the
// same address are different leases. Otherwise it is as Merge; counts of one subnet's number are added up.
func Join(readers ...Reader) Reader {
	if len(readers) == 1 {
		return readers[0]
	}
	return &merged{readers, false}
}

// String names all readers.
func (m *merged) String() string {
	var names []string
	for _, r := range m.readers {
		names = append(names, r.String())
	}
	return strings.Join(names, ", ")
}

// Services are those whose leases the reader has.
func (r *sqlReader) Services() []kea.Service { return r.services }

// covers reports whether a reader has leases of a service; one that does not say has all.
func covers(r Reader, s kea.Service) bool {
	some, ok := r.(interface{ Services() []kea.Service })
	return !ok || slices.Contains(some.Services(), s)
}

// peers reports whether two readers may know of the same lease.
func (m *merged) peers(f *Filter) bool {
	if !m.related {
		return false
	}
	for _, s := range f.services() {
		n := 0
		for _, r := range m.readers {
			if covers(r, s) {
				n++
			}
		}
		if n > 1 {
			return true
		}
	}
	return false
}

// Each implements Reader.
func (m *merged) Each(ctx context.Context, f Filter, yield func(*Lease) error) error {
	w := &weave{filter: f, failed: map[string]error{}}
	for _, r := range m.readers {
		if slices.ContainsFunc(f.services(), func(s kea.Service) bool { return covers(r, s) }) {
			w.readers = append(w.readers, r)
		}
	}
	var err error
	switch {
	case !m.peers(&f):
		err = w.apart(ctx, yield)
	default:
		w.now, err = m.Clock(ctx)
		if err == nil && len(f.addresses())+len(f.keys()) > 0 {
			err = w.lookUp(ctx, yield)
		} else if err == nil {
			err = w.through(ctx, yield)
		}
	}
	switch {
	case errors.Is(err, errEnough):
		return nil
	case err != nil:
		return err
	}
	return verdict(ctx, w.failed, len(w.readers))
}

// verdict is the error of a reading from so many readers of which some failed.
func verdict(ctx context.Context, failed map[string]error, readers int) error {
	switch {
	case len(failed) == 0:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case len(failed) < readers:
		return &PartialError{failed}
	}
	var all []error
	for _, name := range slices.Sorted(maps.Keys(failed)) {
		all = append(all, fmt.Errorf("%s: %w", name, failed[name]))
	}
	return errors.Join(all...)
}

// Services are those of all readers.
func (m *merged) Services() []kea.Service {
	return slices.DeleteFunc([]kea.Service{kea.DHCP4, kea.DHCP6}, func(s kea.Service) bool {
		return !slices.ContainsFunc(m.readers, func(r Reader) bool { return covers(r, s) })
	})
}

// Clock is the time by the first reader that tells it.
func (m *merged) Clock(ctx context.Context) (time.Time, error) {
	for _, r := range m.readers {
		if c, ok := r.(interface {
			Clock(ctx context.Context) (time.Time, error)
		}); ok {
			if now, err := c.Clock(ctx); err == nil {
				return now, nil
			}
		}
	}
	return time.Now(), ctx.Err()
}

// Counts implements Reader. Of peers that count differently the higher count is taken.
func (m *merged) Counts(ctx context.Context, s kea.Service) ([]SubnetCount, error) {
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		asked  int
		counts = map[uint32]SubnetCount{}
		failed = map[string]error{}
	)
	for _, r := range m.readers {
		if !covers(r, s) {
			continue
		}
		asked++
		wait.Go(func() {
			found, err := r.Counts(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[r.String()] = err
				return
			}
			for _, c := range found {
				old := counts[c.SubnetID]
				counts[c.SubnetID] = SubnetCount{
					c.SubnetID, m.both(old.Assigned, c.Assigned), m.both(old.Declined, c.Declined), m.both(old.Prefixes, c.Prefixes),
				}
			}
		})
	}
	wait.Wait()
	var out []SubnetCount
	for _, id := range slices.Sorted(maps.Keys(counts)) {
		out = append(out, counts[id])
	}
	return out, verdict(ctx, failed, asked)
}

func (m *merged) both(a, b kea.Count) kea.Count {
	if !m.related {
		return a.Add(b)
	}
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}
