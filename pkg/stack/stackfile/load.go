package stackfile

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// Load reads a stack file, YAML or JSON, fills in the defaults and returns all that is wrong with it, by line. The stack is
// fit for use when there are no findings. An empty file is the stack of all defaults.
func Load(data []byte) (*v1alpha1.Stack, []Finding) {
	s := new(v1alpha1.Stack)
	root, findings := parse(data)
	if len(findings) > 0 {
		return s, findings
	}
	r := newReader()
	r.document(root, s)
	c := &checker{notes: r.notes, stack: s}
	c.header()
	c.zeros()
	Default(s)
	c.all()
	return s, r.sorted()
}

// parse gives the one document of the file, nil when there is nothing in it.
func parse(data []byte) (*yaml.Node, []Finding) {
	docs, err := documents(data)
	if err != nil {
		return nil, []Finding{syntax(data, err)}
	}
	switch len(docs) {
	case 0:
		return nil, nil
	case 1:
		return docs[0], nil
	}
	return nil, []Finding{{Line: docs[1].Line, Text: "a second document begins here: a stack file holds one; put further stacks into files of their own"}}
}

// documents are those that hold something.
func documents(data []byte) ([]*yaml.Node, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var docs []*yaml.Node
	for {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, err
		}
		if len(doc.Content) > 0 && !null(doc.Content[0]) {
			docs = append(docs, doc.Content[0])
		}
	}
}
