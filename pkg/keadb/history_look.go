package keadb

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// HistoryLook is what the catalogue shows of the history of leases: cheap, and nobody's to forbid.
type HistoryLook struct {
	Enabled bool     // it is meant to be kept
	Missing []string // the lease tables whose trigger is gone or switched off, when it is enabled
	Lost    bool     // the tables of the history are gone, or some of them, when it is enabled
	Missed  int64    // events that could not be written; 0 also where that may not be read
}

// What the comment on the history's schema says.
const (
	historyOn  = "The history of leases of kubectl kea: on"
	historyOff = "The history of leases of kubectl kea: off"
)

// historyLookSQL names nothing that may not exist.
const historyLookSQL = `select coalesce(obj_description(to_regnamespace('kea_history'), 'pg_namespace'), ''), ` + historyTriggersSQL + `,
	to_regclass('kea_history.state') is null or to_regclass('kea_history.lease_event') is null or to_regclass('kea_history.missed') is null,
	case when has_sequence_privilege(to_regclass('kea_history.missed'), 'select') then coalesce(pg_sequence_last_value(to_regclass('kea_history.missed')), 0) else 0 end`

func (h *Health) readHistory(results pgx.BatchResults) error {
	var comment, at string
	var lost bool
	if err := results.QueryRow().Scan(&comment, &at, &lost, &h.History.Missed); err != nil {
		return err
	}
	if h.History.Enabled = comment == historyOn; h.History.Enabled {
		h.History.Missing, h.History.Lost = missingFrom(at), lost
	}
	return nil
}

// missingFrom are the lease tables that a list of tables does not have.
func missingFrom(list string) []string {
	have := strings.Split(list, ",")
	return slices.DeleteFunc([]string{"lease4", "lease6"}, func(t string) bool { return slices.Contains(have, t) })
}
