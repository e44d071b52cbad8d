package cnpg

import (
	"context"
	"fmt"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// stuckTime is how long nothing may happen before it is asked why.
	stuckTime = 4 * time.Second
	// patience is how long the operator may say that it cannot go on: it tries again, and what it lacks may come.
	patience = 15 * time.Second
	// longestIdle is how long the operator may do nothing at all. One that was just started anew, or that failed at first,
	// tries again at growing distances: a minute and more may lie between two tries.
	longestIdle = 3 * time.Minute
)

// stuck finds out why nothing happens.
func (r *recovering) stuck(ctx context.Context) error {
	if err := r.operator(); err != nil {
		return err
	}
	if r.refusal != nil && !r.proved && !r.ready.IsZero() && time.Since(r.ready) > patience {
		return &RecoveryError{
			Kind: RecoveryLogin, Text: "the primary is ready, and the login does not work: " + oneLine(r.refusal.Error()),
			Next: fmt.Sprintf("kubectl -n %s get secret %s", r.namespace, ConnectionSecret(r.cluster)),
		}
	}
	idle := time.Since(r.changed)
	if idle < stuckTime || r.trying != "" || r.last != nil && r.followed[r.last.pod] && r.last.failure == nil {
		return nil
	}
	if err := r.warnings(ctx); err != nil {
		return err
	}
	if r.last != nil {
		return nil
	}
	if err := r.missingStore(ctx); err != nil {
		return err
	}
	said := "it says nothing"
	if r.cluster != nil && r.cluster.Status.Phase != "" {
		said = oneLine(r.cluster.Status.Phase + ": " + r.cluster.Status.PhaseReason)
	}
	if idle < longestIdle {
		r.note("waiting for the operator to begin (" + said + ")")
		return nil
	}
	return &RecoveryError{
		Kind: RecoveryOther, Text: fmt.Sprintf("the operator has not begun to recover within %.0f minutes (%s)", longestIdle.Minutes(), said),
		Next: "kubectl -n cnpg-system logs deployment/cnpg-controller-manager --tail 20",
	}
}

// operator hears what the operator says of the cluster, where it gives up.
func (r *recovering) operator() error {
	if r.cluster == nil {
		return nil
	}
	status := &r.cluster.Status
	refused := &RecoveryError{Kind: RecoveryRefused, Next: fmt.Sprintf("kubectl -n %s describe cluster %s", r.namespace, r.name)}
	waits := time.Duration(0)
	switch status.Phase {
	case cnpgv1.PhaseUnrecoverable:
		if r.last != nil && r.last.failure != nil {
			return r.last.failure
		}
		refused.Text = "the operator gives the cluster up: " + oneLine(status.PhaseReason)
	case cnpgv1.PhaseUnknownPlugin:
		waits = patience
		refused.Kind = RecoveryPluginMissing
		refused.Text = "the operator does not find a plugin that the cluster needs: " + oneLine(status.PhaseReason)
	case cnpgv1.PhaseCannotCreateClusterObjects:
		waits = patience
		refused.Text = "the operator cannot make what the cluster needs: " + oneLine(status.PhaseReason)
	case cnpgv1.PhaseDefinitionInvalid, cnpgv1.PhaseImageCatalogError:
		refused.Text = "the operator cannot make the cluster: " + oneLine(status.PhaseReason)
	default:
		return nil
	}
	if time.Since(r.phaseSince) < waits {
		return nil
	}
	return refused
}

// warnings looks for the reason among the events of the cluster's objects. They are not always to be had.
func (r *recovering) warnings(ctx context.Context) error {
	var events corev1.EventList
	warnings := client.MatchingFields{"type": corev1.EventTypeWarning}
	if err := r.Client.List(ctx, &events, client.InNamespace(r.namespace), warnings); err != nil {
		return nil //nolint:nilerr // who may not list events waits without knowing why
	}
	for i := range events.Items {
		e := &events.Items[i]
		if !strings.HasPrefix(e.InvolvedObject.Name, r.name+"-") || r.cluster != nil && e.CreationTimestamp.Before(&r.cluster.CreationTimestamp) {
			continue
		}
		if err := explainEvent(r.namespace, e); err != nil {
			return err
		}
		if e.Reason == "FailedScheduling" || e.Reason == "ProvisioningFailed" {
			r.note("waiting for a place: " + oneLine(e.Message))
		}
	}
	return nil
}

// explainEvent is why the object of an event will never be; nil where it may.
func explainEvent(namespace string, e *corev1.Event) *RecoveryError {
	message := oneLine(e.Message)
	switch {
	case strings.Contains(message, "exceeded quota"):
		_, message, _ = strings.Cut(message, "exceeded quota: ")
		return &RecoveryError{
			Kind: RecoveryQuota, Text: "the quota of namespace " + namespace + " leaves no room: " + message,
			Next: "kubectl -n " + namespace + " describe resourcequota",
		}
	case e.Reason == "ProvisioningFailed" && strings.Contains(message, "storageclass") && strings.Contains(message, "not found"):
		return &RecoveryError{Kind: RecoveryStorage, Text: "the volume cannot be made: " + message, Next: "kubectl get storageclasses"}
	case e.Reason == "FailedCreate" && strings.Contains(message, "is forbidden"):
		return &RecoveryError{
			Kind: RecoveryRefused, Text: "the cluster does not let the recovery's pod be made: " + message,
			Next: "kubectl -n " + namespace + " get events --field-selector type=Warning",
		}
	}
	return nil
}

// missingStore looks whether the ObjectStore with the backup is there: the operator says nothing of one that is not.
func (r *recovering) missingStore(ctx context.Context) error {
	if r.cluster == nil {
		return nil
	}
	for i := range r.cluster.Spec.ExternalClusters {
		plugin := r.cluster.Spec.ExternalClusters[i].PluginConfiguration
		if plugin == nil || plugin.Name != BarmanPlugin {
			continue
		}
		store := &unstructured.Unstructured{}
		store.SetGroupVersionKind(ObjectStoreKind())
		name := plugin.Parameters["barmanObjectName"]
		if err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.namespace, Name: name}, store); apierrors.IsNotFound(err) {
			return &RecoveryError{
				Kind: RecoveryStoreMissing, Text: "the ObjectStore " + name + ", which says where the backup is, does not exist",
				Next: "kubectl -n " + r.namespace + " get objectstores",
			}
		}
	}
	return nil
}

// hopeless is why a pod will never start; nil where it may.
func hopeless(namespace string, pod *corev1.Pod) error {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for i := range list {
			waiting := list[i].State.Waiting
			if waiting == nil {
				continue
			}
			describe := fmt.Sprintf("kubectl -n %s describe pod %s", namespace, pod.Name)
			switch waiting.Reason {
			case "ErrImageNeverPull", "InvalidImageName", "ErrImagePull", "ImagePullBackOff":
				return &RecoveryError{Kind: RecoveryImage, Text: fmt.Sprintf("the image %s cannot be had: %s", list[i].Image, lastPart(oneLine(waiting.Message))), Next: describe}
			case "CreateContainerConfigError":
				return &RecoveryError{Kind: RecoverySecretMissing, Text: "the recovery's pod lacks something: " + oneLine(waiting.Message), Next: describe}
			}
		}
	}
	return nil
}
