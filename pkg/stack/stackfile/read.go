package stackfile

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// How much a file may unfold to: a few aliases of aliases can mean more than any memory holds. Kea's configuration has to
// fit a ConfigMap, one megabyte, long before.
const (
	maxNodes = 200_000
	maxDepth = 100
)

// reader fills Go values from YAML nodes by their json tags, strictly, and goes on after what is wrong.
type reader struct {
	*notes
	nodes int
	depth int
	open  []*yaml.Node // anchors that are being unfolded
}

func newReader() *reader {
	return &reader{notes: newNotes()}
}

func (r *reader) document(root *yaml.Node, s *v1alpha1.Stack) {
	r.stands("", 1)
	if root != nil {
		r.value("", root, reflect.ValueOf(s).Elem())
	}
}

// null reports whether a node states nothing, as in "key:".
func null(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// value reads a node. What states nothing leaves the value as it is; only where anything may stand, null is a value too.
func (r *reader) value(path string, n *yaml.Node, into reflect.Value) {
	n, done := r.unfold(path, n)
	defer done()
	if n == nil || null(n) && into.Kind() != reflect.Interface {
		return
	}
	r.stands(path, n.Line)
	if into.Kind() == reflect.Pointer {
		fresh := reflect.New(into.Type().Elem())
		r.value(path, n, fresh.Elem())
		if !r.wrong[path] {
			into.Set(fresh)
		}
		return
	}
	if decodesItself(into) {
		r.scalar(path, n, into)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		r.structure(path, n, into)
	case reflect.Slice:
		r.list(path, n, into)
	case reflect.Map:
		r.dictionary(path, n, into)
	case reflect.Interface:
		if v, ok := r.free(path, n); ok && v != nil {
			into.Set(reflect.ValueOf(v))
		}
	default:
		r.scalar(path, n, into)
	}
}

// decodesItself reports whether the type knows its own text, as durations and quantities do.
func decodesItself(v reflect.Value) bool {
	_, asJSON := v.Addr().Interface().(json.Unmarshaler)
	_, asText := v.Addr().Interface().(encoding.TextUnmarshaler)
	return asJSON || asText
}

// unfold follows an alias to what it stands for; done closes it again. It gives nil after a finding.
func (r *reader) unfold(path string, n *yaml.Node) (*yaml.Node, func()) {
	open := len(r.open)
	r.depth++
	done := func() {
		r.depth--
		r.open = r.open[:open]
	}
	if r.nodes++; r.nodes > maxNodes {
		r.add("", "the file unfolds to more than %d values: use fewer aliases", maxNodes)
		return nil, done
	}
	if r.depth > maxDepth {
		r.addAt(path, n.Line, "lies more than %d levels deep", maxDepth)
		return nil, done
	}
	for n.Kind == yaml.AliasNode {
		if slices.Contains(r.open, n.Alias) {
			r.addAt(path, n.Line, "*%s contains itself", n.Value)
			return nil, done
		}
		r.open = append(r.open, n.Alias)
		n = n.Alias
	}
	if n.Anchor != "" && !slices.Contains(r.open, n) {
		r.open = append(r.open, n)
	}
	return n, done
}

// entry is a key with its value.
type entry struct {
	key   string
	line  int
	value *yaml.Node
}

// entries are the keys of a mapping in the file's order. What merges bring ("<<: *anchor") comes last, less what is
// stated.
func (r *reader) entries(path string, n *yaml.Node) []entry {
	var own, merged []entry
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		for key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			r.addAt(path, key.Line, "a key must be text")
		case key.ShortTag() == "!!merge":
			merged = append(merged, r.merged(path, value)...)
		case seen[key.Value] > 0:
			r.addAt(member(path, key.Value), key.Line, "stated twice, first in line %d: keep one", seen[key.Value])
		default:
			seen[key.Value] = key.Line
			own = append(own, entry{key.Value, key.Line, value})
		}
	}
	for _, e := range merged {
		if seen[e.key] == 0 {
			seen[e.key] = e.line
			own = append(own, e)
		}
	}
	return own
}

// merged are the entries of the mapping, or the mappings, behind a merge key.
func (r *reader) merged(path string, n *yaml.Node) []entry {
	n, done := r.unfold(path, n)
	defer done()
	switch {
	case n == nil:
	case n.Kind == yaml.MappingNode:
		r.nodes += len(n.Content)
		return r.entries(path, n)
	case n.Kind == yaml.SequenceNode:
		var all []entry
		for _, c := range n.Content {
			all = append(all, r.merged(path, c)...)
		}
		return all
	default:
		r.addAt(path, n.Line, "only a mapping can be merged with <<")
	}
	return nil
}

// mapping reports whether the node is one; all that is expected to have fields begins with it.
func (r *reader) mapping(path string, n *yaml.Node) bool {
	if n.Kind != yaml.MappingNode {
		r.addAt(path, n.Line, "is %s; expected fields, as in \"name: value\"", shape(n))
		return false
	}
	return true
}

func (r *reader) structure(path string, n *yaml.Node, into reflect.Value) {
	if !r.mapping(path, n) {
		return
	}
	fields := fieldsOf(into.Type())
	var names []string
	for _, f := range fields {
		names = append(names, f.name)
	}
	for _, e := range r.entries(path, n) {
		i := slices.Index(names, e.key)
		if i < 0 {
			r.addAt(member(path, e.key), e.line, "unknown field; %s", known(e.key, names))
			continue
		}
		r.value(member(path, e.key), e.value, into.Field(fields[i].index))
	}
}

// known says which field was meant, or which there are.
func known(word string, names []string) string {
	if secret(word) {
		return "a stack file holds no passwords: install makes them and keeps them in Secrets"
	}
	if near := nearest(word, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "known here: " + strings.Join(names, ", ")
}

type field struct {
	name  string
	index int
}

func fieldsOf(t reflect.Type) []field {
	var all []field
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "" && name != "-" {
			all = append(all, field{name, i})
		}
	}
	return all
}

func (r *reader) list(path string, n *yaml.Node, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.addAt(path, n.Line, "is %s; expected a list, as in \"[a, b]\" or lines that begin with \"- \"", shape(n))
		return
	}
	if len(n.Content) == 0 {
		return // as if it were not there
	}
	all := reflect.MakeSlice(into.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		at := element(path, i)
		if null(c) {
			r.addAt(at, c.Line, "is empty: fill it in or take it out")
			continue
		}
		r.value(at, c, all.Index(i))
	}
	into.Set(all)
}

func (r *reader) dictionary(path string, n *yaml.Node, into reflect.Value) {
	if !r.mapping(path, n) {
		return
	}
	all := reflect.MakeMap(into.Type())
	for _, e := range r.entries(path, n) {
		v := reflect.New(into.Type().Elem()).Elem()
		at := member(path, e.key)
		r.value(at, e.value, v)
		if !r.wrong[at] {
			all.SetMapIndex(reflect.ValueOf(e.key).Convert(into.Type().Key()), v)
		}
	}
	if all.Len() > 0 {
		into.Set(all)
	}
}

// shape is what a node is, in words.
func shape(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return n.Value
	}
	return "the text " + quoted(n.Value)
}
