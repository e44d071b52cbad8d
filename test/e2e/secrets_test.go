//go:build e2e

package e2e

import (
	"maps"
	"slices"
	"sync"
)

// secrets are the passwords and keys that tests have learnt; none of them may be printed. Tests side by side use it.
type secrets struct {
	mu    sync.Mutex
	known map[string]bool
}

func (s *secrets) learn(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[secret] = true
}

func (s *secrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.known))
}
