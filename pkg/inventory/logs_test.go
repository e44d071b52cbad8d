package inventory

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestLogs(t *testing.T) {
	container := func(name string, command ...string) corev1.Container {
		return corev1.Container{Name: name, Command: command}
	}
	pod := func(name string, containers ...corev1.Container) corev1.Pod {
		p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "here", UID: "u-" + "1", Labels: map[string]string{"pod": name}}}
		p.Spec.Containers = containers
		for _, c := range containers {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: c.Name, ContainerID: "c-" + c.Name})
		}
		return p
	}
	in := &Inventory{
		Pods: []corev1.Pod{
			pod("kea-1", container("four", "sh", "-c", "exec kea-dhcp4 -c /a"), container("sidecar", "fluentd")),
			pod("kea-0", container("all", "sh", "-c", "kea-dhcp4 -c /a & kea-dhcp6 -c /b & exec kea-ctrl-agent -c /c")),
			pod("names", container("d2", "kea-dhcp-ddns", "-c", "/d")),
			pod("database", container("postgres", "postgres")),
		},
		Servers: []Server{
			{Namespace: "here", Pod: "kea-1", Container: "four", Service: kea.DHCP4},
			{Namespace: "here", Pod: "kea-2", Container: "four", Service: kea.DHCP4, State: PodState{Reason: "no pod"}},
		},
	}
	type seen struct {
		Name, Container, Run, Reason string
	}
	look := func(o Options) []seen {
		found := []seen{}
		for _, l := range in.Logs(o) {
			found = append(found, seen{l.Name(), l.Container, l.Run.Container, l.State.Reason})
		}
		return found
	}
	want := []seen{
		{"kea-0/dhcp4+dhcp6+agent", "all", "c-all", ""},
		{"kea-1/dhcp4", "four", "c-four", ""},
		{"kea-2/dhcp4", "four", "", "no pod"},
		{"names/ddns", "d2", "c-d2", ""},
	}
	if diff := cmp.Diff(want, look(Options{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	in.Servers = nil
	if diff := cmp.Diff(want[3:], look(Options{Selector: labels.SelectorFromSet(labels.Set{"pod": "names"})})); diff != "" {
		t.Errorf("by label (-want +got):\n%s", diff)
	}

	shared := in.Logs(Options{})[0]
	for logger, want := range map[string]string{
		"kea-dhcp6.leases": "kea-0/dhcp6", "kea-ctrl-agent": "kea-0/agent", "": "kea-0/dhcp4+dhcp6+agent", "kea-dhcp-ddns.d2": "kea-0/dhcp4+dhcp6+agent",
	} {
		if got := shared.Speaker(logger); got != want {
			t.Errorf("logger %q: %s, want %s", logger, got, want)
		}
	}
}

func TestSecretsOfADeployment(t *testing.T) {
	file, err := kea.ParseConfig([]byte(`{"Dhcp4":{"lease-database":{"type":"postgresql","password":"of the database"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	in := &Inventory{Servers: []Server{{File: &file, Endpoints: []Endpoint{{}, {Auth: &kea.BasicAuth{User: "ops", Password: kea.NewSecret("of the agent")}}}}, {}}}
	found := map[string]bool{}
	for _, s := range in.Secrets() {
		found[s.Reveal()] = true
	}
	for _, want := range []string{"of the database", "of the agent"} {
		if !found[want] {
			t.Errorf("the password %s is missing", want)
		}
	}
}
