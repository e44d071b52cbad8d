package kea

// span is a value of a configuration's text, and where it and what it holds stand there.
type span struct {
	name     string  // of a member
	at       int     // where the member's name begins, or the value where it has none
	from, to int     // text[from:to] is the value
	value    any     // as parseDialect gives it
	file     string  // that is included here, in the place of the value or of members
	parts    []*span // members of an object or elements of a list, in the order of the text
}

// parseSpans reads one value as parseDialect does and says where everything in it stands.
func parseSpans(text []byte) (*span, error) {
	holder := &span{}
	d := &dialect{text: text, holder: holder}
	if _, err := d.read(); err != nil {
		return nil, err
	}
	return holder.parts[0], nil
}

// part reads a value and, where it is wanted, notes where it stands.
func (d *dialect) part(name string, at int) any {
	holder := d.holder
	if holder == nil {
		return d.value()
	}
	s := &span{name: name, at: at, from: d.at}
	holder.parts = append(holder.parts, s)
	d.holder = s
	s.value = d.value()
	d.holder = holder
	s.to = d.at
	if d.text[s.from] == '<' {
		s.file, _ = included(s.value)
	}
	return s.value
}

// members reads an include among the members of an object.
func (d *dialect) members() string {
	at := d.at
	text := d.include()
	if d.holder != nil {
		file, _ := included(text)
		d.holder.parts = append(d.holder.parts, &span{at: at, from: at, to: d.at, file: file})
	}
	return text
}

// named are the members of that name.
func (s *span) named(name string) []*span {
	var found []*span
	for _, p := range s.parts {
		if p.name == name {
			found = append(found, p)
		}
	}
	return found
}

// included is a file that brings parts of the value: what is not among its parts may be in there.
func (s *span) included() string {
	for _, p := range s.parts {
		if p.name == "" && p.file != "" {
			return p.file
		}
	}
	return ""
}

// includes are all files that are included in the value.
func (s *span) includes() []string {
	var found []string
	if s.file != "" {
		found = append(found, s.file)
	}
	for _, p := range s.parts {
		found = append(found, p.includes()...)
	}
	return found
}
