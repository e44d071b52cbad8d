// Package restore brings a Kea database back to a moment: into a new CNPG cluster, verified there, and then, in a second
// step, into service, with the leases carried forward that were granted since. It can also go back.
package restore
