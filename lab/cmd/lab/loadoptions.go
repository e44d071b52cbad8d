package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/load"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/scenario"
)

// loadOptions are what `lab load` was told.
type loadOptions struct {
	scenario string

	rate         float64
	duration     time.Duration
	timeout      time.Duration
	clients      int // of every VLAN and family; 0 means a new one every exchange, below 0 as many as the rate needs
	only4, only6 bool
	vlans        []int    // all if empty
	servers      []string // all if empty
	renew, retry bool
	secs         uint
	seed         uint64
	output       string
	held         bool
	limits       limits
}

// limits are what a load may find at worst; below 0 (a silence: 0) is no limit.
type limits struct {
	lost, naks, duplicates int
	silence                time.Duration
}

const loadUsage = `usage: lab load SCENARIO [flags]

DHCP clients for the scenario's servers: real exchanges through one relay a VLAN and family, every packet to every
server, at a steady rate. A client without an ACK within the timeout is lost; it does not try again, because that would
hide the loss. Exit code 0 also with losses, unless a -max-... flag says how many there may be: then 3.

`

// parseLoad reads the command line of `lab load`.
func parseLoad(args []string, errOut io.Writer) (*loadOptions, error) {
	o := &loadOptions{}
	flags := flag.NewFlagSet("lab load", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() {
		fmt.Fprint(errOut, loadUsage)
		flags.PrintDefaults()
	}
	flags.Float64Var(&o.rate, "rate", 50, "new exchanges a second, over all VLANs and families")
	flags.DurationVar(&o.duration, "duration", 10*time.Second, "how long new exchanges are started")
	flags.DurationVar(&o.timeout, "timeout", time.Second, "after how long a client without an ACK is lost")
	flags.IntVar(&o.clients, "clients", -1, "distinct clients of every VLAN and family; 0: a new one every exchange; below 0: as many as the rate needs")
	flags.BoolVar(&o.only4, "4", false, "DHCPv4 (with neither -4 nor -6: both, where the scenario has relays)")
	flags.BoolVar(&o.only6, "6", false, "DHCPv6")
	flags.Func("vlan", "only these VLANs (comma list, or the flag again)", func(text string) error {
		for part := range strings.SplitSeq(text, ",") {
			vlan, err := strconv.Atoi(part)
			if err != nil {
				return fmt.Errorf("%q is no VLAN number", part)
			}
			o.vlans = append(o.vlans, vlan)
		}
		return nil
	})
	flags.Func("servers", "only these of the scenario's pods get the packets (comma list, or the flag again)", func(text string) error {
		o.servers = append(o.servers, strings.Split(text, ",")...)
		return nil
	})
	flags.BoolVar(&o.renew, "renew", false, "clients that hold a lease renew it (v6: rebind) rather than ask anew")
	flags.BoolVar(&o.retry, "retry", false, "clients without an answer try again every 2 s (the tries are counted apart)")
	flags.UintVar(&o.secs, "secs", 0, "seconds that the clients claim to have tried already (Kea counts a client as unacked beyond max-ack-delay)")
	flags.Uint64Var(&o.seed, "seed", 0, "another number means other clients; 0: the hour's, so that runs on and on do not fill the pools")
	flags.BoolVar(&o.held, "held", false, "with -o json: also the addresses that clients have at the end")
	flags.StringVar(&o.output, "o", "text", "output: text or json (durations in nanoseconds)")
	flags.IntVar(&o.limits.lost, "max-lost", -1, "exit 3 if more are lost; below 0: any number may be")
	flags.IntVar(&o.limits.naks, "max-naks", -1, "exit 3 if more exchanges got a NAK")
	flags.IntVar(&o.limits.duplicates, "max-duplicates", -1, "exit 3 if more addresses were given to two clients")
	flags.DurationVar(&o.limits.silence, "max-silence", 0, "exit 3 if no client got an ACK for longer; 0: for any time")

	// The scenario may stand before the flags or after them.
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		o.scenario, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	rest := flags.Args()
	if o.scenario == "" && len(rest) > 0 {
		o.scenario, rest = rest[0], rest[1:]
	}
	switch {
	case o.scenario == "":
		return nil, errors.New("a scenario is missing: lab load SCENARIO [flags]; lab scenario lists them")
	case len(rest) > 0:
		return nil, fmt.Errorf("unexpected argument %q", rest[0])
	case o.output != "text" && o.output != "json":
		return nil, fmt.Errorf("output %q is neither text nor json", o.output)
	case o.secs > math.MaxUint16:
		return nil, fmt.Errorf("-secs %d is more than a packet can say (%d)", o.secs, math.MaxUint16)
	case o.seed > math.MaxUint32:
		return nil, fmt.Errorf("-seed %d is more than %d", o.seed, uint32(math.MaxUint32))
	}
	return o, nil
}

// check compares what was asked for with what the scenario has.
func (o *loadOptions) check(s scenario.Scenario) error {
	known := []string{}
	for _, vlan := range s.Load.VLANs {
		known = append(known, strconv.Itoa(vlan.VLAN))
	}
	for _, vlan := range o.vlans {
		if !slices.Contains(known, strconv.Itoa(vlan)) {
			return fmt.Errorf("scenario %s has no VLAN %d; it has %s", s.Name, vlan, strings.Join(known, ", "))
		}
	}
	for _, server := range o.servers {
		if !slices.Contains(s.Load.Pods, server) {
			return fmt.Errorf("scenario %s has no server %q; it has %s", s.Name, server, strings.Join(s.Load.Pods, ", "))
		}
	}
	_, err := o.config(s)
	return err
}

// pods are the servers that get the packets.
func (o *loadOptions) pods(s scenario.Scenario) []string {
	if len(o.servers) > 0 {
		return o.servers
	}
	return s.Load.Pods
}

// config is the load, all but its servers.
func (o *loadOptions) config(s scenario.Scenario) (load.Config, error) {
	config := load.Config{
		Rate: o.rate, Duration: o.duration, Timeout: o.timeout, Clients: o.clients, Renew: o.renew, RetryUnanswered: o.retry,
		Secs: uint16(o.secs), Seed: cmp.Or(uint32(o.seed), hourSeed(time.Now())),
	}
	relays := map[load.Family]int{}
	for _, vlan := range s.Load.VLANs {
		if len(o.vlans) > 0 && !slices.Contains(o.vlans, vlan.VLAN) {
			continue
		}
		segment := load.Segment{Name: fmt.Sprintf("vlan%d", vlan.VLAN), VLAN: vlan.VLAN}
		for _, relay := range []struct {
			family  load.Family
			text    string
			address *netip.Addr
		}{{load.V4, vlan.Relay4, &segment.Relay4}, {load.V6, vlan.Relay6, &segment.Relay6}} {
			if relay.text == "" || !o.wants(relay.family) {
				continue
			}
			address, err := netip.ParseAddr(relay.text)
			if err != nil {
				return config, fmt.Errorf("scenario %s, VLAN %d: %w", s.Name, vlan.VLAN, err)
			}
			*relay.address = address
			relays[relay.family]++
		}
		config.Segments = append(config.Segments, segment)
	}
	for _, family := range []load.Family{load.V4, load.V6} {
		if relays[family] > 0 {
			config.Families = append(config.Families, family)
		} else if o.wants(family) && (o.only4 || o.only6) {
			return config, fmt.Errorf("scenario %s has no %v relay in the chosen VLANs", s.Name, family)
		}
	}
	if len(config.Families) == 0 {
		return config, fmt.Errorf("scenario %s has no relay in the chosen VLANs", s.Name)
	}
	if o.clients < 0 {
		config.Clients = clientsFor(o.rate, o.timeout, relays[load.V4]+relays[load.V6])
	}
	return config, nil
}

// wants says whether a family was chosen, or none in particular.
func (o *loadOptions) wants(family load.Family) bool {
	return o.only4 == o.only6 || o.only4 && family == load.V4 || o.only6 && family == load.V6
}

// clientsFor is how many clients every relay has when nobody says: a few more than are asked for within a timeout, which
// is the least that makes sense, and no more, because the smallest pool of the scenarios has 200 addresses.
func clientsFor(rate float64, timeout time.Duration, relays int) int {
	return max(10, int(math.Ceil(rate/float64(relays)*timeout.Seconds()*1.25))+2)
}

// hourSeed is the seed when nobody says. Within an hour, which is as long as the scenarios' leases, it stays the same:
// the same clients come back and get the addresses that they had.
func hourSeed(t time.Time) uint32 { return uint32(t.Unix() / 3600) }

// exceededBy says in which ways a result is worse than allowed.
func (l limits) exceededBy(r load.Result) []string {
	worse := []string{}
	for _, limit := range []struct {
		what      string
		found, at int
	}{{"lost", r.Lost, l.lost}, {"NAKs", r.Naks, l.naks}, {"duplicate addresses", r.Duplicates, l.duplicates}} {
		if limit.at >= 0 && limit.found > limit.at {
			worse = append(worse, fmt.Sprintf("%d %s, at most %d are allowed", limit.found, limit.what, limit.at))
		}
	}
	if l.silence > 0 && r.Silence.Longest > l.silence {
		worse = append(worse, fmt.Sprintf("a silence of %v, at most %v is allowed", r.Silence.Longest.Round(time.Millisecond), l.silence))
	}
	return worse
}
