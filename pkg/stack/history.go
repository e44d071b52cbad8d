package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// historyPatience bounds the look at the history of leases that a plan takes.
const historyPatience = 5 * time.Second

// planHistory works out what happens to the history of leases; nil when the file does not ask for one. A database that is
// not there yet, or does not answer, gets one at the end of the install.
func (src Source) planHistory(ctx context.Context, s *v1alpha1.Stack, exists bool) *Change {
	if !s.UsesPostgreSQL() || !s.Spec.Database.AuditEnabled {
		return nil
	}
	change := &Change{Action: Create, Kind: "history", Name: s.Spec.Database.Name, Group: "history of leases", Note: "of leases, in the database"}
	if !exists {
		return change
	}
	ctx, cancel := context.WithTimeout(ctx, historyPatience)
	defer cancel()
	var h keadb.History
	err := src.inDatabase(ctx, s, func(db *keadb.DB) (err error) {
		h, err = db.History(ctx)
		return err
	})
	switch {
	case err != nil && !errors.Is(err, keadb.ErrNoHistory):
		change.Note = "of leases, when the database answers"
	case err != nil || !h.Enabled:
	case len(h.Missing) > 0:
		change.Action, change.Note = Update, "of leases: the trigger on "+strings.Join(h.Missing, " and ")+" is missing"
	case h.Outdated:
		change.Action, change.Note = Update, "of leases: the functions of this version"
	case h.Keep != retention(s):
		change.Action, change.Note = Update, "of leases: events are kept for "+s.Spec.Database.AuditRetention
	default:
		change.Action, change.Note = Unchanged, ""
	}
	return change
}

// keepHistory is the step that has the database keep a history of leases. Kea's schema is there by then.
func (r *run) keepHistory(ctx context.Context, note func(string)) (string, error) {
	var did []string
	err := r.inDatabase(ctx, r.s, func(db *keadb.DB) (err error) {
		did, err = db.EnableHistory(ctx, retention(r.s), note)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case len(did) == 0:
		return "", &operation.Skipped{Reason: "it is as it should be"}
	}
	return strings.Join(did, ", "), nil
}

// retention is how long the history is kept.
func retention(s *v1alpha1.Stack) time.Duration {
	days, _ := strconv.Atoi(strings.TrimSuffix(s.Spec.Database.AuditRetention, "d")) // it was checked
	return time.Duration(days) * 24 * time.Hour
}

// inDatabase does something in the stack's database, as Kea's own role.
func (src Source) inDatabase(ctx context.Context, s *v1alpha1.Stack, do func(*keadb.DB) error) error {
	in, err := inventory.Discover(ctx, src.Client, s.Metadata.Namespace, inventory.Options{})
	if err != nil {
		return err
	}
	databases := in.Databases(inventory.FileConfig)
	i := slices.IndexFunc(databases, func(d inventory.Database) bool {
		return d.Service != nil && d.Service.Name == s.Spec.Database.Service && d.Name == s.Spec.Database.Name
	})
	if i < 0 {
		return fmt.Errorf("no server's configuration names database %s at %s", s.Spec.Database.Name, s.Spec.Database.Service)
	}
	logins := inventory.Logins{Reader: src.Client, Pods: src.Pods, Observe: src.Observe}
	login, err := logins.Find(ctx, in, databases[i], inventory.AsOwner, func(string, error) {})
	if err != nil {
		return fmt.Errorf("log in to database %s: %w", databases[i].String(), err)
	}
	db, err := keadb.Connect(ctx, login.Target)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	return do(db)
}
