package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/cluster"
	"github.com/kubectl-kea/kubectl-kea/lab/internal/load"
)

const (
	lookEvery = 300 * time.Millisecond // how often the pods' addresses are asked for
	lookLimit = 2 * time.Second        // after which a question counts as failed
)

// servers are a scenario's DHCP servers: pods, which come and go, by their addresses of the moment.
type servers struct {
	ask       func(ctx context.Context, namespace string) ([]cluster.Pod, error)
	namespace string
	wanted    []string  // pods by name, Deployments by theirs
	say       io.Writer // hears when the API server stops and starts to answer

	current atomic.Pointer[[]load.Server]
}

// now are the servers as far as is known. It costs nothing; the caller must not change them.
func (s *servers) now() []load.Server {
	if current := s.current.Load(); current != nil {
		return *current
	}
	return nil
}

// follow keeps the addresses up to date until the context ends. While the API server does not answer, which is no news
// about the pods, the last known ones stay.
func (s *servers) follow(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := s.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			fmt.Fprintf(s.say, "the pods' addresses are not known for the moment (the last ones are used): %v\n", err)
		case err == nil && failing:
			fmt.Fprintln(s.say, "the pods' addresses are known again")
		}
		failing = err != nil
	}
}

// look asks once.
func (s *servers) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	pods, err := s.ask(ctx, s.namespace)
	if err != nil {
		return err
	}
	found := serversAmong(pods, s.wanted)
	if !slices.Equal(found, s.now()) {
		s.current.Store(&found)
	}
	return nil
}

// serversAmong picks the wanted pods that have an address. A wanted name is a pod's, or that of the workload whose pods
// have it as the first part of theirs.
func serversAmong(pods []cluster.Pod, wanted []string) []load.Server {
	found := []load.Server{}
	for _, pod := range pods {
		if !pod.V4.IsValid() && !pod.V6.IsValid() {
			continue
		}
		if slices.ContainsFunc(wanted, func(name string) bool { return pod.Name == name || strings.HasPrefix(pod.Name, name+"-") }) {
			found = append(found, load.Server{Name: pod.Name, V4: pod.V4, V6: pod.V6})
		}
	}
	slices.SortFunc(found, func(a, b load.Server) int { return strings.Compare(a.Name, b.Name) })
	return found
}
