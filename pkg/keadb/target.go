package keadb

import (
	"context"
	"crypto/tls"
	"net"
	"time"
)

// Target says which database to connect to, how, and as whom. Nothing of it is taken from the environment (PGHOST,
// PGPASSWORD, a pgpass file).
type Target struct {
	Host     string // the server's name: what TLS verifies, unless TLS.ServerName says otherwise, and what Dial is given
	Port     int    // 0: 5432
	Database string
	User     string
	// Password returns the password; nil or "" means none. A function, so that a printed Target does not show it.
	Password func() string
	// TLS nil means no TLS. See VerifyFull.
	TLS *tls.Config
	// Dial opens the connection; nil means TCP. Each connection must have a stream of its own.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Observe, when set, is told of every statement.
	Observe func(Call)
}

// Call describes a statement that was sent. It holds no values.
type Call struct {
	Name     string // "connect", "health", "lease counts", "write probe"
	Target   string // user@host:port/database
	Duration time.Duration
	Err      error
}

// VerifyFull returns a TLS configuration like libpq's sslmode=verify-full: the server's certificate must be signed by
// one of the authorities in caPEM and be valid for serverName. An empty serverName means Target.Host.
func VerifyFull(caPEM []byte, serverName string) (*tls.Config, error) { return nil, errTODO }
