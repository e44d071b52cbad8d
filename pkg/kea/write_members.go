package kea

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Members are the members of an object that its type has no field for, or whose value its field would not give back:
// Kea knows hundreds, a foreign configuration may use any of them, and what we write must not lose one. The values may
// hold passwords, so printing shows names only; encoding writes everything in the clear.
type Members map[string]json.RawMessage

// Format implements fmt.Formatter: every verb prints the names.
func (m Members) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprint(f, "["+strings.Join(slices.Sorted(maps.Keys(m)), " ")+"]")
}

// encodeObject writes a struct: its fields in their order, empty ones left out, then the members of its field Unknown,
// sorted. A field wins over an unknown member of its name.
func encodeObject(object any) ([]byte, error) {
	v := reflect.ValueOf(object)
	var out bytes.Buffer
	member := func(name string, value any) error {
		separator := byte(',')
		if out.Len() == 0 {
			separator = '{'
		}
		out.WriteByte(separator)
		for i, part := range []any{name, value} {
			text, err := json.Marshal(part)
			if err != nil {
				return err
			}
			out.Write(text)
			if i == 0 {
				out.WriteByte(':')
			}
		}
		return nil
	}
	unknown := maps.Clone(v.FieldByName("Unknown").Interface().(Members))
	for name, index := range fieldsOf(v.Type()) {
		field := v.FieldByIndex(index)
		if empty(field) {
			continue
		}
		if err := member(name, field.Interface()); err != nil {
			return nil, err
		}
		delete(unknown, name)
	}
	for _, name := range slices.Sorted(maps.Keys(unknown)) {
		if err := member(name, unknown[name]); err != nil {
			return nil, err
		}
	}
	if out.Len() == 0 {
		out.WriteByte('{')
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// decodeObject reads data into the struct that object points to. A member that its field cannot hold, or that the field
// would leave out when it is written, as a 0, stays as it is among the unknown ones.
func decodeObject(data []byte, object any) error {
	var members Members
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	if members == nil {
		return errors.New("not an object")
	}
	v := reflect.ValueOf(object).Elem()
	v.SetZero()
	for name, index := range fieldsOf(v.Type()) {
		value, ok := members[name]
		if !ok {
			continue
		}
		field := v.FieldByIndex(index)
		if err := json.Unmarshal(value, field.Addr().Interface()); err != nil {
			field.SetZero()
		}
		if !empty(field) {
			delete(members, name)
		}
	}
	if len(members) > 0 {
		v.FieldByName("Unknown").Set(reflect.ValueOf(members))
	}
	return nil
}

// fieldsOf goes through a struct's fields that have a JSON name, those of embedded structs included, in their order.
func fieldsOf(t reflect.Type) func(yield func(string, []int) bool) {
	return func(yield func(string, []int) bool) {
		for _, f := range reflect.VisibleFields(t) {
			if name := f.Tag.Get("json"); name != "" && !yield(name, f.Index) {
				return
			}
		}
	}
}

// empty reports whether a field says nothing. A false or a 0 that has to be written stands behind a pointer.
func empty(field reflect.Value) bool {
	if field.Kind() == reflect.Slice {
		return field.Len() == 0
	}
	return field.IsZero()
}
