package restore

import (
	"fmt"
	"slices"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// volume is one of the volumes of each instance.
type volume struct {
	field, class string
	size         resource.Quantity
}

// volumes are those that each instance of a cluster has.
func volumes(cluster *cnpgv1.Cluster) []volume {
	found := []volume{}
	add := func(field string, s *cnpgv1.StorageConfiguration) {
		v := volume{field: field}
		if t := s.PersistentVolumeClaimTemplate; t != nil {
			v.size = t.Resources.Requests[corev1.ResourceStorage]
			if t.StorageClassName != nil {
				v.class = *t.StorageClassName
			}
		}
		if size, err := resource.ParseQuantity(s.Size); err == nil {
			v.size = size
		}
		if s.StorageClass != nil {
			v.class = *s.StorageClass
		}
		found = append(found, v)
	}
	add("spec.storage", &cluster.Spec.StorageConfiguration)
	if cluster.Spec.WalStorage != nil {
		add("spec.walStorage", cluster.Spec.WalStorage)
	}
	for i := range cluster.Spec.Tablespaces {
		add("tablespace "+cluster.Spec.Tablespaces[i].Name, &cluster.Spec.Tablespaces[i].Storage)
	}
	return found
}

// judgeClasses: a volume of a class that is gone stays pending for ever, and so does the recovery.
func judgeClasses(cluster *cnpgv1.Cluster, classes []storagev1.StorageClass) []problem.Problem {
	names, byDefault := []string{}, ""
	for _, class := range classes {
		names = append(names, class.Name)
		if class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" {
			byDefault = class.Name
		}
	}
	known := "there is " + strings.Join(names, ", ")
	if len(names) == 0 {
		known = "there is none at all"
	}
	found := []problem.Problem{}
	for _, v := range volumes(cluster) {
		switch {
		case v.class == "" && byDefault == "":
			found = append(found, problem.NewCritical("no-storage-class", v.field, "it names no storage class, and there is no default one any more; "+known, "kubectl get storageclasses"))
		case v.class != "" && !slices.Contains(names, v.class):
			found = append(found, problem.NewCritical("no-storage-class", v.field, fmt.Sprintf("the storage class %s does not exist any more; %s", v.class, known), "kubectl get storageclasses"))
		}
	}
	return found
}

// demand is what a cluster takes of a namespace's quotas, by the names that quotas have for it.
func demand(cluster *cnpgv1.Cluster) map[corev1.ResourceName]resource.Quantity {
	wanted := map[corev1.ResourceName]resource.Quantity{}
	add := func(name corev1.ResourceName, q resource.Quantity) {
		sum := wanted[name]
		sum.Add(q)
		wanted[name] = sum
	}
	one := *resource.NewQuantity(1, resource.DecimalSI)
	for range cluster.Spec.Instances {
		add("pods", one)
		add("count/pods", one)
		for _, v := range volumes(cluster) {
			add("requests.storage", v.size)
			add("persistentvolumeclaims", one)
			add("count/persistentvolumeclaims", one)
			if v.class != "" {
				add(corev1.ResourceName(v.class+".storageclass.storage.k8s.io/requests.storage"), v.size)
				add(corev1.ResourceName(v.class+".storageclass.storage.k8s.io/persistentvolumeclaims"), one)
			}
		}
		for name, q := range cluster.Spec.Resources.Requests {
			add(name, q)
			add("requests."+name, q)
		}
		for name, q := range cluster.Spec.Resources.Limits {
			add("limits."+name, q)
			if _, ok := cluster.Spec.Resources.Requests[name]; !ok { // Kubernetes takes the limit for the request then
				add(name, q)
				add("requests."+name, q)
			}
		}
	}
	services := *resource.NewQuantity(3, resource.DecimalSI) // -rw, -ro, -r
	add("services", services)
	add("count/services", services)
	return wanted
}

// judgeQuotas says where the new cluster does not fit beside the old one. Quotas for some pods only are left out: which
// pods they are for is not ours to tell.
func judgeQuotas(cluster *cnpgv1.Cluster, quotas []corev1.ResourceQuota) []problem.Problem {
	wanted := demand(cluster)
	found := []problem.Problem{}
	for _, quota := range quotas {
		if len(quota.Spec.Scopes) > 0 || quota.Spec.ScopeSelector != nil {
			continue
		}
		texts := []string{}
		for name, hard := range quota.Status.Hard {
			used, free := quota.Status.Used[name], hard.DeepCopy()
			free.Sub(used)
			if need, ok := wanted[name]; ok && need.Cmp(free) > 0 {
				texts = append(texts, fmt.Sprintf("%s: %s more are needed, %s of %s are used", name, need.String(), used.String(), hard.String()))
			}
		}
		slices.Sort(texts)
		if len(texts) > 0 {
			found = append(found, problem.NewCritical("no-room", "resourcequota "+quota.Name, "the new cluster does not fit beside the old one: "+strings.Join(texts, "; "),
				"kubectl -n "+cluster.Namespace+" describe resourcequota "+quota.Name))
		}
	}
	return found
}
