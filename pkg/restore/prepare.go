package restore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// Preparation leads the servers of a deployment that was made by hand to their database by a Service of their own. A cutover can
// turn that one; the operator's Services belong to their cluster. The database stays the same, so nothing is lost.
type Preparation struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	Cluster    string `json:"cluster"`
	// Host is where the servers look for their database now, Service what will lead them there.
	Host    string `json:"host"`
	Service string `json:"service"`
	// Prepared: they are led by a Service of their own already.
	Prepared bool `json:"prepared,omitempty"`
	// Exists: the Service does, from an earlier run or made by hand.
	Exists bool `json:"exists,omitempty"`
	// Rollout is the change of the servers' configuration.
	Rollout  rollout.Plan      `json:"rollout"`
	Problems []problem.Problem `json:"problems"`

	request rollout.Request
	cluster *cnpgv1.Cluster
	port    int
}

// Blocked reports whether something stands against it.
func (p *Preparation) Blocked() bool { return blocked(p.Problems) || p.Rollout.Blocked() }

// PreparationRequest is what is asked for.
type PreparationRequest struct {
	Namespace string
	// Cluster chooses where there are several; Service is the name of the Service to be.
	Cluster, Service string
	// Outage accepts that clients wait; see rollout.Request.
	Outage bool
}

// PlanPreparation works out how the servers are led to their database by a Service of their own. What stands against it is in
// its problems; nothing is changed. Errors: *backup.ChoiceError, inventory.ErrNone, the client's.
func PlanPreparation(ctx context.Context, src Source, r PreparationRequest) (Preparation, error) {
	subject, err := backup.Find(ctx, src.Client, r.Namespace, r.Cluster)
	if err != nil {
		return Preparation{}, err
	}
	d := subject.Database
	p := Preparation{
		Namespace: r.Namespace, Deployment: subject.Deployment, Service: r.Service, Host: d.Host, Problems: []problem.Problem{},
		cluster: subject.Cluster, port: cmp.Or(d.Port, postgresPort), request: rollout.Request{Namespace: r.Namespace, Outage: r.Outage, Texts: map[rollout.Object]kea.Secret{}},
	}
	if subject.Cluster == nil || d.Cluster == nil {
		return p, errNoCurrent
	}
	p.Cluster = subject.Cluster.Name
	unfinished, err := rollout.PlanConfig(ctx, src.rollout(), rollout.Request{Namespace: r.Namespace, Outage: r.Outage})
	switch {
	case err != nil:
		return p, err
	case unfinished.Continues && leads(unfinished, p.Service):
		p.Rollout, p.Exists = unfinished, true
		return p, nil
	case unstable(d) == "":
		p.Prepared, p.Service = true, d.Service.Name
		return p, nil
	}
	if err := p.look(ctx, src, subject.In, d); err != nil || p.Blocked() {
		return p, err
	}
	if p.Rollout, err = rollout.PlanConfig(ctx, src.rollout(), p.request); err != nil {
		return p, err
	}
	if !p.Exists { // it is tried when the Service is there
		p.Rollout.Problems = slices.DeleteFunc(p.Rollout.Problems, func(found problem.Problem) bool { return found.Code == rollout.CodeLoginNotTried })
	}
	return p, nil
}

// postgresPort is PostgreSQL's.
const postgresPort = 5432

