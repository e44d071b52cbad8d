package inventory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// ErrNone: no Kea server is deployed where it was looked for.
var ErrNone = errors.New("no Kea servers found")

// Options narrow a discovery.
type Options struct {
	// Selector picks pods and workloads by label; nil looks at all and keeps those that run Kea.
	Selector labels.Selector
}

// Discover finds what is deployed in a namespace. ErrNone: nothing. Only a failure to list the pods ends it; whatever
// else cannot be read is in Unread. Permission: list pods, services, statefulsets, deployments, clusters; get the
// Secrets and ConfigMaps that Kea's pods mount.
func Discover(ctx context.Context, r client.Reader, namespace string, o Options) (*Inventory, error) {
	in := &Inventory{Namespace: namespace, secrets: map[string]*corev1.Secret{}, configs: map[string]*corev1.ConfigMap{}}
	var (
		pods        corev1.PodList
		services    corev1.ServiceList
		sets        appsv1.StatefulSetList
		deployments appsv1.DeploymentList
		locks       coordinationv1.LeaseList
	)
	where := client.InNamespace(namespace)
	var podsErr error
	in.sideBySide(
		read{"pods", func() error { podsErr = r.List(ctx, &pods, where); return podsErr }},
		read{"services", func() error { return r.List(ctx, &services, where) }},
		read{"statefulsets", func() error { return r.List(ctx, &sets, where) }},
		read{"deployments", func() error { return r.List(ctx, &deployments, where) }},
		read{"clusters.postgresql.cnpg.io", func() error { return in.listClusters(ctx, r) }},
		read{"leases.coordination.k8s.io", func() error { return listLocks(ctx, r, &locks, where) }},
	)
	if podsErr != nil {
		return nil, fmt.Errorf("list pods in namespace %s: %w", namespace, podsErr)
	}
	in.Pods, in.Services = pods.Items, services.Items
	in.findOperations(sets.Items, locks.Items)

	wanted := in.wanted(o, sets.Items, deployments.Items)
	if len(wanted) == 0 && len(in.Operations) > 0 {
		return nil, &UnfinishedError{namespace, in.Operations[0]}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("%w in namespace %s", ErrNone, namespace)
	}
	in.wants = wanted
	in.readMounted(ctx, r, wanted)
	for _, pod := range wanted {
		in.Servers = append(in.Servers, in.servers(pod)...)
	}
	in.dropUnnamed(wanted)
	slices.SortFunc(in.Servers, func(a, b Server) int {
		return cmp.Or(cmp.Compare(a.Pod, b.Pod), cmp.Compare(a.Service, b.Service))
	})
	slices.SortFunc(in.Unread, func(a, b problem.Unread) int { return cmp.Compare(a.Source, b.Source) })
	return in, nil
}

// Namespaces are those with pods that run Kea or workloads that would, sorted. Permission: list pods in all namespaces.
// Where statefulsets or deployments may not be listed, namespaces without a pod of Kea are missing.
func Namespaces(ctx context.Context, r client.Reader, o Options) ([]string, error) {
	var (
		pods        corev1.PodList
		sets        appsv1.StatefulSetList
		deployments appsv1.DeploymentList
		podsErr     error
		wait        sync.WaitGroup
	)
	wait.Go(func() { podsErr = r.List(ctx, &pods) })
	wait.Go(func() { _ = r.List(ctx, &sets) })
	wait.Go(func() { _ = r.List(ctx, &deployments) })
	wait.Wait()
	if podsErr != nil {
		return nil, fmt.Errorf("list pods in all namespaces: %w", podsErr)
	}
	found := []string{}
	add := func(pod *corev1.Pod, also map[string]string) {
		if (o.picks(pod.Labels) || o.picks(also)) && runsKea(pod) && !slices.Contains(found, pod.Namespace) {
			found = append(found, pod.Namespace)
		}
	}
	for i := range pods.Items {
		add(&pods.Items[i], pods.Items[i].Labels)
	}
	for _, set := range sets.Items {
		add(templatePod(set.Namespace, set.Name, set.Spec.Template), set.Labels)
	}
	for _, d := range deployments.Items {
		add(templatePod(d.Namespace, d.Name, d.Spec.Template), d.Labels)
	}
	slices.Sort(found)
	return found, nil
}

func (o Options) picks(l map[string]string) bool {
	return o.Selector == nil || o.Selector.Matches(labels.Set(l))
}

// read is one source and how it is read.
type read struct {
	source string
	do     func() error
}

// sideBySide reads sources at the same time and notes those that fail.
func (in *Inventory) sideBySide(reads ...read) {
	failed := make([]error, len(reads))
	var wait sync.WaitGroup
	for i, r := range reads {
		wait.Go(func() { failed[i] = r.do() })
	}
	wait.Wait()
	for i, err := range failed {
		if err != nil {
			in.Unread = append(in.Unread, problem.Unread{Source: reads[i].source, Error: err.Error(), Err: err})
		}
	}
}

func (in *Inventory) listClusters(ctx context.Context, r client.Reader) error {
	clusters, err := cnpg.ListClusters(ctx, r, in.Namespace)
	if kube.IsNotInstalled(err) {
		return nil // a Kubernetes without CNPG is no fault: memfile needs none
	}
	in.Clusters = clusters
	if in.Clusters == nil {
		in.Clusters = []cnpgv1.Cluster{}
	}
	return err
}

// runsKea reports whether a pod has a container that runs a Kea DHCP daemon.
func runsKea(pod *corev1.Pod) bool {
	for _, c := range pod.Spec.Containers {
		for _, p := range programs(c, pod) {
			if _, dhcp := p.service(); dhcp {
				return true
			}
		}
	}
	return false
}

