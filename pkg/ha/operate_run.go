package ha

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// syncPeriod is how long a partner keeps its service disabled at most while its leases are fetched.
const syncPeriod = time.Minute

// lookEvery is the time between two looks at servers that are to change.
const lookEvery = 300 * time.Millisecond

// Commander is the part of *kea.Client that changes a server's HA state.
type Commander interface {
	StartMaintenance(ctx context.Context, s kea.Service) error
	CancelMaintenance(ctx context.Context, s kea.Service) error
	ContinueHA(ctx context.Context, s kea.Service) error
	ResetHA(ctx context.Context, s kea.Service) error
	SyncHA(ctx context.Context, s kea.Service, partner string, period time.Duration) error
}

// Source is what operations look at, and through what they speak.
type Source struct {
	Reader    client.Reader
	Namespace string
	Connect   Connect
	Command   func(ctx context.Context, s inventory.Server) (Commander, error)
	Now       func() time.Time
}

// Commands gives the commands of an inventory's connector.
func Commands(c *inventory.Connector) func(context.Context, inventory.Server) (Commander, error) {
	return func(ctx context.Context, s inventory.Server) (Commander, error) {
		client, _, err := c.Connect(ctx, s)
		if err != nil {
			return nil, err // not a nil *kea.Client in a Commander that is not nil
		}
		return client, nil
	}
}

// Look finds the servers of the namespace and asks all of them.
func (s Source) Look(ctx context.Context) (*inventory.Inventory, []Observation, error) {
	in, err := inventory.Discover(ctx, s.Reader, s.Namespace, inventory.Options{})
	if err != nil {
		return nil, nil, err
	}
	return in, Gather(ctx, in.Servers, s.Connect, s.Now), nil
}

func (s Source) observe(ctx context.Context) ([]Observation, error) {
	_, observations, err := s.Look(ctx)
	return observations, err
}

// RefusedError says that an act must not be done.
type RefusedError struct{ Act Act }

// Error implements error.
func (e *RefusedError) Error() string { return e.Act.Server + ": " + e.Act.Refused }

// StuckError says that the servers did not come to the wanted state in time. It is what ended the wait for those who ask.
type StuckError struct {
	Missing string
	Cause   error
}

// Error implements error.
func (e *StuckError) Error() string {
	if errors.Is(e.Cause, context.Canceled) {
		return e.Missing
	}
	return fmt.Sprintf("%s (%v)", e.Missing, e.Cause)
}

// Unwrap implements errors.Unwrap.
func (e *StuckError) Unwrap() error { return e.Cause }

// Step is one named piece of an operation. Run twice, it does nothing the second time.
type Step struct {
	Name string
	Do   func(ctx context.Context, note func(string)) (result string, err error)
}

// Steps are what a plan does: for each relationship the command, and the proof from both sides.
func (p Plan) Steps(src Source) []Step {
	steps := []Step{}
	for _, a := range p.Acts {
		w := &work{Source: src, observe: src.observe, request: Request{Kind: p.Operation, Server: a.Server, Force: p.force}, before: a}
		steps = append(steps,
			Step{w.tellName(), w.tell},
			Step{"watch " + a.Server + " and its partner", w.watch})
	}
	return steps
}

// work is one act being done.
type work struct {
	Source
	observe func(context.Context) ([]Observation, error)
	request Request
	before  Act
	told    time.Time // when the last command was answered; zero: nothing was sent
	last    string    // that command
}

func (w *work) tellName() string {
	switch server := w.before.Server; w.request.Kind {
	case MaintenanceStart:
		return "take " + server + " out of service"
	case MaintenanceCancel:
		return "bring " + server + " back into service"
	case ForceTakeover:
		return "have " + server + " take over"
	default:
		return string(w.request.Kind) + " " + server
	}
}

// look asks the servers, and works out the act again.
func (w *work) look(ctx context.Context) (Act, []Observation, error) {
	observations, err := w.observe(ctx)
	if err != nil {
		return Act{}, nil, err
	}
	plan, err := MakePlan(w.Namespace, observations, w.request)
	if err != nil {
		return Act{}, nil, err
	}
	return plan.Acts[0], observations, nil
}

// tell looks at both servers once more, since the question may have stood for long, and sends Kea's command.
func (w *work) tell(ctx context.Context, _ func(string)) (string, error) {
	a, observations, err := w.look(ctx)
	switch {
	case err != nil:
		return "", err
	case a.Refused != "":
		return "", &RefusedError{a}
	case a.Done != "":
		return "it is so already", nil
	case a.Command == "":
		return "nothing to send: " + a.now(), nil
	}
	w.before = a
	if err := w.send(ctx, a, observations); err != nil {
		// An answer that was not heard may belong to a command that was carried out.
		again, _, failed := w.look(ctx)
		if failed != nil || again.Refused != "" || again.Command != "" {
			return "", err
		}
	}
	return a.Command + " to " + a.To, nil
}

