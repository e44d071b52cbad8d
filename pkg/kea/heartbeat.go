package kea

import (
	"context"
	"net/http"
	"time"
)

// Heartbeat is a daemon's answer to ha-heartbeat: what it would tell its partner.
type Heartbeat struct {
	Time          time.Time // the daemon's clock, UTC, whole seconds; zero when it cannot be read
	State         HAState
	Scopes        []string
	UnsentUpdates int // with separate databases: leases that the partner has still to learn
}

// Heartbeat asks for ha-heartbeat. It is cheap and changes nothing. ErrUnsupported: the HA hook is not loaded.
func (c *Client) Heartbeat(ctx context.Context, s Service) (Heartbeat, error) {
	var w struct {
		DateTime string   `json:"date-time"`
		State    HAState  `json:"state"`
		Scopes   []string `json:"scopes"`
		Unsent   int      `json:"unsent-update-count"`
	}
	if err := c.Do(ctx, s, "ha-heartbeat", nil, &w); err != nil {
		return Heartbeat{}, err
	}
	h := Heartbeat{State: w.State, Scopes: w.Scopes, UnsentUpdates: w.Unsent}
	if t, err := http.ParseTime(w.DateTime); err == nil {
		h.Time = t.UTC()
	}
	return h, nil
}
