package credentials

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// write puts the new password into every key that carries the old one, in one change, which CNPG's label has it act on.
func (r *rotation) write(ctx context.Context, _ func(string)) (string, error) {
	if r.written {
		return "", &operation.Skipped{Reason: "an earlier run did"}
	}
	s, err := r.secret(ctx)
	if err != nil {
		return "", err
	}
	if replaced(s, r.kept) {
		return "", fmt.Errorf("somebody else changed secret %s just now", s.Name)
	}
	if r.p.password.IsZero() {
		r.p.password = newPassword()
	}
	changed, err := rewrite(s.Data, r.p.Role, r.p.use.current().Reveal(), r.p.password.Reveal())
	if err != nil {
		return "", fmt.Errorf("secret %s: %w", s.Name, err)
	}
	r.written = true // a change whose answer was not heard may have been made
	if err := r.patch(ctx, s, changed); err != nil {
		return "", err
	}
	return strings.Join(slices.Sorted(maps.Keys(changed)), ", "), nil
}

// TryWrite has the API server say whether it would take the change of the Secret, without making it.
func TryWrite(ctx context.Context, src Source, p Plan) error {
	if p.use.secret == nil || p.written {
		return nil
	}
	changed, err := rewrite(p.use.secret.Data, p.Role, p.use.current().Reveal(), newPassword().Reveal())
	if err != nil {
		return fmt.Errorf("secret %s: %w", p.Secret, err)
	}
	r := rotation{Source: src, p: p}
	return r.patch(ctx, p.use.secret.DeepCopy(), changed, client.DryRunAll)
}

// patch changes keys of the Secret as it was read: when somebody else changed it since, it fails.
func (r *rotation) patch(ctx context.Context, s *corev1.Secret, changed map[string][]byte, more ...client.PatchOption) error {
	return r.patchFrom(ctx, s.DeepCopy(), s, changed, more...)
}

// patchFrom is patch, where more of the Secret than its keys has changed since before.
func (r *rotation) patchFrom(ctx context.Context, before, s *corev1.Secret, changed map[string][]byte, more ...client.PatchOption) error {
	if s.Labels == nil {
		s.Labels = map[string]string{}
	}
	s.Labels[cnpg.LabelReload] = "true"
	maps.Copy(s.Data, changed)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	options := append([]client.PatchOption{client.FieldOwner(marks.FieldManager)}, more...)
	if err := r.Client.Patch(ctx, s, patch, options...); err != nil {
		return discreet(fmt.Errorf("change secret %s: %w", s.Name, err), before.Data, changed)
	}
	return nil
}

// annotate changes annotations of a Secret, and nothing else of it.
func (r *rotation) annotate(ctx context.Context, name string, values map[string]string) error {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: r.p.Namespace, Name: name}}
	if err := annotate(ctx, r.Client, s, values); err != nil {
		return fmt.Errorf("annotate secret %s: %w", name, err)
	}
	return nil
}

func annotate(ctx context.Context, c client.Client, o client.Object, values map[string]string) error {
	return kube.Annotate(ctx, c, o, values, client.FieldOwner(marks.FieldManager))
}

// bringTime is how long a pod may take to get the file: without the nudge the kubelet looks every minute or so.
const bringTime = 2 * time.Minute

// bring waits until each container's file is what the Secret says. Any change of a pod's annotations makes its kubelet look at
// once.
func (r *rotation) bring(ctx context.Context, note func(string)) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bringTime, fmt.Errorf("the file did not come within %s", bringTime))
	defer cancel()
	s, err := r.secret(ctx)
	if err != nil {
		return "", err
	}
	if err := r.nudge(ctx); err != nil {
		return "", err
	}
	return "", r.eachHolder(func(h holder) error { return r.await(ctx, h, s, note) })
}

// nudgeAgain is after how long a pod that still has the former file is nudged once more: the kubelet may have looked before it
// had heard of the change.
const nudgeAgain = 2 * time.Second

// nudge has the kubelets bring the file.
func (r *rotation) nudge(ctx context.Context) error {
	for _, name := range r.p.use.pods() {
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: r.p.Namespace, Name: name}}
		err := annotate(ctx, r.Client, pod, map[string]string{marks.AnnotationNudge: r.Now().UTC().Format(time.RFC3339Nano)})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("annotate pod %s: %w", name, err)
		}
	}
	return nil
}

// await waits for one container's file. A pod that is gone, or that no node has taken yet, comes with the right one.
func (r *rotation) await(ctx context.Context, h holder, s *corev1.Secret, note func(string)) error {
	nudged := r.Now()
	for {
		if r.Now().Sub(nudged) > nudgeAgain {
			if err := r.nudge(ctx); err != nil {
				return err
			}
			nudged = r.Now()
		}
		file, err := r.lookAt(ctx, h)
		switch {
		case err == nil && file.hash == hashOf(s, h.credential.File.Key), err != nil && r.nowhere(ctx, h.server.Pod):
			return nil
		case err == nil:
			err = fmt.Errorf("pod %s still has the former %s", h.server.Pod, h.credential.File.Path)
		}
		note(err.Error())
		if operation.Pause(ctx, tryEvery) != nil {
			return err
		}
	}
}

// lookAt is readMounted for as long as one look may take: a command in a pod that has just died may never end.
func (r *rotation) lookAt(ctx context.Context, h holder) (mounted, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return readMounted(ctx, r.Pods, r.p.Namespace, h.credential.File)
}

// nowhere reports whether a pod is on no node.
func (r *rotation) nowhere(ctx context.Context, name string) bool {
	var pod corev1.Pod
	err := r.Client.Get(ctx, client.ObjectKey{Namespace: r.p.Namespace, Name: name}, &pod)
	return apierrors.IsNotFound(err) || err == nil && pod.Spec.NodeName == ""
}
