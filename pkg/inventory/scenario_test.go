package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, coordinationv1.AddToScheme, cnpgv1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// manifests are the objects of a deployment that people wrote by hand, as a controller leaves them: with pods, and with a Service for
// each of a cluster's roles. Kinds that discovery does not read are left out.
func manifests(t *testing.T, scenario string) []client.Object {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "scenarios", scenario, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("scenario %s: %v, %v", scenario, files, err)
	}
	found := []client.Object{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
		for {
			var raw runtime.RawExtension
			if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			found = append(found, objects(t, raw.Raw)...)
		}
	}
	return found
}

func objects(t *testing.T, data []byte) []client.Object {
	t.Helper()
	var meta metav1.TypeMeta
	read := func(o any) {
		if err := yaml.Unmarshal(data, o); err != nil {
			t.Fatal(err)
		}
	}
	read(&meta)
	switch meta.Kind {
	case "Secret":
		o := &corev1.Secret{}
		read(o)
		o.Data = map[string][]byte{}
		for key, text := range o.StringData {
			o.Data[key] = []byte(text)
		}
		o.StringData = nil
		return []client.Object{o}
	case "ConfigMap":
		o := &corev1.ConfigMap{}
		read(o)
		return []client.Object{o}
	case "Service":
		o := &corev1.Service{}
		read(o)
		return []client.Object{o}
	case "Cluster":
		o := &cnpgv1.Cluster{}
		read(o)
		rw := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name + "-rw"}}
		rw.Spec.Selector = map[string]string{cnpg.LabelCluster: o.Name, cnpg.LabelInstanceRole: "primary"}
		rw.Spec.ClusterIP, rw.Spec.ClusterIPs = "10.90.1.1", []string{"10.90.1.1"}
		return []client.Object{o, rw}
	case "StatefulSet":
		o := &appsv1.StatefulSet{}
		read(o)
		all := []client.Object{o}
		for i := range int(*o.Spec.Replicas) {
			all = append(all, running(fmt.Sprintf("%s-%d", o.Name, i), "StatefulSet", o.Name, o.Namespace, o.Spec.Template))
		}
		return all
	case "Deployment":
		o := &appsv1.Deployment{}
		read(o)
		return []client.Object{o, running(o.Name+"-fb876b7f7-zk287", "ReplicaSet", o.Name+"-fb876b7f7", o.Namespace, o.Spec.Template)}
	}
	return nil
}

func running(name, kind, owner, namespace string, template corev1.PodTemplateSpec) *corev1.Pod {
	pod := templatePod(namespace, name, template)
	pod.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: owner, Controller: new(true)}}
	pod.Status.Phase = corev1.PodRunning
	for _, c := range pod.Spec.Containers {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		})
	}
	return pod
}

// server is a discovered server in short.
type server struct {
	Name, Container, File string
	HasFile               bool
	Endpoints             []string // "control agent 127.0.0.1:8000 as user:password"
	State                 string
}

func shorten(in *Inventory) []server {
	found := []server{}
	for _, s := range in.Servers {
		v := server{Name: s.Name(), Container: s.Container, File: s.FileSource, HasFile: s.File != nil, State: s.State.Reason, Endpoints: []string{}}
		for _, e := range s.Endpoints {
			text := fmt.Sprintf("%s %s:%d", e.Via, e.Address, e.Port)
			if e.Auth != nil {
				text += " as " + e.Auth.User + ":" + e.Auth.Password.Reveal()
			}
			if e.Guessed {
				text += " guessed"
			}
			v.Endpoints = append(v.Endpoints, text)
		}
		found = append(found, v)
	}
	return found
}

// database is a database in short.
type database struct {
	Name, Service, Cluster, Role, Password, Source, Secret string
	Servers                                                []string
}

func databases(in *Inventory) []database {
	found := []database{}
	for _, d := range in.Databases(FileConfig) {
		v := database{Name: fmt.Sprintf("%s@%s:%d/%s", d.User, d.Host, d.Port, d.Name), Password: d.Password.Reveal(), Source: d.PasswordSource, Secret: d.CredentialSecret, Servers: d.Servers}
		if d.Service != nil {
			v.Service = d.Service.Name
		}
		if d.Target != nil {
			v.Role = string(d.Target.Role)
		}
		if d.Cluster != nil {
			v.Cluster = d.Cluster.Name
		}
		found = append(found, v)
	}
	return found
}

