package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// find reads one object into its type; it is nil when there is none.
func find[T any](t *testing.T, objects []Object, kind, name string) *T {
	t.Helper()
	for _, o := range objects {
		if fields(o).GetKind() == kind && o.GetName() == name {
			out := new(T)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(fields(o).Object, out); err != nil {
				t.Fatal(err)
			}
			return out
		}
	}
	return nil
}

func must[T any](t *testing.T, objects []Object, kind, name string) *T {
	t.Helper()
	out := find[T](t, objects, kind, name)
	if out == nil {
		t.Fatalf("no %s %s", kind, name)
	}
	return out
}

func TestEveryObject(t *testing.T) {
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		seen := map[string]bool{}
		for _, o := range objects {
			u := fields(o)
			id := u.GetKind() + "/" + u.GetName()
			if seen[id] {
				t.Errorf("%s: twice", id)
			}
			seen[id] = true
			if u.GetAPIVersion() == "" || u.GetKind() == "" || u.GetNamespace() != s.Metadata.Namespace {
				t.Errorf("%s: version %q, namespace %q", id, u.GetAPIVersion(), u.GetNamespace())
			}
			for label, want := range map[string]string{
				"app.kubernetes.io/name": s.Metadata.Name, "app.kubernetes.io/part-of": "kea", "app.kubernetes.io/managed-by": "kubectl-kea",
				"kea.fos1.io/deployment": s.Metadata.Name,
			} {
				if got := u.GetLabels()[label]; got != want {
					t.Errorf("%s: label %s is %q, want %q", id, label, got, want)
				}
			}
			if u.GetLabels()["kea.fos1.io/component"] == "" {
				t.Errorf("%s: no component", id)
			}
			for _, field := range []string{"status", "stringData"} {
				if _, ok := u.Object[field]; ok {
					t.Errorf("%s: has %s", id, field)
				}
			}
			if data, _ := u.Object["data"].(map[string]any); u.GetKind() == "Secret" {
				if delete(data, "username"); len(data) > 0 {
					t.Errorf("%s: has more data than a user's name", id)
				}
			}
			if path := nullOrTab(u.Object); path != "" {
				t.Errorf("%s: %s is null, or text that YAML cannot show as it is", id, path)
			}
		}
	})
}

// nullOrTab finds a field that apply would own for nothing, and text that is unreadable in YAML.
func nullOrTab(value any) string {
	switch v := value.(type) {
	case nil:
		return "."
	case string:
		if strings.Contains(v, "\t") {
			return "."
		}
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if path := nullOrTab(v[key]); path != "" || key == "creationTimestamp" {
				return "." + key + path
			}
		}
	case []any:
		for i, element := range v {
			if path := nullOrTab(element); path != "" {
				return fmt.Sprintf("[%d]%s", i, path)
			}
		}
	}
	return ""
}

