package keadb

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

func TestClassify(t *testing.T) {
	state := func(code string) error { return fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: code, Message: "m"}) }
	tests := map[string]struct {
		err  error
		want error
	}{
		"wrong password":      {state("28P01"), ErrAuth},
		"nologin, pg_hba":     {state("28000"), ErrAuth},
		"no rights":           {state("42501"), ErrPermission},
		"read-only":           {state("25006"), ErrReadOnly},
		"no database":         {state("3D000"), ErrNoDatabase},
		"no table":            {state("42P01"), ErrNoSchema},
		"no schema":           {state("3F000"), ErrNoSchema},
		"no column":           {state("42703"), ErrNoSchema},
		"shutting down":       {state("57P03"), ErrShuttingDown},
		"terminated":          {state("57P01"), ErrTerminated},
		"crashed":             {state("57P02"), ErrTerminated},
		"too many":            {state("53300"), ErrTooManyConnections},
		"disk full":           {state("53100"), ErrDiskFull},
		"locked":              {state("55P03"), ErrLocked},
		"took too long":       {state("57014"), ErrCancelled},
		"syntax error":        {state("42601"), nil},
		"refused":             {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, ErrUnreachable},
		"closed":              {fmt.Errorf("x: %w", io.ErrUnexpectedEOF), ErrUnreachable},
		"closed before":       {pgconn.ErrConnClosed, ErrUnreachable},
		"unknown authority":   {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, ErrTLS},
		"other name":          {x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}, ErrTLS},
		"no TLS":              {errors.New("server refused TLS connection"), ErrTLS},
		"deadline":            {fmt.Errorf("x: %w", context.DeadlineExceeded), nil},
		"a mistake elsewhere": {errors.New("cannot scan"), nil},
	}
	every := []error{
		ErrAuth, ErrPermission, ErrReadOnly, ErrNoDatabase, ErrNoSchema, ErrShuttingDown, ErrTerminated, ErrTooManyConnections,
		ErrDiskFull, ErrLocked, ErrCancelled, ErrTLS, ErrUnreachable,
	}
	for name, tt := range tests {
		err := fail("look at kea@h:5432/kea", tt.err)
		for _, target := range every {
			if errors.Is(err, target) != errors.Is(tt.want, target) {
				t.Errorf("%s: errors.Is(%v, %v) is %v", name, err, target, errors.Is(err, target))
			}
		}
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: lost its cause", name)
		}
	}
	if fail("x", nil) != nil {
		t.Error("no error became one")
	}
	err := fail("look at kea@h:5432/kea", &pgconn.PgError{Severity: "ERROR", Code: "25006", Message: "cannot execute UPDATE\nin a read-only transaction", Detail: "pw"})
	if want := "look at kea@h:5432/kea: cannot execute UPDATE in a read-only transaction (SQLSTATE 25006)"; err.Error() != want {
		t.Errorf("says %q, want %q", err, want)
	}
}

