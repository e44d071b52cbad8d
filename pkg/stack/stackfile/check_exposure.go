package stackfile

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func (c *checker) exposure() {
	const at = "spec.exposure"
	e := &c.stack.Spec.Exposure
	if !c.oneOf(at+".type", e.Type, v1alpha1.PerPodLoadBalancer, v1alpha1.HostNetwork, v1alpha1.Multus) {
		return
	}
	if len(e.Addresses) > 0 && !c.bad("spec.highAvailability.mode") {
		f := ipv6
		if c.stack.Has4() {
			f = ipv4 // it becomes DHCPv4's server identifier
		}
		c.perServer(at+".addresses", e.Addresses, f)
	}
	for i, name := range e.Interfaces {
		if !regexp.MustCompile(`^(\*|[A-Za-z0-9._-]{1,15}(/[0-9a-fA-F.:]+)?)$`).MatchString(name) {
			c.add(element(at+".interfaces", i), "is %s; expected an interface, as in eth0, or \"*\" for all", quoted(name))
		}
	}
	c.labels(at+".annotations", e.Annotations, true)
	if e.LoadBalancerClass != "" && len(validation.IsQualifiedName(e.LoadBalancerClass)) > 0 {
		c.add(at+".loadBalancerClass", "is %s; expected NAME or DOMAIN/NAME", quoted(e.LoadBalancerClass))
	}
	if e.Type != v1alpha1.PerPodLoadBalancer {
		if len(e.Annotations) > 0 {
			c.add(at+".annotations", "are those of load balancers, which type: %s has none of; take them out", e.Type)
		}
		if e.LoadBalancerClass != "" {
			c.add(at+".loadBalancerClass", "is for load balancers, which type: %s has none of; take it out", e.Type)
		}
	}
	c.networks(at+".networks", e)
	if e.Type == v1alpha1.HostNetwork && c.stack.Spec.Kea.AntiAffinity == "preferred" && len(c.stack.Servers()) > 1 {
		c.add("spec.kea.antiAffinity", "is preferred, but with exposure.type: hostNetwork two servers on one node would meet at its ports: write required, or take it out")
	}
}

func (c *checker) networks(at string, e *v1alpha1.Exposure) {
	switch {
	case e.Type != v1alpha1.Multus && len(e.Networks) > 0:
		c.add(at, "has a meaning with type: multus only; take it out, or change the type")
		return
	case e.Type == v1alpha1.Multus && len(e.Networks) == 0 && !c.bad(at):
		c.add("spec.exposure.type", "is multus, which needs networks: name at least one NetworkAttachmentDefinition there")
	}
	for i, n := range e.Networks {
		namespace, name, both := strings.Cut(n, "/")
		if !both {
			namespace, name = "default", n
		}
		if len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
			c.add(element(at, i), "is %s; expected NAME or NAMESPACE/NAME", quoted(n))
		}
	}
}
