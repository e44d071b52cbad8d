package leases

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// pageSize suits both Kea and the way to it: smaller pages are slower, larger ones hardly faster.
const pageSize = 1000

// eachPage reads through the leases by address.
func (r *APIReader) eachPage(ctx context.Context, f *Filter, now time.Time, yield func(*Lease) error) error {
	if !f.byAddress() {
		best := newBest(f)
		err := r.through(ctx, f, now, func(l *Lease) error {
			best.add(l)
			return nil
		})
		if err != nil {
			return err
		}
		return best.each(yield)
	}
	given := 0
	err := r.through(ctx, f, now, func(l *Lease) error {
		if err := yield(l); err != nil {
			return err
		}
		if given++; given == f.Limit {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// byAddress: pages come in an order that the filter wants, or does.
func (f *Filter) byAddress() bool {
	return f.Sort == Unordered || !f.Reverse && (f.Sort == ByAddress || f.Sort == "")
}

// errEnough ends a reading.
var errEnough = errors.New("the limit is reached")

// through gives every lease that the filter takes, by address.
func (r *APIReader) through(ctx context.Context, f *Filter, now time.Time, yield func(*Lease) error) error {
	from, last, ok := f.span(r.service)
	if !ok {
		return nil
	}
	return r.pages(ctx, from, f.page(), f.Limit == 0, func(page []kea.Lease) error {
		for i := range page {
			if page[i].Address.Compare(last) > 0 {
				return errEnd
			}
			if l := leaseOf(&page[i], now); f.Match(&l, now) {
				if err := yield(&l); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// errEnd ends the pages.
var errEnd = errors.New("the end of the range is passed")

// span is where a reading of a service's leases begins and ends; false when the filter's ranges have none of them.
func (f *Filter) span(s kea.Service) (from, last netip.Addr, ok bool) {
	first, last := netip.IPv4Unspecified(), netip.AddrFrom4([4]byte{255, 255, 255, 255})
	if s == kea.DHCP6 {
		first = netip.IPv6Unspecified()
		last = kea.LastAddr(netip.PrefixFrom(first, 0))
	}
	if len(f.Ranges) > 0 {
		low, high := last, first
		for _, r := range f.Ranges {
			if r.First.Is4() != (s == kea.DHCP4) {
				continue
			}
			ok = true
			begin := r.First
			if s == kea.DHCP6 {
				begin = netip.PrefixFrom(begin, shortest).Masked().Addr() // a delegated prefix may begin before it
			}
			if begin.Less(low) {
				low = begin
			}
			if high.Less(r.Last) {
				high = r.Last
			}
		}
		if !ok {
			return netip.Addr{}, netip.Addr{}, false
		}
		first, last = low, high
	}
	return first.Prev(), last, true // the Prev of the very first one is the zero Addr: from the start
}

// page is how many leases to ask for at once: no more than are wanted when every one of them is.
func (f *Filter) page() int {
	everything := len(f.HWAddress)+len(f.ClientID)+len(f.DUID) == 0 && f.Hostname.Text == "" && f.States == nil && f.Subnets == nil &&
		f.ExpiresWithin == 0 && f.SeenSince.IsZero()
	if everything && f.Limit > 0 && f.byAddress() {
		return min(f.Limit, pageSize)
	}
	return pageSize
}

// pages gives the pages after an address. The next one is on its way while one is worked on, when all will be read.
func (r *APIReader) pages(ctx context.Context, from netip.Addr, size int, all bool, yield func([]kea.Lease) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type answer struct {
		page []kea.Lease
		err  error
	}
	ask := func(from netip.Addr) <-chan answer {
		c := make(chan answer, 1)
		get := func() {
			page, err := r.client.LeasePage(ctx, r.service, from, size)
			c <- answer{page, err}
		}
		if all {
			go get()
		} else {
			get()
		}
		return c
	}
	for next := ask(from); next != nil; {
		got := <-next
		switch {
		case errors.Is(got.err, kea.ErrEmpty):
			return nil
		case got.err != nil:
			return got.err
		case len(got.page) == 0:
			return nil
		}
		last := got.page[len(got.page)-1].Address
		if last == from {
			return fmt.Errorf("%w: %s gives the same page again", kea.ErrNotKea, r.server)
		}
		from, next = last, nil
		if all && len(got.page) == size {
			next = ask(from)
		}
		switch err := yield(got.page); {
		case errors.Is(err, errEnd):
			return nil
		case err != nil:
			return err
		}
		if !all && len(got.page) == size {
			next = ask(from)
		}
	}
	return nil
}
