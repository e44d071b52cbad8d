package status

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Limits beyond which a database's state is a problem.
const (
	lagWarns        = 64 << 20           // bytes that a replica is behind
	backupWarns     = 48 * time.Hour     // age of the last successful backup
	certificateSoon = 7 * 24 * time.Hour // before a certificate expires; CNPG renews seven days before
	slowShutdown    = 30                 // seconds of smartShutdownTimeout that make every failover slow
)

// problems says what is wrong with a database.
func (d Database) problems(namespace string, observations []ha.Observation, now time.Time) []problem.Problem {
	found := []problem.Problem{}
	subject := "database " + d.Host
	if d.Cluster != nil {
		subject = "cluster " + d.Cluster.Name
	}
	describe := "kubectl -n " + namespace + " describe service " + strings.SplitN(d.Host, ".", 2)[0]
	if d.Cluster != nil {
		describe = "kubectl -n " + namespace + " describe clusters.postgresql.cnpg.io " + d.Cluster.Name
	}
	add := func(s problem.Severity, code, next, format string, args ...any) {
		found = append(found, problem.Problem{Severity: s, Code: code, Subject: subject, Text: fmt.Sprintf(format, args...), Next: next})
	}
	d.pathProblems(namespace, add)
	if d.Cluster != nil {
		d.clusterProblems(describe, now, add)
		d.backupProblems(describe, now, add)
	}
	if d.noPassword != "" {
		next := describe
		if d.fileSecret != "" {
			next = "kubectl -n " + namespace + " describe secret " + d.fileSecret // its keys and their sizes
		}
		add(problem.Critical, "no-password", next, "Kea has no password for role %s: %s; running sessions live on, the next login fails", d.User, d.noPassword)
	}
	d.lookProblems(namespace, describe, observations, add)
	return found
}

type adder func(s problem.Severity, code, next, format string, args ...any)

// pathProblems: the way from Kea's host to the primary.
func (d Database) pathProblems(namespace string, add adder) {
	service := "kubectl -n " + namespace + " get service " + strings.SplitN(d.Host, ".", 2)[0] + " -o jsonpath={.spec.selector}"
	switch {
	case d.Role == cnpg.RoleReplica:
		add(problem.Critical, "service-selects-replica", service, "%s: Kea writes to a read-only server, and refuses every client with a NAK", d.Leads)
	case d.Role == cnpg.RoleAny:
		add(problem.Critical, "service-selects-any", service, "%s: sessions can end on a read-only replica, where Kea refuses every client with a NAK", d.Leads)
	case d.missing:
		add(problem.Critical, "no-cluster", "kubectl -n "+namespace+" get clusters.postgresql.cnpg.io", "%s", d.Leads)
	case d.Role == cnpg.RoleInstance:
		add(problem.Warning, "service-selects-instance", service, "%s: after a failover it leads Kea to a read-only replica", d.Leads)
	case d.Role == "" && strings.HasPrefix(d.Leads, "service"):
		add(problem.Info, "no-cnpg", service, "%s: what is behind it is not known here", d.Leads)
	}
}

// clusterProblems: what CNPG and its instances say.
func (d Database) clusterProblems(describe string, now time.Time, add adder) {
	c := d.Cluster
	switch {
	case len(c.Fenced) > 0 && !c.Serving:
		add(problem.Critical, "cluster-fenced", describe, "it is fenced (%s): PostgreSQL is stopped on purpose, although the operator's phase says %q", strings.Join(c.Fenced, ", "), c.Phase)
	case c.Hibernated:
		add(problem.Critical, "cluster-hibernated", describe, "it is hibernated: there is no PostgreSQL")
	case !c.Serving:
		add(problem.Critical, "no-primary", describe, "no primary serves (%s): %s", c.Phase, strings.Join(c.Reasons, "; "))
	case !c.Healthy:
		add(problem.Warning, "cluster-unhealthy", describe, "it is not healthy (%d of %d instances ready): %s", c.ReadyInstances, c.Instances, strings.Join(c.Reasons, "; "))
	}
	if d.Primary != nil {
		for _, r := range d.Primary.Replicas {
			if r.Lag.Bytes > lagWarns {
				add(problem.Warning, "replica-lags", describe, "replica %s is %d MiB behind the primary", r.Name, r.Lag.Bytes>>20)
			}
		}
	}
	for _, certificate := range c.Certificates {
		if left := certificate.Expires.Sub(now); left < 0 {
			add(problem.Critical, "certificate-expired", describe, "the certificate in secret %s has expired", certificate.Secret)
		} else if left < certificateSoon {
			add(problem.Warning, "certificate-expires", describe, "the certificate in secret %s expires on %s, and was not renewed", certificate.Secret, certificate.Expires.Format(time.DateOnly))
		}
	}
	if c.SmartShutdownTimeout > slowShutdown {
		add(problem.Info, "slow-failover", describe, "smartShutdownTimeout is %d s: a graceful failover waits that long for Kea's sessions; a few seconds are better", c.SmartShutdownTimeout)
	}
}

