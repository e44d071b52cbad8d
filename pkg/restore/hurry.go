package restore

import (
	"context"
	"time"
)

// hurryTime is how often hurry looks.
const hurryTime = 2 * time.Second

// hurry has a new primary write at once what the base backups of its replicas wait for. PostgreSQL spreads such a checkpoint
// over most of checkpoint_timeout, minutes, to spare those who use the database; nobody uses this one yet, and verifying it
// has left pages to write. It ends with its context, or when it cannot help: the replicas then only take longer.
func (s *superuser) hurry(ctx context.Context) {
	ticker := time.NewTicker(hurryTime)
	defer ticker.Stop()
	for {
		waits, err := s.do(ctx, "look for base backups", "select pid from pg_stat_progress_basebackup where phase = 'waiting for checkpoint to finish'")
		if err == nil && len(waits) > 0 {
			_, err = s.do(ctx, "write a checkpoint", "checkpoint")
		}
		if err != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
