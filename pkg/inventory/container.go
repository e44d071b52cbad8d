package inventory

import (
	"path"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// program is a Kea program that a container runs.
type program struct {
	name   string // "kea-dhcp4", "kea-dhcp6", "kea-ctrl-agent", "kea-dhcp-ddns"
	config string // path of its configuration file inside the container
}

// service is the daemon's service; ok is false for the others.
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
	found := inLine(line)
	for i := range found {
		if found[i].config == "" {
			found[i].config = "/etc/kea/" + found[i].name + ".conf"
		}
	}
	if len(found) > 0 {
		return found
	}
	image := regexp.MustCompile(`(?:^|/)(kea-dhcp4|kea-dhcp6|kea-ctrl-agent|kea-dhcp-ddns)(?:[:@]|$)`).FindStringSubmatch(c.Image)
	if image != nil && (len(c.Command) == 0 || (strings.Contains(line, "-c") && !isShell(c.Command[0]))) {
		return []program{{name: image[1], config: configPath(line, image[1])}}
	}
	return nil
}

// inLine reads the programs in a command line, which may be a shell's: "exec /usr/sbin/kea-dhcp4 -c FILE & kea-dhcp6".
// The config stays empty where no -c gives one.
func inLine(line string) []program {
	found := []program{}
	open := false // the words belong to the last program found
	words := regexp.MustCompile(`[;&|]+|(?:\$\(\w+\)|[^\s;&|"'()])+`).FindAllString(line, -1)
	for i := 0; i < len(words); i++ {
		word := words[i]
		switch name := path.Base(word); {
		case strings.ContainsAny(word, ";&|"):
			open = false
		case open && word == "-c" && found[len(found)-1].config == "" && i+1 < len(words):
			i++
			found[len(found)-1].config = words[i]
		case open && len(word) > 2 && strings.HasPrefix(word, "-c") && found[len(found)-1].config == "":
			found[len(found)-1].config = word[2:]
		case name == "kea-dhcp4", name == "kea-dhcp6", name == "kea-ctrl-agent", name == "kea-dhcp-ddns":
			found, open = append(found, program{name: name}), true
		}
	}
	return found
}

func isShell(command string) bool {
	switch path.Base(command) {
	case "sh", "bash", "ash", "dash":
		return true
	}
	return false
}

// configPath reads -c from the arguments of a program; without it Kea takes the file of its installation.
func configPath(line, name string) string {
	if found := inLine(name + " " + line); found[0].config != "" {
		return found[0].config
	}
	return "/etc/kea/" + name + ".conf"
}

// expand replaces $(NAME) as the kubelet does, and $NAME and ${NAME} as a shell would, for the variables whose value the
// pod's own object tells.
func expand(text string, c corev1.Container, pod *corev1.Pod) string {
	known := map[string]string{"HOSTNAME": pod.Name}
	replace := func(text string) string {
		return regexp.MustCompile(`\$(?:\((\w+)\)|\{(\w+)\}|(\w+))`).ReplaceAllStringFunc(text, func(reference string) string {
			if value, ok := known[strings.Trim(reference, "$(){}")]; ok {
				return value
			}
			return reference
		})
	}
	for _, env := range c.Env {
		switch {
		case env.ValueFrom == nil:
			known[env.Name] = replace(env.Value)
		case env.ValueFrom.FieldRef == nil:
		case env.ValueFrom.FieldRef.FieldPath == "metadata.name":
			known[env.Name] = pod.Name
		case env.ValueFrom.FieldRef.FieldPath == "metadata.namespace":
			known[env.Name] = pod.Namespace
		case env.ValueFrom.FieldRef.FieldPath == "spec.nodeName":
			known[env.Name] = pod.Spec.NodeName
		}
	}
	return replace(text)
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
