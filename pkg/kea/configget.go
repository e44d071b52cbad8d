package kea

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// Config asks for config-get. Secrets in it are of type Secret. ErrWrongService: the endpoint is another daemon's,
// since a daemon's own HTTP socket ignores the service.
func (c *Client) Config(ctx context.Context, s Service) (Config, error) {
	var arguments json.RawMessage
	if err := c.Do(ctx, s, "config-get", nil, &arguments); err != nil {
		return Config{}, err
	}
	config, err := ParseConfig(arguments)
	switch {
	case errors.Is(err, ErrOtherConfig), err == nil && config.Service != s:
		return Config{}, fmt.Errorf("config-get (%s): %w", s, ErrWrongService)
	case err != nil:
		return Config{}, fmt.Errorf("config-get (%s): %w", s, err)
	}
	return config, nil
}

// ConfigHash asks for config-hash-get: equal for equal configurations. ErrUnsupported: 2.2 does not know it.
func (c *Client) ConfigHash(ctx context.Context, s Service) (string, error) {
	var w struct {
		Hash string `json:"hash"`
	}
	if err := c.Do(ctx, s, "config-hash-get", nil, &w); err != nil {
		return "", err
	}
	return w.Hash, nil
}
