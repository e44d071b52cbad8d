package kube

import (
	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is one kind the tool reads or writes. Without discovery, this is all that is known of the cluster's API.
type kind struct {
	name, resource string
	cluster        bool             // cluster scoped
	types          []runtime.Object // the object and its list; none for kinds handled as unstructured
}

// group is the kinds of one group and version.
type group struct {
	version schema.GroupVersion
	kinds   []kind
}

// kinds lists every kind the client knows. An object of another kind is refused before a request is sent.
func kinds() []group {
	return []group{
		{corev1.SchemeGroupVersion, []kind{
			{"Pod", "pods", false, types(&corev1.Pod{}, &corev1.PodList{})},
			{"Service", "services", false, types(&corev1.Service{}, &corev1.ServiceList{})},
			{"Secret", "secrets", false, types(&corev1.Secret{}, &corev1.SecretList{})},
			{"ConfigMap", "configmaps", false, types(&corev1.ConfigMap{}, &corev1.ConfigMapList{})},
			{"ServiceAccount", "serviceaccounts", false, types(&corev1.ServiceAccount{}, &corev1.ServiceAccountList{})},
			{
				"PersistentVolumeClaim", "persistentvolumeclaims", false,
				types(&corev1.PersistentVolumeClaim{}, &corev1.PersistentVolumeClaimList{}),
			},
			{"ResourceQuota", "resourcequotas", false, types(&corev1.ResourceQuota{}, &corev1.ResourceQuotaList{})},
			{"Event", "events", false, types(&corev1.Event{}, &corev1.EventList{})},
			{"Namespace", "namespaces", true, types(&corev1.Namespace{}, &corev1.NamespaceList{})},
			{"Node", "nodes", true, types(&corev1.Node{}, &corev1.NodeList{})},
		}},
		{discoveryv1.SchemeGroupVersion, []kind{
			{"EndpointSlice", "endpointslices", false, types(&discoveryv1.EndpointSlice{}, &discoveryv1.EndpointSliceList{})},
		}},
		{appsv1.SchemeGroupVersion, []kind{
			{"StatefulSet", "statefulsets", false, types(&appsv1.StatefulSet{}, &appsv1.StatefulSetList{})},
			{"Deployment", "deployments", false, types(&appsv1.Deployment{}, &appsv1.DeploymentList{})},
			{"ReplicaSet", "replicasets", false, types(&appsv1.ReplicaSet{}, &appsv1.ReplicaSetList{})},
			{"DaemonSet", "daemonsets", false, types(&appsv1.DaemonSet{}, &appsv1.DaemonSetList{})},
		}},
		{batchv1.SchemeGroupVersion, []kind{
			{"Job", "jobs", false, types(&batchv1.Job{}, &batchv1.JobList{})},
			{"CronJob", "cronjobs", false, types(&batchv1.CronJob{}, &batchv1.CronJobList{})},
		}},
		{policyv1.SchemeGroupVersion, []kind{
			{
				"PodDisruptionBudget", "poddisruptionbudgets", false,
				types(&policyv1.PodDisruptionBudget{}, &policyv1.PodDisruptionBudgetList{}),
			},
		}},
		{coordinationv1.SchemeGroupVersion, []kind{
			{"Lease", "leases", false, types(&coordinationv1.Lease{}, &coordinationv1.LeaseList{})},
		}},
		{networkingv1.SchemeGroupVersion, []kind{
			{"NetworkPolicy", "networkpolicies", false, types(&networkingv1.NetworkPolicy{}, &networkingv1.NetworkPolicyList{})},
		}},
		{rbacv1.SchemeGroupVersion, []kind{
			{"Role", "roles", false, types(&rbacv1.Role{}, &rbacv1.RoleList{})},
			{"RoleBinding", "rolebindings", false, types(&rbacv1.RoleBinding{}, &rbacv1.RoleBindingList{})},
			{"ClusterRole", "clusterroles", true, types(&rbacv1.ClusterRole{}, &rbacv1.ClusterRoleList{})},
			{"ClusterRoleBinding", "clusterrolebindings", true, types(&rbacv1.ClusterRoleBinding{}, &rbacv1.ClusterRoleBindingList{})},
		}},
		{storagev1.SchemeGroupVersion, []kind{
			{"StorageClass", "storageclasses", true, types(&storagev1.StorageClass{}, &storagev1.StorageClassList{})},
		}},
		{authorizationv1.SchemeGroupVersion, []kind{
			{"SelfSubjectAccessReview", "selfsubjectaccessreviews", true, types(&authorizationv1.SelfSubjectAccessReview{})},
			{"SelfSubjectRulesReview", "selfsubjectrulesreviews", true, types(&authorizationv1.SelfSubjectRulesReview{})},
		}},
		{cnpgv1.SchemeGroupVersion, []kind{
			{"Cluster", "clusters", false, types(&cnpgv1.Cluster{}, &cnpgv1.ClusterList{})},
			{"Backup", "backups", false, types(&cnpgv1.Backup{}, &cnpgv1.BackupList{})},
			{"ScheduledBackup", "scheduledbackups", false, types(&cnpgv1.ScheduledBackup{}, &cnpgv1.ScheduledBackupList{})},
			{"Pooler", "poolers", false, types(&cnpgv1.Pooler{}, &cnpgv1.PoolerList{})},
			{"Database", "databases", false, types(&cnpgv1.Database{}, &cnpgv1.DatabaseList{})},
			{"DatabaseRole", "databaseroles", false, types(&cnpgv1.DatabaseRole{}, &cnpgv1.DatabaseRoleList{})},
			{"ImageCatalog", "imagecatalogs", false, types(&cnpgv1.ImageCatalog{}, &cnpgv1.ImageCatalogList{})},
			{"ClusterImageCatalog", "clusterimagecatalogs", true, types(&cnpgv1.ClusterImageCatalog{}, &cnpgv1.ClusterImageCatalogList{})},
			{"FailoverQuorum", "failoverquorums", false, types(&cnpgv1.FailoverQuorum{}, &cnpgv1.FailoverQuorumList{})},
			{"Publication", "publications", false, types(&cnpgv1.Publication{}, &cnpgv1.PublicationList{})},
			{"Subscription", "subscriptions", false, types(&cnpgv1.Subscription{}, &cnpgv1.SubscriptionList{})},
		}},
		{schema.GroupVersion{Group: "barmancloud.cnpg.io", Version: "v1"}, []kind{{"ObjectStore", "objectstores", false, nil}}},
		{schema.GroupVersion{Group: "snapshot.storage.k8s.io", Version: "v1"}, []kind{{"VolumeSnapshot", "volumesnapshots", false, nil}}},
		{schema.GroupVersion{Group: "apiextensions.k8s.io", Version: "v1"}, []kind{
			{"CustomResourceDefinition", "customresourcedefinitions", true, nil},
		}},
		{schema.GroupVersion{Group: "network.fos1.io", Version: "v1"}, []kind{
			{"DHCPv4Service", "dhcpv4services", false, nil}, {"DHCPv6Service", "dhcpv6services", false, nil},
		}},
		{schema.GroupVersion{Group: "networking.fos1.io", Version: "v1"}, []kind{{"VLAN", "vlans", false, nil}}},
	}
}

func types(objects ...runtime.Object) []runtime.Object { return objects }

// newScheme registers the typed kinds only: registering whole API groups costs a command milliseconds.
func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	for _, g := range kinds() {
		typed := false
		for _, k := range g.kinds {
			scheme.AddKnownTypes(g.version, k.types...)
			typed = typed || len(k.types) > 0
		}
		if typed {
			metav1.AddToGroupVersion(scheme, g.version)
		}
	}
	return scheme
}

// newMapper answers from the table what discovery would answer from the cluster.
func newMapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	for _, g := range kinds() {
		for _, k := range g.kinds {
			var scope meta.RESTScope = meta.RESTScopeNamespace
			if k.cluster {
				scope = meta.RESTScopeRoot
			}
			plural := g.version.WithResource(k.resource)
			mapper.AddSpecific(g.version.WithKind(k.name), plural, plural, scope)
		}
	}
	return mapper
}
