package load

// errorTally counts what went wrong, by kind. The number of kinds is bounded, so that odd packets cannot fill the memory.
type errorTally map[string]int

const (
	errorKinds = 50
	otherKind  = "other errors"
)

func (e errorTally) add(kind string) {
	if _, known := e[kind]; !known && len(e) >= errorKinds {
		kind = otherKind
	}
	e[kind]++
}
