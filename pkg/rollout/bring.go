package rollout

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

const (
	// bringTime is how long a pod may take to get its file: without the nudge the kubelet looks every minute or so.
	bringTime = 2 * time.Minute
	// nudgeAgain is after how long a pod that still has the other file is nudged once more: the kubelet may have looked
	// before it had heard of the change.
	nudgeAgain = 2 * time.Second
	// backTwice is the time between two looks at a file that may change once more: a version between is on its way.
	backTwice = time.Second
)

// bring waits until the file in each container is the new one.
func (w *Work) bring(ctx context.Context, note func(string)) (string, error) {
	return "", w.bringText(ctx, func(c Change) kea.Secret { return c.After }, w.p.Continues, note)
}

// bringText waits until the file in each container is the one that is wanted, at two looks when another may be on its way.
func (w *Work) bringText(ctx context.Context, wanted func(Change) kea.Secret, twice bool, note func(string)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bringTime, fmt.Errorf("the file did not come within %s", bringTime))
	defer cancel()
	if err := w.bringOnce(ctx, wanted, note); err != nil || !twice {
		return err
	}
	if err := wait(ctx, backTwice); err != nil {
		return err
	}
	return w.bringOnce(ctx, wanted, note)
}

func (w *Work) bringOnce(ctx context.Context, wanted func(Change) kea.Secret, note func(string)) error {
	for _, pod := range w.pods() {
		if err := w.nudge(ctx, pod); err != nil {
			return err
		}
	}
	var all sync.WaitGroup
	var telling sync.Mutex
	failed := make([]error, len(w.p.Files))
	for i, f := range w.p.Files {
		if f.Later {
			continue
		}
		hash := hashOf(wanted(w.p.changeOf(f.Object)))
		all.Go(func() {
			failed[i] = w.await(ctx, f.File, hash, func(text string) { telling.Lock(); defer telling.Unlock(); note(text) })
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// await waits for one container's file.
func (w *Work) await(ctx context.Context, f File, hash string, note func(string)) error {
	nudged := w.src.Now()
	for {
		if w.src.Now().Sub(nudged) > nudgeAgain {
			if err := w.nudge(ctx, f.Pod); err != nil {
				return err
			}
			nudged = w.src.Now()
		}
		have, err := readHash(ctx, w.src.Pods, w.p.Namespace, f)
		if err == nil && have == hash {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("pod %s still has another %s", f.Pod, f.Path)
		}
		note(err.Error())
		if wait(ctx, lookEvery) != nil {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// nudge has a pod's kubelet bring the files: any change of the pod's annotations does.
func (w *Work) nudge(ctx context.Context, name string) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: w.p.Namespace, Name: name}}
	values := map[string]string{marks.AnnotationNudge: w.src.Now().UTC().Format(time.RFC3339Nano)}
	if err := kube.Annotate(ctx, w.src.Client, pod, values, client.FieldOwner(marks.FieldManager)); err != nil {
		return fmt.Errorf("annotate pod %s: %w", name, err)
	}
	return nil
}

// readHash is the hash of a file as its container has it. Only that leaves the pod. Permission: create pods/exec.
func readHash(ctx context.Context, pods Pods, namespace string, f File) (string, error) {
	var out, said bytes.Buffer
	if err := pods.Exec(ctx, namespace, f.Pod, f.Container, []string{"sha256sum", f.Path}, nil, &out, &said); err != nil {
		if text := strings.TrimSpace(said.String()); text != "" {
			err = errors.New(text)
		}
		return "", fmt.Errorf("look at %s in pod %s: %w", f.Path, f.Pod, err)
	}
	hash, _, _ := strings.Cut(out.String(), " ")
	return hash, nil
}

func hashOf(text kea.Secret) string {
	sum := sha256.Sum256([]byte(text.Reveal()))
	return hex.EncodeToString(sum[:])
}
