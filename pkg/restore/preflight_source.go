package restore

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubectl-kea/kubectl-kea/pkg/backup"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

const (
	// wholeTimelines is the first operator that replays across a failover to the end: earlier ones may stop where the base
	// backup's timeline ends, and say nothing.
	wholeTimelines = "1.29"
	// withoutInTree is the first operator without in-tree archives.
	withoutInTree = "1.31"
)

// judgeSource looks at the cluster in service: whether one like it can be made, and what it will be like.
func judgeSource(s backup.Subject, now time.Time) []problem.Problem {
	pods := s.In.Instances(s.Cluster.Name)
	summary := cnpg.Summarize(s.Cluster, pods, now)
	subject := "cluster " + s.Cluster.Name
	found := []problem.Problem{}
	add := func(severity problem.Severity, code, text, next string) {
		found = append(found, problem.Problem{Severity: severity, Code: code, Subject: subject, Text: text, Next: next})
	}
	if summary.ReplicaCluster {
		add(problem.Critical, "replica-cluster", "it follows another cluster: restore that one", "")
	}
	switch {
	case summary.Hibernated:
		add(problem.Info, "source-stopped", "it is hibernated, and cannot be asked what a restore would forget", "")
	case len(summary.Fenced) > 0:
		add(problem.Info, "source-stopped", "it is fenced ("+strings.Join(summary.Fenced, ", ")+")", "")
	}
	if working := summary.Archiving.Working; summary.Archiving.Configured && working != nil && !*working {
		add(problem.Warning, "not-archiving", "its write-ahead log is not archived ("+cmp.Or(summary.Archiving.Message, summary.Archiving.Reason)+
			"): later changes cannot be restored, and the new cluster archives to the same store", "kubectl kea status -n "+s.Cluster.Namespace)
	}
	found = append(found, judgeOperator(cnpg.ArchiveOf(s.Cluster).Method, operatorVersion(pods))...)
	if cnpg.ArchiveOf(s.Cluster).Method == cnpg.MethodPlugin {
		for _, p := range summary.Plugins {
			if p.Name == cnpg.BarmanPlugin && p.Version == "" {
				add(problem.Critical, "plugin-not-loaded", "the operator has not loaded the Barman Cloud plugin, which a recovery needs", "kubectl get pods -A -l app=barman-cloud")
			}
		}
	}
	if by := deployedBy(s.Raw.GetLabels(), s.Raw.GetAnnotations()); by != "" {
		add(problem.Info, "outside-of-git", fmt.Sprintf("%s manages it; the new cluster is made beside it and is not in git: add it there once it is in service", by), "")
	}
	return found
}

// operatorVersion is the version of the operator that made the newest pod; "" when no pod says.
func operatorVersion(pods []corev1.Pod) string {
	found, newest := "", time.Time{}
	for _, pod := range pods {
		if v := pod.Annotations[cnpg.AnnotationOperatorVersion]; v != "" && !pod.CreationTimestamp.Time.Before(newest) {
			found, newest = v, pod.CreationTimestamp.Time
		}
	}
	return found
}

// judgeOperator knows which operators cannot be trusted with a recovery.
func judgeOperator(method cnpg.Method, running string) []problem.Problem {
	v, err := version.ParseGeneric(running)
	if err != nil {
		return nil
	}
	switch {
	case v.LessThan(version.MustParseGeneric(wholeTimelines)):
		return []problem.Problem{{
			Severity: problem.Warning, Code: "old-operator", Subject: "CloudNativePG " + running,
			Text: "after a failover it may stop at the end of the base backup's timeline and say nothing; the verification after the restore shows it",
			Next: "upgrade to " + wholeTimelines + " or newer first",
		}}
	case method == cnpg.MethodInTree && v.AtLeast(version.MustParseGeneric(withoutInTree)):
		return []problem.Problem{problem.NewCritical("no-in-tree", "CloudNativePG "+running, "it has no in-tree barmanObjectStore any more, which this cluster's backups are made with",
			"move the backups to the Barman Cloud plugin")}
	}
	return nil
}

