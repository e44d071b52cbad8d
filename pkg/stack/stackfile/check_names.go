package stackfile

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// How long names may be so that what is derived from them still fits.
const (
	// A CronJob's name has 52 letters at most, and ours ends in "-maintenance".
	maxName = 40
	// CNPG refuses longer ones: its pods, services and secrets append to it.
	maxClusterName = 50
	maxLabel       = 63
)

func (c *checker) names() {
	m := c.stack.Metadata
	c.serviceName("metadata.name", m.Name, maxName)
	if m.Namespace != "" {
		if len(validation.IsDNS1123Label(m.Namespace)) > 0 {
			c.add("metadata.namespace", "is %s; a namespace's name has lower case letters, digits and dashes, 63 at most", quoted(m.Namespace))
		}
	}
}

// serviceName checks a name that Services and pods bear.
func (c *checker) serviceName(path, name string, most int) {
	switch {
	case !regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`).MatchString(name):
		c.add(path, "is %s; expected lower case letters, digits and dashes, beginning with a letter and not ending with a dash", quoted(name))
	case len(name) > most:
		c.add(path, "has %d letters; %d at most, so that the names made from it fit", len(name), most)
	}
}

// objectName checks the name of a Secret or another object without special rules.
func (c *checker) objectName(path, name string) {
	if len(validation.IsDNS1123Subdomain(name)) > 0 {
		c.add(path, "is %s; expected lower case letters, digits, dashes and dots", quoted(name))
	}
}

// identifier checks a name inside PostgreSQL. Those that need no quotation marks are enough.
func (c *checker) identifier(path, name string, taken ...string) {
	switch {
	case !regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`).MatchString(name):
		c.add(path, "is %s; expected lower case letters, digits and underscores, 63 at most, not beginning with a digit", quoted(name))
	case strings.HasPrefix(name, "pg_"):
		c.add(path, "is %s; names that begin with pg_ are PostgreSQL's own", quoted(name))
	default:
		for _, t := range taken {
			if name == t {
				c.add(path, "is %s, which PostgreSQL or its operator uses itself: take another", quoted(name))
			}
		}
	}
}

// distinct finds names that must differ and do not. The pairs are path and name.
func (c *checker) distinct(what string, pairs ...[2]string) {
	seen := make(map[string]string)
	for _, p := range pairs {
		path, name := p[0], p[1]
		if other, ok := seen[name]; ok {
			if !c.given(path) {
				path, other = other, path // the default is not to blame
			}
			c.add(path, "is %s, as is %s: %s must differ", quoted(name), other, what)
			continue
		}
		seen[name] = path
	}
}

// labels checks keys and, unless they are annotations, values.
func (c *checker) labels(path string, all map[string]string, annotations bool) {
	for key, value := range all {
		at := member(path, key)
		if len(validation.IsQualifiedName(strings.ToLower(key))) > 0 {
			c.add(at, "is no valid key; expected NAME or DOMAIN/NAME of letters, digits, dashes, underscores and dots")
		} else if !annotations && len(validation.IsValidLabelValue(value)) > 0 {
			c.add(at, "is %s; a label's value has letters, digits, dashes, underscores and dots, 63 at most", quoted(value))
		}
	}
}

// hostName checks a host's or a domain's name.
func (c *checker) hostName(path, name string) {
	bare := strings.ToLower(strings.TrimSuffix(name, "."))
	if bare == "" || len(validation.IsDNS1123Subdomain(bare)) > 0 {
		c.add(path, "is %s; expected letters, digits and dashes, with dots between the parts", quoted(name))
	}
}

// image checks what a container runtime is asked for.
func (c *checker) image(path, image string) {
	if !regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$`).MatchString(image) {
		c.add(path, "is %s; expected an image, as in registry.example.org/kea:3.0.1", quoted(image))
	}
}

// folder checks a path inside an image.
func (c *checker) folder(path, folder string) {
	if !regexp.MustCompile(`^(/[A-Za-z0-9._+-]+)+$`).MatchString(folder) || strings.Contains(folder, "/..") {
		c.add(path, "is %s; expected the full path of a folder, as in /var/lib/kea", quoted(folder))
	}
}
