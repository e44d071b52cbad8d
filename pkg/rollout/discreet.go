package rollout

import (
	"errors"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// errNotShown stands for an answer that may repeat what was sent.
var errNotShown = errors.New("the cluster refused it; its answer may repeat the configuration, so it is not shown")

// discreet is an error over the writing of a configuration: what an admission webhook says may hold the whole object. The
// API server's own words do not.
func discreet(err error) error {
	switch {
	case err == nil, apierrors.IsConflict(err), apierrors.IsForbidden(err) && !hooked(err), apierrors.IsNotFound(err),
		apierrors.IsServerTimeout(err), apierrors.IsTooManyRequests(err), apierrors.IsServiceUnavailable(err):
		return err
	case apierrors.ReasonForError(err) == "": // it comes from the way to the server
		return err
	}
	return errNotShown
}

// hooked reports whether a webhook said no, and not the API server itself.
func hooked(err error) bool { return strings.Contains(err.Error(), "admission webhook") }
