package keadb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
)

// Target says which database to connect to, how, and as whom. Nothing of it is taken from the environment (PGHOST,
// PGPASSWORD, a pgpass file).
type Target struct {
	Host     string // the server's name: what TLS verifies, unless TLS.ServerName says otherwise, and what Dial is given
	Port     int    // 0: 5432
	Database string
	User     string
	// Password returns the password; nil or "" means none. A function, so that a printed Target does not show it.
	Password func() string `json:"-"`
	// TLS nil means no TLS. See VerifyFull.
	TLS *tls.Config `json:"-"`
	// Dial opens a connection to Host:Port; nil means TCP. Each must have a stream of its own: the end of one must not
	// end another. After an error or a cancelled context it is called once more, in the background, for PostgreSQL's
	// cancel request.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error) `json:"-"`
	// ReadOnly refuses what writes (the write probe, the history) before it is sent. Readings are read-only transactions
	// with or without it.
	ReadOnly bool
	// StatementTimeout is how long the server may work on one reading that has a bound; 0: 30 s. Readings of whole tables
	// (leases without a limit) end with their context only.
	StatementTimeout time.Duration
	// Observe, when set, is told of every statement.
	Observe func(Call) `json:"-"`
}

// Call describes a statement that was sent. It holds no values.
type Call struct {
	Name     string // "connect", "health", "leases", "write probe", ...
	Target   string // user@host:port/database
	Duration time.Duration
	Err      error
}

// String returns user@host:port/database.
func (t Target) String() string {
	return fmt.Sprintf("%s@%s/%s", t.User, net.JoinHostPort(t.Host, fmt.Sprint(t.port())), t.Database)
}

func (t Target) port() int {
	if t.Port == 0 {
		return 5432
	}
	return t.Port
}

// VerifyFull returns a TLS configuration like libpq's sslmode=verify-full: the server's certificate must be signed by
// one of the authorities in caPEM and be valid for serverName. An empty serverName means Target.Host.
func VerifyFull(caPEM []byte, serverName string) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(caPEM) {
		return nil, errors.New("no certificate of an authority in the PEM text")
	}
	return &tls.Config{RootCAs: roots, ServerName: serverName, MinVersion: tls.VersionTLS12}, nil
}

// ApplicationName is how our sessions show in pg_stat_activity.
const ApplicationName = "kubectl-kea"

// neutral overrides everything that pgx would take from the environment.
const neutral = "host=localhost port=5432 user=none dbname=none sslmode=disable sslnegotiation=postgres " +
	"sslrootcert='' sslcert='' sslkey='' sslpassword='' sslsni=1 passfile=/dev/null " +
	"connect_timeout=0 target_session_attrs=any channel_binding=prefer require_auth='' min_protocol_version=3.0 max_protocol_version=3.0"

// config returns the connection's settings.
func (t Target) config() (*pgx.ConnConfig, error) {
	c, err := pgx.ParseConfig(neutral)
	if err != nil {
		// Only a service file can still come from the environment.
		return nil, errors.New("the service named by PGSERVICE in the environment cannot be read: unset PGSERVICE")
	}
	if t.port() < 1 || t.port() > 65535 {
		return nil, fmt.Errorf("%d is not a port", t.Port)
	}
	c.Host, c.Port, c.Database, c.User = t.Host, uint16(t.port()), t.Database, t.User
	c.Password = ""
	if t.Password != nil {
		c.Password = t.Password()
	}
	c.Fallbacks, c.ValidateConnect, c.TLSConfig = nil, nil, nil
	if t.TLS != nil {
		c.TLSConfig = t.TLS.Clone()
		if c.TLSConfig.ServerName == "" {
			c.TLSConfig.ServerName = t.Host
		}
	}
	if t.Dial != nil {
		// pgx dials a second time, the address it believes to be connected to, to cancel a statement: behind a stream
		// that address means nothing.
		addr := net.JoinHostPort(t.Host, fmt.Sprint(t.port()))
		c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return t.Dial(ctx, "tcp", addr) }
		c.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	// Nothing else: a pooler refuses a login with parameters that it does not know, and keeps settings of a session for the
	// next client of the same connection, who may be Kea. See DB.read.
	c.RuntimeParams = map[string]string{"application_name": ApplicationName, "client_encoding": "UTF8"}
	// Every statement in one round trip, nothing prepared: also fit for a connection pooler.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	return c, nil
}