func wantServers(state string) map[string][]server {
	agent, any4, own := []string{"control agent 127.0.0.1:8000"}, []string{"control agent 0.0.0.0:8000"}, "own HTTP socket 0.0.0.0:800%d as kea-admin:lab-only-api"
	api := func(n int) []string { return []string{fmt.Sprintf(own, n)} }
	return map[string][]server{
		"hot-standby": {
			{"kea-dhcp-0/dhcp4", "dhcp4", "secret kea-dhcp-config, key kea-dhcp-0-dhcp4.conf", true, agent, state},
			{"kea-dhcp-0/dhcp6", "dhcp6", "secret kea-dhcp-config, key kea-dhcp-0-dhcp6.conf", true, agent, state},
			{"kea-dhcp-1/dhcp4", "dhcp4", "secret kea-dhcp-config, key kea-dhcp-1-dhcp4.conf", true, agent, state},
			{"kea-dhcp-1/dhcp6", "dhcp6", "secret kea-dhcp-config, key kea-dhcp-1-dhcp6.conf", true, agent, state},
		},
		"load-balancing": {
			{"kea-0/dhcp4", "kea-dhcp4", "secret kea-config, key kea-0.dhcp4.json", true, api(4), state},
			{"kea-0/dhcp6", "kea-dhcp6", "secret kea-config, key kea-0.dhcp6.json", true, api(6), state},
			{"kea-1/dhcp4", "kea-dhcp4", "secret kea-config, key kea-1.dhcp4.json", true, api(4), state},
			{"kea-1/dhcp6", "kea-dhcp6", "secret kea-config, key kea-1.dhcp6.json", true, api(6), state},
		},
		"branch": {
			{"kea-dhcp-0/dhcp4", "dhcp4", "secret kea-dhcp-config, key kea-dhcp-0-dhcp4.conf", true, any4, state},
			{"kea-dhcp-1/dhcp4", "dhcp4", "secret kea-dhcp-config, key kea-dhcp-1-dhcp4.conf", true, any4, state},
		},
		"foreign": {
			{
				"address-service-fb876b7f7-zk287/dhcp4", "allocator", "configmap address-service-files, key server.json", true,
				[]string{"control agent 127.0.0.1:9099 as ops:lab-only-agent"},
				state,
			},
		},
	}
}

func wantDatabases() map[string][]database {
	four := func(set string) []string {
		return []string{set + "-0/dhcp4", set + "-0/dhcp6", set + "-1/dhcp4", set + "-1/dhcp6"}
	}
	return map[string][]database{
		"hot-standby": {{
			"kea@kea-database:5432/kea", "kea-database", "kea-database", "primary", "lab-only-hot-standby",
			"secret kea-db-credentials, key pgpass", "kea-db-credentials", four("kea-dhcp"),
		}},
		"load-balancing": {{"kea@campus-db-rw:5432/kea", "campus-db-rw", "campus-db", "primary", "lab-only-campus", "the configuration", "", four("kea")}},
		"branch":         {},
		"foreign": {{
			"leaseowner@dhcpstore-rw:5432/leases", "dhcpstore-rw", "dhcpstore", "primary", "lab-only-foreign",
			"the configuration", "",
			[]string{"address-service-fb876b7f7-zk287/dhcp4"},
		}},
	}
}

func namespaceOf(scenario string) string {
	return map[string]string{"hot-standby": "network", "load-balancing": "campus", "branch": "branch", "foreign": "foreign"}[scenario]
}

