package status

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// patience is how long a login and a look at a database may take.
const patience = 4 * time.Second

// PodAccess is the way into PostgreSQL's pods; *kube.Client has it.
type PodAccess interface {
	DialPod(ctx context.Context, namespace, pod string, port int) (net.Conn, error)
	ProxyGet(ctx context.Context, namespace, pod string, port int, scheme, path string) ([]byte, error)
}

// Database is a PostgreSQL database with the CNPG cluster behind it.
type Database struct {
	Host    string   `json:"host"` // as Kea's configuration has it
	Port    int      `json:"port"`
	Name    string   `json:"name"`
	User    string   `json:"user"`
	Servers []string `json:"servers"` // that keep their leases in it
	// Leads says where the host leads: "service kea-database selects the primary of cluster kea-database".
	Leads   string        `json:"leads"`
	Role    cnpg.Role     `json:"selects,omitempty"`
	Cluster *cnpg.Summary `json:"cluster,omitempty"`
	// Primary is what the primary's instance manager says, its replicas' lags among it.
	Primary *cnpg.Instance    `json:"primary,omitempty"`
	Backups *cnpg.BackupState `json:"backups,omitempty"`
	Look    Look              `json:"look"`
	// Credential is where the servers' password stands.
	Credential Credential `json:"credential"`

	counts map[kea.Service][]keadb.LeaseCount
	unread []problem.Unread
	// missing: the cluster that the Service selects does not exist, as opposed to could not be read.
	missing bool
	// noPassword is why Kea has no password, although a password file is there and could be read.
	noPassword string
	// fileSecret is the Secret that the password file stands in.
	fileSecret string
}

// Look is what one login showed, through the pods that Kea's Service selects.
type Look struct {
	// Tried: there was a password, an authority to verify the server with, and a pod. Why says what was missing, for
	// Kea's own login.
	Tried bool   `json:"tried"`
	Why   string `json:"why,omitempty"`
	// Viewer is the read-only role that logged in because Kea's own password could not be read: whether Kea's role can log
	// in and write is not known then. Empty: Kea's own role logged in.
	Viewer string `json:"viewer,omitempty"`
	Pod    string `json:"pod,omitempty"`
	Error  string `json:"error,omitempty"`
	Err    error  `json:"-"`

	InRecovery bool   `json:"inRecovery"`
	ReadOnly   bool   `json:"readOnly"`         // to Kea's role
	Schema     string `json:"schema,omitempty"` // "22.2"; "" when the database does not hold Kea's schema
	SizeBytes  int64  `json:"sizeBytes,omitempty"`
	Sessions   int    `json:"sessions"` // of Kea's role
	// History is the history of leases; nil where none is meant to be kept.
	History *History `json:"history,omitempty"`
	Took    string   `json:"took,omitempty"`
}

// History is how the history of leases stands, as far as a look shows.
type History struct {
	// Missing are the lease tables without their trigger.
	Missing []string `json:"missingTriggers"`
	Lost    bool     `json:"lost"`   // its own tables are gone
	Missed  int64    `json:"missed"` // events that could not be written, ever
}

// Credential is where a password stands and since when it is the current one.
type Credential struct {
	Source  string     `json:"source"` // "secret kea-db-credentials, key pgpass", "the configuration"
	Secret  string     `json:"secret,omitempty"`
	Changed *time.Time `json:"changed,omitempty"` // when its data was last written, where the API server knows
}

func (d Database) is(other inventory.Database) bool {
	return d.Host == other.Host && d.Name == other.Name && d.User == other.User && d.Port == other.Port
}

// database looks at one database from all sides at once.
func (s Source) database(ctx context.Context, in *inventory.Inventory, from inventory.Database) Database {
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d := Database{
		Host: from.Host, Port: from.Port, Name: from.Name, User: from.User, Servers: from.Servers,
		Credential: Credential{Source: from.PasswordSource, Secret: from.CredentialSecret}, noPassword: from.NoPassword, fileSecret: from.CredentialSecret,
	}
	d.follow(in, from)
	var wait sync.WaitGroup
	var mu sync.Mutex
	miss := func(source string, err error) {
		mu.Lock()
		d.unread = append(d.unread, problem.Unread{Source: source, Error: err.Error(), Err: err})
		mu.Unlock()
	}
	if from.Cluster != nil {
		pods := in.Instances(from.Cluster.Name)
		summary := cnpg.Summarize(from.Cluster, pods, s.Now())
		d.Cluster = &summary
		wait.Go(func() {
			state, err := cnpg.GatherBackups(ctx, s.Reader, from.Cluster)
			if err != nil {
				miss("backups of cluster "+from.Cluster.Name, err)
				return
			}
			d.Backups = &state
			for _, u := range state.Unread {
				miss(u.Source, u.Err)
			}
		})
		// The primary knows its replicas' lags: asking every instance would cost PostgreSQL more than all else here.
		pods = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return p.Name != summary.Primary })
		wait.Go(func() { d.Primary = s.primary(ctx, pods) })
	}
	wait.Go(func() { s.look(ctx, whole, in, &d, from, miss) })
	wait.Wait()
	if secret := in.Secret(d.Credential.Secret); secret != nil {
		d.Credential.Changed = lastWritten(secret)
	}
	if p := d.Primary; p != nil && p.Err != nil && !downOrFenced(d.Cluster, p.Pod) {
		miss("instance "+p.Pod, p.Err)
	}
	return d
}