// wantedPod is a pod that runs Kea, or that a workload wants and does not have.
type wantedPod struct {
	*corev1.Pod
	exists bool
	// assumed: a set that is scaled to nothing does not tell how many servers it had. This one counts only when a
	// configuration names it.
	assumed bool
}

// wanted are the pods that run Kea, and those that a StatefulSet or Deployment should have: a server that is scaled
// away or cannot be scheduled is still a server of this deployment.
func (in *Inventory) wanted(o Options, sets []appsv1.StatefulSet, deployments []appsv1.Deployment) []wantedPod {
	found := []wantedPod{}
	have := map[string]bool{}
	for i := range in.Pods {
		pod := &in.Pods[i]
		if !o.picks(pod.Labels) || !runsKea(pod) || over(pod) {
			continue
		}
		found = append(found, wantedPod{Pod: pod, exists: true})
		have[pod.Name] = true
	}
	for i := range sets {
		set := &sets[i]
		if !o.picks(set.Labels) && !o.picks(set.Spec.Template.Labels) {
			continue
		}
		start, wanted := 0, replicas(set.Spec.Replicas)
		if set.Spec.Ordinals != nil {
			start = int(set.Spec.Ordinals.Start)
		}
		for i := range max(wanted, haPair) {
			name := fmt.Sprintf("%s-%d", set.Name, start+i)
			if i >= wanted && wanted > 0 {
				break
			}
			if pod := templatePod(set.Namespace, name, set.Spec.Template); !have[name] && runsKea(pod) {
				found = append(found, wantedPod{Pod: pod, assumed: wanted == 0 && i > 0})
			}
		}
	}
	for i := range deployments {
		d := &deployments[i]
		if !o.picks(d.Labels) && !o.picks(d.Spec.Template.Labels) {
			continue
		}
		// A Deployment's pods have names of their own: one stand-in says that there is none at all.
		selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		has := err != nil || slices.ContainsFunc(found, func(p wantedPod) bool { return p.exists && selector.Matches(labels.Set(p.Labels)) })
		if pod := templatePod(d.Namespace, d.Name, d.Spec.Template); !has && runsKea(pod) {
			found = append(found, wantedPod{Pod: pod})
		}
	}
	return found
}

// over reports whether a pod has ended for good, and others take its place: an evicted pod of a Deployment stays as an
// object, while a StatefulSet makes its pods anew under the same name.
func over(pod *corev1.Pod) bool {
	replaced := slices.ContainsFunc(pod.OwnerReferences, func(o metav1.OwnerReference) bool { return o.Kind == "ReplicaSet" })
	return pod.Status.Phase == corev1.PodSucceeded || (pod.Status.Phase == corev1.PodFailed && replaced)
}

// haPair is how many servers a StatefulSet with no replicas may once have had: a pair, which is what HA needs.
const haPair = 2

func replicas(n *int32) int {
	if n == nil {
		return 1
	}
	return int(*n)
}

// dropUnnamed takes away assumed servers that no configuration names as a peer.
func (in *Inventory) dropUnnamed(pods []wantedPod) {
	named := map[string]bool{}
	for _, s := range in.Servers {
		if s.File == nil {
			named[s.Pod] = true // nobody knows; it may be one
			continue
		}
		for _, relationship := range s.File.HA {
			for _, peer := range relationship.Peers {
				named[peer.Name] = true
			}
		}
	}
	in.Servers = slices.DeleteFunc(in.Servers, func(s Server) bool {
		return !named[s.Pod] && slices.ContainsFunc(pods, func(p wantedPod) bool { return p.assumed && p.Name == s.Pod })
	})
}

func templatePod(namespace, name string, template corev1.PodTemplateSpec) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: template.Spec}
	pod.Namespace, pod.Name = namespace, name
	return pod
}

// readMounted reads the Secrets and ConfigMaps that Kea's pods mount.
func (in *Inventory) readMounted(ctx context.Context, r client.Reader, pods []wantedPod) {
	objects := []object{}
	for _, pod := range pods {
		for _, o := range mounted(pod.Pod) {
			if !slices.Contains(objects, o) {
				objects = append(objects, o)
			}
		}
	}
	var mu sync.Mutex
	reads := []read{}
	for _, o := range objects {
		key := client.ObjectKey{Namespace: in.Namespace, Name: o.name}
		reads = append(reads, read{o.kind + " " + o.name, func() error {
			if o.kind == "secret" {
				secret := &corev1.Secret{}
				err := r.Get(ctx, key, secret)
				if err == nil {
					mu.Lock()
					in.secrets[o.name] = secret
					mu.Unlock()
				}
				return err
			}
			config := &corev1.ConfigMap{}
			err := r.Get(ctx, key, config)
			if err == nil {
				mu.Lock()
				in.configs[o.name] = config
				mu.Unlock()
			}
			return err
		}})
	}
	in.sideBySide(reads...)
}

// content is a file's content; ok is false when its object could not be read or lacks the key.
func (in *Inventory) content(f file) (data []byte, ok bool) {
	if f.kind == "secret" {
		if secret := in.secrets[f.name]; secret != nil {
			data, ok = secret.Data[f.key]
		}
		return data, ok
	}
	if config := in.configs[f.name]; config != nil {
		if text, found := config.Data[f.key]; found {
			return []byte(text), true
		}
		data, ok = config.BinaryData[f.key]
	}
	return data, ok
}

// Secret is a Secret that was read on the way, or nil.
func (in *Inventory) Secret(name string) *corev1.Secret { return in.secrets[name] }
