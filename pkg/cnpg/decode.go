package cnpg

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// wireStatus is the answer of StatusPath: PostgresqlStatus of CNPG 1.30, as far as it is read here. Older and newer ones
// differ in fields that are missing or added.
type wireStatus struct {
	CurrentLSN         string            `json:"currentLsn"`
	ReceivedLSN        string            `json:"receivedLsn"`
	ReplayLSN          string            `json:"replayLsn"`
	SystemID           string            `json:"systemID"`
	IsPrimary          bool              `json:"isPrimary"`
	ReplayPaused       bool              `json:"replayPaused"`
	PendingRestart     bool              `json:"pendingRestart"`
	WALReceiver        bool              `json:"isWalReceiverActive"`
	Rewinding          bool              `json:"isPgRewindRunning"`
	MightBeUnavailable bool              `json:"mightBeUnavailable"`
	MaskedError        string            `json:"mightBeUnavailableMaskedError"`
	ArchivingWAL       bool              `json:"isArchivingWAL"`
	LastArchivedWAL    string            `json:"lastArchivedWAL"`
	LastArchivedTime   string            `json:"lastArchivedWALTime"`
	LastFailedWAL      string            `json:"lastFailedWAL"`
	LastFailedTime     string            `json:"lastFailedWALTime"`
	CurrentWAL         string            `json:"currentWAL"`
	ReadyWALFiles      int               `json:"readyWalFiles"`
	Timeline           int               `json:"timeLineID"`
	ManagerVersion     string            `json:"instanceManagerVersion"`
	Replicas           []wireReplication `json:"replicationInfo"`
	Slots              []wireSlot        `json:"replicationSlotsInfo"`
}

// wireReplication calls the sent position receivedLsn.
type wireReplication struct {
	Name      string `json:"applicationName"`
	State     string `json:"state"`
	SentLSN   string `json:"receivedLsn"`
	WriteLSN  string `json:"writeLsn"`
	FlushLSN  string `json:"flushLsn"`
	ReplayLSN string `json:"replayLsn"`
	ReplayLag string `json:"replayLag"`
	SyncState string `json:"syncState"`
}

type wireSlot struct {
	Name       string `json:"slotName"`
	RestartLSN string `json:"restartLsn"`
	WALStatus  string `json:"walStatus"`
	Active     bool   `json:"active"`
}

// decodeInstance reads an answer of StatusPath. A field of an unexpected type is left out; an answer that is no JSON
// object is an error.
func decodeInstance(body []byte) (Instance, error) {
	var w wireStatus
	if err := json.Unmarshal(body, &w); err != nil {
		var mismatch *json.UnmarshalTypeError
		if !errors.As(err, &mismatch) || mismatch.Field == "" {
			return Instance{}, fmt.Errorf("read the instance manager's status: %w", err)
		}
	}
	i := Instance{
		Primary: w.IsPrimary, SystemID: w.SystemID, Timeline: w.Timeline,
		Current: parseLSN(w.CurrentLSN), CurrentWAL: w.CurrentWAL, Received: parseLSN(w.ReceivedLSN), Replayed: parseLSN(w.ReplayLSN),
		WALReceiver: w.WALReceiver, ReplayPaused: w.ReplayPaused, PendingRestart: w.PendingRestart, Rewinding: w.Rewinding,
		Unavailable: w.MightBeUnavailable, UnavailableError: w.MaskedError,
		ArchivingWAL: w.ArchivingWAL, LastArchivedWAL: w.LastArchivedWAL, LastArchivedTime: parsePGTime(w.LastArchivedTime),
		LastFailedWAL: w.LastFailedWAL, LastFailedTime: parsePGTime(w.LastFailedTime), WaitingWAL: w.ReadyWALFiles,
		Replicas: make([]Replication, 0, len(w.Replicas)), Slots: make([]Slot, 0, len(w.Slots)),
		ManagerVersion: w.ManagerVersion,
	}
	for _, r := range w.Replicas {
		row := Replication{
			Name: r.Name, State: r.State, SyncState: r.SyncState,
			Sent: parseLSN(r.SentLSN), Written: parseLSN(r.WriteLSN), Flushed: parseLSN(r.FlushLSN), Replayed: parseLSN(r.ReplayLSN),
		}
		if row.Replayed > 0 {
			row.Lag.Bytes = row.Replayed.behind(i.Current)
		} else {
			row.Lag.Bytes = row.Sent.behind(i.Current) // a replica that has only begun has replayed nothing yet
		}
		if d, ok := parseInterval(r.ReplayLag); ok {
			seconds := d.Seconds()
			row.Lag.Seconds = &seconds
		}
		i.Replicas = append(i.Replicas, row)
	}
	for _, s := range w.Slots {
		slot := Slot{Name: s.Name, Active: s.Active, WALStatus: s.WALStatus, Restart: parseLSN(s.RestartLSN)}
		if slot.Restart > 0 {
			slot.Retained = slot.Restart.behind(i.Current)
		}
		i.Slots = append(i.Slots, slot)
	}
	slices.SortFunc(i.Replicas, func(a, b Replication) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(i.Slots, func(a, b Slot) int { return cmp.Compare(a.Name, b.Name) })
	return i, nil
}

// parsePGTime reads a timestamp; nil for none, which PostgreSQL writes as -infinity.
func parsePGTime(text string) *time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999-07"} {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return &t
		}
	}
	return nil
}

// parseInterval reads PostgreSQL's interval of days and a time of day: 00:00:00.001234, 1 day 02:03:04.
func parseInterval(text string) (time.Duration, bool) {
	var total time.Duration
	if days, rest, ok := strings.Cut(text, " day"); ok {
		n, err := strconv.Atoi(days)
		if err != nil {
			return 0, false
		}
		total = time.Duration(n) * 24 * time.Hour
		text = strings.TrimSpace(strings.TrimPrefix(rest, "s"))
		if text == "" {
			return total, true
		}
	}
	sign := time.Duration(1)
	if strings.HasPrefix(text, "-") {
		sign, text = -1, text[1:]
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return 0, false
	}
	clock, err := time.ParseDuration(parts[0] + "h" + parts[1] + "m" + parts[2] + "s")
	if err != nil {
		return 0, false
	}
	return total + sign*clock, true
}
