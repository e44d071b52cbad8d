package cnpg

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operator plays the operator and the kubelet for a recovery.
type operator struct {
	t *testing.T
	client.WithWatch

	mu    sync.Mutex
	log   string // the fixture that the recovery's pod writes
	notes []string
}

func newOperator(t *testing.T, log string) *operator {
	t.Helper()
	o := &operator{t: t, WithWatch: reader(t), log: log}
	o.create(&cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "r1", CreationTimestamp: ago(time.Minute)}, Spec: cnpgv1.ClusterSpec{Instances: 2}})
	return o
}

func (o *operator) create(object client.Object) {
	o.t.Helper()
	if err := o.Create(o.t.Context(), object); err != nil {
		o.t.Error(err)
	}
}

// pod makes or replaces a pod.
func (o *operator) pod(name string, labels map[string]string, status corev1.PodStatus) {
	o.t.Helper()
	labels[LabelCluster] = "r1"
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: name, Labels: labels, CreationTimestamp: ago(0)}, Status: status}
	if strings.HasSuffix(name, "-old") {
		pod.CreationTimestamp = ago(time.Hour)
	}
	if o.Create(o.t.Context(), pod) == nil {
		return
	}
	var old corev1.Pod
	if err := o.Get(o.t.Context(), client.ObjectKeyFromObject(pod), &old); err != nil {
		o.t.Error(err)
	}
	pod.ResourceVersion = old.ResourceVersion
	if err := o.Status().Update(o.t.Context(), pod); err != nil {
		o.t.Error(err)
	}
}

func (o *operator) cluster(change func(*cnpgv1.Cluster)) {
	o.t.Helper()
	var c cnpgv1.Cluster
	if err := o.Get(o.t.Context(), client.ObjectKey{Namespace: "network", Name: "r1"}, &c); err != nil {
		o.t.Error(err)
	}
	change(&c)
	if err := o.Update(o.t.Context(), &c); err != nil {
		o.t.Error(err)
	}
}

// logs are those of the recovery's pods; the plugin's part stands in the same fixture.
func (o *operator) logs(_ context.Context, _, _, container string, _ bool) (io.ReadCloser, error) {
	if container == pluginContainer {
		return nil, errors.New("no such container")
	}
	return os.Open(filepath.Join("testdata", "recovery-logs", o.log+".log"))
}

func (o *operator) note(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.notes = append(o.notes, text)
}

// noted waits until something was told.
func (o *operator) noted(text string) {
	for range 500 {
		o.mu.Lock()
		all := strings.Join(o.notes, "\n")
		o.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	o.t.Errorf("%q was not told, only %q", text, o.notes)
}

// recovery makes the recovery's pod.
func (o *operator) recovery(name string, state corev1.ContainerState) {
	o.pod(name, map[string]string{labelJobRole: "full-recovery"}, corev1.PodStatus{
		Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{{Name: "full-recovery", State: state}},
	})
}

// instance makes an instance's pod.
func (o *operator) instance(name string, ready corev1.ConditionStatus) {
	o.pod(name, map[string]string{LabelPodRole: "instance"}, corev1.PodStatus{
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: PostgresContainer, State: running()}},
	})
}

func ago(d time.Duration) metav1.Time { return metav1.NewTime(time.Now().Add(-d)) }

func running() corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

func exited(code int32) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error"}}
}

// wait waits for the recovery, not for ever. The operator does its part once the watches stand.
func (o *operator) wait(w RecoveryWatch, do func()) (Recovered, error) {
	ctx, cancel := context.WithTimeout(o.t.Context(), 20*time.Second)
	defer cancel()
	w.Client, w.Logs = o, o.logs
	var playing sync.WaitGroup
	playing.Go(func() {
		time.Sleep(50 * time.Millisecond)
		o.cluster(func(c *cnpgv1.Cluster) { c.Status.Phase = cnpgv1.PhaseFirstPrimary })
		do()
	})
	defer playing.Wait()
	return WaitRecovered(ctx, w, "network", "r1", o.note)
}

