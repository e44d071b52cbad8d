package inventory

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Database is a PostgreSQL database that servers keep their leases in, followed as far as it leads: the host in Kea's
// configuration, the Service of that name, the CNPG cluster that it selects.
type Database struct {
	Host, Name, User string
	Port             int
	Servers          []string        // names of the servers that use it
	Service          *corev1.Service // nil: the host is no Service of this namespace
	Target           *cnpg.Target    // nil: the Service leads to no CNPG cluster
	Cluster          *cnpgv1.Cluster // nil: not found
	// Password is what the servers log in with, where it could be read; PasswordSource says where it stands.
	Password       kea.Secret
	PasswordSource string // "secret kea-db-credentials, key pgpass", "the configuration", "secret NAME (the cluster's)"
	// NoPassword says why the servers have no password at all, although it could all be read; "" otherwise.
	NoPassword string
	// CredentialSecret is the Secret that the password comes from, "" when it is in the configuration or not known.
	CredentialSecret string
}

// same reports whether an access map leads to this database.
func (d *Database) same(k kea.Database) bool {
	return d.Host == k.Host && d.Name == k.Name && d.User == k.User && d.Port == k.Port
}

// Databases are the lease databases of configurations, each once. configs maps a server to the configuration that counts
// for it: the running one where it is known, else the file's.
func (in *Inventory) Databases(configs func(Server) *kea.Config) []Database {
	found := []Database{}
	for _, s := range in.Servers {
		config := configs(s)
		if config == nil || config.LeaseDatabase.Type != "postgresql" {
			continue
		}
		access := s.Libpq.complete(config.LeaseDatabase)
		if i := slices.IndexFunc(found, func(d Database) bool { return d.same(access) }); i >= 0 {
			found[i].Servers = append(found[i].Servers, s.Name())
			continue
		}
		d := Database{Host: access.Host, Name: access.Name, User: access.User, Port: access.Port, Servers: []string{s.Name()}}
		in.follow(&d)
		in.credential(&d, s, access)
		found = append(found, d)
	}
	return found
}

// FileConfig is the configuration in a server's file.
func FileConfig(s Server) *kea.Config { return s.File }

// follow finds the Service and the cluster behind a host name.
func (in *Inventory) follow(d *Database) {
	name, namespace, _ := strings.Cut(d.Host, ".")
	namespace, _, _ = strings.Cut(namespace, ".")
	for i := range in.Services {
		service := &in.Services[i]
		byName := service.Name == name && (namespace == "" || namespace == in.Namespace)
		addr, err := netip.ParseAddr(d.Host)
		byAddress := err == nil && slices.Contains(service.Spec.ClusterIPs, addr.String())
		if byName || byAddress {
			d.Service = service
		}
	}
	if d.Service == nil {
		return
	}
	target, ok := cnpg.ServiceTarget(d.Service, in.Clusters)
	if !ok {
		return
	}
	d.Target = &target
	for i := range in.Clusters {
		if in.Clusters[i].Name == target.Cluster.Name {
			d.Cluster = &in.Clusters[i]
		}
	}
}

// credential finds the password that a server logs in with, without asking for anything more.
func (in *Inventory) credential(d *Database, s Server, access kea.Database) {
	switch {
	case !access.Password.IsZero():
		d.Password, d.PasswordSource = access.Password, "the configuration"
	case access.PasswordInclude != "":
		d.PasswordSource = "the file " + access.PasswordInclude
	default:
		d.Password, d.PasswordSource = s.Libpq.Password(access)
		d.NoPassword = s.Libpq.lacks(access)
		kind, rest, _ := strings.Cut(d.PasswordSource, " ")
		if secret, _, ok := strings.Cut(rest, ","); ok && kind == "secret" {
			d.CredentialSecret = secret
		}
	}
}

// Backends are the pods that the database's Service selects, by name.
func (in *Inventory) Backends(d Database) []corev1.Pod {
	found := []corev1.Pod{}
	if d.Service == nil || len(d.Service.Spec.Selector) == 0 {
		return found
	}
	selector := labels.SelectorFromSet(d.Service.Spec.Selector)
	for _, pod := range in.Pods {
		if selector.Matches(labels.Set(pod.Labels)) && pod.DeletionTimestamp == nil {
			found = append(found, pod)
		}
	}
	return found
}

// Instances are the pods of a CNPG cluster, by name.
func (in *Inventory) Instances(cluster string) []corev1.Pod {
	found := []corev1.Pod{}
	for _, pod := range in.Pods {
		if pod.Labels[cnpg.LabelCluster] == cluster && pod.Labels[cnpg.LabelPodRole] == "instance" {
			found = append(found, pod)
		}
	}
	return found
}

// String names the database for people: "kea at kea-database".
func (d Database) String() string { return fmt.Sprintf("%s at %s", d.Name, d.Host) }
