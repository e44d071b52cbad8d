package restore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Request is what a restore is asked for.
type Request struct {
	Namespace string
	Cluster   string // the current cluster; "" finds it
	Name      string // of the new cluster; "" makes one up
	Target    Wanted
	// Carry says which leases the cutover at the end carries; the plan only checks it.
	Carry Carrying
	// Clamp consents to the nearest moment that can be restored to where the target itself cannot.
	Clamp bool
	// Cutover: the new cluster is to be taken into service afterwards.
	Cutover bool
}

// Wanted is a target as the user gave it: one of the four.
type Wanted struct {
	Time   time.Time `json:"time,omitzero"`
	LSN    cnpg.LSN  `json:"lsn,omitzero"`
	Backup string    `json:"backup,omitempty"` // the Backup object's name: the state at its end
	Latest bool      `json:"latest,omitempty"` // all that is archived
}

// Plan is what a restore will do, and what stands against it.
type Plan struct {
	Namespace  string `json:"namespace"`
	Deployment string `json:"deployment"`
	Source     string `json:"source"` // the cluster in service
	Name       string `json:"name"`   // the new cluster
	Target     Wanted `json:"target"` // after clamping
	// Clamped says from what; nil when the target is as it was asked for.
	Clamped *time.Time    `json:"clamped,omitempty"`
	Window  backup.Window `json:"window"`
	Chosen  backup.Chosen `json:"chosen"`
	// Since is the moment that the restored database knows everything up to; what came later is forgotten. Of a target that
	// is a time or a backup it is the target. Otherwise it is not after it, and AtMost says that Lost counts too much.
	Since  time.Time `json:"since,omitzero"`
	AtMost bool      `json:"atMost,omitempty"`
	// Resumes: an earlier run for the same target began to make the cluster.
	Resumes bool `json:"resumes,omitempty"`
	// Recovery and Manifest are the new cluster.
	Recovery cnpg.Recovery              `json:"-"`
	Manifest *unstructured.Unstructured `json:"manifest"`
	// SourceAnswers: the database in service could be asked; without it Lost is not known.
	SourceAnswers bool   `json:"sourceAnswers"`
	Lost          []Loss `json:"lost"`
	// Stable: the servers reach the database by a Service of their own that a cutover can turn. Service is its name.
	Stable  bool   `json:"stable"`
	Service string `json:"service"`

	Problems []problem.Problem `json:"problems"`

	Subject backup.Subject `json:"-"`
}

// Blocked reports whether something stands against the restore.
func (p *Plan) Blocked() bool { return blocked(p.Problems) }

// kindRestore is the kind of the operation that makes the new cluster.
const kindRestore = "restore"

// Make works out a plan. What stands against it is in its problems, all of it at once; an error means that the cluster
// could not be asked. Nothing is changed.
// Errors: *backup.ChoiceError, inventory.ErrNone, the client's.
func Make(ctx context.Context, src Source, r Request) (Plan, error) {
	p := Plan{Namespace: r.Namespace, Name: r.Name, Target: r.Target, Lost: []Loss{}, Problems: []problem.Problem{}}
	p.Window.Spans, p.Window.Unread, p.Chosen.Span.Backups = []backup.Span{}, []problem.Unread{}, []cnpg.Backup{}
	var missing []kube.Permission
	var notFound error
	err := sideBySide(
		func() (err error) {
			missing, err = kube.Missing(ctx, src.Client, Permissions(r.Namespace))
			return err
		},
		func() error {
			p.Subject, notFound = backup.Find(ctx, src.Client, r.Namespace, r.Cluster)
			return nil
		},
	)
	missing = permitted(missing, p.Subject)
	p.Problems = append(p.Problems, missingPermissions(r.Namespace, p.Subject.Deployment, missing)...)
	switch {
	case err != nil:
		return p, err
	case notFound != nil && len(missing) > 0:
		return p, nil // who may not look finds nothing: that is told first
	case notFound != nil:
		return p, notFound
	}
	f, err := gather(ctx, src, p.Subject)
	if err != nil {
		return p, err
	}
	p.settle(f, r, src.Now())
	if len(r.Carry.VLANs) > 0 {
		if _, err := r.Carry.subnets(catalogOf(ctx, src, p.Subject)); err != nil {
			p.Problems = append(p.Problems, unknownVLAN(err, r.Namespace))
		}
	}
	if err := p.inspect(ctx, src, f); err != nil {
		return p, err
	}
	problem.Sort(p.Problems)
	return p, nil
}

// settle works out the target, the name and the manifest. Pure.
func (p *Plan) settle(f facts, r Request, now time.Time) {
	s := p.Subject
	p.Deployment, p.Source, p.Window = s.Deployment, s.Cluster.Name, f.window
	add := func(found []problem.Problem) { p.Problems = append(p.Problems, found...) }
	a, found := field{f.window, f.all, f.written, now, p.Namespace}.find(r.Target, r.Clamp)
	add(found)
	if !blocked(found) {
		p.Target, p.Clamped, p.Chosen, p.Since, p.AtMost = a.wanted, a.clamped, a.chosen, a.since, !a.exact
	}
	add(p.settleName(f, r, now))
	add(judgeSource(s, now))
	add(judgeOperations(s, p.Resumes || !recovering(s.In.Clusters)))
	add(judgeMajor(a, s, now))
	add(judgeUnread(f.unread))
	add(p.settleService(r.Cutover))
	if blocked(found) {
		return
	}
	p.Recovery = cnpg.Recovery{Name: p.Name, From: a.chosen.Span.Archive, Target: a.target, Annotations: map[string]string{}}
	if p.Stable {
		p.Recovery.DNSNames = serviceNames(p.Service, p.Namespace)
	}
	// The lineage is of the service and not of the data: also a cluster restored from an earlier one's archive comes after
	// all of them, and a time in between is still restored from the one that was in service then. The one that it takes the
	// place of is added when it does.
	if lineage, ok := s.Raw.GetAnnotations()[marks.AnnotationLineage]; ok {
		p.Recovery.Annotations[marks.AnnotationLineage] = lineage
	}
	_, manifest, err := p.Recovery.Cluster(s.Raw)
	if err != nil {
		add([]problem.Problem{problem.NewCritical("no-manifest", "cluster "+p.Source, err.Error(), "")})
		return
	}
	p.Manifest = manifest
}

