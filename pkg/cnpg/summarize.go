package cnpg

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// defaultSmartShutdown is CNPG's own default, in seconds.
const defaultSmartShutdown = 180

// Summarize judges a cluster from its object and its instance pods. pods is nil when they could not be read; the
// operator's word is taken then. Pure.
func Summarize(cluster *cnpgv1.Cluster, pods []corev1.Pod, now time.Time) Summary {
	status := &cluster.Status
	s := Summary{
		Namespace: cluster.Namespace, Name: cluster.Name, Created: cluster.CreationTimestamp.UTC(),
		Phase: status.Phase, PhaseReason: status.PhaseReason,
		Instances: cluster.Spec.Instances, ReadyInstances: status.ReadyInstances,
		Primary: status.CurrentPrimary, TargetPrimary: status.TargetPrimary,
		PrimarySince:        parseTime(status.CurrentPrimaryTimestamp),
		PrimaryFailingSince: parseTime(status.CurrentPrimaryFailingSinceTimestamp),
		Fenced:              FencedInstances(cluster),
		Hibernated:          cluster.Annotations[AnnotationHibernation] == "on",
		ReplicaCluster:      isReplicaCluster(cluster),
		TimelineID:          status.TimelineID, SystemID: status.SystemID,
		Image: cmp.Or(status.Image, cluster.Spec.ImageName), PostgresMajor: postgresMajor(cluster),
		Archiving:            archiving(cluster),
		LastBackup:           lastBackup(cluster),
		SmartShutdownTimeout: defaultSmartShutdown,
		Certificates:         certificates(cluster),
		Bootstrap:            bootstrapMethod(cluster),
		ConnectionSecret:     ConnectionSecret(cluster),
		ServerCASecret:       ServerCASecret(cluster),
		ServerDNSNames:       notNil(status.Certificates.ServerAltDNSNames),
		Plugins:              plugins(cluster),
	}
	s.Database, s.OwnerRole = ownDatabase(cluster)
	s.Lineage, _ = Lineage(cluster) // those who restore read it themselves, and say what is wrong with it
	if t := cluster.Spec.SmartShutdownTimeout; t != nil {
		s.SmartShutdownTimeout = int(*t)
	}
	s.Transition = transition(cluster)
	s.Members = members(cluster, pods, s.Fenced)
	if pods != nil {
		s.ReadyInstances = 0
		for _, m := range s.Members {
			if m.Ready {
				s.ReadyInstances++
			}
		}
	}
	s.Serving = serving(&s)
	s.Reasons = reasons(&s, cluster, now)
	s.Healthy = len(s.Reasons) == 0
	return s
}

