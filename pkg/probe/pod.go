package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

const (
	// ComponentProbe is the component label of what a probe makes.
	ComponentProbe = "probe"
	// container is the name of the pod's only container.
	container = "relay"
	// podTime is how long a pod may take to run: its image is one that the namespace uses.
	podTime = 30 * time.Second
	// podPoll is how often one looks whether it does.
	podPoll = 200 * time.Millisecond
)

// Image is what the probe's pod runs: an image that is in use here, so that it can be pulled and is trusted.
type Image struct {
	Name    string
	Policy  corev1.PullPolicy
	Secrets []corev1.LocalObjectReference
}

// ImageOf chooses the image: PostgreSQL's, which is built on Debian and has perl, else that of the first server's pod.
func ImageOf(in *inventory.Inventory) Image {
	for _, c := range in.Clusters {
		if image := cmp.Or(c.Status.Image, c.Spec.ImageName); image != "" {
			found := Image{Name: image, Policy: c.Spec.ImagePullPolicy}
			for _, secret := range c.Spec.ImagePullSecrets {
				found.Secrets = append(found.Secrets, corev1.LocalObjectReference{Name: secret.Name})
			}
			return found
		}
	}
	for _, s := range in.Servers {
		for _, pod := range in.Pods {
			i := slices.IndexFunc(pod.Spec.Containers, func(c corev1.Container) bool { return c.Name == s.Container })
			if pod.Name == s.Pod && i >= 0 {
				c := pod.Spec.Containers[i]
				return Image{Name: c.Image, Policy: c.ImagePullPolicy, Secrets: pod.Spec.ImagePullSecrets}
			}
		}
	}
	return Image{}
}

// Manifest is the Job whose pod the probe speaks from. Both end by themselves after the given time, whatever became of
// the command, and Kubernetes deletes a Job that has ended.
func Manifest(namespace string, image Image, limit time.Duration) *batchv1.Job {
	labels := map[string]string{marks.LabelManagedBy: marks.FieldManager, marks.LabelComponent: ComponentProbe}
	return &batchv1.Job{
		TypeMeta:   metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "kea-probe-", Labels: labels},
		Spec: batchv1.JobSpec{
			BackoffLimit: new(int32(0)), TTLSecondsAfterFinished: new(int32(0)), ActiveDeadlineSeconds: new(int64(limit.Seconds())),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					RestartPolicy: corev1.RestartPolicyNever, AutomountServiceAccountToken: new(false), EnableServiceLinks: new(false),
					TerminationGracePeriodSeconds: new(int64(0)), // sleep does not listen
					ImagePullSecrets:              image.Secrets,
					SecurityContext: &corev1.PodSecurityContext{
						RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), RunAsGroup: new(int64(65532)),
						SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					},
					Containers: []corev1.Container{{
						Name: container, Image: image.Name, ImagePullPolicy: image.Policy, Command: []string{"sleep", "infinity"},
						Resources: corev1.ResourceRequirements{
							Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m"), corev1.ResourceMemory: resource.MustParse("16Mi")},
							Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
						},
						SecurityContext: &corev1.SecurityContext{
							AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
						},
					}},
				},
			},
		},
	}
}

// pod is the probe's pod where it runs.
type pod struct {
	name string
	ips  []netip.Addr
}

// address is the pod's address of a family; not valid where it has none.
func (p pod) address(six bool) netip.Addr {
	for _, a := range p.ips {
		if a.Is6() == six {
			return a
		}
	}
	return netip.Addr{}
}

// startPod creates the Job and waits until its pod runs. What was created is deleted when that fails. Permissions: create
// and delete jobs (batch), list pods.
func startPod(ctx context.Context, c client.Client, job *batchv1.Job) (pod, error) {
	if err := c.Create(ctx, job); err != nil {
		return pod{}, fmt.Errorf("create the probe's job: %w", err)
	}
	p, err := awaitPod(ctx, c, job)
	if err != nil {
		return pod{}, errors.Join(err, endPod(ctx, c, job))
	}
	return p, nil
}

func awaitPod(ctx context.Context, c client.Client, job *batchv1.Job) (pod, error) {
	ctx, cancel := context.WithTimeout(ctx, podTime)
	defer cancel()
	last := "the job has made none; is there a quota, or an admission policy?"
	for {
		pods := &corev1.PodList{}
		err := c.List(ctx, pods, client.InNamespace(job.Namespace), client.MatchingLabels{"batch.kubernetes.io/job-name": job.Name})
		switch {
		case ctx.Err() != nil:
			return pod{}, fmt.Errorf("the probe's pod does not run after %s: %s: %w", podTime, last, context.Cause(ctx))
		case err != nil:
			return pod{}, fmt.Errorf("look for the pod of job %s: %w", job.Name, err)
		case len(pods.Items) > 0:
			p, reason, hopeless := stateOf(pods.Items[0])
			if hopeless {
				return pod{}, fmt.Errorf("the probe's pod %s does not start: %s", pods.Items[0].Name, reason)
			}
			if reason == "" {
				return p, nil
			}
			last = reason
		}
		select {
		case <-ctx.Done():
		case <-time.After(podPoll):
		}
	}
}

// stateOf is a pod that runs, or the reason why it does not, and whether waiting is in vain.
func stateOf(p corev1.Pod) (found pod, reason string, hopeless bool) {
	for _, status := range p.Status.ContainerStatuses {
		switch {
		case status.State.Running != nil:
			found.name = p.Name
			for _, ip := range p.Status.PodIPs {
				if a, err := netip.ParseAddr(ip.IP); err == nil {
					found.ips = append(found.ips, a)
				}
			}
			return found, "", false
		case status.State.Terminated != nil:
			return pod{}, cmp.Or(status.State.Terminated.Message, status.State.Terminated.Reason, "it ended"), true
		case status.State.Waiting != nil:
			w := status.State.Waiting
			reason = w.Reason
			if w.Message != "" {
				reason += ": " + w.Message
			}
			switch w.Reason {
			case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError":
				return pod{}, reason, true
			}
		}
	}
	for _, condition := range p.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			reason = condition.Reason + ": " + condition.Message
		}
	}
	return pod{}, cmp.Or(reason, string(p.Status.Phase), "Pending"), false
}

// endTime is how long the removal of the pod may take once the command is over, or interrupted.
const endTime = 5 * time.Second

// endPod deletes the Job, and its pod with it.
func endPod(ctx context.Context, c client.Client, job *batchv1.Job) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTime)
	defer cancel()
	if err := client.IgnoreNotFound(c.Delete(ctx, job, client.PropagationPolicy(metav1.DeletePropagationBackground))); err != nil {
		return fmt.Errorf("delete the probe's job %s: %w", job.Name, err)
	}
	return nil
}
