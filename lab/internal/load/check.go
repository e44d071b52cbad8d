package load

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"
)

const defaultTimeout = time.Second

// checked returns the configuration with its defaults filled in, or an error that names the setting that makes no sense.
func (c Config) checked() (Config, error) {
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	switch {
	case !(c.Rate > 0) || math.IsInf(c.Rate, 0):
		return c, fmt.Errorf("rate %v is not a positive number of exchanges a second", c.Rate)
	case c.Duration <= 0:
		return c, fmt.Errorf("duration %v is not positive", c.Duration)
	case c.Timeout < 0:
		return c, fmt.Errorf("timeout %v is negative", c.Timeout)
	case c.Servers == nil:
		return c, errors.New("no servers are configured")
	case c.Clients < 0:
		return c, fmt.Errorf("number of clients %d is negative", c.Clients)
	case c.Renew && c.Clients == 0:
		return c, errors.New("renewing needs a number of clients: a new client every exchange has no lease to renew")
	}
	if err := c.checkSegments(); err != nil {
		return c, err
	}
	groups := len(c.groups())
	if least := int(math.Ceil(c.Rate/float64(groups)*c.Timeout.Seconds())) + 1; c.Clients > 0 && c.Clients < least {
		return c, fmt.Errorf("%d clients a segment and family are too few: at %.4g exchanges a second in each and a timeout of %v at least %d are needed",
			c.Clients, c.Rate/float64(groups), c.Timeout, least)
	}
	return c, nil
}

func (c Config) checkSegments() error {
	if len(c.Families) == 0 {
		return errors.New("no families are configured")
	}
	seen := map[Family]bool{}
	for _, f := range c.Families {
		if f != V4 && f != V6 {
			return fmt.Errorf("family %d is neither 4 nor 6", uint8(f))
		}
		if seen[f] {
			return fmt.Errorf("family %v is configured twice", f)
		}
		seen[f] = true
		if !slices.ContainsFunc(c.Segments, func(s Segment) bool { return s.relay(f).IsValid() }) {
			return fmt.Errorf("no segment has a %v relay address", f)
		}
	}
	for _, s := range c.Segments {
		for _, f := range c.Families {
			if a := s.relay(f); a.IsValid() && !inFamily(a, f) {
				return fmt.Errorf("segment %s: %v is not a %v relay address", s.Name, a, f)
			}
		}
	}
	return nil
}

// groups returns the pairs of segment and family that take turns.
func (c Config) groups() []group {
	var all []group
	for i, s := range c.Segments {
		for _, f := range c.Families {
			if s.relay(f).IsValid() {
				all = append(all, group{segment: s, number: i, family: f})
			}
		}
	}
	return all
}

// group is a segment in one family.
type group struct {
	segment Segment
	number  int // of the segment, from 0
	family  Family
}

func inFamily(a netip.Addr, f Family) bool {
	if f == V6 {
		return a.Is6() && !a.Is4In6()
	}
	return a.Is4()
}
