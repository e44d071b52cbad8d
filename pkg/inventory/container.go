package inventory

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// program is a Kea program that a container runs.
type program struct {
	name   string // "kea-dhcp4", "kea-dhcp6", "kea-ctrl-agent"
	config string // path of its configuration file inside the container
}

// service is the daemon's service; ok is false for the control agent.
func (p program) service() (s kea.Service, ok bool) {
	switch p.name {
	case "kea-dhcp4":
		return kea.DHCP4, true
	case "kea-dhcp6":
		return kea.DHCP6, true
	}
	return "", false
}

// programs are the Kea programs that a container runs: by its command line, and where that names none, by its image.
func programs(c corev1.Container, pod *corev1.Pod) []program {
	line := expand(strings.Join(append(append([]string{}, c.Command...), c.Args...), " "), c, pod)
	// A program's name stands at a word's end: "exec /usr/sbin/kea-dhcp4 -c FILE", but not "kea-dhcp4-config".
	name := regexp.MustCompile(`(?:^|[\s/;&"'(])(kea-dhcp4|kea-dhcp6|kea-ctrl-agent)(?:$|[\s;&"')])`)
	found := []program{}
	matches := name.FindAllStringSubmatchIndex(line, -1)
	for i, m := range matches {
		end := len(line)
		if i+1 < len(matches) {
			end = matches[i+1][2]
		}
		p := program{name: line[m[2]:m[3]]}
		p.config = configPath(line[m[3]:end], p.name)
		found = append(found, p)
	}
	if len(found) > 0 {
		return found
	}
	image := regexp.MustCompile(`(?:^|/)(kea-dhcp4|kea-dhcp6|kea-ctrl-agent)(?:[:@]|$)`).FindStringSubmatch(c.Image)
	if image != nil && (len(c.Command) == 0 || strings.Contains(line, "-c")) {
		return []program{{name: image[1], config: configPath(line, image[1])}}
	}
	return nil
}

// configPath reads -c from a command line; without it Kea takes the file of its installation.
func configPath(line, name string) string {
	if m := regexp.MustCompile(`(?:^|\s)-c\s*["']?([^\s"';&)]+)`).FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return "/etc/kea/" + name + ".conf"
}

// expand replaces $(NAME) as the kubelet does, for the variables whose value the pod's own object tells.
func expand(text string, c corev1.Container, pod *corev1.Pod) string {
	for _, env := range c.Env {
		value, known := env.Value, env.ValueFrom == nil
		if env.ValueFrom != nil && env.ValueFrom.FieldRef != nil {
			switch env.ValueFrom.FieldRef.FieldPath {
			case "metadata.name":
				value, known = pod.Name, true
			case "metadata.namespace":
				value, known = pod.Namespace, true
			case "spec.nodeName":
				value, known = pod.Spec.NodeName, true
			}
		}
		if known {
			text = strings.ReplaceAll(text, "$("+env.Name+")", value)
		}
	}
	return text
}

// envValue is the value of a variable that the pod's object tells.
func envValue(c corev1.Container, pod *corev1.Pod, name string) string {
	for _, env := range c.Env {
		if env.Name == name && env.ValueFrom == nil {
			return expand(env.Value, c, pod)
		}
	}
	return ""
}