func TestOnceObjectsAreLeftAlone(t *testing.T) {
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		want, got := []string{}, []string{}
		if s.UsesPostgreSQL() {
			db := s.Spec.Database
			want = []string{"Secret/" + db.CredentialsSecret, "Secret/" + db.ViewerSecret, "Secret/" + db.CASecret, "Service/" + db.Service}
		}
		for _, o := range objects {
			a := o.GetAnnotations()
			asked := a["argocd.argoproj.io/hook"] == "Skip" && a["kustomize.toolkit.fluxcd.io/ssa"] == "IfNotPresent"
			if o.Once != asked {
				t.Errorf("%s: once %v, annotations %v", o.GetName(), o.Once, a)
			}
			if o.Once {
				got = append(got, fields(o).GetKind()+"/"+o.GetName())
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

// pods are the pod specs of a stack by their owner.
func pods(t *testing.T, s *v1alpha1.Stack, objects []Object) map[string]corev1.PodTemplateSpec {
	t.Helper()
	out := map[string]corev1.PodTemplateSpec{"servers": must[appsv1.StatefulSet](t, objects, "StatefulSet", s.Metadata.Name).Spec.Template}
	if job := find[batchv1.CronJob](t, objects, "CronJob", s.Metadata.Name+"-maintenance"); job != nil {
		out["maintenance"] = job.Spec.JobTemplate.Spec.Template
	}
	return out
}

func TestEveryReferenceExists(t *testing.T) {
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		for owner, pod := range pods(t, s, objects) {
			must[corev1.ServiceAccount](t, objects, "ServiceAccount", pod.Spec.ServiceAccountName)
			mounted := map[string]string{} // path: ConfigMap
			volumes := map[string]bool{}
			for _, v := range pod.Spec.Volumes {
				volumes[v.Name] = false
				if v.Secret != nil {
					must[corev1.Secret](t, objects, "Secret", v.Secret.SecretName)
					if len(v.Secret.Items) != 1 {
						t.Errorf("%s: volume %s mounts %v", owner, v.Name, v.Secret.Items)
					}
				}
				if v.ConfigMap != nil {
					must[corev1.ConfigMap](t, objects, "ConfigMap", v.ConfigMap.Name)
					mounted[v.Name] = v.ConfigMap.Name
				}
			}
			if owner == "servers" {
				for _, claim := range must[appsv1.StatefulSet](t, objects, "StatefulSet", s.Metadata.Name).Spec.VolumeClaimTemplates {
					volumes[claim.Name] = false
				}
			}
			for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
				folders := map[string]string{}
				for _, m := range c.VolumeMounts {
					if _, ok := volumes[m.Name]; !ok {
						t.Errorf("%s/%s: no volume %s", owner, c.Name, m.Name)
					}
					volumes[m.Name] = true
					if name := mounted[m.Name]; name != "" {
						folders[m.MountPath] = name
					}
				}
				words := slices.Clone(c.Command)
				for _, p := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
					if p != nil {
						words = append(words, p.Exec.Command...)
					}
				}
				for _, word := range words {
					checkFile(t, s, objects, folders, owner+"/"+c.Name, strings.TrimPrefix(word, "--file="))
				}
			}
			for name, used := range volumes {
				if !used {
					t.Errorf("%s: nobody mounts volume %s", owner, name)
				}
			}
		}
	})
}

// checkFile: a file of ours in a command is mounted, for every server.
func checkFile(t *testing.T, s *v1alpha1.Stack, objects []Object, folders map[string]string, where, word string) {
	t.Helper()
	if !strings.HasPrefix(word, "/srv/kea/") {
		return
	}
	folder, file := word[:strings.LastIndex(word, "/")], word[strings.LastIndex(word, "/")+1:]
	name, ok := folders[folder]
	if !ok {
		t.Fatalf("%s: %s is not mounted", where, word)
	}
	data := must[corev1.ConfigMap](t, objects, "ConfigMap", name).Data
	for _, server := range s.Servers() {
		if key := strings.ReplaceAll(file, "$(POD_NAME)", server); data[key] == "" {
			t.Errorf("%s: ConfigMap %s has no %s", where, name, key)
		}
	}
}

