package leases

// About says where the answers come from, as far as that is known before the leases are read: what cannot be read shows
// only then.
func (d *Deployment) About() Origin { return d.origin() }
