package stackfile

import _ "embed"

//go:embed defaults.yaml
var defaults string

// Printed is the stack file of all defaults, with comments and an example. Loading it gives what an empty file gives.
func Printed() string { return defaults }
