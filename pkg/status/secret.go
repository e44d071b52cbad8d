package status

import (
	"bytes"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// lastWritten is when a Secret's data was last written, by the API server's own record of who wrote which field; nil when
// it has none.
func lastWritten(s *corev1.Secret) *time.Time {
	var last *time.Time
	for _, entry := range s.ManagedFields {
		if entry.Time == nil || entry.FieldsV1 == nil || !ownsData(entry.FieldsV1.GetRawBytes()) {
			continue
		}
		if last == nil || entry.Time.After(*last) {
			t := entry.Time.Time
			last = &t
		}
	}
	return last
}

// ownsData: a manager that applied stringData owns that, although the API server has turned it into data.
func ownsData(fields []byte) bool {
	return bytes.Contains(fields, []byte(`"f:data"`)) || bytes.Contains(fields, []byte(`"f:stringData"`))
}
