// Package rollout changes something on servers that clients depend on: one pod after the other, the standby first, and each
// server that serves while its partner covers its scopes. Turns says in which order; Covered takes one turn. PlanConfig and
// Apply change Kea's configuration in that way, and take it back when a step fails; Work gives their steps to an operation
// that does more.
package rollout
