package rollout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// errChanged: the text of an object is neither the former nor the new one.
var errChanged = errors.New("somebody else changed it meanwhile")

// write puts the new texts into one Secret or ConfigMap.
func (w *Work) write(ctx context.Context, whole string, _ func(string)) (string, error) {
	done, err := w.put(ctx, whole, false)
	if err != nil {
		return "", err
	}
	if len(done) == 0 {
		return "", &operation.Skipped{Reason: "an earlier run did"}
	}
	w.report.Objects = append(w.report.Objects, whole)
	return fmt.Sprint(len(done), " of its keys"), nil
}

// TryWrite has the API server say whether it would take the changed objects, without changing them.
func TryWrite(ctx context.Context, src Source, p Plan) error {
	w := Begin(src, p)
	for _, whole := range w.objects() {
		if _, err := w.put(ctx, whole, false, client.DryRunAll); err != nil {
			return err
		}
	}
	return nil
}

// put writes an object's new texts, or with former the old ones, where it has the others. What it holds besides stays, and
// so does who owns it: of an object that somebody else applies, only those keys become ours. It returns the keys that were
// written.
func (w *Work) put(ctx context.Context, whole string, former bool, options ...client.ApplyOption) ([]string, error) {
	texts, have := map[string]string{}, map[string]kea.Secret{}
	kind, name := "", ""
	for _, c := range w.p.changes {
		if c.Object.whole() == whole {
			kind, name = c.Object.Kind, c.Object.Name
			have[c.Object.Key], texts[c.Object.Key] = c.Before, c.After.Reveal()
			if former {
				have[c.Object.Key], texts[c.Object.Key] = c.After, c.Before.Reveal()
			}
		}
	}
	key := client.ObjectKey{Namespace: w.p.Namespace, Name: name}
	options = append([]client.ApplyOption{client.FieldOwner(marks.FieldManager), client.ForceOwnership}, options...)
	if kind == KindSecret {
		return w.putSecret(ctx, key, texts, have, options)
	}
	return w.putConfigMap(ctx, key, texts, have, options)
}

func (w *Work) putConfigMap(ctx context.Context, key client.ObjectKey, texts map[string]string, have map[string]kea.Secret, options []client.ApplyOption) ([]string, error) {
	var o corev1.ConfigMap
	if err := w.src.Client.Get(ctx, key, &o); err != nil {
		return nil, fmt.Errorf("read configmap %s: %w", key.Name, err)
	}
	if err := only(texts, have, func(k string) string { return o.Data[k] }); err != nil {
		return nil, fmt.Errorf("configmap %s: %w", key.Name, err)
	}
	if len(texts) == 0 {
		return nil, nil
	}
	applied, err := applycorev1.ExtractConfigMap(&o, marks.FieldManager)
	if err != nil {
		return nil, fmt.Errorf("configmap %s: find what of it is ours: %w", key.Name, err)
	}
	applied = applied.WithResourceVersion(o.ResourceVersion).WithData(texts)
	w.written = w.written || !dry(options)
	if err := w.src.Client.Apply(ctx, applied, options...); err != nil {
		return nil, fmt.Errorf("change configmap %s: %w", key.Name, discreet(err))
	}
	return slices.Sorted(maps.Keys(texts)), nil
}

func (w *Work) putSecret(ctx context.Context, key client.ObjectKey, texts map[string]string, have map[string]kea.Secret, options []client.ApplyOption) ([]string, error) {
	var o corev1.Secret
	if err := w.src.Client.Get(ctx, key, &o); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", key.Name, err)
	}
	if err := only(texts, have, func(k string) string { return string(o.Data[k]) }); err != nil {
		return nil, fmt.Errorf("secret %s: %w", key.Name, err)
	}
	if len(texts) == 0 {
		return nil, nil
	}
	applied, err := applycorev1.ExtractSecret(&o, marks.FieldManager)
	if err != nil {
		return nil, fmt.Errorf("secret %s: find what of it is ours: %w", key.Name, err)
	}
	data := map[string][]byte{}
	for k, text := range texts {
		data[k] = []byte(text)
	}
	applied = applied.WithResourceVersion(o.ResourceVersion).WithData(data)
	w.written = w.written || !dry(options)
	if err := w.src.Client.Apply(ctx, applied, options...); err != nil {
		return nil, fmt.Errorf("change secret %s: %w", key.Name, discreet(err))
	}
	return slices.Sorted(maps.Keys(texts)), nil
}

// only leaves the texts that are to be written: those that are there already are taken out.
func only(texts map[string]string, have map[string]kea.Secret, now func(key string) string) error {
	for k, wanted := range texts {
		switch now(k) {
		case wanted:
			delete(texts, k)
		case have[k].Reveal():
		default:
			return fmt.Errorf("key %s: %w", k, errChanged)
		}
	}
	return nil
}

// dry reports whether nothing is to be changed.
func dry(options []client.ApplyOption) bool {
	all := client.ApplyOptions{}
	all.ApplyOptions(options)
	return slices.Contains(all.DryRun, metav1.DryRunAll)
}
