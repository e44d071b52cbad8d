package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Change is what the files of servers are to say.
type Change struct {
	// Edits are made in the file of every server that is meant.
	Edits []kea.Edit
	// Texts are whole files by the names of their servers.
	Texts map[string]kea.Secret
}

// none: the files stay as they are.
func (c Change) none() bool { return len(c.Edits) == 0 && len(c.Texts) == 0 }

// after is a server's file after the change.
func (c Change) after(server string, before kea.Secret) (kea.Secret, error) {
	if text, ok := c.Texts[server]; ok {
		return text, nil
	}
	edited, err := kea.EditConfig([]byte(before.Reveal()), c.Edits)
	return kea.NewSecret(string(edited)), err
}

// Difference is what a change means for one server. Secrets are compared and not shown.
type Difference struct {
	Server string `json:"server"` // "kea-dhcp-0/dhcp4"
	Object string `json:"object,omitempty"`
	// File is between the file as it is (A) and as it would be (B).
	File []kea.Difference `json:"file"`
	// Running is between what the server runs (A) and the file as it would be (B). What that does not say does not count: nobody
	// can tell it from Kea's defaults.
	Running []kea.Difference `json:"running"`
	// WhyFile and WhyRunning say why there is nothing to compare with; "" when there is.
	WhyFile    string `json:"whyFile,omitempty"`
	WhyRunning string `json:"whyRunning,omitempty"`
}

// Report is what a change means for all servers that are meant.
type Report struct {
	Namespace string       `json:"namespace"`
	Servers   []Difference `json:"servers"`
	// Asked: there is a change; otherwise the files are compared as they are.
	Asked bool `json:"asked"`
	// Found is how many differences there are in all.
	Found int `json:"found"`
	// Complete: everything was compared that could differ.
	Complete bool `json:"complete"`
}

// Compare is what a change means for the servers that were observed, and for those that have a text and are not there. It is
// pure.
func Compare(in *inventory.Inventory, observations []ha.Observation, c Change) Report {
	r := Report{Namespace: in.Namespace, Servers: []Difference{}, Asked: !c.none()}
	for _, o := range observations {
		file, err := in.ConfigFile(o.Server)
		r.Servers = append(r.Servers, compare(file, err, o, c))
	}
	for _, server := range slices.Sorted(maps.Keys(c.Texts)) {
		if !slices.ContainsFunc(r.Servers, func(d Difference) bool { return d.Server == server }) {
			r.Servers = append(r.Servers, incomparable(server, errAbsent))
		}
	}
	r.Complete = true
	for _, d := range r.Servers {
		r.Found += len(d.File) + len(d.Running)
		r.Complete = r.Complete && d.WhyFile == "" && d.WhyRunning == ""
	}
	return r
}

var (
	errEmpty  = errors.New("it is empty")
	errAbsent = errors.New("there is no such server yet")
)

// incomparable is a server of which nothing can be compared.
func incomparable(server string, err error) Difference {
	return Difference{Server: server, File: []kea.Difference{}, Running: []kea.Difference{}, WhyFile: err.Error(), WhyRunning: err.Error()}
}

// compare is about one server.
func compare(file inventory.ConfigFile, fileErr error, o ha.Observation, c Change) Difference {
	if fileErr != nil {
		return incomparable(o.Server.Name(), fileErr)
	}
	text, err := c.after(o.Server.Name(), file.Text)
	if err == nil && text.IsZero() {
		err = errEmpty
	}
	var after kea.Config
	if err == nil {
		after, err = kea.ParseConfig([]byte(text.Reveal()))
	}
	if err != nil {
		d := incomparable(o.Server.Name(), fmt.Errorf("the file as it would be: %w", err))
		d.Object = ObjectText(file)
		return d
	}
	d := Difference{Server: o.Server.Name(), Object: ObjectText(file), File: []kea.Difference{}, Running: []kea.Difference{}}
	if before, err := kea.ParseConfig([]byte(file.Text.Reveal())); err != nil {
		d.WhyFile = "the file as it is: " + err.Error()
	} else {
		d.File = append(d.File, kea.Changes(before, after)...)
	}
	switch {
	case o.Config != nil:
		for _, x := range kea.DiffFile(after, *o.Config) {
			d.Running = append(d.Running, kea.Difference{Path: x.Path, A: x.B, B: x.A})
		}
	case o.Failure != nil:
		d.WhyRunning = "it was not reached: " + o.Failure.Error()
	default:
		d.WhyRunning = "it did not tell what it runs"
	}
	return d
}
