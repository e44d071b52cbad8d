package stack

import (
	"encoding/base64"
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// conflictText says which fields somebody else set.
func conflictText(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return err.Error()
	}
	texts := []string{}
	for _, cause := range status.Status().Details.Causes {
		texts = append(texts, cause.Field+": "+cause.Message)
	}
	return "fields were set by somebody else: " + strings.Join(texts, "; ")
}

// isRefusal reports whether the API server answered, and said no.
func isRefusal(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}

// refusalText is what the API server or a webhook says against an object.
func refusalText(err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return status.Status().Message
	}
	return err.Error()
}

// dataOf decodes a Secret's data.
func dataOf(secret *unstructured.Unstructured) map[string][]byte {
	encoded, _, _ := unstructured.NestedStringMap(secret.Object, "data")
	data := map[string][]byte{}
	for key, value := range encoded {
		if decoded, err := base64.StdEncoding.DecodeString(value); err == nil {
			data[key] = decoded
		}
	}
	return data
}

// copyField makes one object's field like another's: its value, or its absence.
func copyField(from, to *unstructured.Unstructured, path ...string) {
	if value, ok, _ := unstructured.NestedFieldCopy(from.Object, path...); ok {
		_ = unstructured.SetNestedField(to.Object, value, path...) // fails only below something that is no map
		return
	}
	unstructured.RemoveNestedField(to.Object, path...)
}
