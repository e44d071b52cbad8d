package keadb

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// DB is one connection. It may be used by several goroutines, which then wait for each other. After a cancelled
// context or a lost connection it stays broken: connect anew.
type DB struct {
	mu     sync.Mutex
	conn   *pgx.Conn
	target Target
	schema *Schema // as last read; nil: not read yet
}

// String returns the database, its server and the role, for people: "kea at kea-database, as kea_viewer".
func (db *DB) String() string {
	return fmt.Sprintf("%s at %s, as %s", db.target.Database, db.target.Host, db.target.User)
}

// Connect logs in. Its errors match the Err values of this package and never hold the password.
func Connect(ctx context.Context, t Target) (*DB, error) {
	db := &DB{target: t}
	err := db.call("connect", "connect to "+t.String(), func() error {
		config, err := t.config()
		if err != nil {
			return err
		}
		db.conn, err = pgx.ConnectConfig(ctx, config)
		return err
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}

// Close ends the session.
func (db *DB) Close(ctx context.Context) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	return fail("close the session of "+db.target.String(), db.conn.Close(ctx))
}

// call runs one statement alone, tells the observer and names what failed.
func (db *DB) call(name, doing string, statement func() error) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	start := time.Now()
	err := fail(doing, statement())
	if db.target.Observe != nil {
		db.target.Observe(Call{Name: name, Target: db.target.String(), Duration: time.Since(start), Err: err})
	}
	return err
}