// backupProblems: whether the data could be brought back.
func (d Database) backupProblems(describe string, now time.Time, add adder) {
	b, archiving := d.Backups, d.Cluster.Archiving
	unread := b == nil || slices.ContainsFunc(b.Unread, func(u cnpg.Unread) bool { return u.Source == "backups" })
	switch {
	case !archiving.Configured && unread: // what there is to restore is not known
	case !archiving.Configured && b.LastSuccessful == nil && len(b.Schedules) == 0:
		add(problem.Warning, "no-backups", describe, "it has neither backups nor an archive: nothing can be restored")
		return
	case !archiving.Configured:
		add(problem.Warning, "no-archive", describe, "its write-ahead log is not archived: it can be restored to the moments of its backups only")
	case archiving.Working != nil && !*archiving.Working:
		add(problem.Warning, "archiving-fails", describe, "archiving of the write-ahead log fails since %s (%s): the recovery window does not grow, and the disk fills", since(archiving.Since, now), archiving.Message)
	}
	if unread {
		return
	}
	last := lastBackup(b)
	switch {
	case last == nil && len(b.Running) > 0:
		add(problem.Info, "first-backup-runs", describe, "its first backup is under way: until it is done %s", d.restorable())
	case last == nil:
		add(problem.Warning, "no-backup", describe, "it has no successful backup: %s", d.restorable())
	case now.Sub(*last) > backupWarns:
		add(problem.Warning, "backup-old", describe, "its last successful backup is %s old", now.Sub(*last).Round(time.Hour))
	}
	if b.LastFailed != nil && (last == nil || b.LastFailed.Created.After(*last)) {
		add(problem.Warning, "backup-failed", "kubectl -n "+d.Cluster.Namespace+" describe backups.postgresql.cnpg.io "+b.LastFailed.Name, "its newest backup failed: %s", b.LastFailed.Error)
	}
	for _, s := range b.Schedules {
		if s.Suspended {
			add(problem.Info, "schedule-suspended", "kubectl kea backup schedule resume "+s.Name+" -n "+d.Cluster.Namespace, "the backup schedule %s is suspended", s.Name)
		}
	}
}

