package leases

// The lead's placeholder until merge.go is here: delete this file (API engineer).

// PartialError holds, by reader, why some of several did not answer; the rows of the others were given.
type PartialError struct{ Failed map[string]error }

func (e *PartialError) Error() string { return "some did not answer" }

func Merge(readers ...Reader) Reader { return readers[0] }