func discover(t *testing.T, scenario string, funcs interceptor.Funcs, objects ...client.Object) *Inventory {
	t.Helper()
	r := fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(objects...).WithInterceptorFuncs(funcs).Build()
	in, err := Discover(t.Context(), r, namespaceOf(scenario), Options{})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// unread are the sources that could not be read. The Secret of the authority, of which Kea's pods mount the certificate
// alone, is never one of them.
func unread(in *Inventory) []string {
	found := []string{}
	for _, u := range in.Unread {
		found = append(found, u.Source)
	}
	return found
}

func TestDiscoverTheScenarios(t *testing.T) {
	for scenario, want := range wantServers("Running") {
		t.Run(scenario, func(t *testing.T) {
			in := discover(t, scenario, interceptor.Funcs{}, manifests(t, scenario)...)
			if diff := cmp.Diff(want, shorten(in)); diff != "" {
				t.Errorf("servers (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(wantDatabases()[scenario], databases(in)); diff != "" {
				t.Errorf("databases (-want +got):\n%s", diff)
			}
			if got := unread(in); len(got) != 0 {
				t.Errorf("unread: %v", got)
			}
			neverShown(t, in)
		})
	}
}

// neverShown: however an inventory is printed, none of its passwords shows.
func neverShown(t *testing.T, in *Inventory) {
	t.Helper()
	for _, v := range []any{in, *in, in.Servers, in.Databases(FileConfig)} {
		text := fmt.Sprintf("%v %+v %#v", v, v, v)
		if at := strings.Index(text, "lab-only"); at >= 0 {
			t.Errorf("a password shows: ...%s...", text[max(0, at-80):min(len(text), at+40)])
		}
	}
}

// Kea is down: its StatefulSet is scaled to nothing and the pods are gone.
func TestDiscoverWithKeaDown(t *testing.T) {
	want := wantServers("no pod")
	alone := &want["foreign"][0]
	alone.Name = "address-service/dhcp4"
	for scenario, servers := range want {
		for _, left := range []int32{0, 2} {
			t.Run(fmt.Sprintf("%s, %d wanted", scenario, left), func(t *testing.T) {
				kept := []client.Object{}
				for _, o := range manifests(t, scenario) {
					switch o := o.(type) {
					case *corev1.Pod:
						continue
					case *appsv1.StatefulSet:
						o.Spec.Replicas = &left
					case *appsv1.Deployment:
						o.Spec.Replicas = &left
					}
					kept = append(kept, o)
				}
				in := discover(t, scenario, interceptor.Funcs{}, kept...)
				if diff := cmp.Diff(servers, shorten(in)); diff != "" {
					t.Errorf("servers (-want +got):\n%s", diff)
				}
				for _, s := range in.Servers {
					if s.State.Exists || s.State.Running {
						t.Errorf("%s runs: %+v", s.Name(), s.State)
					}
				}
				if len(databases(in)) != len(wantDatabases()[scenario]) {
					t.Errorf("databases: %+v", databases(in))
				}
			})
		}
	}
}

func TestDiscoverWithSecretsForbidden(t *testing.T) {
	forbidden := interceptor.Funcs{Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
		if _, ok := o.(*corev1.Secret); ok {
			return apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, key.Name, errors.New("no"))
		}
		return c.Get(ctx, key, o, opts...)
	}}
	for scenario, want := range map[string]struct {
		endpoints, unread []string
		file              bool
	}{
		"hot-standby":    {[]string{"control agent :8000 guessed"}, []string{"secret kea-db-credentials", "secret kea-dhcp-config"}, false},
		"load-balancing": {[]string{"own HTTP socket :8004 guessed"}, []string{"secret kea-api", "secret kea-config"}, false},
		"branch":         {[]string{"control agent :8000 guessed"}, []string{"secret kea-dhcp-config"}, false},
		"foreign":        {[]string{"control agent 127.0.0.1:9099 as ops:lab-only-agent"}, []string{}, true},
	} {
		t.Run(scenario, func(t *testing.T) {
			in := discover(t, scenario, forbidden, manifests(t, scenario)...)
			got := shorten(in)
			if names, wanted := serverNames(got), serverNames(wantServers("")[scenario]); !slices.Equal(names, wanted) {
				t.Errorf("servers %v, want %v", names, wanted)
			}
			if diff := cmp.Diff(want.endpoints, got[0].Endpoints); diff != "" {
				t.Errorf("endpoints (-want +got):\n%s", diff)
			}
			if got[0].HasFile != want.file {
				t.Errorf("has its file: %v", got[0].HasFile)
			}
			if diff := cmp.Diff(want.unread, unread(in)); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
			for _, u := range in.Unread {
				if !apierrors.IsForbidden(u.Err) || u.Error == "" {
					t.Errorf("%s: %v", u.Source, u.Err)
				}
			}
		})
	}
}

