package restore

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// Prepare leads the servers to their database by a Service of their own. An error takes the change of configuration back; the
// Service stays, and does no harm. A killed run is gone on with by the next one.
// Errors: *operation.StepError, *operation.HeldError.
func Prepare(ctx context.Context, src Source, p Preparation, lock operation.Options, progress operation.Progress) (rollout.Report, error) {
	if !p.Rollout.Continues {
		lock.Namespace, lock.Deployment = p.Namespace, p.Deployment
		if err := operation.Locked(ctx, src.Client, lock, p.steps(src), progress); err != nil {
			return rollout.Report{}, err
		}
	}
	return rollout.Apply(ctx, src.rollout(), p.Rollout, lock, progress)
}

// steps make the Service, and prove the way before a server is sent there.
func (p *Preparation) steps(src Source) []operation.Step {
	return []operation.Step{
		{Name: "make service " + p.Service, Do: func(ctx context.Context, _ func(string)) (string, error) { return p.makeService(ctx, src) }},
		{Name: "log in through it", Do: func(ctx context.Context, _ func(string)) (string, error) { return "", p.tryService(ctx, src) }},
	}
}

func (p *Preparation) makeService(ctx context.Context, src Source) (string, error) {
	if p.Exists {
		return "", &operation.Skipped{Reason: "it is there"}
	}
	err := src.Client.Create(ctx, p.service(), client.FieldOwner(marks.FieldManager))
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return "", fmt.Errorf("create service %s: %w", p.Service, err)
	}
	return "it leads to the primary of " + p.Cluster, nil
}

// service is what leads to the primary of the cluster that is current.
func (p *Preparation) service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: p.Service,
			Labels:      map[string]string{marks.LabelDeployment: p.Deployment, marks.LabelComponent: "database", marks.LabelManagedBy: marks.FieldManager},
			Annotations: map[string]string{marks.AnnotationCurrentCluster: p.Cluster},
		},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{cnpg.LabelCluster: p.Cluster, cnpg.LabelInstanceRole: string(cnpg.RolePrimary)},
			Ports: []corev1.ServicePort{{
				Name: "postgres", Protocol: corev1.ProtocolTCP, Port: int32(p.port), TargetPort: intstr.FromInt32(postgresPort), //nolint:gosec // a port
			}},
		},
	}
}

// tryService waits until the Service leads to the primary, and works the rollout out again, which logs in by it and finds out
// whether that is the same database.
func (p *Preparation) tryService(ctx context.Context, src Source) error {
	primary, err := primaryOf(ctx, src, p.cluster)
	if err != nil {
		return err
	}
	waiting, cancel := context.WithTimeoutCause(ctx, proveTime, fmt.Errorf("it did not lead there within %s", proveTime))
	defer cancel()
	if err := led(waiting, src, p.service(), primary); err != nil {
		return err
	}
	if p.Rollout, err = rollout.PlanConfig(ctx, src.rollout(), p.request); err != nil {
		return err
	}
	for _, found := range p.Rollout.Problems {
		if found.Severity == problem.Critical || found.Code == rollout.CodeLoginNotTried {
			return &operation.Reverted{Err: fmt.Errorf("no server was changed: %w", errors.New(found.Subject+": "+found.Text))}
		}
	}
	return nil
}
