package cnpg

import (
	"fmt"
	"slices"
	"strings"
)

// attempt is what is known of one pod of a recovery job that failed.
type attempt struct {
	Namespace, Cluster, Pod, Container string
	// Reason is Kubernetes' word for the end of the pod or its container: OOMKilled, Evicted.
	Reason string
	Lines  []recoveryLine
	// Unread is why the log could not be read.
	Unread error
}

// failure is a known way to fail.
type failure struct {
	kind RecoveryKind
	// says are the texts by which it is known, in lower case.
	says []string
	// passing: it may heal by itself, and the operator tries again.
	passing bool
	text    func(a attempt, said string) string
	next    func(a attempt, said string) string
}

// connectivityFailure is what is said of a piece of the write-ahead log that could not be fetched. PostgreSQL takes that
// for the end of the log, and either dies of what it lacks, or goes on without the rest.
const connectivityFailure = "connectivity failure"

// failures are the known ways to fail. The first that fits counts: what PostgreSQL dies of is often only what follows
// from what happened to the archive before.
func failures() []failure {
	return []failure{
		{
			kind: RecoveryUnreachable, passing: true,
			says: []string{
				"could not connect to the endpoint", "can't connect to cloud provider", "connection refused", "connect timeout", "read timeout",
				"no such host", "name or service not known", "temporary failure in name resolution", "connection was closed before",
				"connection broken", "reset by peer", "network is unreachable", "network error (exit code 2)", "i/o timeout",
				connectivityFailure,
			},
			text: func(_ attempt, said string) string {
				if strings.Contains(said, connectivityFailure) {
					return "the backup store stopped answering while the write-ahead log was fetched"
				}
				return "the backup store does not answer: " + lastPart(said)
			},
			next: seeStore,
		},
		{
			kind: RecoveryDenied,
			says: []string{
				"accessdenied", "access denied", "forbidden", "invalidaccesskeyid", "signaturedoesnotmatch", "expiredtoken",
				"unable to locate credentials", "nosuchbucket", "bucket * does not exist", "(403)",
			},
			text: func(_ attempt, said string) string {
				return "the backup store refuses these credentials or has no such bucket: " + lastPart(said)
			},
			next: seeStore,
		},
		{
			kind: RecoverySecretMissing,
			says: []string{"while getting secret ", "missing access key id", "missing secret access key", "missing key", "secrets \""},
			text: func(_ attempt, said string) string {
				return "the credentials of the backup store are missing: " + lastPart(said)
			},
			next: func(a attempt, said string) string {
				if name := quoted(said); name != "" {
					return fmt.Sprintf("kubectl -n %s get secret %s", a.Namespace, name)
				}
				return fmt.Sprintf("kubectl -n %s get secrets", a.Namespace)
			},
		},
		{
			kind: RecoveryStoreMissing,
			says: []string{"objectstores.barmancloud.cnpg.io \"", "while getting object store"},
			text: func(_ attempt, said string) string {
				return "the ObjectStore with the backup is missing: " + lastPart(said)
			},
			next: func(a attempt, _ string) string { return fmt.Sprintf("kubectl -n %s get objectstores", a.Namespace) },
		},
		{
			kind: RecoveryArchiveInUse,
			says: []string{"expected empty archive"},
			text: func(a attempt, _ string) string {
				return fmt.Sprintf("the folder that cluster %s would archive to is not empty; another cluster of that name wrote there", a.Cluster)
			},
			next: func(attempt, string) string { return "choose another name with --name" },
		},
		{
			kind: RecoveryNoBackup,
			says: []string{"no target backup found", "no backup found", "backup not found"},
			text: func(a attempt, said string) string {
				if _, id, ok := strings.Cut(said, "with ID "); ok {
					return "the archive has no base backup " + id
				}
				return "no base backup fits the target" + catalogue(a)
			},
			next: listBackups,
		},
		{
			kind: RecoveryTargetTooEarly,
			says: []string{"requested recovery stop point is before consistent recovery point"},
			text: func(attempt, string) string { return "the target lies before the end of the base backup" },
			next: listBackups,
		},
		{
			kind: RecoveryTargetUnreadable,
			says: []string{"invalid value for parameter \"recovery_target", "invalid recovery target", "multiple recovery targets specified"},
			text: func(_ attempt, said string) string {
				return "PostgreSQL does not understand the target: " + lastPart(said)
			},
			next: seeLog,
		},
		{
			kind: RecoverySettings,
			says: []string{"insufficient parameter settings", "recovery aborted because of insufficient"},
			text: func(_ attempt, said string) string {
				return "a setting of PostgreSQL is smaller than it was when the backup was made: " + said
			},
			next: seeLog,
		},
		{
			kind: RecoveryVersion,
			says: []string{"database files are incompatible with server", "was initialized by postgresql version"},
			text: func(_ attempt, said string) string {
				return "the image is of another major version of PostgreSQL than the backup: " + said
			},
			next: listBackups,
		},
		{
			kind: RecoveryDiskFull,
			says: []string{"no space left on device"},
			text: func(attempt, string) string {
				return "the volume is too small for the base backup and the log that is replayed"
			},
			next: func(a attempt, _ string) string { return fmt.Sprintf("kubectl -n %s get pvc", a.Namespace) },
		},
		{
			kind: RecoveryDamaged,
			says: []string{
				"could not locate required checkpoint record", "could not locate a valid checkpoint record", "invalid checkpoint record",
				"checking the presence of first needed wal", "incorrect resource manager data checksum", "not a gzip", "unexpected end of data",
				"unexpected end of file", "crc check failed", "error -3 while decompressing", "compressed file ended", "readerror",
				"could not read from file", "invalid page in block", "wal ends before", "backup_label", "file could not be opened successfully",
				"recovery point in the backup is missing", "nosuchkey", "not found in the backup", "truncated header",
			},
			text: func(_ attempt, said string) string {
				return "the base backup, or the log that belongs to it, is damaged or incomplete: " + lastPart(said)
			},
			next: listBackups,
		},
		{
			kind: RecoveryTargetNotReached,
			says: []string{"recovery ended before configured recovery target was reached"},
			text: func(a attempt, _ string) string {
				return "the archive ends before the target" + lastCommit(a)
			},
			next: listBackups,
		},
		{
			kind: RecoveryPluginMissing,
			says: []string{"requested plugin is not available", "unknown plugin"},
			text: func(attempt, string) string { return "the Barman Cloud plugin, which has the backup, does not run" },
			next: func(attempt, string) string { return "kubectl get deployments -A -l app=barman-cloud" },
		},
	}
}

