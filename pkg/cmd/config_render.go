package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

// configRenderOptions are the flags of config render.
type configRenderOptions struct {
	meant
	out     output
	stack   string
	secrets bool
}

func newConfigRenderCmd(env *Env) *cobra.Command {
	o := &configRenderOptions{meant: meant{env: env}, out: output{env: env}}
	c := &cobra.Command{
		Use:   "render",
		Short: "Print the servers' configuration files",
		Long: `Print the configuration file of each server: as it lies in its Secret or
ConfigMap, or with -f as kubectl kea install would make it from a stack file.

A line above each file says whose it is, in a comment. Passwords, tokens and the
like are shown as <redacted>, and so are comments that speak of one, unless
--show-secrets is given. Where the file is no key of a Secret or ConfigMap, the
end says who makes it.`,
		Example: `  kubectl kea config render
  kubectl kea config render --server kea-dhcp-0/dhcp4

  # to change and give to config apply --file: it holds the passwords
  kubectl kea config render --server kea-dhcp-0/dhcp4 --show-secrets > kea-dhcp4.conf

  kubectl kea config render -f stack.yaml`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.bind(c)
	c.Flags().StringVarP(&o.stack, "filename", "f", "", "The stack `FILE` that the files are made from; - is standard input")
	c.Flags().BoolVar(&o.secrets, "show-secrets", false, "Print passwords as they are")
	o.out.bind(c, printer.Choices{})
	needs(c, serverRules()[:3]...)
	return c
}

func (o *configRenderOptions) run(ctx context.Context) error {
	format, err := o.out.format()
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	ctx, cancel := o.env.deadline(ctx, lookLimit)
	defer cancel()
	files, err := o.files(ctx)
	if err != nil {
		return err
	}
	if format.Human() {
		err = o.print(files)
	} else {
		err = o.out.write(format, filesList{files}, printer.View{})
	}
	failed := []string{"not every file can be shown"}
	for _, f := range files {
		if f.Why != "" {
			failed = append(failed, f.Server+": "+f.Why)
		}
	}
	if err == nil && len(failed) > 1 {
		err = errors.New(strings.Join(failed, "\n"))
	}
	return err
}

// print writes the files as they are, so that they can be used; only a terminal is spared what would confuse it.
func (o *configRenderOptions) print(files []config.File) error {
	var out strings.Builder
	for _, f := range files {
		if f.Why != "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		fmt.Fprintf(&out, "# %s: %s\n", f.Server, f.Object)
		text := strings.TrimSuffix(f.Text, "\n") + "\n"
		if o.env.OutSize == nil {
			out.WriteString(text)
			continue
		}
		for line := range strings.Lines(text) {
			out.WriteString(printer.Escape(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")) + "\n")
		}
	}
	_, err := io.WriteString(o.env.Out, out.String())
	return err
}

// filesList is the value of config render.
type filesList struct {
	Items []config.File `json:"items"`
}

func (o *configRenderOptions) files(ctx context.Context) ([]config.File, error) {
	if o.stack != "" {
		return o.made(ctx)
	}
	k, err := o.env.Kube()
	if err != nil {
		return nil, err
	}
	in, err := o.env.discover(ctx, k, "config render")
	if err != nil {
		return nil, err
	}
	servers, err := o.choose(in)
	if err != nil {
		return nil, err
	}
	return config.Files(in, servers, o.secrets), nil
}

// made are the files that a stack file makes. It works without a cluster, and reads the Services' addresses where there is one.
func (o *configRenderOptions) made(ctx context.Context) ([]config.File, error) {
	s, err := o.env.readStack(o.stack)
	if err != nil {
		return nil, err
	}
	var services corev1.ServiceList
	if k, err := o.env.Kube(); err == nil {
		if err := chooseNamespace(s, k); err != nil {
			return nil, err
		}
		peek, cancel := context.WithTimeout(ctx, peekLimit)
		defer cancel()
		_ = k.List(peek, &services, client.InNamespace(s.Metadata.Namespace)) // nothing found is fine too
	}
	made, known, err := stack.Configurations(s, services.Items)
	if err != nil {
		return nil, err
	}
	if !known {
		var p printer.Page
		p.Indented(0, 9, printer.Concat(printer.Warn.Text("warning:"), printer.Text(" the addresses of the peers are not known: placeholders stand for them")))
		if err := p.Write(o.env.ErrOut, o.env.errCanvas()); err != nil {
			return nil, err
		}
	}
	servers := []inventory.Server{}
	for _, m := range made {
		servers = append(servers, inventory.Server{Pod: m.Pod, Service: m.Service})
	}
	chosen, err := o.choose(&inventory.Inventory{Namespace: s.Metadata.Namespace, Servers: servers})
	if err != nil {
		return nil, err
	}
	files := []config.File{}
	for _, c := range chosen {
		for _, m := range made {
			if m.Server() == c.Name() {
				f := config.File{Server: m.Server(), Object: "configmap " + m.ConfigMap + ", key " + m.Key}
				f.Show(m.Text, o.secrets)
				files = append(files, f)
			}
		}
	}
	return files, nil
}
