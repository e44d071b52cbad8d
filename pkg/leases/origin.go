package leases

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// skewed is the difference between two clocks from which on it is said.
const skewed = 5 * time.Second

// way is SQL when every store is read through it, else API.
func (d *Deployment) way() Way {
	for _, s := range d.stores {
		if s.way != SQL && s.err == nil {
			return API
		}
	}
	return SQL
}

// origin says where an answer came from.
func (d *Deployment) origin() Origin {
	o := Origin{Namespace: d.request.Namespace, Time: d.clock, Source: string(d.way()), From: []string{}, Notes: []string{}, Unread: []problem.Unread{}}
	for _, s := range d.stores {
		for _, r := range s.readers {
			o.From = append(o.From, r.String())
		}
		if s.note != "" {
			o.Notes = append(o.Notes, s.note)
		}
	}
	o.Notes = append(o.Notes, d.catalog.Mistakes...)
	if !d.clock.IsZero() && d.ahead.Abs() > skewed {
		o.Notes = append(o.Notes, fmt.Sprintf("the clock of %s is %s: what is expired is told by it", o.From[0], ahead(d.ahead)))
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	o.Unread = append(o.Unread, d.unread...)
	return o
}

func ahead(off time.Duration) string {
	if off < 0 {
		return off.Abs().Round(time.Second).String() + " behind yours"
	}
	return off.Round(time.Second).String() + " ahead of yours"
}

// partial takes the error of a reading from which only some of the readers are missing, and notes them; any other error
// it gives back.
func (d *Deployment) partial(err error) error {
	var partial *PartialError
	if !errors.As(err, &partial) {
		return err
	}
	for source, cause := range partial.Failed {
		if !slices.ContainsFunc(d.unread, func(u problem.Unread) bool { return u.Source == source }) {
			d.miss(source, cause)
		}
	}
	return nil
}
