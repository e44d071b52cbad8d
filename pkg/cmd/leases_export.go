package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/leases"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// leasesExportOptions are the flags of leases export.
type leasesExportOptions struct {
	env     *Env
	source  leaseSource
	filter  leaseFilter
	format  string
	to      string
	sort    string
	version string
}

func newLeasesExportCmd(env *Env) *cobra.Command {
	o := &leasesExportOptions{env: env, source: leaseSource{env: env}}
	o.filter.source = &o.source
	c := &cobra.Command{
		Use:   "export",
		Short: "Write leases to a file, or to standard output",
		Long: `Write leases to a file, or to standard output, as they are read: a million need
no more memory than ten. They come as the database has them, which is the
fastest; --sort address puts them in order and takes about twice as long. The
flags that choose leases are those of leases list.

csv      for spreadsheets: what a client may have sent to harm one is disarmed
json     exact: an array with a lease a line, as in leases list -o json
memfile  exact: what kea-admin lease-upload of the servers' version takes, of
         DHCPv4 or of DHCPv6; --kea-version chooses another version

A file is written beside its name with .part behind it, and has its own name
when it is complete. An export that is interrupted says how many leases the part
holds: each of them whole.`,
		Example: `  # a spreadsheet
  kubectl kea leases export --to leases.csv

  # what Kea's own tool takes back with kea-admin lease-upload
  kubectl kea leases export -4 -o memfile --to leases4.memfile

  # the active leases of a VLAN, for a program
  kubectl kea leases export --vlan 20 --state active -o json | jq -r '.[].address'`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c.Context()) },
	}
	o.filter.bind(c)
	c.Flags().StringVarP(&o.format, "output", "o", "csv", "The format: csv, json or memfile")
	c.Flags().StringVar(&o.to, "to", "", "The file to write (default standard output)")
	c.Flags().StringVar(&o.sort, "sort", "none", "The order: none, address")
	c.Flags().StringVar(&o.version, "kea-version", "", "With -o memfile: the Kea version that will read it, as 2.6 (default that of the servers)")
	complete(c, "output", cobra.FixedCompletions([]cobra.Completion{"csv", "json", "memfile"}, cobra.ShellCompDirectiveNoFileComp))
	complete(c, "sort", cobra.FixedCompletions([]cobra.Completion{"none", "address"}, cobra.ShellCompDirectiveNoFileComp))
	o.source.bind(c, false)
	needs(c, leaseRules()...)
	return c
}

func (o *leasesExportOptions) run(ctx context.Context) error {
	if !slices.Contains([]string{"csv", "json", "memfile"}, o.format) {
		return usagef("unknown export format %q; valid are csv, json, memfile", o.format)
	}
	version, err := parseKeaVersion(o.version)
	if err != nil {
		return err
	}
	filter, err := o.filter.parse(o.env.Now())
	if err != nil {
		return err
	}
	if info, err := os.Stat(o.to); o.to != "" && err == nil && info.IsDir() {
		return usagef("--to %s is a directory; name a file in it", o.to)
	}
	if filter.Sort = leases.Sort(o.sort); filter.Sort != leases.Unordered && filter.Sort != leases.ByAddress {
		return usagef("--sort %q: an export takes none or address", o.sort)
	}
	ctx, cancel := o.env.deadline(ctx, 0)
	defer cancel()
	session, d, done, err := o.source.openOne(ctx, 0)
	if err != nil {
		return err
	}
	defer done()
	namespace := session.namespaces[0]
	if err := o.filter.place(&filter, d.Catalog(), namespace); err != nil {
		return err
	}
	if o.format == "memfile" {
		if err := o.oneService(ctx, session, d, &filter, &version); err != nil {
			return err
		}
	}
	return leaseHint(o.write(ctx, d, filter, version), namespace)
}

