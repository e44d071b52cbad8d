package keadb

import (
	"context"
	"errors"
)

var errTODO = errors.New("not implemented")

// DB is one connection. It may be used by several goroutines, which then wait for each other.
type DB struct{}

// Connect logs in. Its errors match the Err values of this package and never hold the password.
func Connect(ctx context.Context, t Target) (*DB, error) { return nil, errTODO }

// Close ends the session.
func (db *DB) Close(ctx context.Context) error { return errTODO }
