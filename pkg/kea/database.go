package kea

import "time"

// Database is a database access map of Kea's configuration.
type Database struct {
	Path     string // where it stands: "lease-database", "hosts-databases[0]"
	Type     string // "memfile", "postgresql", "mysql"
	Name     string
	Host     string // "" or a name, an address, a unix socket's directory; byte for byte what libpq looks up in a pgpass file
	Port     int    // 0: not said (PostgreSQL: 5432)
	User     string
	Password Secret
	// PasswordSet reports whether there is a password key at all; without one, libpq reads PGPASSFILE.
	PasswordSet bool
	// PasswordInclude names the file that the password is included from; Password is zero then.
	PasswordInclude string

	ConnectTimeout    time.Duration // 0: not said
	MaxReconnectTries int           // 0: none, a lost connection is final
	ReconnectWaitTime time.Duration
	OnFail            string // "stop-retry-exit" (Kea's default, filled in), "serve-retry-exit", "serve-retry-continue"
	RetryOnStartup    *bool  // nil: not said (Kea: false); from 2.6
	ReadOnly          bool
	Persist           *bool // memfile only; nil: not said (Kea: true)
}

func (t tree) database() Database {
	d := Database{
		Path:              t.at,
		Type:              t.str("type"),
		Name:              t.str("name"),
		Host:              t.str("host"),
		Port:              t.integer("port"),
		User:              t.str("user"),
		PasswordSet:       t.has("password"),
		ConnectTimeout:    t.seconds("connect-timeout", 0),
		MaxReconnectTries: t.integer("max-reconnect-tries"),
		ReconnectWaitTime: t.milliseconds("reconnect-wait-time", 0),
		OnFail:            t.str("on-fail"),
		RetryOnStartup:    t.booleanPointer("retry-on-startup"),
		ReadOnly:          t.boolean("readonly"),
		Persist:           t.booleanPointer("persist"),
	}
	if d.OnFail == "" {
		d.OnFail = "stop-retry-exit"
	}
	d.Password, d.PasswordInclude = t.secret("password")
	return d
}

// secret returns the secret at key, or the file that it is included from.
func (t tree) secret(key string) (Secret, string) {
	if file, ok := included(t.members[key]); ok {
		return Secret{}, file
	}
	return NewSecret(t.str(key)), ""
}
