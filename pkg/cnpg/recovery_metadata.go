package cnpg

import (
	"maps"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// labels are the source's without those by which others know it for their own, and those of the recovery.
func (r Recovery) labels(source map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range source {
		ours := domainOf(key) == marks.Domain
		switch {
		case foreignOwner(key), key == marks.LabelOperation, domainOf(key) == operatorDomain:
		case ours && r.Throwaway: // it is no part of the deployment
		default:
			kept[key] = value
		}
	}
	kept[marks.LabelManagedBy] = marks.FieldManager
	maps.Copy(kept, r.Labels)
	return kept
}

// annotations are the source's without those of the operator and of ours that tell of the source alone, and those of the
// recovery.
func (r Recovery) annotations(source map[string]string) map[string]string {
	kept := map[string]string{}
	for key, value := range source {
		operators := domainOf(key) == operatorDomain && !operatorSetting(key)
		if !foreignOwner(key) && !operators && domainOf(key) != marks.Domain {
			kept[key] = value
		}
	}
	maps.Copy(kept, r.Annotations)
	return kept
}

// operatorDomain is what the operator's labels and annotations begin with.
const operatorDomain = "cnpg.io"

// operatorSetting tells annotations by which people choose how the operator makes pods from those that note a state.
func operatorSetting(key string) bool {
	switch strings.TrimPrefix(key, operatorDomain+"/") {
	case "coredumpFilter", "passwordPassthrough", "podPatch", "reconcilePodSpec", "forceLegacyBackup", "volumeSnapshotDeadline":
		return true
	}
	return false
}

// foreignOwner reports a label or annotation by which a deployment tool knows its objects: on a copy, the tool would
// change it back or delete it.
func foreignOwner(key string) bool {
	domain := domainOf(key)
	for _, owner := range []string{
		"argoproj.io", "fluxcd.io", "helm.sh", "kubectl.kubernetes.io", "config.k8s.io", "config.kubernetes.io",
		"kapp.k14s.io", "cattle.io", "pulumi.com", "applyset.kubernetes.io",
	} {
		if domain == owner || strings.HasSuffix(domain, "."+owner) {
			return true
		}
	}
	// Helm and Argo CD both know their objects by these.
	return key == "app.kubernetes.io/instance" || key == marks.LabelManagedBy
}

// domainOf is what stands before the slash; "" for a bare name. The operator's experimental ones count as its own.
func domainOf(key string) string {
	domain, _, ok := strings.Cut(key, "/")
	if !ok {
		return ""
	}
	return strings.TrimPrefix(domain, "alpha.")
}