// explain says why an attempt failed, and whether it may be better the next time.
func explain(a attempt) (found *RecoveryError, passing bool) {
	switch a.Reason {
	case "OOMKilled":
		return &RecoveryError{Kind: RecoveryOutOfMemory, Text: "the recovery needs more memory than its limit allows", Next: seeLog(a, ""), Log: tail(a.Lines)}, false
	case "Evicted", "Preempting", "NodeShutdown", "Terminated", "DisruptionTarget":
		return &RecoveryError{Kind: RecoveryOther, Text: "the node ended the recovery's pod (" + a.Reason + ")", Next: seeLog(a, ""), Log: tail(a.Lines)}, true
	}
	for _, f := range failures() {
		for i := len(a.Lines) - 1; i >= 0; i-- {
			text := strings.ToLower(a.Lines[i].Text)
			if !slices.ContainsFunc(f.says, func(words string) bool { return says(text, words) }) {
				continue
			}
			said := oneLine(a.Lines[i].Text)
			return &RecoveryError{Kind: f.kind, Text: f.text(a, said), Next: f.next(a, said), Log: tail(a.Lines)}, f.passing
		}
	}
	text := "the recovery job failed"
	switch severe := lastSevere(a.Lines); {
	case severe != "":
		text += ": " + severe
	case a.Unread != nil:
		text += ", and why could not be read: " + a.Unread.Error()
	}
	return &RecoveryError{Kind: RecoveryOther, Text: text, Next: seeLog(a, ""), Log: tail(a.Lines)}, false
}

