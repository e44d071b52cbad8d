package kea

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Each command as Kea takes it.
func TestHACommands(t *testing.T) {
	for name, tt := range map[string]struct {
		call func(context.Context, *Client) error
		want string
	}{
		"start":     {func(ctx context.Context, c *Client) error { return c.StartMaintenance(ctx, DHCP4) }, `{"command":"ha-maintenance-start","service":["dhcp4"]}`},
		"cancel":    {func(ctx context.Context, c *Client) error { return c.CancelMaintenance(ctx, DHCP6) }, `{"command":"ha-maintenance-cancel","service":["dhcp6"]}`},
		"continue":  {func(ctx context.Context, c *Client) error { return c.ContinueHA(ctx, DHCP4) }, `{"command":"ha-continue","service":["dhcp4"]}`},
		"reset":     {func(ctx context.Context, c *Client) error { return c.ResetHA(ctx, DHCP4) }, `{"command":"ha-reset","service":["dhcp4"]}`},
		"sync":      {func(ctx context.Context, c *Client) error { return c.SyncHA(ctx, DHCP4, "b", time.Minute) }, `{"arguments":{"max-period":60,"server-name":"b"},"command":"ha-sync","service":["dhcp4"]}`},
		"sync, 0 s": {func(ctx context.Context, c *Client) error { return c.SyncHA(ctx, DHCP4, "b", 0) }, `{"arguments":{"max-period":1,"server-name":"b"},"command":"ha-sync","service":["dhcp4"]}`},
		"scopes":    {func(ctx context.Context, c *Client) error { return c.SetScopes(ctx, DHCP4, []string{"a", "b"}) }, `{"arguments":{"scopes":["a","b"]},"command":"ha-scopes","service":["dhcp4"]}`},
		"no scopes": {func(ctx context.Context, c *Client) error { return c.SetScopes(ctx, DHCP4, nil) }, `{"arguments":{"scopes":[]},"command":"ha-scopes","service":["dhcp4"]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var sent map[string]any
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
					t.Error(err)
				}
				_, _ = w.Write([]byte(`[{"result":0,"text":"done"}]`))
			}))
			defer s.Close()
			if err := tt.call(t.Context(), NewClient(Options{URL: s.URL})); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(sent)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What Kea says against a command is told in its own words.
func TestHACommandRefused(t *testing.T) {
	const body = `[{"result":1,"text":"Unable to cancel maintenance request because the server is not in the partner-in-maintenance state."}]`
	err := server(t, http.StatusOK, body).CancelMaintenance(t.Context(), DHCP4)
	var refused *Error
	if !errors.As(err, &refused) || refused.Result != ResultError || refused.Command != "ha-maintenance-cancel" {
		t.Errorf("error %v", err)
	}
}