// FencedInstances reads the fencing annotation: instance names sorted, or "*" alone for all. Never nil. CNPG ignores an
// annotation it cannot read, and so does this.
func FencedInstances(cluster *cnpgv1.Cluster) []string {
	var names []string
	if json.Unmarshal([]byte(cluster.Annotations[AnnotationFenced]), &names) != nil || len(names) == 0 {
		return []string{}
	}
	if slices.Contains(names, allInstances) {
		return []string{allInstances}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func isFenced(fenced []string, instance string) bool {
	return slices.Contains(fenced, allInstances) || slices.Contains(fenced, instance)
}

func isReplicaCluster(cluster *cnpgv1.Cluster) bool {
	replica := cluster.Spec.ReplicaCluster
	switch {
	case replica == nil:
		return false
	case replica.Enabled != nil:
		return *replica.Enabled
	}
	return replica.Primary != cmp.Or(replica.Self, cluster.Name)
}

// transition reads a change of the primary from the phase, and from the target where the phase says something else.
func transition(cluster *cnpgv1.Cluster) Transition {
	status := &cluster.Status
	switch {
	case status.Phase == cnpgv1.PhaseFailOver, status.TargetPrimary == "pending":
		return TransitionFailover
	case status.Phase == cnpgv1.PhaseSwitchover:
		return TransitionSwitchover
	case status.CurrentPrimary == "", status.TargetPrimary == "", status.CurrentPrimary == status.TargetPrimary:
		return TransitionNone
	}
	return TransitionSwitchover
}

// members joins what the operator and Kubernetes say of each instance.
func members(cluster *cnpgv1.Cluster, pods []corev1.Pod, fenced []string) []Member {
	byName := map[string]*Member{}
	result := []*Member{}
	member := func(name string) *Member {
		if byName[name] == nil {
			byName[name] = &Member{Pod: name, Fenced: isFenced(fenced, name)}
			result = append(result, byName[name])
		}
		return byName[name]
	}
	for _, name := range cluster.Status.InstanceNames {
		m := member(name)
		m.Phase, m.Role = "Missing", RoleReplica
		if pods == nil {
			m.Phase = "Unknown"
		}
		if name == cluster.Status.CurrentPrimary {
			m.Role = RolePrimary
		}
	}
	for state, names := range cluster.Status.InstancesStatus {
		for _, name := range names {
			m := member(name)
			m.State = string(state)
			if pods == nil {
				m.Phase, m.Ready = "Unknown", state == cnpgv1.PodHealthy && !m.Fenced
			}
		}
	}
	for i := range pods {
		describePod(member(pods[i].Name), &pods[i])
	}
	slices.SortFunc(result, func(a, b *Member) int {
		return cmp.Or(cmp.Compare(rank(a.Role), rank(b.Role)), cmp.Compare(a.Pod, b.Pod))
	})
	values := make([]Member, len(result))
	for i, m := range result {
		values[i] = *m
	}
	return values
}

func rank(r Role) int {
	if r == RolePrimary {
		return 0
	}
	return 1
}

func describePod(m *Member, pod *corev1.Pod) {
	m.Phase, m.Node, m.Restarts = string(pod.Status.Phase), pod.Spec.NodeName, 0
	if role := cmp.Or(pod.Labels[LabelInstanceRole], pod.Labels[labelOldRole]); role != "" {
		m.Role = Role(role)
	}
	for _, c := range pod.Status.ContainerStatuses {
		m.Restarts += int(c.RestartCount)
	}
	m.Ready = PodReady(pod)
	if pod.DeletionTimestamp != nil {
		m.Phase, m.Ready = "Terminating", false
	}
	// A fenced instance's pod stays ready until the next probes fail.
	m.Ready = m.Ready && !m.Fenced
}

// archiving finds out how the write-ahead log is kept.
func archiving(cluster *cnpgv1.Cluster) Archiving {
	a := Archiving{Method: ArchiveNone}
	if cluster.Annotations[AnnotationSkipArchiving] == "enabled" {
		return a
	}
	if p := archiverPlugin(cluster); p != nil {
		a.Method, a.Plugin, a.Target = ArchivePlugin, p.Name, p.Parameters["barmanObjectName"]
		a.ServerName = cmp.Or(p.Parameters["serverName"], cluster.Name)
	} else if b := cluster.Spec.Backup; b != nil && b.BarmanObjectStore != nil {
		a.Method, a.Target = ArchiveInTree, b.BarmanObjectStore.DestinationPath
		a.ServerName = cmp.Or(b.BarmanObjectStore.ServerName, cluster.Name)
	}
	if a.Configured = a.Method != ArchiveNone; a.Configured {
		a.Condition = condition(cluster, cnpgv1.ConditionContinuousArchiving)
	}
	return a
}

func archiverPlugin(cluster *cnpgv1.Cluster) *cnpgv1.PluginConfiguration {
	for i := range cluster.Spec.Plugins {
		p := &cluster.Spec.Plugins[i]
		if enabled(p) && p.IsWALArchiver != nil && *p.IsWALArchiver {
			return p
		}
	}
	return nil
}

func enabled(p *cnpgv1.PluginConfiguration) bool { return p.Enabled == nil || *p.Enabled }

// lastBackup is the condition about the newest backup. While one is running CNPG sets it to False.
func lastBackup(cluster *cnpgv1.Cluster) Condition {
	c := condition(cluster, cnpgv1.ConditionBackup)
	if c.Reason == string(cnpgv1.ConditionBackupStarted) {
		c.Working = nil
	}
	return c
}

func condition(cluster *cnpgv1.Cluster, kind cnpgv1.ClusterConditionType) Condition {
	found := meta.FindStatusCondition(cluster.Status.Conditions, string(kind))
	if found == nil {
		return Condition{}
	}
	c := Condition{Reason: found.Reason, Message: found.Message, Since: firstTime(&found.LastTransitionTime)}
	if found.Status != metav1.ConditionUnknown {
		working := found.Status == metav1.ConditionTrue
		c.Working = &working
	}
	return c
}

// certificates reads the expirations, whose times are in Go's own notation.
func certificates(cluster *cnpgv1.Cluster) []Certificate {
	list := []Certificate{}
	for secret, text := range cluster.Status.Certificates.Expirations {
		if expires, err := time.Parse("2006-01-02 15:04:05 -0700 MST", text); err == nil {
			list = append(list, Certificate{Secret: secret, Expires: expires.UTC()})
		}
	}
	slices.SortFunc(list, func(a, b Certificate) int {
		return cmp.Or(a.Expires.Compare(b.Expires), strings.Compare(a.Secret, b.Secret))
	})
	return list
}

func plugins(cluster *cnpgv1.Cluster) []Plugin {
	list := []Plugin{}
	for i := range cluster.Spec.Plugins {
		p := &cluster.Spec.Plugins[i]
		plugin := Plugin{
			Name: p.Name, Enabled: enabled(p), Parameters: p.Parameters,
			WALArchiver: enabled(p) && p.IsWALArchiver != nil && *p.IsWALArchiver,
		}
		for _, loaded := range cluster.Status.PluginStatus {
			if loaded.Name == p.Name {
				plugin.Version = loaded.Version
			}
		}
		list = append(list, plugin)
	}
	return list
}

// parseTime reads an RFC 3339 time of a status field; nil for none.
func parseTime(text string) *time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil
	}
	t = t.UTC()
	return &t
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
