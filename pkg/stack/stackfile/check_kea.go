package stackfile

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func (c *checker) kea() {
	const at = "spec.kea"
	k := &c.stack.Spec.Kea
	c.version(at+".version", k.Version)
	for name, image := range map[string]string{"all": k.Images.All, "dhcp4": k.Images.DHCP4, "dhcp6": k.Images.DHCP6, "ctrlAgent": k.Images.CtrlAgent, "admin": k.Images.Admin} {
		if p := at + ".images." + name; c.given(p) && image != "" {
			c.image(p, image)
		}
	}
	c.oneOf(at+".imagePullPolicy", string(k.ImagePullPolicy), string(corev1.PullIfNotPresent), string(corev1.PullAlways), string(corev1.PullNever))
	for i, s := range k.PullSecrets {
		c.objectName(element(at+".imagePullSecrets", i), s)
	}
	c.folder(at+".paths.hooks", k.Paths.Hooks)
	c.folder(at+".paths.scripts", k.Paths.Scripts)
	c.folder(at+".paths.run", k.Paths.Run)
	c.folder(at+".paths.data", k.Paths.Data)
	c.oneOf(at+".logSeverity", k.LogSeverity, "DEBUG", "INFO", "WARN", "ERROR")
	c.labels(at+".nodeSelector", k.NodeSelector, false)
	c.labels(at+".podAnnotations", k.PodAnnotations, true)
	c.oneOf(at+".antiAffinity", k.AntiAffinity, "preferred", "required")
	if k.PriorityClass != "" {
		c.objectName(at+".priorityClassName", k.PriorityClass)
	}
	for i, t := range k.Tolerations {
		c.toleration(element(at+".tolerations", i), t)
	}
	c.resources(at+".agentResources", k.AgentResources)
	c.daemon(at+".dhcp4", &k.DHCP4, ipv4)
	c.daemon(at+".dhcp6", &k.DHCP6, ipv6)
	if !c.stack.Has4() && !c.stack.Has6() {
		c.add(at+".dhcp4.enabled", "is false and so is dhcp6's: enable one, else there is nothing to install")
	}
}

func (c *checker) version(at, version string) {
	for _, known := range []string{"2.6", "3.0"} {
		if version == known {
			return
		}
		if strings.HasPrefix(version, known+".") {
			c.add(at, "is %s; the generation is enough here, %s: the images' tags say which release runs", quoted(version), known)
			return
		}
	}
	c.add(at, "is %s; expected 2.6 or 3.0", quoted(version))
}

func (c *checker) toleration(at string, t corev1.Toleration) {
	if t.Operator != "" {
		c.oneOf(at+".operator", string(t.Operator), string(corev1.TolerationOpEqual), string(corev1.TolerationOpExists))
	}
	if t.Effect != "" {
		c.oneOf(at+".effect", string(t.Effect), string(corev1.TaintEffectNoSchedule), string(corev1.TaintEffectPreferNoSchedule), string(corev1.TaintEffectNoExecute))
	}
	switch {
	case t.Key == "" && t.Operator != corev1.TolerationOpExists:
		c.add(at, "has no key: state one, or operator: Exists for all taints")
	case t.Operator == corev1.TolerationOpExists && t.Value != "":
		c.add(at+".value", "has no meaning with operator: Exists; take it out")
	}
}

// resources checks what Kubernetes would refuse only when the pods are made, after everything else was applied.
func (c *checker) resources(at string, r corev1.ResourceRequirements) {
	for name, limit := range r.Limits {
		if request, ok := r.Requests[name]; ok && request.Cmp(limit) > 0 {
			c.add(member(at+".requests", string(name)), "is %s, above its limit of %s", request.String(), limit.String())
		}
	}
	for list, all := range map[string]corev1.ResourceList{"limits": r.Limits, "requests": r.Requests} {
		for name, q := range all {
			if q.Sign() < 0 {
				c.add(member(at+"."+list, string(name)), "is %s; expected 0 or more", q.String())
			}
		}
	}
}

func (c *checker) daemon(at string, d *v1alpha1.Daemon, f family) {
	whole := c.wholeSeconds(at+".leaseTime", d.LeaseTime)
	whole = c.wholeSeconds(at+".maxLeaseTime", d.MaxLeaseTime) && whole
	if whole && d.MaxLeaseTime.Duration < d.LeaseTime.Duration {
		c.add(at+".maxLeaseTime", "is %s, shorter than the lease time of %s", short(d.MaxLeaseTime.Duration), short(d.LeaseTime.Duration))
	}
	switch preferred := d.PreferredLifetime.Duration; {
	case f == ipv4 && preferred != 0:
		c.add(at+".preferredLifetime", "is DHCPv6's alone: take it out, or move it to spec.kea.dhcp6")
	case f == ipv6 && c.wholeSeconds(at+".preferredLifetime", d.PreferredLifetime) && preferred > d.LeaseTime.Duration:
		c.add(at+".preferredLifetime", "is %s, longer than the lease time of %s", short(preferred), short(d.LeaseTime.Duration))
	}
	c.allocator(at+".allocator", d.Allocator)
	c.options(at+".options", d.Options, f, nil)
	for i, h := range d.Hooks {
		c.hook(element(at+".hooks", i), h)
	}
	c.resources(at+".resources", d.Resources)
	c.ownConfig(at+".config", d.Config, daemonMembers(f))
}

// allocator refuses a queue of free leases that misses half of what happens to them.
func (c *checker) allocator(at, allocator string) {
	if c.oneOf(at, allocator, "iterative", "random", "flq") && allocator == "flq" && c.stack.UsesPostgreSQL() && len(c.stack.Servers()) > 1 {
		c.add(at, `is "flq", which keeps its queue in each server's memory and does not see what the other takes from the shared database: take iterative or random`)
	}
}

// hook refuses libraries that install loads itself: Kea does not load one twice.
func (c *checker) hook(at string, h v1alpha1.Hook) {
	switch path.Base(h.Library) {
	case ".", "/":
		c.add(at, "has no library: name the file, as in libdhcp_flex_option.so")
	case "libdhcp_ha.so", "libdhcp_lease_cmds.so", "libdhcp_stat_cmds.so", "libdhcp_pgsql.so":
		c.add(at+".library", "is %s, which install loads itself: take it out", quoted(h.Library))
	}
	c.noSecrets(at+".parameters", h.Parameters)
}
