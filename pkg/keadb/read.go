package keadb

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// preambleSQL bounds the transaction that it begins: nothing may be written; $1 is how long, in milliseconds, the server
// may work on a statement; a server works on for nobody no longer than 2 s (PostgreSQL 14 and later). Compiling
// a query that only copies rows is not worth its time.
//
// All of it is local to the transaction: nothing stays in the session, which behind a pooler may be Kea's next.
const preambleSQL = `select set_config('transaction_read_only', 'on', true), set_config('statement_timeout', $1, true),
	set_config('jit', 'off', true),
	case when current_setting('server_version_num')::int >= 140000 then set_config('client_connection_check_interval', '2s', true) end`

const (
	defaultTimeout = 30 * time.Second
	unbounded      = -1 // a timeout for readings that may take as long as their context lets them
)

// reading is one statement that only reads.
type reading struct {
	sql     string
	args    [][]byte // in PostgreSQL's text format; nil: null
	timeout time.Duration
}

// read runs a statement in a read-only transaction, in one round trip, and gives every row's columns in PostgreSQL's binary
// format to row, to whom they belong only until it returns. An error of row ends the statement at the server. The caller
// holds the connection.
func (db *DB) read(ctx context.Context, r reading, row func(values [][]byte) error) error {
	if r.timeout == 0 {
		r.timeout = db.target.StatementTimeout
	}
	if r.timeout == 0 {
		r.timeout = defaultTimeout
	}
	milliseconds := max(r.timeout.Milliseconds(), 0)
	batch := new(pgconn.Batch)
	batch.ExecParams(preambleSQL, [][]byte{strconv.AppendInt(nil, milliseconds, 10)}, nil, nil, nil)
	batch.ExecParams(r.sql, r.args, nil, nil, []int16{1})
	results := db.conn.PgConn().ExecBatch(ctx, batch)
	if results.NextResult() {
		_, _ = results.ResultReader().Close()
	}
	var stopped error
	if results.NextResult() {
		rows := results.ResultReader()
		for rows.NextRow() {
			if stopped = row(rows.Values()); stopped != nil {
				db.stop(ctx)
				break
			}
		}
	}
	err := results.Close()
	if ctx.Err() != nil {
		db.settle()
	}
	if stopped != nil {
		return stopped
	}
	return err
}

// stop asks the server to end the running statement, over a connection of its own; without, all rows that are left would
// have to be taken in. When it cannot be asked, this connection ends.
func (db *DB) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := db.conn.PgConn().CancelRequest(ctx); err != nil {
		_ = db.conn.PgConn().Conn().Close()
	}
}

// settle waits a moment for the server to hear that a statement's context has ended: the driver tells it in the background,
// and a process that ends before would leave the server at work.
func (db *DB) settle() {
	if !db.conn.PgConn().IsClosed() {
		return
	}
	select {
	case <-db.conn.PgConn().CleanupDone():
	case <-time.After(time.Second):
	}
}

// errReadOnlySession is what a writing function of a session says that is to read only.
func errReadOnlySession() error { return &refusal{"this session is for reading only", ErrReadOnly} }

// refusal is an error that matches an Err value without the server's having said it.
type refusal struct {
	text string
	is   error
}

// Error returns the reason.
func (r *refusal) Error() string { return r.text }

// Is implements the matching of errors.Is.
func (r *refusal) Is(target error) bool { return target == r.is }

// errMalformed is what a column says that does not hold what its type says.
func errMalformed() error { return errors.New("the server sent a malformed value") }
