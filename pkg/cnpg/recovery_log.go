package cnpg

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// recoveryLine is a line of the log of a recovery's pod, as far as it tells something. Lines of PostgreSQL and of the
// programs that fetch the backup come in one shape.
type recoveryLine struct {
	// Text is what is said, with the error that it is about.
	Text string
	// Severe: an error, or PostgreSQL's FATAL and worse.
	Severe bool
	At     time.Time
	// Base and Catalogue are set by the lines that choose a base backup and that list them.
	Base      *baseBackup
	Catalogue *[]catalogued
}

// baseBackup is a backup as the backup tool's catalogue has it.
type baseBackup struct {
	ID    string    `json:"backup_id"`
	Ended time.Time `json:"end_time_iso"`
}

// catalogued is a backup in the list that a recovery chooses from.
type catalogued struct {
	ID    string    `json:"backupID"`
	Ended time.Time `json:"endTime"`
}

// wireLine is a line as the instance manager and the plugin write it.
type wireLine struct {
	Level  string    `json:"level"`
	At     time.Time `json:"ts"`
	Msg    string    `json:"msg"`
	Error  string    `json:"error"`
	Err    string    `json:"err"`
	Stderr string    `json:"stderr"` // of the program that failed
	Record struct {
		Severity string `json:"error_severity"`
		Message  string `json:"message"`
		Detail   string `json:"detail"`
	} `json:"record"`
	Backup    *baseBackup   `json:"backup"`
	Catalogue *[]catalogued `json:"backupCatalog"`
}

// parseRecoveryLine reads a line; what is no JSON is text.
func parseRecoveryLine(line []byte) recoveryLine {
	var w wireLine
	if err := json.Unmarshal(line, &w); err != nil && w.Msg == "" {
		return recoveryLine{Text: string(bytes.TrimSpace(line))}
	}
	l := recoveryLine{At: w.At, Catalogue: w.Catalogue}
	parts := []string{w.Msg, w.Error, w.Err, w.Stderr}
	if w.Record.Message != "" {
		parts = []string{w.Record.Message, w.Record.Detail}
		l.Severe = w.Record.Severity == "FATAL" || w.Record.Severity == "PANIC" || w.Record.Severity == "ERROR"
	} else {
		l.Severe = w.Level == "error"
	}
	said := []string{}
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			said = append(said, part)
		}
	}
	l.Text = strings.Join(said, ": ")
	if w.Backup != nil && w.Backup.ID != "" {
		l.Base = w.Backup
	}
	return l
}
