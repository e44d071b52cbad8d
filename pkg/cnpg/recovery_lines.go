package cnpg

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// LogLine is a line of the log of an instance's or a recovery's pod, for people.
type LogLine struct {
	At     time.Time // zero: the line does not say
	Severe bool
	Text   string
}

// ParseLogLine reads a line as the instance manager, its plugin and PostgreSQL write it; what has no shape is text as it is.
func ParseLogLine(line []byte) LogLine {
	l := parseRecoveryLine(line)
	return LogLine{l.At, l.Severe, l.Text}
}

// Recovers reports whether a pod's job is to recover a cluster's first instance.
func Recovers(pod *corev1.Pod) bool {
	role := pod.Labels[labelJobRole]
	return role == "full-recovery" || role == "snapshot-recovery"
}
