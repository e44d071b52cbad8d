package stack

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// refusals are the reasons why a stack cannot be applied over what the cluster has: names of somebody else's objects, and
// changes that would lose leases or that Kubernetes, CNPG or Kea cannot make.
func refusals(s *v1alpha1.Stack, items []*item) []problem.Problem {
	found := []problem.Problem{}
	add := func(code, subject, text, next string) {
		found = append(found, problem.NewCritical(code, subject, text, next))
	}
	for _, i := range items {
		if i.live == nil {
			continue
		}
		if !i.ours(s.Metadata.Name) {
			if !i.isSecret() { // a Secret that somebody prepared is welcome
				i.taken = true
				add("name-taken", i.String(), "an object of this name exists and is not of this deployment",
					fmt.Sprintf("kubectl -n %s get %s %s --show-labels", i.want.GetNamespace(), i.resource(), i.want.GetName()))
			}
			continue
		}
		before := len(found)
		switch i.want.GetKind() {
		case "Cluster":
			refuseCluster(i, add)
		case "StatefulSet":
			refuseVolumes(i, add)
		case "ConfigMap":
			if i.want.GetName() == s.ConfigMap() {
				refuseConfiguration(s, i, add)
			}
		}
		i.refused = len(found) > before
	}
	return found
}

type adder func(code, subject, text, next string)

// refuseCluster: a database is created with its name and owner, and volumes only grow.
func refuseCluster(i *item, add adder) {
	for _, f := range []struct{ field, what string }{{"database", "name"}, {"owner", "owner"}} {
		now, _, _ := unstructured.NestedString(i.live.Object, "spec", "bootstrap", "initdb", f.field)
		if now == "" { // it was restored
			now, _, _ = unstructured.NestedString(i.live.Object, "spec", "bootstrap", "recovery", f.field)
		}
		want, _, _ := unstructured.NestedString(i.want.Object, "spec", "bootstrap", "initdb", f.field)
		if now != "" && now != want {
			add("cannot-change", i.String(), fmt.Sprintf("the database's %s is %s and cannot become %s: it was created with it", f.what, now, want),
				"set spec.database."+f.what+" back to "+now)
		}
	}
	for _, volume := range []string{"storage", "walStorage"} {
		now, want := size(i.live.Object, "spec", volume, "size"), size(i.want.Object, "spec", volume, "size")
		if now != nil && want != nil && want.Cmp(*now) < 0 {
			add("cannot-change", i.String(), fmt.Sprintf("%s is %s and cannot shrink to %s: volumes only grow", volume, now, want),
				"set spec.database.cluster."+volume+".size to "+now.String()+" or more")
		}
		if now != nil && want == nil {
			add("cannot-change", i.String(), volume+" cannot be taken away from a cluster that has it", "set spec.database.cluster."+volume+".size to "+now.String())
		}
	}
}

func size(fields map[string]any, path ...string) *resource.Quantity {
	text, _, _ := unstructured.NestedString(fields, path...)
	quantity, err := resource.ParseQuantity(text)
	if err != nil {
		return nil
	}
	return &quantity
}

// refuseVolumes: Kubernetes does not change the volume claims of a StatefulSet.
func refuseVolumes(i *item, add adder) {
	sizes := func(o *unstructured.Unstructured) []string {
		claims, _, _ := unstructured.NestedSlice(o.Object, "spec", "volumeClaimTemplates")
		found := []string{}
		for _, c := range claims {
			if claim, ok := c.(map[string]any); ok {
				name, _, _ := unstructured.NestedString(claim, "metadata", "name")
				request, _, _ := unstructured.NestedString(claim, "spec", "resources", "requests", "storage")
				found = append(found, name+" of "+request)
			}
		}
		return found
	}
	if now, want := sizes(i.live), sizes(i.want); !slices.Equal(now, want) {
		add("cannot-change", i.String(), fmt.Sprintf("the servers' volumes are [%s] and cannot become [%s]: Kubernetes does not change a StatefulSet's volume claims",
			strings.Join(now, ", "), strings.Join(want, ", ")), "set spec.database.memfile.storage back")
	}
}

