package stackfile

import "fmt"

// Finding is one thing that is wrong with a stack file.
type Finding struct {
	Path string // as in spec.vlans[1].subnets4[0].pools[2]; "" for the file as a whole
	Line int    // 1 is the first; 0 when nothing of the file's is to blame
	Text string // what is wrong, and how to do it right
}

// String is the finding on one line, as in "line 7: spec.vlans[0].id: ...".
func (f Finding) String() string {
	s := f.Text
	if f.Path != "" {
		s = f.Path + ": " + s
	}
	if f.Line > 0 {
		s = fmt.Sprintf("line %d: %s", f.Line, s)
	}
	return s
}