// look finds what stands against it beside what the rollout finds, and the new text of every file.
func (p *Preparation) look(ctx context.Context, src Source, in *inventory.Inventory, d inventory.Database) error {
	against := func(code, subject, text, next string) {
		p.Problems = append(p.Problems, problem.NewCritical(code, subject, text, next))
	}
	missing, err := kube.Missing(ctx, src.Client, []kube.Permission{{Verb: "create", Resource: "services", Namespace: p.Namespace}})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		against("missing-permission", "namespace "+p.Namespace, "you may not "+missing[0].String(), "kubectl kea restore prepare --help")
	}
	if d.Target != nil && d.Target.Role == cnpg.RolePooler {
		against("pooler", "service "+d.Service.Name, "the servers reach their database through a pooler; led past it, they would open more sessions than it was sized for", "")
	}
	for i := range in.Services {
		if in.Services[i].Name != p.Service {
			continue
		}
		if p.Exists = takesTo(&in.Services[i], p.Cluster, p.port); !p.Exists {
			against("name-taken", "service "+p.Service, "it exists and does not lead to the primary of cluster "+p.Cluster, "kubectl kea restore prepare --service NAME -n "+p.Namespace)
		}
	}
	for _, s := range in.Servers {
		if !slices.Contains(d.Servers, s.Name()) {
			continue
		}
		if verifies(in, s) && !slices.Contains(p.cluster.Status.Certificates.ServerAltDNSNames, p.Service) {
			against("certificate", "cluster "+p.Cluster, fmt.Sprintf("%s verifies the name in the server's certificate, and that is not good for %s", s.Name(), p.Service),
				fmt.Sprintf("kubectl -n %s edit cluster %s: add it to spec.certificates.serverAltDNSNames", p.Namespace, p.Cluster))
		}
		if why := p.rewrite(in, s, d.Host); why != "" {
			against("host-not-changeable", s.Name(), why, "")
		}
	}
	problem.Sort(p.Problems)
	return nil
}

// rewrite works out a server's file with the new host; why says what keeps it from that.
func (p *Preparation) rewrite(in *inventory.Inventory, s inventory.Server, host string) (why string) {
	file, err := in.ConfigFile(s)
	if err != nil {
		return err.Error()
	}
	object := rollout.Object{Kind: file.Kind, Name: file.Name, Key: file.Key}
	config, err := kea.ParseConfig([]byte(file.Text.Reveal()))
	if err != nil {
		return fmt.Sprintf("%s: %v", object, err)
	}
	edits := []kea.Edit{}
	for _, access := range config.Databases() {
		if access.Host == host {
			edits = append(edits, kea.Edit{Path: access.Path + ".host", Value: renamed(host, p.Service)})
		}
	}
	if len(edits) == 0 {
		return "its file does not name the host of its database, which comes from its environment"
	}
	text, err := kea.EditConfig([]byte(file.Text.Reveal()), edits)
	if err != nil {
		return fmt.Sprintf("%s: %v", object, err)
	}
	p.request.Texts[object] = kea.NewSecret(string(text))
	return ""
}

// renamed is a host with another Service's name, in the same namespace and domain: "db-rw.dhcp.svc" -> "kea-database.dhcp.svc".
func renamed(host, service string) string {
	_, rest, qualified := strings.Cut(host, ".")
	if !qualified {
		return service
	}
	return service + "." + rest
}

// takesTo reports whether a Service can be turned and leads to a cluster's primary now.
func takesTo(s *corev1.Service, cluster string, port int) bool {
	return len(s.OwnerReferences) == 0 && s.Spec.Selector[cnpg.LabelCluster] == cluster &&
		s.Spec.Selector[cnpg.LabelInstanceRole] == string(cnpg.RolePrimary) &&
		slices.ContainsFunc(s.Spec.Ports, func(have corev1.ServicePort) bool { return int(have.Port) == port })
}

// verifies reports whether a server's libpq checks the name in the certificate of the database.
func verifies(in *inventory.Inventory, s inventory.Server) bool {
	for i := range in.Pods {
		if in.Pods[i].Name != s.Pod {
			continue
		}
		for _, c := range in.Pods[i].Spec.Containers {
			if c.Name == s.Container && slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == "PGSSLMODE" && e.Value == "verify-full" }) {
				return true
			}
		}
	}
	return false
}

// leads reports whether a rollout that is under way leads the servers to a Service, and does nothing else.
func leads(p rollout.Plan, service string) bool {
	for _, f := range p.Files {
		for _, d := range f.Differences {
			name, _, _ := strings.Cut(strings.Trim(d.B, `"`), ".")
			if !strings.HasSuffix(d.Path, ".host") || name != service {
				return false
			}
		}
	}
	return len(p.Files) > 0
}

// rollout is the way to change the servers' configuration.
func (s Source) rollout() rollout.Source {
	return rollout.Source{Client: s.Client, Pods: s.Pods, Connector: s.Connector, Observe: s.Observe, Now: s.Now}
}