func TestWaitRecovered(t *testing.T) {
	o := newOperator(t, "to-time")
	got, err := o.wait(RecoveryWatch{Replicas: true}, func() {
		o.recovery("r1-1-full-recovery-a", running())
		o.noted("fetching base backup 20261123T061034, of 2026-11-23 06:11:01 UTC")
		o.noted("promoting to timeline 2")
		o.recovery("r1-1-full-recovery-a", exited(0))
		o.instance("r1-1", corev1.ConditionFalse)
		o.cluster(func(c *cnpgv1.Cluster) { c.Status.CurrentPrimary, c.Status.TimelineID = "r1-1", 2 })
		o.instance("r1-1", corev1.ConditionTrue)
		o.noted("1 of 2 instances ready")
		o.instance("r1-2", corev1.ConditionTrue)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Primary.Name != "r1-1" || got.BackupID != "20261123T061034" || got.Timeline != 2 || got.Position.String() != "0/7000098" || got.Attempts != 1 {
		t.Errorf("%+v", got)
	}
}

func TestWaitRecoveredByLogin(t *testing.T) {
	o := newOperator(t, "to-time")
	tries := 0
	w := RecoveryWatch{Try: func(_ context.Context, cluster *cnpgv1.Cluster, primary *corev1.Pod) error {
		if tries++; tries < 3 {
			return errors.New("the database system is starting up")
		}
		if cluster.Name != "r1" || primary.Name != "r1-1" {
			t.Errorf("%s, %s", cluster.Name, primary.Name)
		}
		return nil
	}}
	_, err := o.wait(w, func() {
		o.instance("r1-1", corev1.ConditionFalse)
		o.cluster(func(c *cnpgv1.Cluster) { c.Status.TargetPrimary = "r1-1" })
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
}

func TestRecoveryFails(t *testing.T) {
	for _, test := range []struct {
		name, log string
		do        func(o *operator)
		kind      RecoveryKind
	}{
		{"at the first attempt", "target-not-reached", func(o *operator) { o.recovery("r1-1-full-recovery-a", exited(1)) }, RecoveryTargetNotReached},
		{"at the second, for what may pass", "unreachable", func(o *operator) {
			o.recovery("r1-1-full-recovery-a", exited(1))
			o.noted("the backup store does not answer")
			o.recovery("r1-1-full-recovery-b", exited(1))
		}, RecoveryUnreachable},
		{"without an image", "to-time", func(o *operator) {
			o.recovery("a", corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "not found"}})
		}, RecoveryImage},
		{"by the operator's word", "to-time", func(o *operator) {
			o.cluster(func(c *cnpgv1.Cluster) {
				c.Status.Phase, c.Status.PhaseReason = cnpgv1.PhaseUnrecoverable, "job r1-1-full-recovery failed"
			})
		}, RecoveryRefused},
		{"without the rest of the log", "store-lost", func(o *operator) {
			o.recovery("r1-1-full-recovery-a", running())
			o.noted("replayed to")
			o.recovery("r1-1-full-recovery-a", exited(0))
			o.instance("r1-1", corev1.ConditionTrue)
			o.cluster(func(c *cnpgv1.Cluster) { c.Status.CurrentPrimary = "r1-1" })
		}, RecoveryIncomplete},
		{"when the cluster is deleted", "to-time", func(o *operator) {
			if err := o.Delete(o.t.Context(), &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "r1"}}); err != nil {
				o.t.Error(err)
			}
		}, RecoveryDeleted},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newOperator(t, test.log)
			_, err := o.wait(RecoveryWatch{}, func() { test.do(o) })
			var failed *RecoveryError
			if !errors.As(err, &failed) || failed.Kind != test.kind {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestRecoveryFailsItself: the pod of an earlier cluster of the same name, which is on its way out, is another's failure.
func TestRecoveryFailsItself(t *testing.T) {
	o := newOperator(t, "to-time")
	_, err := o.wait(RecoveryWatch{}, func() {
		o.recovery("r1-1-full-recovery-old", exited(1))
		o.instance("r1-1", corev1.ConditionTrue)
		o.cluster(func(c *cnpgv1.Cluster) { c.Status.CurrentPrimary = "r1-1" })
	})
	if err != nil {
		t.Error(err)
	}
}

func TestWaitRecoveredEndsWithItsContext(t *testing.T) {
	o := newOperator(t, "to-time")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := WaitRecovered(ctx, RecoveryWatch{Client: o, Logs: o.logs}, "network", "r1", o.note); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
