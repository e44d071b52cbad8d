package cnpg

// LSN is a position in the write-ahead log, in bytes.
type LSN uint64

// ParseLSN reads PostgreSQL's notation: 16/B374D848.
func ParseLSN(s string) (LSN, error) { return 0, errNotYet }