// primary asks the primary's instance manager; nil when there is no such pod.
func (s Source) primary(ctx context.Context, pods []corev1.Pod) *cnpg.Instance {
	found := cnpg.GatherInstances(ctx, func(ctx context.Context, namespace, pod string) ([]byte, error) {
		return s.Pods.ProxyGet(ctx, namespace, pod, cnpg.StatusPort, "https", cnpg.StatusPath)
	}, pods)
	if len(found) == 0 {
		return nil
	}
	return &found[0]
}

// downOrFenced: an instance that does not answer because it is not there is no gap in what we know.
func downOrFenced(c *cnpg.Summary, pod string) bool {
	if c == nil {
		return false
	}
	i := slices.IndexFunc(c.Members, func(m cnpg.Member) bool { return m.Pod == pod })
	return i >= 0 && (!c.Members[i].Ready || c.Members[i].Fenced)
}

func (d *Database) follow(in *inventory.Inventory, from inventory.Database) {
	unread := func(source string) bool {
		return slices.ContainsFunc(in.Unread, func(u problem.Unread) bool { return u.Source == source })
	}
	switch {
	case from.Service == nil && unread("services"):
		d.Leads = "host " + from.Host + " was followed no further: Services could not be read"
		return
	case from.Service == nil:
		d.Leads = "host " + from.Host + " is no Service of this namespace; it was followed no further"
		return
	case from.Target == nil:
		d.Leads = "service " + from.Service.Name + " selects no CNPG cluster"
		return
	}
	d.Role = from.Target.Role
	cluster := "cluster " + from.Target.Cluster.Name
	switch d.Role {
	case cnpg.RoleAny:
		d.Leads = "any instance of " + cluster
	case cnpg.RoleInstance:
		d.Leads = "the one instance " + from.Target.Instance + " of " + cluster
	case cnpg.RolePooler:
		d.Leads = "pooler " + from.Target.Pooler
		if from.Target.Cluster.Name != "" {
			d.Leads += " of " + cluster
		}
	default:
		d.Leads = fmt.Sprintf("the %s of %s", d.Role, cluster)
	}
	d.Leads = "service " + from.Service.Name + " selects " + d.Leads
	switch {
	case from.Cluster != nil || from.Target.Cluster.Name == "":
	case unread(clustersSource):
		d.Leads += ", which could not be read"
	default:
		d.Leads, d.missing = d.Leads+", which does not exist", true
	}
}

// clustersSource is how an inventory names the list of clusters when it could not be read.
const clustersSource = "clusters.postgresql.cnpg.io"

// look logs in as Kea does, or as who may only read: to a pod that its Service selects, verified by the cluster's
// authority. ctx bounds this look, whole all looks together.
func (s Source) look(ctx, whole context.Context, in *inventory.Inventory, d *Database, from inventory.Database, miss func(string, error)) {
	l, err := inventory.Logins{Reader: s.Reader, Pods: s.Pods, Observe: s.Observe}.Find(ctx, in, from, inventory.AsKea, miss)
	if err != nil {
		d.Look.Why = err.Error()
		return
	}
	if l.Owner != nil {
		d.Credential = Credential{Source: "secret " + l.Owner.Name + " (the cluster's)", Secret: l.Owner.Name, Changed: lastWritten(l.Owner)}
	}
	d.Look.Tried, d.Look.Pod = true, l.Pod
	if l.Viewer {
		d.Look.Why, d.Look.Viewer = inventory.NoPassword, l.User
	}
	err = d.ask(ctx, l.Target)
	switch {
	case err == nil:
	case whole.Err() != nil:
		// The look as a whole ran out of time, or was interrupted: that says nothing about the database.
		d.Look.Tried, d.Look.Why, d.Look.Viewer = false, "there was no time left", ""
		miss("login to "+d.Host, whole.Err())
	default:
		d.Look.Error, d.Look.Err = err.Error(), err
	}
}

// ask reads the database's health and counts on one connection.
func (d *Database) ask(ctx context.Context, target keadb.Target) error {
	start := time.Now()
	db, err := keadb.Connect(ctx, target)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	health, err := db.Health(ctx)
	if err != nil {
		return err
	}
	// A role that may only read says nothing about Kea's.
	d.Look.InRecovery, d.Look.ReadOnly, d.Look.SizeBytes = health.InRecovery, health.ReadOnly && d.Look.Viewer == "", health.SizeBytes
	if health.History.Enabled {
		d.Look.History = &History{Missing: append([]string{}, health.History.Missing...), Lost: health.History.Lost, Missed: health.History.Missed}
	}
	for _, session := range health.Sessions {
		if session.User == d.User {
			d.Look.Sessions++
		}
	}
	d.Look.Took = time.Since(start).Round(time.Millisecond).String()
	if health.Schema == nil {
		return nil
	}
	d.Look.Schema = fmt.Sprintf("%d.%d", health.Schema.Version, health.Schema.Minor)
	d.counts = map[kea.Service][]keadb.LeaseCount{}
	for service, family := range map[kea.Service]keadb.Family{kea.DHCP4: keadb.IPv4, kea.DHCP6: keadb.IPv6} {
		if d.counts[service], err = db.LeaseCounts(ctx, family); err != nil {
			return err
		}
	}
	return nil
}
