package keaconf

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// hooks are the libraries to load: ours, then the user's. From 3.0 on Kea speaks to PostgreSQL through a library.
func (f file) hooks() ([]kea.HookLibrary, error) {
	var all []kea.HookLibrary
	if f.stack.UsesPostgreSQL() && !f.stack.HasAgent() {
		all = append(all, f.hook("libdhcp_pgsql.so"))
	}
	all = append(all, f.hook("libdhcp_lease_cmds.so"), f.hook("libdhcp_stat_cmds.so"))
	if f.highAvailability() {
		ha := f.hook("libdhcp_ha.so")
		ha.Parameters = &kea.HookParameters{HighAvailability: []kea.HAEntry{f.relationship()}}
		all = append(all, ha)
	}
	for _, h := range f.daemon.Hooks {
		library := f.hook(h.Library)
		if len(h.Parameters) > 0 {
			text, err := json.Marshal(h.Parameters)
			if err != nil {
				return nil, fmt.Errorf("parameters of hook %s: %w", h.Library, err)
			}
			library.Parameters = &kea.HookParameters{}
			if err := json.Unmarshal(text, library.Parameters); err != nil {
				return nil, fmt.Errorf("parameters of hook %s: %w", h.Library, err)
			}
		}
		all = append(all, library)
	}
	return all, nil
}

// hook is a library in the image's folder, or one with a path of its own.
func (f file) hook(library string) kea.HookLibrary {
	if !strings.Contains(library, "/") {
		library = path.Join(f.stack.Spec.Kea.Paths.Hooks, library)
	}
	return kea.HookLibrary{Library: library}
}

func (f file) relationship() kea.HAEntry {
	h := f.stack.Spec.HighAvailability
	r := kea.HAEntry{
		ThisServerName:    f.name(),
		Mode:              kea.HAMode(h.Mode),
		HeartbeatDelay:    milliseconds(h.HeartbeatDelay.Duration),
		MaxResponseDelay:  milliseconds(h.MaxResponseDelay.Duration),
		MaxAckDelay:       milliseconds(h.MaxAckDelay.Duration),
		MaxUnackedClients: h.MaxUnackedClients,
		// The listener asks for no password: it shall take nothing but what HA needs.
		RestrictCommands: new(true),
		MultiThreading:   &kea.HAMultiThreading{Enable: new(true), DedicatedListener: new(true)},
	}
	if f.stack.UsesPostgreSQL() {
		// Both servers see the same leases: telling each other would write everything twice.
		r.SendLeaseUpdates, r.SyncLeases = new(false), new(false)
	}
	second := kea.RoleStandby
	if r.Mode == kea.ModeLoadBalancing {
		second = kea.RoleSecondary
	}
	for i, role := range []kea.HARole{kea.RolePrimary, second} {
		r.Peers = append(r.Peers, kea.HAPeerEntry{
			Name: f.stack.Servers()[i], URL: f.peerURL(i), Role: role, AutoFailover: new(true),
		})
	}
	return r
}

// peerURL is where a server's HA listener is. Kea takes addresses, no names. A server's own URL is what it listens on; its
// pod's address is not known beforehand, so that is every address.
func (f file) peerURL(peer int) string {
	port := f.stack.Spec.HighAvailability.Ports.HA4
	if f.is6() {
		port = f.stack.Spec.HighAvailability.Ports.HA6
	}
	address := f.addresses.Peers[peer]
	a, err := netip.ParseAddr(address)
	is6 := err == nil && a.Is6()
	switch {
	case peer == f.server && is6:
		address = "[::]"
	case peer == f.server:
		address = "0.0.0.0"
	case is6:
		address = "[" + address + "]"
	}
	return fmt.Sprintf("http://%s:%d/", address, port)
}

// classOf is the client class that the HA hook gives to the clients of one server, where two share the load.
func classOf(s *v1alpha1.Stack, server int) string { return "HA_" + s.Servers()[server] }
