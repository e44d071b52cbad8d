package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// proveTime is how long CNPG may take to set the password. Its status field is no proof: it once ran 22 s ahead.
const proveTime = 90 * time.Second

// tryEvery is the time between two tries of what costs the machines that serve clients: a login (a tunnel, TLS, a process of
// PostgreSQL, a line in its log where it fails), and a look into a container (a process there). Tried every 30 to 50 ms these
// took a small cluster half of its lossless rate.
const tryEvery = 250 * time.Millisecond

// prove waits until a login with the new password works and one with the old password is refused. The files come in between,
// as soon as may be: until file and database agree again, a server that opens one more session is refused.
func (r *rotation) prove(ctx context.Context, note func(string)) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, proveTime, fmt.Errorf("CNPG did not set the password within %s", proveTime))
	defer cancel()
	s, err := r.secret(ctx)
	if err != nil {
		return "", err
	}
	password, err := r.passwordIn(s.Data)
	if err != nil {
		return "", err
	}
	if err := r.takes(ctx, r.p.Role, password, note); err != nil {
		return "", err
	}
	if r.p.configured == nil {
		if err := r.nudge(ctx); err != nil {
			return "", err
		}
	}
	old, err := r.passwordIn(r.kept.Data)
	if err != nil {
		return "", err
	}
	if old != password {
		if err := r.refuses(ctx, r.p.Role, old, note); err != nil {
			return "", err
		}
	}
	if r.proven = provenAt(r.kept); !r.proven.IsZero() {
		return "", nil
	}
	role, err := r.db.Role(ctx)
	if err != nil {
		return "", err
	}
	r.proven = role.Now
	return "", r.annotate(ctx, r.kept.Name, map[string]string{annotationProven: r.proven.UTC().Format(time.RFC3339Nano)})
}

// takes logs in with a password until that works. The session stays open.
func (r *rotation) takes(ctx context.Context, role, password string, note func(string)) error {
	for {
		target, err := r.target(ctx, role, password)
		if err == nil {
			var db *keadb.DB
			if db, err = keadb.Connect(ctx, target); err == nil {
				r.close(ctx)
				r.db = db
				return nil
			}
		}
		note(err.Error())
		if operation.Pause(ctx, tryEvery) != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// errStillTaken: the old password works beside the new one.
var errStillTaken = errors.New("the database takes the old password as well")

// refuses waits until a login with the old password is refused.
func (r *rotation) refuses(ctx context.Context, role, old string, note func(string)) error {
	for {
		target, err := r.target(ctx, role, old)
		if err == nil {
			var db *keadb.DB
			db, err = keadb.Connect(ctx, target)
			if errors.Is(err, keadb.ErrAuth) {
				return nil
			}
			if err == nil {
				_ = db.Close(ctx)
				err = errStillTaken
			}
		}
		note(err.Error())
		if operation.Pause(ctx, tryEvery) != nil {
			return err
		}
	}
}

// passwordIn is the password in the keys that a rotation changes.
func (r *rotation) passwordIn(data map[string][]byte) (string, error) {
	return passwordIn(r.p.Secret, data)
}

func passwordIn(secret string, data map[string][]byte) (string, error) {
	if password := data["password"]; len(password) > 0 {
		return string(password), nil
	}
	return "", fmt.Errorf("secret %s has no key password", secret)
}

// primary is the way into the cluster's primary, whichever that is now.
func (r *rotation) primary(ctx context.Context) (keadb.Target, error) {
	var cluster cnpgv1.Cluster
	if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: r.p.Cluster}, &cluster); err != nil {
		return keadb.Target{}, fmt.Errorf("read cluster %s: %w", r.p.Cluster, err)
	}
	pods, err := cnpg.ListInstances(ctx, r.Client, r.p.Namespace, r.p.Cluster)
	if err != nil {
		return keadb.Target{}, err
	}
	for i := range pods {
		if pods[i].Name != cluster.Status.CurrentPrimary || pods[i].DeletionTimestamp != nil {
			continue
		}
		l, err := r.logins().Into(ctx, &cluster, &pods[i], r.p.Database)
		return l.Target, err
	}
	return keadb.Target{}, fmt.Errorf("cluster %s: %w", r.p.Cluster, errNoAccess)
}

// eachHolder does something for every file of every container, at the same time.
func (r *rotation) eachHolder(do func(h holder) error) error {
	holders := slices.CompactFunc(slices.Clone(r.p.use.holders), func(a, b holder) bool { return a.credential.File == b.credential.File })
	failed := make([]error, len(holders))
	var wait sync.WaitGroup
	for i, h := range holders {
		wait.Go(func() { failed[i] = do(h) })
	}
	wait.Wait()
	return errors.Join(failed...)
}
