package cnpg

// RecoveryKind names why a recovery failed.
type RecoveryKind string

// The kinds.
const (
	RecoveryTargetNotReached RecoveryKind = "target-not-reached" // nothing was committed after it, or it is not archived
	RecoveryTargetTooEarly   RecoveryKind = "target-too-early"   // it lies before the end of the base backup
	RecoveryTargetUnreadable RecoveryKind = "target-unreadable"
	RecoveryNoBackup         RecoveryKind = "no-backup" // none that could be used for the target
	RecoveryArchiveInUse     RecoveryKind = "archive-in-use"
	RecoverySecretMissing    RecoveryKind = "secret-missing"
	RecoveryStoreMissing     RecoveryKind = "store-missing"
	RecoveryUnreachable      RecoveryKind = "archive-unreachable"
	RecoveryDenied           RecoveryKind = "archive-denied"
	RecoveryDamaged          RecoveryKind = "backup-damaged"
	RecoveryPluginMissing    RecoveryKind = "plugin-missing"
	RecoverySettings         RecoveryKind = "settings"
	RecoveryDiskFull         RecoveryKind = "disk-full"
	RecoveryOutOfMemory      RecoveryKind = "out-of-memory"
	RecoveryVersion          RecoveryKind = "version"
	RecoveryImage            RecoveryKind = "image"
	RecoveryStorage          RecoveryKind = "storage"
	RecoveryQuota            RecoveryKind = "quota"
	RecoveryRefused          RecoveryKind = "refused"    // by the operator
	RecoveryIncomplete       RecoveryKind = "incomplete" // promoted without all of the write-ahead log
	RecoveryLogin            RecoveryKind = "login"      // the primary is ready, and the login does not work
	RecoveryDeleted          RecoveryKind = "deleted"
	RecoveryOther            RecoveryKind = "other"
)

// RecoveryError is a recovery that will not succeed, in words.
type RecoveryError struct {
	Kind RecoveryKind
	// Text is one sentence. Next is the command that helps, or shows more.
	Text, Next string
	// Log is the end of what the failing programs said.
	Log []string
}

// Error implements error.
func (e *RecoveryError) Error() string { return e.Text }
