package rollout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// sessionTime is how long a server may take to show in its new database.
const sessionTime = 10 * time.Second

// moment is the clock of a database at a login.
type moment struct {
	login login
	at    time.Time
}

// clocks reads the clocks of the databases that the servers of a move are to log in to anew. A login that cannot be tried
// from here proves nothing afterwards either.
func (w *Work) clocks(ctx context.Context, m Move) ([]moment, error) {
	found := []moment{}
	for _, l := range w.p.logins {
		if !slices.Contains(l.pods, m.Pod) || l.access.Path != "lease-database" {
			continue
		}
		role, err := w.role(ctx, l)
		switch {
		case errors.Is(err, errNotTried):
			continue
		case err != nil:
			return nil, err
		}
		found = append(found, moment{l, role.Now})
	}
	return found, nil
}

// sessions waits until the servers of a move show in the databases that their new configuration names.
func (w *Work) sessions(ctx context.Context, m Move, before []moment, note func(string)) error {
	ctx, cancel := context.WithTimeout(ctx, sessionTime)
	defer cancel()
	for _, b := range before {
		for {
			role, err := w.role(ctx, b.login)
			if err == nil && !newest(role, w.server(m.Seats[0].Server).State.IPs).Before(b.at) {
				break
			}
			if err == nil {
				err = fmt.Errorf("%s shows no session of %s since its reload", m.Pod, b.login.access.User)
			}
			note(err.Error())
			if ctx.Err() != nil || wait(ctx, lookEvery) != nil {
				return err
			}
		}
	}
	return nil
}

// role looks who is logged in to a database.
func (w *Work) role(ctx context.Context, l login) (keadb.Role, error) {
	ctx, cancel := context.WithTimeout(ctx, loginTime)
	defer cancel()
	found, err := l.find(ctx, w.src, w.p.facts.in, l.access)
	if err != nil {
		return keadb.Role{}, err
	}
	db, err := keadb.Connect(ctx, found.Target)
	if err != nil {
		return keadb.Role{}, err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	return db.Role(ctx)
}
