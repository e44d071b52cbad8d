package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

const (
	// keepTime is how long what a verification made outlives a command that was killed; keepEvery is how often one that
	// runs puts that off.
	keepTime  = 45 * time.Second
	keepEvery = 10 * time.Second
)

// keeper owns all that a verification makes: a Job that sleeps until its deadline, which the command puts off for as long
// as it runs. Kubernetes deletes a Job that has ended, and with it what it owns.
type keeper struct {
	c   client.Client
	job *batchv1.Job
}

// keeperJob is the Job: it needs an image that is there anyway, and next to nothing else.
func keeperJob(cluster *cnpgv1.Cluster, image string) *batchv1.Job {
	labels := map[string]string{marks.LabelManagedBy: marks.FieldManager, marks.LabelComponent: ComponentVerification}
	pod := corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: new(false), EnableServiceLinks: new(false),
		TerminationGracePeriodSeconds: new(int64(0)), // sleep does not listen
		NodeSelector:                  cluster.Spec.Affinity.NodeSelector, Tolerations: cluster.Spec.Affinity.Tolerations,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "sleep", Image: image, ImagePullPolicy: cluster.Spec.ImagePullPolicy, Command: []string{"sleep", "infinity"},
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("4Mi")},
				Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
			},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
	for _, secret := range cluster.Spec.ImagePullSecrets {
		pod.ImagePullSecrets = append(pod.ImagePullSecrets, corev1.LocalObjectReference{Name: secret.Name})
	}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Namespace: cluster.Namespace, Name: cluster.Name, Labels: labels},
		Spec: batchv1.JobSpec{
			BackoffLimit: new(int32(0)), TTLSecondsAfterFinished: new(int32(0)), ActiveDeadlineSeconds: new(int64(keepTime.Seconds())),
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}

// newKeeper creates the Job. Permission: create jobs (batch).
func newKeeper(ctx context.Context, c client.Client, cluster *cnpgv1.Cluster, image string) (*keeper, error) {
	k := &keeper{c: c, job: keeperJob(cluster, image)}
	if err := c.Create(ctx, k.job); err != nil {
		return nil, fmt.Errorf("create job %s: %w", k.job.Name, err)
	}
	return k, nil
}

// owner is the reference by which an object ends with the Job.
func (k *keeper) owner() metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: k.job.Name, UID: k.job.UID}
}

// keep puts the Job's deadline off until the context ends. A missed time does no harm: there are several before the
// deadline.
func (k *keeper) keep(ctx context.Context, now func() time.Time) {
	ticker := time.NewTicker(keepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			_ = k.extend(ctx, now())
		}
	}
}

// extend sets the deadline to keepTime from now. Permission: patch jobs (batch).
func (k *keeper) extend(ctx context.Context, now time.Time) error {
	seconds := int64((now.Sub(k.job.CreationTimestamp.Time) + keepTime).Seconds())
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"activeDeadlineSeconds": seconds}})
	if err != nil {
		return err
	}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: k.job.Namespace, Name: k.job.Name}}
	return k.c.Patch(ctx, job, client.RawPatch(types.MergePatchType, patch))
}

// end deletes the Job, and what it owns at once. Permission: delete jobs (batch) and clusters (postgresql.cnpg.io).
func (k *keeper) end(ctx context.Context) error {
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: k.job.Namespace, Name: k.job.Name}}
	background := client.PropagationPolicy(metav1.DeletePropagationBackground)
	if err := client.IgnoreNotFound(k.c.Delete(ctx, cluster, background)); err != nil {
		return fmt.Errorf("delete cluster %s: %w", cluster.Name, err)
	}
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: k.job.Namespace, Name: k.job.Name}}
	if err := client.IgnoreNotFound(k.c.Delete(ctx, job, background)); err != nil {
		return fmt.Errorf("delete job %s: %w", job.Name, err)
	}
	return nil
}
