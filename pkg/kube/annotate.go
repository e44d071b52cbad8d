package kube

import (
	"context"
	"encoding/json"

	apitypes "k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Annotate changes annotations of an object as it is now; an empty value removes one. Only those are written: others write to
// the same objects all the time. Permission: patch the object.
func Annotate(ctx context.Context, c client.Client, object client.Object, values map[string]string, options ...client.PatchOption) error {
	patch := map[string]any{}
	for key, value := range values {
		if patch[key] = value; value == "" {
			patch[key] = nil
		}
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": patch}})
	if err != nil {
		return err
	}
	return c.Patch(ctx, object, client.RawPatch(apitypes.MergePatchType, body), options...)
}