// settleName chooses the new cluster's name. A run that was broken off is gone on with: the same target has the same
// cluster.
func (p *Plan) settleName(f facts, r Request, now time.Time) []problem.Problem {
	for i := range p.Subject.In.Clusters {
		c := &p.Subject.In.Clusters[i]
		record, ok, err := RecordOf(c)
		ours := ok && err == nil && record.Source == p.Source && (record.Phase == Recovering || record.Phase == Recovered)
		named := r.Name == c.Name || r.Name == "" && record.Phase == Recovering
		if ours && named && record.Target.same(p.Target) {
			p.Name, p.Resumes = c.Name, true
			return []problem.Problem{{
				Severity: problem.Info, Code: "goes-on", Subject: "cluster " + c.Name,
				Text: "an earlier run began to restore it to this target; this one goes on with it",
			}}
		}
	}
	if p.Name == "" {
		p.Name = newName(p.Source, now)
	}
	return checkName(p.Name, usedNames(p.Subject, f.folders, f.all))
}

// recovering reports whether a restore was broken off with a cluster half made. One that was broken off before, or at its
// end, leaves nothing that another would trip over.
func recovering(clusters []cnpgv1.Cluster) bool {
	return slices.ContainsFunc(clusters, func(c cnpgv1.Cluster) bool {
		record, ok, err := RecordOf(&c)
		return ok && err == nil && record.Phase == Recovering
	})
}

// settleService finds out whether a cutover can turn the Service; wanted says that it has to.
func (p *Plan) settleService(wanted bool) []problem.Problem {
	d := p.Subject.Database
	if d.Service != nil {
		p.Service = d.Service.Name
	}
	found := problem.Problem{Severity: problem.Info}
	if wanted {
		found.Severity = problem.Critical
	}
	if len(d.Servers) == 0 {
		found.Code, found.Subject, found.Text = "no-servers", "cluster "+p.Source, "no Kea server of this namespace uses it: there is nothing to cut over"
		return []problem.Problem{found}
	}
	why := unstable(d)
	if p.Stable = why == ""; p.Stable {
		return nil
	}
	found.Code, found.Subject = "no-stable-service", "service "+cmp.Or(p.Service, d.Host)
	found.Text = why + "; the restore does not need it, a cutover does"
	found.Next = prepareNext(p.Namespace)
	return []problem.Problem{found}
}

// serviceNames are the names by which pods reach a Service.
func serviceNames(service, namespace string) []string {
	return []string{service, service + "." + namespace, service + "." + namespace + ".svc", service + "." + namespace + ".svc.cluster.local"}
}

// same reports whether two targets are the same one.
func (w Wanted) same(other Wanted) bool {
	return w.Time.Equal(other.Time) && w.LSN == other.LSN && w.Backup == other.Backup && w.Latest == other.Latest
}

// inspect asks what depends on the manifest and the target, side by side.
func (p *Plan) inspect(ctx context.Context, src Source, f facts) error {
	if p.Manifest == nil {
		return nil
	}
	s := p.Subject
	cluster := &cnpgv1.Cluster{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(p.Manifest.Object, cluster); err != nil {
		return fmt.Errorf("read the manifest of cluster %s: %w", p.Name, err)
	}
	var silent error
	var found [2][]problem.Problem
	err := sideBySide(
		func() (err error) {
			found[0], err = lookAtSecrets(ctx, src.Client, s.Cluster, neededSecrets(p.Manifest, f.store))
			return err
		},
		func() (err error) {
			if !p.Resumes && !badName(p.Problems) {
				found[1], err = tryCluster(ctx, src.Client, p.Manifest)
			}
			return err
		},
		func() error {
			var lost []Loss
			if lost, silent = lookAtLosses(ctx, src, s, p.Since); silent == nil {
				p.Lost, p.SourceAnswers = lost, true
			}
			return nil
		},
	)
	if err != nil {
		return err
	}
	p.Problems = append(p.Problems, slices.Concat(found[:]...)...)
	if f.classesRead {
		p.Problems = append(p.Problems, judgeClasses(cluster, f.classes)...)
	} else {
		p.Problems = append(p.Problems, problem.Problem{
			Severity: problem.Info, Code: "not-checked", Subject: "storage classes",
			Text: "they could not be listed: whether the volumes can be made shows when they are",
		})
	}
	if !p.Resumes {
		p.Problems = append(p.Problems, judgeQuotas(cluster, f.quotas)...)
	}
	if silent != nil && len(s.Database.Servers) > 0 {
		p.Problems = append(p.Problems, problem.Problem{
			Severity: problem.Warning, Code: "source-silent", Subject: "database " + s.Database.String(),
			Text: "what the restore would forget is not known, since the database in service cannot be asked: " + silent.Error(),
			Next: "kubectl kea status -n " + p.Namespace,
		})
	}
	return nil
}

// badName reports whether the name was refused already: the API server would say the same once more.
func badName(all []problem.Problem) bool {
	return slices.ContainsFunc(all, func(p problem.Problem) bool { return p.Code == "bad-name" || p.Code == "name-taken" })
}
