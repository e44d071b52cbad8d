package backup

import (
	"context"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// FindPermissions are those that Find cannot do without.
func FindPermissions(namespace string) []kube.Permission {
	return []kube.Permission{
		{Verb: "list", Resource: "pods", Namespace: namespace},
		{Verb: "list", Resource: "services", Namespace: namespace},
		of("list", "clusters", namespace), of("get", "clusters", namespace),
	}
}

// CreatePermissions are those that a backup needs; wait says that somebody looks how it goes on.
func CreatePermissions(namespace string, wait bool) []kube.Permission {
	wanted := []kube.Permission{of("create", "backups", namespace)}
	if wait {
		wanted = append(wanted, of("get", "backups", namespace))
	}
	return wanted
}

// of is a permission for one of CNPG's resources.
func of(verb, resource, namespace string) kube.Permission {
	return kube.Permission{Verb: verb, Group: cnpgv1.SchemeGroupVersion.Group, Resource: resource, Namespace: namespace}
}

// MayNot says which permissions are missing: "you may not list pods, create backups.postgresql.cnpg.io".
func MayNot(missing []kube.Permission) string {
	texts := []string{}
	for _, p := range missing {
		texts = append(texts, p.String())
	}
	return "you may not " + strings.Join(texts, ", ")
}

// permitted names all permissions that are missing at once.
func permitted(ctx context.Context, c client.Client, namespace string, wanted []kube.Permission) ([]problem.Problem, error) {
	missing, err := kube.Missing(ctx, c, wanted)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	return []problem.Problem{problem.NewCritical("missing-permission", "namespace "+namespace, MayNot(missing), "ask for a role with these permissions")}, nil
}

// ListPermissions are those that a list of backups cannot do without.
func ListPermissions(namespace string) []kube.Permission {
	return []kube.Permission{of("list", "backups", namespace), of("list", "scheduledbackups", namespace)}
}

// SchedulePermissions are those that looking at schedules cannot do without.
func SchedulePermissions(namespace string) []kube.Permission {
	return []kube.Permission{of("list", "scheduledbackups", namespace)}
}

// SuspendPermissions are those that suspending a schedule, or resuming it, needs.
func SuspendPermissions(namespace string) []kube.Permission {
	return []kube.Permission{of("patch", "scheduledbackups", namespace)}
}