// refuseConfiguration compares Kea's configurations: what servers that run cannot be led to from one to the other.
func refuseConfiguration(s *v1alpha1.Stack, i *item, add adder) {
	subject := "deployment " + s.Metadata.Name
	_, agentNow, _ := unstructured.NestedString(i.live.Object, "data", s.AgentKey())
	if agentNow != s.HasAgent() {
		now, want := "3.0", s.Spec.Kea.Version
		if agentNow {
			now = "2.6"
		}
		add("cannot-change", subject, fmt.Sprintf("it runs Kea %s; another generation, %s, needs another database schema and another control endpoint, and install does not upgrade", now, want),
			fmt.Sprintf("set spec.kea.version back to %q", now))
	}
	services := map[kea.Service]bool{kea.DHCP4: s.Has4(), kea.DHCP6: s.Has6()}
	said := map[string]bool{}
	once := func(text, next string) {
		if !said[text] {
			said[text] = true
			add("cannot-change", subject, text, next)
		}
	}
	for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
		key := s.ConfigKey(0, string(service))
		now, ok := configuration(i.live, key)
		want, both := configuration(i.want, key)
		if !ok || !both || !services[service] {
			continue
		}
		if a, b := mode(now), mode(want); a != b {
			once(fmt.Sprintf("it runs with high availability %s and cannot become %s while it serves: the two modes divide clients and leases differently", a, b),
				"uninstall the servers first (the database stays), then install with the new mode")
		}
		if a, b := now.LeaseDatabase.Type, want.LeaseDatabase.Type; a != b {
			once(fmt.Sprintf("its leases are in %s; with %s it would start without them and hand out addresses in use", a, b),
				"set spec.database.type back to "+a)
		}
		refuseSubnets(now, want, once)
		if gone := removedSubnets(now, want); len(gone) > 0 && len(gone) == len(now.Subnets) {
			once(fmt.Sprintf("the file has none of the subnets that are served (%s): is it the right file?", strings.Join(gone, ", ")),
				"uninstall the servers first, when they shall serve others; the database stays")
		}
	}
}

// removedSubnets are those of a configuration that another has no more.
func removedSubnets(now, want kea.Config) []string {
	gone := []string{}
	for _, a := range now.Subnets {
		if !slices.ContainsFunc(want.Subnets, func(b kea.Subnet) bool { return a.ID == b.ID || a.CIDR == b.CIDR }) {
			gone = append(gone, a.CIDR.String())
		}
	}
	return gone
}

// losses are subnets that would be served no more, which is allowed, and worth a word.
func losses(s *v1alpha1.Stack, items []*item) []problem.Problem {
	found := []problem.Problem{}
	for _, i := range items {
		if i.live == nil || i.refused || i.want.GetKind() != "ConfigMap" || i.want.GetName() != s.ConfigMap() {
			continue
		}
		for _, service := range []kea.Service{kea.DHCP4, kea.DHCP6} {
			now, ok := configuration(i.live, s.ConfigKey(0, string(service)))
			want, _ := configuration(i.want, s.ConfigKey(0, string(service)))
			if gone := removedSubnets(now, want); ok && len(gone) > 0 {
				found = append(found, problem.Problem{
					Severity: problem.Warning, Code: "subnet-removed", Subject: string(service) + " " + strings.Join(gone, ", "),
					Text: "it is served now, and not in the file any more: its clients will lose their leases when these end",
				})
			}
		}
	}
	return found
}

// refuseSubnets: leases know their subnet by its id.
func refuseSubnets(now, want kea.Config, add func(text, next string)) {
	for _, a := range now.Subnets {
		for _, b := range want.Subnets {
			if a.CIDR == b.CIDR && a.ID != b.ID {
				add(fmt.Sprintf("subnet %s has the id %d and cannot get %d: its leases know it by its id", a.CIDR, a.ID, b.ID),
					fmt.Sprintf("set id: %d on the subnet %s", a.ID, a.CIDR))
			}
			if a.ID == b.ID && a.CIDR != b.CIDR && !a.CIDR.Overlaps(b.CIDR) {
				add(fmt.Sprintf("id %d is of subnet %s and cannot go to %s: the leases of the one would count as the other's", a.ID, a.CIDR, b.CIDR),
					fmt.Sprintf("give the subnet %s an id that was never used", b.CIDR))
			}
		}
	}
}

func configuration(o *unstructured.Unstructured, key string) (kea.Config, bool) {
	text, ok, _ := unstructured.NestedString(o.Object, "data", key)
	if !ok {
		return kea.Config{}, false
	}
	config, err := kea.ParseConfig([]byte(text))
	return config, err == nil
}

func mode(c kea.Config) string {
	if len(c.HA) == 0 {
		return v1alpha1.NoHA
	}
	return string(c.HA[0].Mode)
}
