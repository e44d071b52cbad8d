package manifest

import (
	"maps"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// serverObjects are Kea itself.
func serverObjects(s *v1alpha1.Stack) []Object {
	objects := each(statefulSet(s))
	if len(s.Servers()) > 1 {
		objects = append(objects, each(disruptionBudget(s))...)
	}
	return objects
}

// statefulSet never restarts a server by itself (OnDelete): which of two servers may go, and when, is HA's question. Both
// start at once (Parallel), since neither becomes ready for clients before it has seen the other.
func statefulSet(s *v1alpha1.Stack) *appsv1.StatefulSet {
	o := &appsv1.StatefulSet{TypeMeta: objectKind("apps/v1", "StatefulSet"), ObjectMeta: meta(s, s.Metadata.Name, componentServer)}
	o.Spec = appsv1.StatefulSetSpec{
		ServiceName:         s.Metadata.Name,
		Replicas:            new(int32(len(s.Servers()))),
		PodManagementPolicy: appsv1.ParallelPodManagement,
		UpdateStrategy:      appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType},
		Selector:            &metav1.LabelSelector{MatchLabels: serverSelector(s)},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: labels(s, componentServer), Annotations: podAnnotations(s)},
			Spec:       podSpec(s),
		},
	}
	if !s.UsesPostgreSQL() {
		o.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{leaseVolume(s)}
		// The leases outlive the servers: a new install finds them.
		o.Spec.PersistentVolumeClaimRetentionPolicy = &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{
			WhenDeleted: appsv1.RetainPersistentVolumeClaimRetentionPolicyType, WhenScaled: appsv1.RetainPersistentVolumeClaimRetentionPolicyType,
		}
	}
	return o
}

func podAnnotations(s *v1alpha1.Stack) map[string]string {
	out := maps.Clone(s.Spec.Kea.PodAnnotations)
	if s.Spec.Exposure.Type != v1alpha1.Multus || len(s.Spec.Exposure.Networks) == 0 {
		return out
	}
	if out == nil {
		out = map[string]string{}
	}
	out["k8s.v1.cni.cncf.io/networks"] = strings.Join(s.Spec.Exposure.Networks, ",")
	return out
}

func leaseVolume(s *v1alpha1.Stack) corev1.PersistentVolumeClaim {
	storage := s.Spec.Database.Memfile.Storage
	o := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: volumeData, Labels: labels(s, componentDatabase)}}
	o.Spec = corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: storage.Size}},
	}
	if storage.StorageClass != "" {
		o.Spec.StorageClassName = &storage.StorageClass
	}
	return o
}

// podSpec is one server: its daemons, and up to Kea 2.6 the control agent beside them.
func podSpec(s *v1alpha1.Stack) corev1.PodSpec {
	k := s.Spec.Kea
	pod := corev1.PodSpec{
		ServiceAccountName:           s.Metadata.Name,
		AutomountServiceAccountToken: new(false),
		EnableServiceLinks:           new(false), // Kea needs no list of the namespace's Services in its environment
		// Kea stops within a second. What does not, waits for a database that is away.
		TerminationGracePeriodSeconds: new(int64(10)),
		NodeSelector:                  k.NodeSelector,
		Tolerations:                   k.Tolerations,
		PriorityClassName:             k.PriorityClass,
		SecurityContext:               &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		InitContainers:                []corev1.Container{prepareContainer(s)},
		Volumes:                       volumes(s),
	}
	for _, d := range daemons(s) {
		pod.Containers = append(pod.Containers, daemonContainer(s, d))
	}
	if s.HasAgent() {
		pod.Containers = append(pod.Containers, agentContainer(s))
	}
	for _, name := range k.PullSecrets {
		pod.ImagePullSecrets = append(pod.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	if s.Spec.Exposure.Type == v1alpha1.HostNetwork {
		// The database's name is one of the cluster's, which the node's own resolver does not know.
		pod.HostNetwork, pod.DNSPolicy = true, corev1.DNSClusterFirstWithHostNet
	}
	if len(s.Servers()) > 1 {
		pod.Affinity, pod.TopologySpreadConstraints = apart(s), spread(s)
	}
	return pod
}

// apart keeps two servers off one node.
func apart(s *v1alpha1.Stack) *corev1.Affinity {
	term := corev1.PodAffinityTerm{LabelSelector: &metav1.LabelSelector{MatchLabels: serverSelector(s)}, TopologyKey: corev1.LabelHostname}
	anti := &corev1.PodAntiAffinity{}
	if s.Spec.Kea.AntiAffinity == "required" {
		anti.RequiredDuringSchedulingIgnoredDuringExecution = []corev1.PodAffinityTerm{term}
	} else {
		anti.PreferredDuringSchedulingIgnoredDuringExecution = []corev1.WeightedPodAffinityTerm{{Weight: 100, PodAffinityTerm: term}}
	}
	return &corev1.Affinity{PodAntiAffinity: anti}
}

// spread puts them into different zones where there are zones.
func spread(s *v1alpha1.Stack) []corev1.TopologySpreadConstraint {
	return []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: corev1.LabelTopologyZone, WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: serverSelector(s)},
	}}
}

// disruptionBudget lets nodes be drained one after the other. A server that is not ready serves nobody and may always go:
// with the database away that is both, and no drain should wait for it.
func disruptionBudget(s *v1alpha1.Stack) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   objectKind("policy/v1", "PodDisruptionBudget"),
		ObjectMeta: meta(s, s.Metadata.Name, componentServer),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable:             new(intstr.FromInt32(1)),
			Selector:                   &metav1.LabelSelector{MatchLabels: serverSelector(s)},
			UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
		},
	}
}