// restorable says what can be restored while the cluster has no backup of its own: what its predecessors archived.
func (d Database) restorable() string {
	if n := len(d.Cluster.Lineage); n > 0 {
		return fmt.Sprintf("only moments up to %s can be restored, when the service came to it", d.Cluster.Lineage[n-1].Until.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	return "nothing can be restored"
}

// lastBackup is the end of the newest successful backup, by the objects or by the archive.
func lastBackup(b *cnpg.BackupState) *time.Time {
	var last *time.Time
	if b.LastSuccessful != nil {
		last = b.LastSuccessful.Stopped
		if last == nil {
			last = &b.LastSuccessful.Created
		}
	}
	if w := b.Window.LastBackup; w != nil && (last == nil || w.After(*last)) {
		last = w
	}
	return last
}

// lookProblems: what a login showed.
func (d Database) lookProblems(namespace, describe string, observations []ha.Observation, add adder) {
	look := d.Look
	switch {
	case look.Why == "the Service selects no pod":
		add(problem.Critical, "service-without-pods", describe, "%s, and no pod has these labels: Kea cannot reach its database", d.Leads)
	case look.Err == nil:
	case look.Viewer != "" && ofRole(look.Err):
		add(problem.Warning, "viewer-login-failed", describe, "the read-only login of role %s does not work: %s; Kea's own was not tried", look.Viewer, look.Error)
	case errors.Is(look.Err, keadb.ErrAuth):
		add(problem.Critical, "login-refused", describe, "it refuses the login of role %s with the password that Kea has (%s): running sessions live on, the next reconnect fails", d.User, d.Credential.Source)
	case errors.Is(look.Err, keadb.ErrTLS):
		add(problem.Warning, "certificate-refused", describe, "its certificate is not accepted: %s", look.Error)
	case errors.Is(look.Err, keadb.ErrShuttingDown), errors.Is(look.Err, keadb.ErrUnreachable), errors.Is(look.Err, keadb.ErrTooManyConnections), errors.Is(look.Err, keadb.ErrNoDatabase):
		add(problem.Critical, "no-login", describe, "a new session is not possible: %s", look.Error)
	case errors.Is(look.Err, context.DeadlineExceeded):
		add(problem.Critical, "no-login", describe, "a login took longer than %s", patience)
	case errors.Is(look.Err, keadb.ErrNoSchema), errors.Is(look.Err, keadb.ErrPermission):
		add(problem.Critical, "schema-unreadable", describe, "role %s cannot use Kea's schema: %s", d.User, look.Error)
	default:
		add(problem.Warning, "look-failed", describe, "a look into it failed: %s", look.Error)
	}
	if !look.Tried || look.Error != "" {
		return
	}
	switch {
	case look.InRecovery:
		add(problem.Critical, "database-in-recovery", describe, "the server that Kea reaches (%s) is in recovery and takes no writes: Kea refuses every client with a NAK", look.Pod)
	case look.ReadOnly:
		add(problem.Critical, "database-read-only", describe, "it takes no writes from role %s (default_transaction_read_only): Kea looks healthy and refuses every client with a NAK", d.User)
	}
	if look.Schema == "" && look.Viewer != "" {
		// PostgreSQL hides what a role has no right to.
		add(problem.Warning, "schema-not-seen", describe, "role %s does not see Kea's schema in database %s: it lacks the right, or the schema is not there", look.Viewer, d.Name)
		return
	}
	if look.Schema == "" {
		add(problem.Critical, "no-schema", describe, "database %s does not hold Kea's schema: Kea cannot start", d.Name)
		return
	}
	if h := look.History; h != nil && h.Lost {
		add(problem.Warning, "history-incomplete", "kubectl kea leases history enable -n "+namespace,
			"a history of leases is meant to be kept, and somebody dropped its tables, or some of them: what happens to leases now is not written")
	} else if h != nil && len(h.Missing) > 0 {
		add(problem.Warning, "history-incomplete", "kubectl kea leases history enable -n "+namespace,
			"a history of leases is meant to be kept, and the trigger on %s is missing or switched off: what happens to leases now is not written", strings.Join(h.Missing, " and "))
	}
	if h := look.History; h != nil && h.Missed > 0 {
		add(problem.Info, "history-missed-events", "kubectl kea leases history status -n "+namespace, "%d changes of leases could not be written to their history", h.Missed)
	}
	for _, o := range observations {
		if o.Version == nil || o.Version.PostgreSQLSchema == nil || !slices.Contains(d.Servers, o.Server.Name()) {
			continue
		}
		want := fmt.Sprintf("%d.%d", o.Version.PostgreSQLSchema.Major, o.Version.PostgreSQLSchema.Minor)
		if want != look.Schema {
			add(problem.Warning, "schema-version", describe, "its schema is %s and Kea %s expects %s: a restarted server will not start", look.Schema, o.Version.Number, want)
			return
		}
	}
}

// ofRole reports whether an error may be about the role that logged in, and not about the server.
func ofRole(err error) bool {
	return slices.ContainsFunc([]error{keadb.ErrAuth, keadb.ErrPermission, keadb.ErrNoSchema, keadb.ErrTooManyConnections}, func(e error) bool { return errors.Is(err, e) })
}

func since(t *time.Time, now time.Time) string {
	if t == nil {
		return "an unknown time"
	}
	return now.Sub(*t).Round(time.Second).String()
}