// deployedBy names the deployment tool that an object belongs to; "" for none.
func deployedBy(labels, annotations map[string]string) string {
	for _, o := range []struct{ key, by string }{
		{"argocd.argoproj.io/tracking-id", "Argo CD"},
		{"kustomize.toolkit.fluxcd.io/name", "Flux"},
		{"helm.toolkit.fluxcd.io/name", "Flux"},
		{"meta.helm.sh/release-name", "Helm"},
	} {
		if labels[o.key] != "" || annotations[o.key] != "" {
			return o.by
		}
	}
	return ""
}

// judgeMajor: a base backup is read by the major version that wrote it alone.
func judgeMajor(a aim, s backup.Subject, now time.Time) []problem.Problem {
	wanted := cnpg.Summarize(s.Cluster, nil, now).PostgresMajor
	if a.chosen.Base == nil || a.chosen.Base.Major == 0 || wanted == 0 || a.chosen.Base.Major == wanted {
		return nil
	}
	return []problem.Problem{problem.NewCritical("other-major", "backup "+a.chosen.Base.Name,
		fmt.Sprintf("it is of PostgreSQL %d, and cluster %s runs %d: a recovery reads its own major version only", a.chosen.Base.Major, s.Cluster.Name, wanted),
		"restore to a time after the first backup of the new version")}
}

// judgeOperations: two operations on one deployment undo each other. An earlier restore counts unless this one goes on with
// it, or it made nothing.
func judgeOperations(s backup.Subject, restoreToo bool) []problem.Problem {
	found := []problem.Problem{}
	for _, o := range s.In.Operations {
		if o.Kind == kindRestore && restoreToo {
			continue
		}
		text := fmt.Sprintf("%s by %s is not finished", o.Kind, cmp.Or(o.By, "somebody"))
		if o.Step != "" {
			text += fmt.Sprintf(" (step %q)", o.Step)
		}
		if o.Continue != "" && o.Abort != "" {
			text += "; go on with it, or end it: " + o.Abort
		}
		found = append(found, problem.NewCritical("unfinished-operation", o.Object, text, cmp.Or(o.Continue, o.Abort)))
	}
	return found
}

// usedNames are the names that the new cluster cannot have: its archive's folder gets the same name, and must be empty.
func usedNames(s backup.Subject, folders []string, all []cnpg.Backup) []use {
	used := []use{}
	for i := range s.In.Clusters {
		c := &s.In.Clusters[i]
		why := "cluster " + c.Name + " exists"
		if record, ok, err := RecordOf(c); ok && err == nil {
			why += fmt.Sprintf("; a restore of %s made it, to another target or to its end", record.Source)
		}
		used = append(used, use{c.Name, why})
		if a := cnpg.ArchiveOf(c); a.ServerName != "" {
			used = append(used, use{a.ServerName, "cluster " + c.Name + " archives into the folder " + a.ServerName})
		}
	}
	for _, service := range s.In.Services {
		for _, suffix := range []string{"-rw", "-ro", "-r"} {
			if name, ok := strings.CutSuffix(service.Name, suffix); ok {
				used = append(used, use{name, "there is a Service " + service.Name + ", which a cluster of this name needs"})
			}
		}
	}
	lineage, _ := cnpg.Lineage(s.Cluster) // one that cannot be read is told of with the window
	for _, a := range lineage {
		used = append(used, use{a.Cluster, "the database lived in a cluster of this name"}, use{a.ServerName, "cluster " + a.Cluster + " archived into the folder " + a.ServerName})
	}
	for _, name := range folders {
		used = append(used, use{name, "the archive has a folder " + name + " already, and two clusters in one folder destroy each other's backups"})
	}
	for _, b := range all {
		used = append(used, use{cmp.Or(b.ServerName, b.Cluster), "backup " + b.Name + " lies in a folder of this name"}, use{b.Cluster, "backup " + b.Name + " is of a cluster of this name"})
	}
	return used
}

// judgeUnread says what could not be looked at. What may not be read is told of with the permissions.
func judgeUnread(unread []problem.Unread) []problem.Problem {
	found := []problem.Problem{}
	for _, u := range unread {
		if !kube.IsForbidden(u.Err) {
			found = append(found, problem.Problem{Severity: problem.Info, Code: "not-read", Subject: u.Source, Text: "it could not be read: " + u.Error})
		}
	}
	return found
}
