package probe

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Progress is told what a probe is doing; printer.Steps shows it.
type Progress interface {
	Start(name string)
	Done(result string)
	Fail(reason string)
}

// Source is how a deployment is reached.
type Source struct {
	Client    client.Client
	Pods      Pods
	Connector *inventory.Connector
	Progress  Progress
	Now       func() time.Time
}

// Options say how to ask.
type Options struct {
	Full bool          // take a lease, and give it back
	Wait time.Duration // for an answer; each packet is sent twice
}

// maxClients is how many clients are played where each belongs to one of two servers: all in one half is one chance in a
// hundred or so.
const maxClients = 8

// Probe is what is to be asked, of whom, and from where.
type Probe struct {
	Namespace string
	Links     []Link
	Options   Options
	// Job is the pod's manifest.
	Job *batchv1.Job

	source       Source
	observations []ha.Observation
	report       ha.Report
	unread       []problem.Unread
}

// ErrNothing: no network of the configuration is what was asked for.
var ErrNothing = errors.New("no subnet and server is both configured and asked for")

// Look finds out what there is to be asked: the servers, their subnets and their high availability. image is the pod's,
// or empty for one that is in use here. Errors: inventory.ErrNone, *leases.UnknownError, ErrNothing.
func Look(ctx context.Context, s Source, namespace string, inv inventory.Options, rules inventory.VLANRules, w Wanted, o Options, image string) (*Probe, error) {
	in, err := inventory.Discover(ctx, s.Client, namespace, inv)
	if err != nil {
		return nil, err
	}
	var services []inventory.DHCPService
	p := &Probe{Namespace: namespace, Options: o, source: s, unread: in.Unread}
	var unread []problem.Unread
	var wait sync.WaitGroup
	wait.Go(func() { services, unread = in.DHCPServices(ctx, s.Client) })
	wait.Go(func() { p.observations = ha.Gather(ctx, in.Servers, ha.Via(s.Connector), s.Now) })
	wait.Wait()
	rules.Services = services
	p.unread = append(p.unread, unread...)
	p.report, _ = ha.Judge(p.observations)
	configured, configs := []Configured{}, []*kea.Config{}
	for _, observation := range p.observations {
		p.unread = append(p.unread, observation.Unread...)
		configured = append(configured, Configured{observation.Server, observation.EffectiveConfig()})
		configs = append(configs, observation.EffectiveConfig())
	}
	if p.Links, err = w.choose(Links(configured, rules), leases.NewCatalog(configs, rules)); err != nil {
		return nil, err
	}
	if len(p.Links) == 0 {
		return nil, ErrNothing
	}
	from := ImageOf(in)
	if image != "" {
		from = Image{Name: image, Secrets: from.Secrets}
	}
	p.Job = Manifest(namespace, from, p.limit())
	return p, nil
}

// limit is how long the pod may live: what all questions take when nobody answers, and a while to start.
func (p *Probe) limit() time.Duration {
	packets, rounds := 0, 1
	for _, l := range p.Links {
		packets += len(l.Servers)
		if p.divided(l) {
			rounds = maxClients
		}
	}
	if p.Options.Full {
		rounds += 2
	}
	return podTime + (time.Duration(rounds)*(2*p.Options.Wait+2*time.Duration(packets)*pace) + 10*time.Second).Round(time.Second)
}

// divided: each of the link's clients belongs to one of several servers.
func (p *Probe) divided(l Link) bool {
	_, mode := peerOf(p.report, l.Servers[0].Name())
	return mode == kea.ModeLoadBalancing && len(l.Servers) > 1
}

// Run asks. The pod is gone afterwards; where the command is killed, Kubernetes removes it after Job's deadline.
func (p *Probe) Run(ctx context.Context) (Report, error) {
	heardBefore := p.counters(ctx)
	s := p.source
	s.Progress.Start("start the probe's pod")
	from, err := startPod(ctx, s.Client, p.Job)
	if err != nil {
		s.Progress.Fail(err.Error())
		return Report{}, err
	}
	s.Progress.Done(from.name)
	f, err := p.ask(ctx, from)
	if gone := endPod(ctx, s.Client, p.Job); gone != nil {
		p.unread = append(p.unread, problem.Unread{Source: "job " + p.Job.Name, Error: gone.Error(), Err: gone})
	}
	if err != nil {
		return Report{}, err
	}
	f.deaf = deaf(heardBefore, p.counters(ctx))
	r := Report{Namespace: p.Namespace, Time: s.Now(), Full: p.Options.Full, Unread: append([]problem.Unread{}, p.unread...)}
	r.Links, r.Problems = judge(f)
	r.Worst = problem.Worst(r.Problems)
	return r, nil
}

