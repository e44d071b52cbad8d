// Package config shows what the configuration files of servers say, and compares it with what they would say after a
// change, and with what the servers run. It changes nothing; pkg/rollout does.
package config
