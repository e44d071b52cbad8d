package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// demo raises the hot-standby scenario, lets clients take leases on three VLANs, and shows what the plugin makes of it.
func (l *lab) demo(ctx context.Context, _ []string) error {
	fmt.Println(`A real Kubernetes with CloudNativePG, a Kea pair in hot-standby and DHCP clients, on this machine alone.
The first time this takes 10 to 15 minutes on two cores, since everything is built; later about two.`)
	if err := l.up(ctx, []string{"hot-standby"}); err != nil {
		return err
	}
	fmt.Println("\nClients of three VLANs take leases for ten seconds, DHCPv4 and DHCPv6:")
	if err := l.load(ctx, []string{"hot-standby", "-rate", "60", "-duration", "10s"}); err != nil {
		return err
	}
	for _, args := range [][]string{{"status", "-n", "network"}, {"ha", "status", "-n", "network"}} {
		fmt.Printf("\n$ kubectl kea")
		for _, arg := range args {
			fmt.Print(" ", arg)
		}
		fmt.Print("\n\n")
		cmd := l.plugin(ctx, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return quietExit(err)
		}
	}
	fmt.Printf(`
What to try next:

  export KUBECONFIG=%s PATH=%s:%s:$PATH
  kubectl kea status -n network --watch                  # in a second terminal
  kubectl -n network delete pod kea-dhcp-0               # the primary goes and comes back
  kubectl -n network delete pod -l cnpg.io/instanceRole=primary,cnpg.io/cluster=kea-database
  kubectl kea status -n network -o json

The lab stays up; make lab-down ends it and leaves nothing behind but a cache.
`, l.Kubeconfig(), filepath.Dir(l.pluginPath()), l.Bin())
	return nil
}
