// Command kubectl-kea is the kubectl plugin for ISC Kea DHCP on Kubernetes.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"charm.land/lipgloss/v2"
	"golang.org/x/term"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // OIDC, exec and the clouds' logins in kubeconfigs

	"github.com/kubectl-kea/kubectl-kea/pkg/cmd"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// version is set by the linker, with -X main.version=v0.1.0.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once

	lipgloss.EnableLegacyWindowsANSI(os.Stdout)
	lipgloss.EnableLegacyWindowsANSI(os.Stderr)
	return cmd.Main(ctx, cmd.Env{
		IOStreams:  genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Version:    version,
		Getenv:     os.Getenv,
		Now:        time.Now,
		OutSize:    terminal(os.Stdout),
		ErrSize:    terminal(os.Stderr),
		InTerminal: term.IsTerminal(int(os.Stdin.Fd())),
	}, os.Args[1:])
}

// terminal is how to ask for the size of the terminal behind a file, or nil
// when it is none.
func terminal(f *os.File) func() printer.Size {
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return nil
	}
	return func() printer.Size {
		width, height, err := term.GetSize(fd)
		if err != nil {
			return printer.Size{}
		}
		return printer.Size{Width: width, Height: height}
	}
}
