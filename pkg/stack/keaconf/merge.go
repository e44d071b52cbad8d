package keaconf

import (
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
)

// merge applies the user's JSON merge patch (RFC 7386) to a part of a document.
func merge(part any, patch map[string]any) error {
	if len(patch) == 0 {
		return nil
	}
	before, err := json.Marshal(part)
	if err != nil {
		return err
	}
	text, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	after, err := jsonpatch.MergePatch(before, text)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	return json.Unmarshal(after, part)
}