func serverNames(all []server) []string {
	names := []string{}
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}

func TestDiscoverNothing(t *testing.T) {
	all := []client.Object{}
	for _, scenario := range []string{"hot-standby", "foreign"} {
		all = append(all, manifests(t, scenario)...)
	}
	r := fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(all...).Build()
	if _, err := Discover(t.Context(), r, "default", Options{}); !errors.Is(err, ErrNone) || err.Error() != "no Kea servers found in namespace default" {
		t.Errorf("%v", err)
	}
	selector := labels.SelectorFromSet(labels.Set{"tier": "addressing"})
	if _, err := Discover(t.Context(), r, "network", Options{Selector: selector}); !errors.Is(err, ErrNone) {
		t.Errorf("with a selector that matches nothing: %v", err)
	}
	in, err := Discover(t.Context(), r, "foreign", Options{Selector: selector})
	if err != nil || len(in.Servers) != 1 {
		t.Errorf("with a selector that matches: %+v, %v", in, err)
	}
	names, err := Namespaces(t.Context(), r, Options{})
	if diff := cmp.Diff([]string{"foreign", "network"}, names); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
	names, err = Namespaces(t.Context(), r, Options{Selector: selector})
	if diff := cmp.Diff([]string{"foreign"}, names); diff != "" || err != nil {
		t.Errorf("%s, %v", diff, err)
	}
}

// A namespace whose Kea is scaled to nothing is found by what would run it; where that may not be listed, by its pods.
func TestNamespacesWithKeaDown(t *testing.T) {
	all, none := []client.Object{}, int32(0)
	for _, scenario := range []string{"hot-standby", "foreign", "branch"} {
		for _, o := range manifests(t, scenario) {
			switch o := o.(type) {
			case *corev1.Pod:
				if scenario != "branch" {
					continue
				}
			case *appsv1.StatefulSet:
				o.Spec.Replicas = &none
			case *appsv1.Deployment:
				o.Spec.Replicas = &none
			}
			all = append(all, o)
		}
	}
	forbidden := func(kinds ...string) interceptor.Funcs {
		return interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
			if slices.Contains(kinds, fmt.Sprintf("%T", l)) {
				return apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("no"))
			}
			return c.List(ctx, l, opts...)
		}}
	}
	for _, test := range []struct {
		name     string
		funcs    interceptor.Funcs
		selector string
		want     []string
	}{
		{"all", interceptor.Funcs{}, "", []string{"branch", "foreign", "network"}},
		{"by label of the workload's pods", interceptor.Funcs{}, "tier=addressing", []string{"foreign"}},
		{"statefulsets forbidden", forbidden("*v1.StatefulSetList"), "", []string{"branch", "foreign"}},
		{"both forbidden", forbidden("*v1.StatefulSetList", "*v1.DeploymentList"), "", []string{"branch"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(all...).WithInterceptorFuncs(test.funcs).Build()
			o := Options{}
			if test.selector != "" {
				var err error
				if o.Selector, err = labels.Parse(test.selector); err != nil {
					t.Fatal(err)
				}
			}
			names, err := Namespaces(t.Context(), r, o)
			if diff := cmp.Diff(test.want, names); diff != "" || err != nil {
				t.Errorf("%v, (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Only the pods are needed; each other list that fails is named.
func TestDiscoverWithListsForbidden(t *testing.T) {
	for _, kind := range []string{"pods", "services", "statefulsets", "deployments", "clusters.postgresql.cnpg.io"} {
		t.Run(kind, func(t *testing.T) {
			forbidden := interceptor.Funcs{List: func(ctx context.Context, c client.WithWatch, l client.ObjectList, opts ...client.ListOption) error {
				got := map[string]string{
					"*v1.PodList": "pods", "*v1.ServiceList": "services", "*v1.StatefulSetList": "statefulsets",
					"*v1.DeploymentList": "deployments", "*v1.ClusterList": "clusters.postgresql.cnpg.io",
				}[fmt.Sprintf("%T", l)]
				if got == kind {
					return apierrors.NewForbidden(schema.GroupResource{Resource: kind}, "", errors.New("no"))
				}
				return c.List(ctx, l, opts...)
			}}
			r := fake.NewClientBuilder().WithScheme(scheme(t)).WithObjects(manifests(t, "foreign")...).WithInterceptorFuncs(forbidden).Build()
			in, err := Discover(t.Context(), r, "foreign", Options{})
			if kind == "pods" {
				if !apierrors.IsForbidden(err) || !strings.HasPrefix(err.Error(), "list pods in namespace foreign: ") {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || len(in.Servers) != 1 {
				t.Fatalf("%v", err)
			}
			if diff := cmp.Diff([]string{kind}, unread(in)); diff != "" {
				t.Errorf("unread (-want +got):\n%s", diff)
			}
		})
	}
}

// A set of one server has one server, also while its pod is away.
func TestDiscoverOneServerIsOne(t *testing.T) {
	for _, replicas := range []int32{0, 1} {
		set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "kea"}, Spec: appsv1.StatefulSetSpec{Replicas: &replicas}}
		set.Spec.Template.Spec.Containers = []corev1.Container{{
			Name: "kea", Command: []string{"kea-dhcp4", "-c", "/etc/kea/dhcp4.conf"}, VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/kea"}},
		}}
		set.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "config", VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "kea"}},
		}}}
		config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "branch", Name: "kea"}, Data: map[string]string{"dhcp4.conf": `{"Dhcp4": {}}`}}
		in := discover(t, "branch", interceptor.Funcs{}, set, config)
		if got := serverNames(shorten(in)); !slices.Equal(got, []string{"kea-0/dhcp4"}) {
			t.Errorf("%d replicas: %v", replicas, got)
		}
	}
}

