package keadb

import "context"

// collect runs a reading and returns what row makes of every row. Whatever row keeps of the values it must copy.
func collect[T any](ctx context.Context, db *DB, name, doing string, r reading, row func(d *decoder, values [][]byte) T) ([]T, error) {
	var all []T
	err := db.call(name, doing+" "+db.target.String(), func() error {
		var d decoder
		return db.read(ctx, r, func(values [][]byte) error {
			all = append(all, row(&d, values))
			return d.err
		})
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