// ask has all conversations. Leases that were taken are given back also when the context has ended.
func (p *Probe) ask(ctx context.Context, from pod) (facts, error) {
	f := facts{namespace: p.Namespace, links: p.Links, released: map[*ask]bool{}, report: p.report, observations: p.observations}
	open, closeRelay := context.WithCancel(context.WithoutCancel(ctx))
	defer closeRelay()
	seed := make([]byte, 4)
	if _, err := rand.Read(seed); err != nil {
		return f, fmt.Errorf("choose the probe's clients: %w", err)
	}
	x := &exchange{relay: startRelay(open, p.source.Pods, p.Namespace, from), wait: p.Options.Wait, xid: binary.BigEndian.Uint32(seed) & 0xffffff}
	defer func() { _ = x.relay.input.Close() }()

	progress := p.source.Progress
	progress.Start("ask for addresses")
	for n := range byte(maxClients) {
		asks := p.discovers(from, newPlayer(seed[3], n), f.asks)
		if len(asks) == 0 {
			break
		}
		f.asks = append(f.asks, asks...)
		if err := x.talk(ctx, asks, offered(asks)); err != nil {
			progress.Fail(err.Error())
			return f, err
		}
	}
	progress.Done(fmt.Sprintf("%d asked, %d answers", len(f.asks), replies(f.asks)))
	if !p.Options.Full {
		return f, nil
	}
	progress.Start("take and give back leases")
	f.requests = firstOffers(f.asks)
	err := x.talk(ctx, f.requests, allOver(f.requests))
	if back := p.giveBack(ctx, x, f); err == nil {
		err = back
	}
	if err != nil {
		progress.Fail(err.Error())
		return f, err
	}
	progress.Done(fmt.Sprintf("%d taken, %d given back", replies(f.requests), len(f.released)))
	return f, nil
}

// discovers are the questions of one more client: on all links for the first, then where clients belong to one of several
// servers and one of these has not answered yet.
func (p *Probe) discovers(from pod, c player, before []*ask) []*ask {
	asks := []*ask{}
	for i, l := range p.Links {
		if len(before) > 0 && (!p.divided(l) || !p.someSilent(i, before)) {
			continue
		}
		for _, s := range l.Servers {
			peer, mode := peerOf(p.report, s.Name())
			a := &ask{
				link: i, server: s, service: l.Service,
				must:     peer.Serves != nil && *peer.Serves && mode != kea.ModeLoadBalancing,
				question: question{verb: discover, client: c, relay: from.address(l.Service == kea.DHCP6), link: l.Address(), prefix: l.onlyPrefixes()},
			}
			to := addressOf(s)
			switch {
			case !to.IsValid():
				a.failure = "it has no address of this family"
			case !a.relay.IsValid():
				a.failure = "the probe's pod has no address of this family"
			}
			a.to = netip.AddrPortFrom(to, port(l.Service))
			asks = append(asks, a)
		}
	}
	return asks
}

// someSilent: a server that is to answer its share of the link's clients has answered none.
func (p *Probe) someSilent(link int, asks []*ask) bool {
	return slices.ContainsFunc(p.Links[link].Servers, func(s inventory.Server) bool {
		peer, _ := peerOf(p.report, s.Name())
		return (peer.Serves == nil || *peer.Serves) && !slices.ContainsFunc(asks, func(a *ask) bool {
			return a.link == link && a.server.Name() == s.Name() && a.reply != nil
		})
	})
}

// addressOf is the server's address of its family; not valid where it has none.
func addressOf(s inventory.Server) netip.Addr {
	return pod{ips: s.State.IPs}.address(s.Service == kea.DHCP6)
}

// firstOffers are requests for the first address that each server offered on each link.
func firstOffers(asks []*ask) []*ask {
	type key struct {
		link   int
		server string
	}
	seen := map[key]bool{}
	requests := []*ask{}
	for _, a := range asks {
		k := key{a.link, a.server.Name()}
		if a.reply == nil || !a.reply.address.IsValid() || seen[k] {
			continue
		}
		seen[k] = true
		requests = append(requests, a.next(request, *a.reply))
	}
	return requests
}

// next is what the client says upon an answer.
func (a *ask) next(v verb, r reply) *ask {
	n := &ask{link: a.link, server: a.server, to: a.to, service: a.service, question: a.question}
	n.verb, n.address, n.length, n.question.server = v, r.address, r.length, r.server
	return n
}

// releaseTime is how long giving back may take once the command was interrupted.
const releaseTime = 5 * time.Second

// giveBack releases what was asked for, also what was not confirmed, and looks whether the servers have it no more.
func (p *Probe) giveBack(ctx context.Context, x *exchange, f facts) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime+2*p.Options.Wait)
	defer cancel()
	releases := []*ask{}
	for _, a := range f.requests {
		releases = append(releases, a.next(release, reply{address: a.address, length: a.length, server: a.question.server}))
	}
	if err := x.talk(ctx, releases, sentOff(releases)); err != nil {
		return fmt.Errorf("give the leases back: %w", err)
	}
	for _, a := range f.requests {
		if gone, known := p.released(ctx, a); known {
			f.released[a] = gone
		}
	}
	return nil
}

// released asks the server whether a lease is gone: deleted, or ended, which is how Kea keeps an address for a client that
// may come back. It is not known where leases cannot be asked for.
func (p *Probe) released(ctx context.Context, a *ask) (gone, known bool) {
	c, _, err := p.source.Connector.Connect(ctx, a.server)
	if err != nil {
		return false, false
	}
	kind := kea.LeaseType("")
	if a.prefix {
		kind = kea.TypePD
	}
	l, err := c.LeaseOf(ctx, a.service, a.address, kind)
	switch {
	case errors.Is(err, kea.ErrEmpty):
		return true, true
	case err != nil:
		return false, false
	}
	return l.State >= 2 || l.Valid == 0, true
}

func replies(asks []*ask) int {
	n := 0
	for _, a := range asks {
		if a.reply != nil {
			n++
		}
	}
	return n
}
