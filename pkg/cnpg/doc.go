// Package cnpg reads CloudNativePG: clusters, instances, backups, recovery windows and which cluster a Service leads
// to. It hides the two backup generations (in-tree and plugin) and judges health by what tells, not by the phase alone.
package cnpg
