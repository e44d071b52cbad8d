package kube

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// refusalLimit bounds what is read of a refusal's body, in bytes.
const refusalLimit = 64 << 10

// refusal is the error in a response other than the one that was hoped for. It consumes the body.
func refusal(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, refusalLimit))
	if status := decodeStatus(body); status != nil {
		return status
	}
	return fmt.Errorf("HTTP %d: %s", resp.StatusCode, firstLine(body))
}

// decodeStatus reads a metav1.Status that reports a failure; nil when the body is something else.
func decodeStatus(body []byte) *apierrors.StatusError {
	var status metav1.Status
	if json.Unmarshal(body, &status) != nil || status.Kind != "Status" || status.APIVersion != "v1" || status.Status != metav1.StatusFailure {
		return nil //nolint:nilerr // what is not JSON is no Status
	}
	return &apierrors.StatusError{ErrStatus: status}
}

// firstLine is the start of a body, fit for an error message.
func firstLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	const limit = 300
	if len(line) > limit {
		line = line[:limit] + "..."
	}
	if line == "" {
		return "(empty)"
	}
	return line
}
