package stackfile

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// quoted is a text of the file as findings show it: in quotes, and not at length.
func quoted(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "..."
	}
	return strconv.Quote(s)
}

// inQuotes reports whether the file says that a scalar is text, whatever it looks like.
func inQuotes(n *yaml.Node) bool {
	return n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
}

// scalar reads a single value. A text is what the file says, also where YAML would see a number or a truth: version 3.0
// stays "3.0", and a host may be called "no".
func (r *reader) scalar(path string, n *yaml.Node, into reflect.Value) {
	var err error
	switch {
	case n.Kind != yaml.ScalarNode:
		err = fmt.Errorf("is %s; expected %s", shape(n), expected(into.Type()))
	case decodesItself(into):
		err = itself(n, into)
	case into.Kind() == reflect.String:
		into.SetString(n.Value)
	case into.Kind() == reflect.Bool:
		var b bool
		b, err = truth(n)
		into.SetBool(b)
	default:
		var i int64
		i, err = integer(n, into.Type().Bits())
		if err == nil {
			into.SetInt(i)
		}
	}
	if err != nil {
		r.addAt(path, n.Line, "%v", err)
	}
}

func expected(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[metav1.Duration]():
		return "a duration, as in 30s, 10m or 24h"
	case reflect.TypeFor[resource.Quantity]():
		return "a quantity, as in 500m, 256Mi or 1Gi"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int32, reflect.Int64:
		return "a whole number"
	default:
		return "text"
	}
}

func truth(n *yaml.Node) (bool, error) {
	if !inQuotes(n) {
		switch n.Value {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
	}
	return false, fmt.Errorf("is %s; expected true or false", shape(n))
}

// integer reads decimal numbers alone: 010 would be eight to one reader and ten to another.
func integer(n *yaml.Node, bits int) (int64, error) {
	if inQuotes(n) || !regexp.MustCompile(`^[-+]?[0-9]+$`).MatchString(n.Value) {
		return 0, fmt.Errorf("is %s; expected a whole number", shape(n))
	}
	if octal(n.Value) {
		return 0, fmt.Errorf("is %s, which some read as octal: write it without leading zeros", n.Value)
	}
	i, err := strconv.ParseInt(n.Value, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("is %s, which is too large", n.Value)
	}
	return i, nil
}

// octal reports whether a number has leading zeros.
func octal(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 1 && s[0] == '0' && strings.Trim(s, "0123456789_") == ""
}

// itself reads what has a text of its own.
func itself(n *yaml.Node, into reflect.Value) error {
	text, err := json.Marshal(n.Value)
	if err == nil {
		err = json.Unmarshal(text, into.Addr().Interface())
	}
	if err == nil {
		return nil
	}
	into.SetZero()
	better := meant(n.Value, into.Type())
	if better != "" {
		better = ": write " + better
	}
	return fmt.Errorf("is %s; expected %s%s", shape(n), expected(into.Type()), better)
}

// meant is the right spelling of a duration or quantity, where it can be guessed.
func meant(text string, t reflect.Type) string {
	switch t {
	case reflect.TypeFor[metav1.Duration]():
		m := regexp.MustCompile(`^([0-9]{1,6})\s*(d|days?)?$`).FindStringSubmatch(text)
		if m == nil {
			return ""
		}
		if m[2] == "" {
			return m[1] + "s"
		}
		days, _ := strconv.Atoi(m[1]) // six digits
		return fmt.Sprintf("%dh", 24*days)
	case reflect.TypeFor[resource.Quantity]():
		if m := regexp.MustCompile(`^([0-9.]+)\s*([MGT]i?)B$`).FindStringSubmatch(text); m != nil {
			return m[1] + m[2]
		}
	}
	return ""
}

// free reads a value of no certain type: what is handed on to Kea as it is. It becomes what JSON has.
func (r *reader) free(path string, n *yaml.Node) (any, bool) {
	switch n.Kind {
	case yaml.MappingNode:
		all := make(map[string]any)
		for _, e := range r.entries(path, n) {
			if v, ok := r.freeAt(member(path, e.key), e.value); ok {
				all[e.key] = v
			}
		}
		return all, true
	case yaml.SequenceNode:
		all := []any{}
		for i, c := range n.Content {
			if v, ok := r.freeAt(element(path, i), c); ok {
				all = append(all, v)
			}
		}
		return all, true
	default:
		v, err := freeScalar(n)
		if err != nil {
			r.addAt(path, n.Line, "%v", err)
		}
		return v, err == nil
	}
}

// freeAt is free for a value inside, where null is a value too.
func (r *reader) freeAt(path string, n *yaml.Node) (any, bool) {
	n, done := r.unfold(path, n)
	defer done()
	if n == nil {
		return nil, false
	}
	r.stands(path, n.Line)
	return r.free(path, n)
}

func freeScalar(n *yaml.Node) (any, error) {
	if !inQuotes(n) && octal(n.Value) {
		return nil, fmt.Errorf("is %s, which some read as octal: write it without leading zeros, or put it in quotes if it is text", n.Value)
	}
	switch tag := n.ShortTag(); tag {
	case "!!null":
		return nil, nil
	case "!!str", "!!timestamp":
		// YAML 1.1 reads these as true and false, YAML 1.2 and Kea do not.
		if word := strings.ToLower(n.Value); !inQuotes(n) && (word == "yes" || word == "no" || word == "on" || word == "off") {
			return nil, fmt.Errorf("is %s: write true or false, or put it in quotes if it is text", n.Value)
		}
		return n.Value, nil
	case "!!bool":
		return truth(n)
	case "!!int":
		if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
			return i, nil
		}
		return nil, fmt.Errorf("is %s; expected a whole number in plain digits", n.Value)
	case "!!float":
		f, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fmt.Errorf("is %s, which JSON has no number for", n.Value)
		}
		return f, nil
	default:
		return nil, fmt.Errorf("has the tag %s: take it out", tag)
	}
}
