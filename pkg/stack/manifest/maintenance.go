package manifest

import (
	"fmt"
	"strconv"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// maintenanceObjects care for the database at night, if anybody wants that.
func maintenanceObjects(s *v1alpha1.Stack) ([]Object, error) {
	m := s.Spec.Database.Maintenance
	if !s.UsesPostgreSQL() || m.Enabled == nil || !*m.Enabled {
		return nil, nil
	}
	days, err := strconv.Atoi(strings.TrimSuffix(m.LogRetention, "d"))
	if err != nil || days < 1 {
		return nil, fmt.Errorf("spec.database.maintenance.logRetention: %q is no number of days such as 30d", m.LogRetention)
	}
	return each(maintenanceJob(s, days)), nil
}

// maintenanceJob runs psql with a script. It needs no port and no file of root's, so it is nobody.
func maintenanceJob(s *v1alpha1.Stack, days int) *batchv1.CronJob {
	c := container(s, "maintain", s.Spec.Kea.Images.Admin)
	c.Command = []string{
		"psql", "--no-psqlrc", "--set=retention=" + strconv.Itoa(days) + " days", "--file=" + dirScripts + "/" + maintainFile,
	}
	c.Env = append(loginEnv(), placeEnv(s)...)
	c.Resources = smallResources()
	c.SecurityContext.RunAsUser, c.SecurityContext.RunAsNonRoot = new(int64(65534)), new(true)
	c.VolumeMounts = append([]corev1.VolumeMount{mount(volumeScripts, dirScripts)}, loginMounts()...)

	k := s.Spec.Kea
	pod := corev1.PodSpec{
		ServiceAccountName:           s.Metadata.Name,
		AutomountServiceAccountToken: new(false),
		EnableServiceLinks:           new(false),
		RestartPolicy:                corev1.RestartPolicyNever,
		NodeSelector:                 k.NodeSelector,
		Tolerations:                  k.Tolerations,
		SecurityContext:              &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
		Containers:                   []corev1.Container{c},
		Volumes:                      append([]corev1.Volume{fromConfigMap(volumeScripts, s.ScriptsConfigMap())}, loginVolumes(s, 0o444)...),
	}
	for _, name := range k.PullSecrets {
		pod.ImagePullSecrets = append(pod.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
	}
	own := metav1.ObjectMeta{Labels: labels(s, componentMaintenance)}
	o := &batchv1.CronJob{TypeMeta: objectKind("batch/v1", "CronJob"), ObjectMeta: meta(s, s.Metadata.Name+"-maintenance", componentMaintenance)}
	o.Spec = batchv1.CronJobSpec{
		Schedule:                   s.Spec.Database.Maintenance.Schedule,
		ConcurrencyPolicy:          batchv1.ForbidConcurrent,
		StartingDeadlineSeconds:    new(int64(3600)), // rather not today than in the morning's rush
		SuccessfulJobsHistoryLimit: new(int32(1)),
		FailedJobsHistoryLimit:     new(int32(3)),
		JobTemplate: batchv1.JobTemplateSpec{
			ObjectMeta: own,
			Spec: batchv1.JobSpec{
				BackoffLimit: new(int32(2)), ActiveDeadlineSeconds: new(int64(3600)),
				Template: corev1.PodTemplateSpec{ObjectMeta: own, Spec: pod},
			},
		},
	}
	return o
}
