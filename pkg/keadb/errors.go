package keadb

import "errors"

// What can be asked of an error of this package with errors.Is.
var (
	ErrAuth               = errors.New("user or password not accepted")        // 28P01, 28000: also NOLOGIN and pg_hba.conf
	ErrPermission         = errors.New("permission denied")                    // 42501
	ErrReadOnly           = errors.New("database is read-only")                // 25006
	ErrNoDatabase         = errors.New("database does not exist")              // 3D000
	ErrNoSchema           = errors.New("database does not hold Kea's schema")  // 42P01, 3F000, 42703
	ErrShuttingDown       = errors.New("database takes no connections now")    // 57P03: shutting down, starting up, in recovery
	ErrTerminated         = errors.New("session was ended by the server")      // 57P01, 57P02
	ErrTooManyConnections = errors.New("database has no connection to spare")  // 53300
	ErrLocked             = errors.New("table is locked")                      // 55P03
	ErrTLS                = errors.New("server's certificate is not accepted") // or the server refuses TLS
	ErrUnreachable        = errors.New("database server does not answer")      // refused, reset, no route; not a deadline
)
