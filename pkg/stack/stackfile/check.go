package stackfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// checker finds what is wrong with a stack that could be read.
type checker struct {
	*notes
	stack *v1alpha1.Stack
}

// header refuses files that are something else. A file without a header is a stack file: every field has a default.
func (c *checker) header() {
	s := c.stack
	if s.Kind != "" && s.Kind != v1alpha1.Kind {
		c.add("kind", "is %s; a stack file's is %s", quoted(s.Kind), v1alpha1.Kind)
	}
	if s.APIVersion != "" && s.APIVersion != v1alpha1.APIVersion {
		c.add("apiVersion", "is %s; expected %s", quoted(s.APIVersion), v1alpha1.APIVersion)
	}
}

// all checks a stack with its defaults. It says nothing more about a file that is something else, or that was not read to
// its end.
func (c *checker) all() {
	if c.wrong[""] || c.wrong["kind"] || c.wrong["apiVersion"] {
		return
	}
	c.names()
	c.kea()
	c.highAvailability()
	c.exposure()
	c.database()
	c.vlans()
}

// zeros finds numbers, durations and sizes that are stated and not above zero. No field has a use for those, and the
// defaults would silently replace a zero.
func (c *checker) zeros() { c.zerosOf("", reflect.ValueOf(c.stack).Elem()) }

func (c *checker) zerosOf(path string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case metav1.Duration:
		if x.Duration <= 0 && c.given(path) {
			c.add(path, "is %s; expected more than 0s", short(x.Duration))
		}
		return
	case resource.Quantity:
		if x.Sign() <= 0 && c.given(path) {
			c.add(path, "is %s; expected more than 0", x.String())
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type().PkgPath() != reflect.TypeFor[v1alpha1.Stack]().PkgPath() {
			return // Kubernetes' own: zeros mean something there
		}
		for _, f := range fieldsOf(v.Type()) {
			c.zerosOf(member(path, f.name), v.Field(f.index))
		}
	case reflect.Slice:
		for i := range v.Len() {
			c.zerosOf(element(path, i), v.Index(i))
		}
	case reflect.Pointer:
		if d, ok := v.Interface().(*metav1.Duration); ok && d != nil {
			c.zerosOf(path, v.Elem())
		}
	case reflect.Int, reflect.Int32, reflect.Int64:
		if v.Int() <= 0 && c.given(path) {
			c.add(path, "is %d; expected 1 or more", v.Int())
		}
	default:
	}
}

// oneOf checks a choice.
func (c *checker) oneOf(path, value string, choices ...string) bool {
	if slices.Contains(choices, value) {
		return true
	}
	text := "is " + quoted(value) + "; expected " + either(choices)
	if near := nearest(value, choices); near != "" && len(choices) > 2 {
		text += ": did you mean " + near + "?"
	}
	c.add(path, "%s", text)
	return false
}

// either joins choices, as in "a, b or c".
func either(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// wholeSeconds checks a duration that Kea takes in seconds.
func (c *checker) wholeSeconds(path string, d metav1.Duration) bool {
	return c.whole(path, d.Duration, time.Second, "seconds")
}

// wholeMilliseconds checks a duration that Kea takes in milliseconds.
func (c *checker) wholeMilliseconds(path string, d metav1.Duration) {
	c.whole(path, d.Duration, time.Millisecond, "milliseconds")
}

// maxUnits is the largest number that Kea takes for a time; in seconds, one more means for ever.
const maxUnits = 1<<32 - 2

func (c *checker) whole(path string, d, unit time.Duration, units string) bool {
	switch {
	case d%unit != 0:
		c.add(path, "is %s; Kea counts whole %s here", short(d), units)
	case d/unit > maxUnits:
		c.add(path, "is %s; Kea takes %s at most", short(d), short(time.Duration(maxUnits)*unit))
	default:
		return true
	}
	return false
}

// counts is a number with its noun.
func counts(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
