// Package backup looks at, makes, schedules and verifies the backups of a Kea database in a CNPG cluster. It hides the
// difference between the Barman Cloud plugin, in-tree object stores and volume snapshots.
package backup
