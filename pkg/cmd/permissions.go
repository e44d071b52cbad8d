package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// The annotations of commands: the permissions they need, and that they only
// group others.
const (
	permissions = "permissions"
	grouping    = "grouping"
)

// rule is a permission that a command needs, as a Role grants it, and what for.
type rule struct {
	verbs, resources, group, purpose string
}

// needs states the permissions of a command, for its help and its page.
func needs(c *cobra.Command, rules ...rule) {
	t := printer.Table{Columns: []printer.Column{{Header: "verbs"}, {Header: "resources"}, {Header: "api group"}, {Header: "for"}}}
	for _, r := range rules {
		t.Add(printer.Text(r.verbs), printer.Text(r.resources), printer.Or(r.group, "core"), printer.Text(r.purpose))
	}
	var p printer.Page
	p.Table(t)
	annotate(c, permissions, strings.Join(p.Lines(printer.Canvas{}), "\n"))
}

func annotate(c *cobra.Command, key, value string) {
	if c.Annotations == nil {
		c.Annotations = map[string]string{}
	}
	c.Annotations[key] = value
}

// Permissions is the table of the permissions that a command needs, or empty.
func Permissions(c *cobra.Command) string { return c.Annotations[permissions] }

// OnlyGroups reports whether a command does nothing but group others.
func OnlyGroups(c *cobra.Command) bool { return c.Annotations[grouping] != "" }