// What an evicted pod of a Deployment leaves behind is no server; its successor is.
func TestDiscoverEvictedPods(t *testing.T) {
	all := manifests(t, "foreign")
	for _, o := range manifests(t, "foreign") {
		if pod, ok := o.(*corev1.Pod); ok {
			pod.Name, pod.Status = "address-service-fb876b7f7-aaaaa", corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"}
			all = append(all, pod)
		}
	}
	if got := serverNames(shorten(discover(t, "foreign", interceptor.Funcs{}, all...))); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

func TestDatabaseHosts(t *testing.T) {
	for _, test := range []struct {
		host, service, role string
		found               bool
	}{
		{"campus-db-rw", "campus-db-rw", "primary", true},
		{"campus-db-rw.campus", "campus-db-rw", "primary", true},
		{"campus-db-rw.campus.svc.cluster.local", "campus-db-rw", "primary", true},
		{"10.90.1.1", "campus-db-rw", "primary", true},
		{"campus-db-rw.network", "", "", false},
		{"10.90.9.9", "", "", false},
		{"db.example.org", "", "", false},
		{"readers", "readers", "replica", true},
		{"anybody", "anybody", "any", true},
		{"elsewhere", "elsewhere", "primary", false},
		{"plain", "plain", "", false},
	} {
		t.Run(test.host, func(t *testing.T) {
			all := manifests(t, "load-balancing")
			for name, selector := range map[string]map[string]string{
				"readers":   {cnpg.LabelCluster: "campus-db", cnpg.LabelInstanceRole: "replica"},
				"anybody":   {cnpg.LabelCluster: "campus-db"},
				"elsewhere": {cnpg.LabelCluster: "no-such", cnpg.LabelInstanceRole: "primary"},
				"plain":     {"app": "postgres"},
			} {
				all = append(all, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "campus", Name: name}, Spec: corev1.ServiceSpec{Selector: selector}})
			}
			in := discover(t, "load-balancing", interceptor.Funcs{}, all...)
			found := in.Databases(func(s Server) *kea.Config {
				c := *s.File
				c.LeaseDatabase.Host = test.host
				return &c
			})
			if len(found) != 1 {
				t.Fatalf("%d databases", len(found))
			}
			d, service, role := found[0], "", ""
			if d.Service != nil {
				service = d.Service.Name
			}
			if d.Target != nil {
				role = string(d.Target.Role)
			}
			if service != test.service || role != test.role || (d.Cluster != nil) != test.found {
				t.Errorf("service %q, role %q, cluster %v", service, role, d.Cluster != nil)
			}
		})
	}
}
