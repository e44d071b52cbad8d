package keadb

import "context"

// WriteProbe proves that the role may write leases and that the server takes writes. It touches no row and leaves
// nothing behind.
func (db *DB) WriteProbe(ctx context.Context) error { return errTODO }
