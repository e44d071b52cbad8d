package kea

import "context"

// ReloadConfig has a daemon read its configuration file anew. Its high availability begins anew in waiting, so that it serves
// nobody for a heartbeat or two. An error may leave it without service: it does not go back to the former configuration.
// Success is no proof either: a daemon that may retry its database at a start says so without one.
func (c *Client) ReloadConfig(ctx context.Context, s Service) error {
	return c.Do(ctx, s, "config-reload", nil, nil)
}

// Changes compares two versions of one server's configuration. Other than with Diff, what is a server's own counts too.
// Secrets are compared and not shown.
func Changes(before, after Config) []Difference {
	d := differ{found: []Difference{}}
	d.objects(before.Raw, after.Raw)
	return d.found
}
