package stack

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func parsed(t *testing.T, text string) *kea.Config {
	t.Helper()
	c, err := kea.ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return &c
}

func TestChangedAt(t *testing.T) {
	at := func(minutes int) *metav1.Time {
		return new(metav1.NewTime(today().Add(time.Duration(minutes) * time.Minute)))
	}
	o := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: *at(0)}}
	if got := changedAt(o); !got.Equal(today()) {
		t.Errorf("created: %s", got)
	}
	o.ManagedFields = []metav1.ManagedFieldsEntry{
		{Manager: "kubectl-kea", Time: at(5)}, {Manager: "kubectl-kea"}, {Manager: "kubectl-kea", Time: at(3)}, {Manager: "kubectl-edit", Time: at(9)},
	}
	if got := changedAt(o); !got.Equal(at(5).Time) {
		t.Errorf("changed: %s", got)
	}
}

func TestLagging(t *testing.T) {
	f := newCluster(t)
	f.install(t, office)
	f.run(t)
	s := load(t, office)
	look := func() ([]corev1.Pod, []ha.Observation) {
		t.Helper()
		in, err := inventory.Discover(t.Context(), f, "network", inventory.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return in.Pods, ha.Gather(t.Context(), in.Servers, f.serve(t, kea.StateHotStandby), today)
	}
	pods, observations := look()
	if got, err := lagging(t.Context(), f, s, pods, observations); err != nil || len(got) > 0 {
		t.Errorf("%+v, %v", got, err)
	}

	// The standby's pod is of an older template, and the primary runs another configuration.
	for i := range pods {
		if pods[i].Name == "kea-dhcp-1" {
			pods[i].Labels[appsv1.StatefulSetRevisionLabel] = "kea-dhcp-0"
		}
	}
	pods = append(pods, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "somebody-elses"}})
	for i, o := range observations {
		if o.Server.Pod == "kea-dhcp-0" {
			observations[i].Config = parsed(t, `{"Dhcp4": {}}`)
		}
	}
	got, err := lagging(t.Context(), f, s, pods, observations)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].Server == "kea-dhcp-0/dhcp4" {
			got[i].Text = got[i].Text[:len("runs an older configuration")]
		}
	}
	want := []Lag{
		{Server: "kea-dhcp-1", Pod: "kea-dhcp-1", Text: "its pod is older than the StatefulSet's template"},
		{Server: "kea-dhcp-0/dhcp4", Pod: "kea-dhcp-0", Text: "runs an older configuration"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	// Until the controller has seen the change, nobody knows.
	var set appsv1.StatefulSet
	f.get(t, "kea-dhcp", &set)
	set.Generation = set.Status.ObservedGeneration + 1
	if err := f.store.Update(t.Context(), &set); err != nil {
		t.Fatal(err)
	}
	if _, err := lagging(t.Context(), f, s, pods, observations); err == nil || err.Error() != "the StatefulSet's controller has not seen the change yet" {
		t.Errorf("error %v", err)
	}
	for _, gone := range []struct {
		object client.Object
		want   string
	}{
		{&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-dhcp-config"}}, `read configmap kea-dhcp-config: configmaps "kea-dhcp-config" not found`},
		{&appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-dhcp"}}, `read statefulset kea-dhcp: statefulsets.apps "kea-dhcp" not found`},
	} {
		set.Status.ObservedGeneration = set.Generation
		if err := f.store.Status().Update(t.Context(), &set); err != nil {
			t.Fatal(err)
		}
		if err := f.store.Delete(t.Context(), gone.object); err != nil {
			t.Fatal(err)
		}
		if _, err := lagging(t.Context(), f, s, pods, observations); err == nil || err.Error() != gone.want {
			t.Errorf("error %v", err)
		}
	}
}
