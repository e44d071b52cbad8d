package ha

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// DeploymentOf is the name that the lock of a plan's servers has, the same that backups and restores use; a pod's where there is
// none.
func DeploymentOf(in *inventory.Inventory, p Plan) string {
	pods := []string{}
	for _, a := range p.Acts {
		for _, server := range []string{a.Server, a.Partner} {
			pod, _, _ := strings.Cut(server, "/")
			pods = append(pods, pod)
		}
	}
	databases := slices.DeleteFunc(in.Databases(inventory.FileConfig), func(d inventory.Database) bool {
		return !slices.ContainsFunc(d.Servers, func(s string) bool { pod, _, _ := strings.Cut(s, "/"); return slices.Contains(pods, pod) })
	})
	known := []string{}
	for i := range in.Pods {
		if slices.Contains(pods, in.Pods[i].Name) {
			known = append(known, in.Pods[i].Name)
		}
	}
	return cmp.Or(in.Deployment(known, databases...), pods[0])
}