// TestConfig has an environment that would change everything.
func TestConfig(t *testing.T) {
	for _, kv := range []string{
		"PGHOST=evil", "PGPORT=1", "PGUSER=evil", "PGDATABASE=evil", "PGPASSWORD=evil", "PGPASSFILE=/evil", "PGAPPNAME=evil",
		"PGSSLMODE=verify-full", "PGSSLROOTCERT=/evil", "PGSSLCERT=/evil", "PGSSLNEGOTIATION=direct", "PGTARGETSESSIONATTRS=standby",
		"PGOPTIONS=-c search_path=evil", "PGTZ=evil", "PGCONNECT_TIMEOUT=1", "PGREQUIREAUTH=none", "PGCHANNELBINDING=require",
		"PGMINPROTOCOLVERSION=3.2",
	} {
		k, v, _ := strings.Cut(kv, "=")
		t.Setenv(k, v)
	}
	c, err := Target{Host: "kea-database", Database: "kea", User: "kea", Password: func() string { return "pw' \\ secret" }}.config()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{
		"host": c.Host, "port": c.Port, "database": c.Database, "user": c.User, "password": c.Password, "tls": c.TLSConfig == nil,
		"params": c.RuntimeParams, "fallbacks": len(c.Fallbacks), "validate": c.ValidateConnect == nil, "timeout": c.ConnectTimeout,
		"negotiation": c.SSLNegotiation, "auth": c.RequireAuth, "binding": c.ChannelBinding,
	}
	want := map[string]any{
		"host": "kea-database", "port": uint16(5432), "database": "kea", "user": "kea", "password": "pw' \\ secret", "tls": true,
		"params": map[string]string{"application_name": "kubectl-kea", "client_encoding": "UTF8"}, "fallbacks": 0, "validate": true, "timeout": time.Duration(0),
		"negotiation": "postgres", "auth": "", "binding": "prefer",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := (Target{Port: 70000}).config(); err == nil {
		t.Error("70000 is no port")
	}
	t.Setenv("PGSERVICE", "evil")
	t.Setenv("PGSERVICEFILE", "/evil")
	if _, err := (Target{}).config(); err == nil || !strings.Contains(err.Error(), "unset PGSERVICE") {
		t.Errorf("got %v", err)
	}
}

func TestConfigTLS(t *testing.T) {
	if _, err := VerifyFull([]byte("no certificate"), ""); err == nil {
		t.Error("took a CA without a certificate")
	}
	given := &tls.Config{MinVersion: tls.VersionTLS12}
	c, err := Target{Host: "kea-database", TLS: given}.config()
	if err != nil || c.TLSConfig.ServerName != "kea-database" || c.TLSConfig.InsecureSkipVerify || given.ServerName != "" {
		t.Errorf("verifies %q, %v", c.TLSConfig.ServerName, err)
	}
	c, err = Target{Host: "10.0.0.1", TLS: &tls.Config{ServerName: "kea-database", MinVersion: tls.VersionTLS12}}.config()
	if err != nil || c.TLSConfig.ServerName != "kea-database" {
		t.Errorf("verifies %q, %v", c.TLSConfig.ServerName, err)
	}
}

func TestTargetShowsNoPassword(t *testing.T) {
	target := Target{Host: "h", Database: "kea", User: "kea", Password: func() string { return "pw-secret" }}
	b, err := json.Marshal(target)
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%v %+v %#v %s", target, target, target, b)
	if strings.Contains(text, "pw-secret") {
		t.Errorf("shows the password: %s", text)
	}
	if got := target.String(); got != "kea@h:5432/kea" {
		t.Errorf("is %q", got)
	}
}

// TestConnect has a server that says why it refuses, behind a dialer.
func TestConnect(t *testing.T) {
	tests := map[string]struct {
		answer pgproto3.BackendMessage // nil: close the connection
		tls    bool
		want   error
		says   string
	}{
		"wrong password": {
			answer: &pgproto3.ErrorResponse{Severity: "FATAL", Code: "28P01", Message: `password authentication failed for user "kea"`},
			want:   ErrAuth, says: `connect to kea@kea-database:5432/kea: password authentication failed for user "kea" (SQLSTATE 28P01)`,
		},
		"shutting down": {
			answer: &pgproto3.ErrorResponse{Severity: "FATAL", Code: "57P03", Message: "the database system is shutting down"},
			want:   ErrShuttingDown, says: "the database system is shutting down",
		},
		"closed":      {want: ErrUnreachable, says: "connect to kea@kea-database:5432/kea: "},
		"refuses TLS": {tls: true, want: ErrTLS, says: "server refused TLS connection"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var dialled []string
			var seen Call
			target := Target{
				Host: "kea-database", Database: "kea", User: "kea", Password: func() string { return "pw-secret" },
				Dial: func(_ context.Context, network, addr string) (net.Conn, error) {
					mu.Lock()
					defer mu.Unlock()
					dialled = append(dialled, network+" "+addr)
					ours, theirs := net.Pipe()
					go refuse(theirs, tt.answer)
					return ours, nil
				},
				Observe: func(c Call) { seen = c },
			}
			if tt.tls {
				target.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			}
			_, err := Connect(t.Context(), target)
			if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) || strings.Contains(fmt.Sprint(err), "pw-secret") {
				t.Errorf("got %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(dialled) == 0 || slices.ContainsFunc(dialled, func(s string) bool { return s != "tcp kea-database:5432" }) {
				t.Errorf("dialled %q", dialled)
			}
			if seen.Name != "connect" || seen.Target != "kea@kea-database:5432/kea" || !errors.Is(seen.Err, tt.want) {
				t.Errorf("observed %+v", seen)
			}
		})
	}
}

// refuse is a server that answers the first message with the given one, and a wish for TLS with no.
func refuse(conn net.Conn, answer pgproto3.BackendMessage) {
	defer func() { _ = conn.Close() }()
	b := pgproto3.NewBackend(conn, conn)
	first, err := b.ReceiveStartupMessage()
	if err != nil {
		return
	}
	if _, ok := first.(*pgproto3.SSLRequest); ok {
		_, _ = conn.Write([]byte("N"))
		return
	}
	if answer != nil {
		b.Send(answer)
		_ = b.Flush()
	}
}

func TestNobodyThere(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	_, err := Connect(t.Context(), Target{Host: "h", Dial: func(context.Context, string, string) (net.Conn, error) { return nil, refused }})
	if !errors.Is(err, ErrUnreachable) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = Connect(ctx, Target{Host: "h", Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}})
	if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v, want the deadline", err)
	}
}