// parseKeaVersion reads 2.6; nothing is the zero version.
func parseKeaVersion(text string) (kea.Version, error) {
	if text == "" {
		return kea.Version{}, nil
	}
	major, minor, _ := strings.Cut(text, ".")
	minor, _, _ = strings.Cut(minor, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil || a < 1 || b < 0 {
		return kea.Version{}, usagef("--kea-version %q is no version, as in 2.6", text)
	}
	return kea.Version{Number: text, Major: a, Minor: b}, nil
}

// oneService settles what a memfile needs: one service, and the version of its servers.
func (o *leasesExportOptions) oneService(ctx context.Context, session *leaseSession, d *leases.Deployment, filter *leases.Filter, version *kea.Version) error {
	if len(filter.Services) != 1 {
		for _, server := range d.Inventory.Servers {
			if !slices.Contains(filter.Services, server.Service) {
				filter.Services = append(filter.Services, server.Service)
			}
		}
	}
	if len(filter.Services) != 1 {
		return usagef("a memfile holds leases of one service, and there are two here: choose with -4 or -6")
	}
	if version.Major != 0 {
		return nil
	}
	var failed error
	for _, server := range d.Inventory.Servers {
		if server.Service != filter.Services[0] || !server.State.Running {
			continue
		}
		asker, _, err := session.connector.Connect(ctx, server)
		if err == nil {
			*version, err = asker.Version(ctx, server.Service)
		}
		if err == nil && version.Major != 0 {
			return nil
		}
		failed = errors.Join(failed, err)
	}
	err := fmt.Errorf("no server tells its version, which decides what a memfile looks like")
	if failed != nil {
		err = fmt.Errorf("%w: %w", err, failed)
	}
	return WithHint(err, "say it with --kea-version, as in --kea-version 2.6")
}

// write writes the leases, to a file beside its name first.
func (o *leasesExportOptions) write(ctx context.Context, d *leases.Deployment, filter leases.Filter, version kea.Version) error {
	steps := o.env.steps()
	defer steps.Close()
	to, part := o.env.Out, ""
	var file *os.File
	if o.to != "" {
		part = o.to + ".part"
		var err error
		if file, err = os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return err
		}
		defer func() { _ = file.Close() }() // again, after an error
		to = file
	}
	writer := o.writer(to, filter, version)
	steps.Start("export leases")
	about, err := o.rows(ctx, d, filter, writer, steps)
	if err != nil {
		steps.Fail(incomplete(writer.Written(), part))
		return fmt.Errorf("the export is not complete, it holds the first %s: %w", plural(writer.Written(), "lease"), err)
	}
	if file != nil {
		if err := errors.Join(file.Sync(), file.Close()); err != nil {
			return err
		}
		if err := os.Rename(part, o.to); err != nil {
			return err
		}
	}
	done := plural(writer.Written(), "lease")
	if o.to != "" {
		done += " in " + o.to
	}
	steps.Done(done)
	if memfile, ok := writer.(*leases.Memfile); ok {
		about.Notes = append(about.Notes, memfile.Notes()...)
	}
	o.env.aboutNotes(about)
	return nil
}

// incomplete says what an export that broke off has left.
func incomplete(written int, part string) string {
	if part == "" {
		return plural(written, "lease") + " on standard output"
	}
	return fmt.Sprintf("%s in %s", plural(written, "lease"), part)
}

func (o *leasesExportOptions) writer(to io.Writer, filter leases.Filter, version kea.Version) leases.Writer {
	switch o.format {
	case "json":
		return leases.NewJSON(to)
	case "memfile":
		return leases.NewMemfile(to, filter.Services[0], version)
	}
	return leases.NewCSV(to)
}

// rows writes the leases and tells how far it got. What was read before an error is written too.
func (o *leasesExportOptions) rows(ctx context.Context, d *leases.Deployment, filter leases.Filter, writer leases.Writer, steps *printer.Steps) (leases.Origin, error) {
	every := 10 * time.Second
	if o.env.ErrSize != nil {
		every = 500 * time.Millisecond
	}
	begun := o.env.Now()
	last, n := begun, 0
	if err := writer.Begin(); err != nil {
		return leases.Origin{}, err
	}
	about, err := d.Each(ctx, filter, func(l *leases.Lease) error {
		if n++; n%1000 == 0 {
			if now := o.env.Now(); now.Sub(last) >= every {
				last = now
				steps.Note(fmt.Sprintf("%d leases, %.0f a second", n, float64(n)/now.Sub(begun).Seconds()))
			}
		}
		return writer.Row(l)
	})
	return about, errors.Join(err, writer.End())
}