// TestPortsAgree: what Kea's own files say is what Services, containers, probes and the policy say.
func TestPortsAgree(t *testing.T) {
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		files := must[corev1.ConfigMap](t, objects, "ConfigMap", s.ConfigMap()).Data
		pod := pods(t, s, objects)["servers"].Spec
		policy := find[networkingv1.NetworkPolicy](t, objects, "NetworkPolicy", s.Metadata.Name)
		for _, d := range daemons(s) {
			text := files[s.ConfigKey(0, string(d.service))]
			at := slices.IndexFunc(pod.Containers, func(c corev1.Container) bool { return c.Name == string(d.service) })
			if at < 0 {
				t.Fatalf("no container %s", d.service)
			}
			c := pod.Containers[at]
			if s.Spec.HighAvailability.Mode != v1alpha1.NoHA {
				if want := fmt.Sprintf(":%d/", d.ha); strings.Count(text, want) != 2 {
					t.Errorf("%s: two peers are to be on %s:\n%s", d.service, want, text)
				}
				if !slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.ContainerPort == d.ha }) {
					t.Errorf("%s: container ports %v", d.service, c.Ports)
				}
				for _, server := range s.Servers() {
					service := must[corev1.Service](t, objects, "Service", server)
					if !slices.ContainsFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Port == d.ha && p.TargetPort.IntVal == d.ha }) {
						t.Errorf("%s: service %s has %v", d.service, server, service.Spec.Ports)
					}
				}
				if policy != nil && !allows(policy, 1, d.ha) {
					t.Errorf("%s: the policy does not let in %d", d.service, d.ha)
				}
			}
			if policy != nil && !allows(policy, 0, d.port) {
				t.Errorf("%s: the policy does not let in %d", d.service, d.port)
			}
			control := fmt.Sprintf(`"socket-port": %d`, d.control)
			if s.HasAgent() {
				text, control = text+files[s.AgentKey()], fmt.Sprintf(`"http-port": %d`, d.control)
				if strings.Count(text, fmt.Sprintf("%q", d.socket)) != 2 {
					t.Errorf("%s: daemon and agent do not both name socket %s", d.service, d.socket)
				}
			}
			if !strings.Contains(text, control) {
				t.Errorf("%s: no %s in\n%s", d.service, control, text)
			}
			for _, p := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
				if want := d.asked(); !cmp.Equal(want, p.Exec.Command[len(p.Exec.Command)-len(want):]) {
					t.Errorf("%s: probe %v, want %v at its end", d.service, p.Exec.Command, want)
				}
			}
		}
	})
}

func allows(policy *networkingv1.NetworkPolicy, rule int, port int32) bool {
	return rule < len(policy.Spec.Ingress) && slices.ContainsFunc(policy.Spec.Ingress[rule].Ports, func(p networkingv1.NetworkPolicyPort) bool {
		return p.Port.IntVal == port
	})
}

// TestSelectors: servers are picked, the maintenance's pods are not.
func TestSelectors(t *testing.T) {
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		all := pods(t, s, objects)
		for _, o := range objects {
			selector, ok, _ := unstructured.NestedStringMap(fields(o).Object, "spec", "selector")
			if !ok || o.GetName() == s.Spec.Database.Service {
				continue
			}
			delete(selector, labelPodName)
			if !contains(all["servers"].Labels, selector) {
				t.Errorf("%s %s does not pick the servers: %v", fields(o).GetKind(), o.GetName(), selector)
			}
			if job, ok := all["maintenance"]; ok && contains(job.Labels, selector) {
				t.Errorf("%s %s picks the maintenance: %v", fields(o).GetKind(), o.GetName(), selector)
			}
		}
	})
}

func contains(labels, selector map[string]string) bool {
	for key, value := range selector {
		if labels[key] != value {
			return false
		}
	}
	return len(selector) > 0
}

// TestPodsMayDoLittle: no container has more than it needs.
func TestPodsMayDoLittle(t *testing.T) {
	capabilities := map[string][]corev1.Capability{
		string(kea.DHCP4): {"NET_BIND_SERVICE", "NET_RAW"}, string(kea.DHCP6): {"NET_BIND_SERVICE"},
	}
	forEach(t, func(t *testing.T, s *v1alpha1.Stack, objects []Object) {
		for owner, pod := range pods(t, s, objects) {
			if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
				t.Errorf("%s: a token of the API server is mounted", owner)
			}
			for _, c := range append(pod.Spec.InitContainers, pod.Spec.Containers...) {
				sc := c.SecurityContext
				if sc == nil || *sc.AllowPrivilegeEscalation || !*sc.ReadOnlyRootFilesystem || !cmp.Equal(sc.Capabilities.Drop, []corev1.Capability{"ALL"}) {
					t.Fatalf("%s/%s: %v", owner, c.Name, sc)
				}
				if diff := cmp.Diff(capabilities[c.Name], sc.Capabilities.Add); diff != "" {
					t.Errorf("%s/%s: capabilities (-want +got):\n%s", owner, c.Name, diff)
				}
				for _, e := range c.Env {
					if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
						t.Errorf("%s/%s: %s comes from a Secret and would outlive a rotation", owner, c.Name, e.Name)
					}
				}
			}
		}
	})
}