// says reports whether a line holds some words, one after the other where a star stands between them. That the job's own
// PostgreSQL is not there to be asked is nothing that a recovery fails of.
func says(line, words string) bool {
	if strings.Contains(line, ".s.pgsql") {
		return false
	}
	for word := range strings.SplitSeq(words, "*") {
		_, rest, ok := strings.Cut(line, word)
		if !ok {
			return false
		}
		line = rest
	}
	return true
}

func seeLog(a attempt, _ string) string {
	return fmt.Sprintf("kubectl -n %s logs %s -c %s", a.Namespace, a.Pod, a.Container)
}

func seeStore(a attempt, _ string) string {
	return fmt.Sprintf("kubectl -n %s get cluster %s -o jsonpath='{.spec.externalClusters}'", a.Namespace, a.Cluster)
}

func listBackups(a attempt, _ string) string {
	return fmt.Sprintf("kubectl kea backup list -n %s", a.Namespace)
}

// catalogue says what the archive's folder holds, where the log tells.
func catalogue(a attempt) string {
	for i := len(a.Lines) - 1; i >= 0; i-- {
		found := a.Lines[i].Catalogue
		switch {
		case found == nil:
			continue
		case len(*found) == 0:
			return ": the archive's folder holds none"
		}
		first := slices.MinFunc(*found, func(a, b catalogued) int { return a.Ended.Compare(b.Ended) })
		return fmt.Sprintf(": of %d in the archive, the first ended at %s", len(*found), first.Ended.UTC().Format(logTime))
	}
	return ""
}

// lastCommit says where the archive ends, where PostgreSQL tells.
func lastCommit(a attempt) string {
	for i := len(a.Lines) - 1; i >= 0; i-- {
		if when, ok := strings.CutPrefix(a.Lines[i].Text, "last completed transaction was at log time "); ok {
			if t := postgresTime(when); !t.IsZero() {
				return ": its last transaction is of " + t.UTC().Format(logTime)
			}
		}
	}
	return ": it holds no transaction after the base backup"
}

// logTime is how a moment is told in a sentence.
const logTime = "2006-01-02 15:04:05 UTC"

// tail is the end of what was said, for those who want to see for themselves.
func tail(lines []recoveryLine) []string {
	const shown = 12
	texts := []string{}
	for _, l := range lines {
		if text := oneLine(l.Text); text != "" && !machinery(text) {
			texts = append(texts, text)
		}
	}
	return texts[max(0, len(texts)-shown):]
}

// machinery reports what the programs around say of themselves.
func machinery(text string) bool {
	_, _, found := cutAny(text, "Starting ", "Stopping and waiting for ", "Shutting down metrics", "Serving metrics", "Wait completed",
		"While terminating server", "Exited log pipe", "Webserver exited", "CNPG types registration", "TCP server not active", "Installed configuration")
	return found
}

// lastSevere is the last error that was said; the instance manager's own summary comes after the cause.
func lastSevere(lines []recoveryLine) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if lines[i].Severe && !strings.HasPrefix(lines[i].Text, "While terminating server") {
			return lastPart(oneLine(lines[i].Text))
		}
	}
	return ""
}

// lastPart is the innermost of errors that were wrapped with colons, without what programs put before their own lines.
func lastPart(text string) string {
	for _, mark := range []string{"desc = ", "ERROR: ", "while restoring cluster: ", "GRPC request: ", "Can't connect to cloud provider: "} {
		if _, rest, ok := strings.Cut(text, mark); ok && rest != "" {
			text = rest
		}
	}
	return strings.TrimSpace(text)
}

// quoted is the first text in double quotes.
func quoted(text string) string {
	_, rest, _ := strings.Cut(text, `"`)
	name, _, ok := strings.Cut(rest, `"`)
	if !ok {
		return ""
	}
	return name
}

// oneLine makes one line of what was written on several, not longer than people read.
func oneLine(text string) string {
	const longest = 400
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return text
}
