package stack

import (
	"errors"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
)

// An uninstall that was interrupted when all was deleted but its lock ends when it is run again.
func TestFinish(t *testing.T) {
	f := newCluster(t)
	r := f.removal(t)
	if finished, err := Finish(t.Context(), f.source(), r, lock()); finished || err != nil {
		t.Errorf("without a lock: %v, %v", finished, err)
	}
	o := lock()
	o.Namespace, o.Deployment = "network", "kea-dhcp"
	left, err := operation.Acquire(t.Context(), f.source().Client, o)
	if err != nil {
		t.Fatal(err)
	}
	var held *operation.HeldError
	if _, err := Finish(t.Context(), f.source(), r, lock()); !errors.As(err, &held) {
		t.Errorf("while the other run is alive: %v", err)
	}
	if err := left.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if finished, err := Finish(t.Context(), f.source(), r, lock()); !finished || err != nil {
		t.Errorf("with the lock of a run that ended: %v, %v", finished, err)
	}
	f.noLock(t)
}