// send gives a server its command.
func (w *work) send(ctx context.Context, a Act, observations []Observation) error {
	i := slices.IndexFunc(observations, func(o Observation) bool { return o.Server.Name() == a.To })
	if i < 0 {
		return fmt.Errorf("send %s to %s: it is gone", a.Command, a.To)
	}
	server := observations[i].Server
	commander, err := w.Command(ctx, server)
	if err != nil {
		return fmt.Errorf("send %s to %s: %w", a.Command, a.To, err)
	}
	switch a.Command {
	case "ha-maintenance-start":
		err = commander.StartMaintenance(ctx, server.Service)
	case "ha-maintenance-cancel":
		err = commander.CancelMaintenance(ctx, server.Service)
	case "ha-continue":
		err = commander.ContinueHA(ctx, server.Service)
	case "ha-reset":
		err = commander.ResetHA(ctx, server.Service)
	case "ha-sync":
		err = commander.SyncHA(ctx, server.Service, a.partner.Name, syncPeriod)
	}
	w.told, w.last = w.Now(), a.Command
	if err != nil {
		return fmt.Errorf("%s: %w", a.To, err)
	}
	return nil
}

// watch looks until both servers are as they are to be. That Kea has answered with success proves little.
func (w *work) watch(ctx context.Context, note func(string)) (string, error) {
	missing := "the servers were not seen"
	for {
		a, observations, err := w.look(ctx)
		switch {
		case ctx.Err() != nil:
			return "", &StuckError{missing, context.Cause(ctx)}
		case err != nil:
			missing = err.Error()
		default:
			if result, ok := w.reached(a); ok {
				return result, nil
			}
			missing = a.now()
			if err := w.notGoing(a); err != nil {
				return "", err
			}
			if w.unfinished(a) {
				if err := w.send(ctx, a, observations); err != nil && ctx.Err() == nil {
					missing = err.Error()
				} else {
					missing += "; sent " + a.Command + " to " + a.To
				}
			}
		}
		note(missing)
		select {
		case <-ctx.Done():
			return "", &StuckError{missing, context.Cause(ctx)}
		case <-time.After(lookEvery):
		}
	}
}

// reached reports whether the servers are as they are to be.
func (w *work) reached(a Act) (result string, ok bool) {
	switch w.request.Kind {
	case MaintenanceStart, MaintenanceCancel, ForceTakeover:
		return a.now(), a.Done != ""
	case Continue:
		return a.now(), a.Done != "" || w.told.IsZero() || a.State != w.before.State
	case Reset:
		return a.now(), a.State != "" && !coming(a.State)
	case Sync:
		return a.now(), a.State == w.before.State && able(a.partner) == "" && serving(a.partner) == serving(w.before.partner)
	}
	return "", false
}

// unfinished: something is to be sent although the first command was answered. The servers took a cancel back among
// themselves, which happens after a restart of the one in maintenance; or a takeover needs its second command.
func (w *work) unfinished(a Act) bool {
	switch {
	case a.Command == "":
		return false
	case w.request.Kind == MaintenanceCancel:
		return w.Now().Sub(w.told) > lookEvery
	case w.request.Kind == ForceTakeover:
		return a.Command != w.last
	default:
		return false
	}
}

// errNotPaused: it stays as it is for another reason.
var errNotPaused = errors.New("it was not paused: its state stays")

// notGoing ends the watch of a server that was not paused.
func (w *work) notGoing(a Act) error {
	if w.request.Kind == Continue && w.Now().Sub(w.told) > max(3*a.heartbeat, 5*time.Second) {
		return fmt.Errorf("%s is %s: %w", a.Server, a.State, errNotPaused)
	}
	return nil
}

// now is how the two servers are, for people.
func (a Act) now() string {
	return fmt.Sprintf("%s is %s, %s is %s", a.Server, fullState(a.own), a.Partner, stateText(a.partner))
}

// fullState is a server's state, and what keeps it from serving where it should in that state.
func fullState(p Peer) string {
	text := stateText(p)
	switch {
	case !Answers(p.State) || p.Serves == nil || *p.Serves || p.State == kea.StateHotStandby && len(p.Disabled) == 0:
		return text
	case able(p) != "":
		return text + " and " + able(p)
	case len(p.Disabled) > 0:
		return text + " and has its DHCP service disabled (" + strings.Join(p.Disabled, ", ") + ")"
	}
	return text + " and serves nobody"
}
