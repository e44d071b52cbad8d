package credentials

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// mounted is a file as a container has it.
type mounted struct {
	hash string // SHA-256, in hexadecimal
	mode uint64 // its permissions
}

// readMounted looks at a file inside its container. Only its hash leaves the pod.
// Permission: create pods/exec.
func readMounted(ctx context.Context, pods Pods, namespace string, f inventory.CredentialFile) (mounted, error) {
	var out, said bytes.Buffer
	command := []string{"sh", "-c", `stat -Lc %a "$1" && sha256sum <"$1"`, "sh", f.Path}
	if err := pods.Exec(ctx, namespace, f.Pod, f.Container, command, nil, &out, &said); err != nil {
		if text := strings.TrimSpace(said.String()); text != "" {
			err = errors.New(text)
		}
		return mounted{}, fmt.Errorf("look at %s in pod %s: %w", f.Path, f.Pod, err)
	}
	fields := strings.Fields(out.String())
	if len(fields) < 2 {
		return mounted{}, fmt.Errorf("look at %s in pod %s: an answer of %d words", f.Path, f.Pod, len(fields))
	}
	mode, err := strconv.ParseUint(fields[0], 8, 32)
	if err != nil {
		return mounted{}, fmt.Errorf("look at %s in pod %s: %w", f.Path, f.Pod, err)
	}
	return mounted{hash: fields[1], mode: mode}, nil
}

// open reports whether others than its owner may read or write the file: libpq passes over such a pass file.
func (m mounted) open() bool { return m.mode&0o077 != 0 }

// hashOf is the hash that a container's file has when it is the Secret's.
func hashOf(secret *corev1.Secret, key string) string {
	sum := sha256.Sum256(secret.Data[key])
	return hex.EncodeToString(sum[:])
}
