package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/config"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack"
)

// newConfigCmd is `kubectl kea config`.
func newConfigCmd(env *Env) *cobra.Command {
	c := &cobra.Command{
		Use:     "config",
		Short:   "Kea's configuration: look at it, compare it, change it with DHCP going on",
		GroupID: groupSafe,
	}
	c.AddCommand(newConfigRenderCmd(env), newConfigDiffCmd(env), newConfigApplyCmd(env), newConfigAbortCmd(env))
	return c
}

// meant are the servers that a command is about.
type meant struct {
	env     *Env
	servers []string
	service string
}

// bind adds the flags.
func (m *meant) bind(c *cobra.Command) {
	c.Flags().StringArrayVar(&m.servers, "server", nil, "Only this `SERVER`, or all of a pod; can be given several times")
	c.Flags().StringVar(&m.service, "service", "", "Only the servers of this service: dhcp4 or dhcp6")
	complete(c, "server", m.env.completeHAServer)
	complete(c, "service", cobra.FixedCompletions([]cobra.Completion{string(kea.DHCP4), string(kea.DHCP6)}, cobra.ShellCompDirectiveNoFileComp))
}

// validate checks the flags.
func (m *meant) validate() error {
	switch kea.Service(m.service) {
	case "", kea.DHCP4, kea.DHCP6:
		return nil
	}
	return usagef("--service %q: it takes dhcp4 or dhcp6", m.service)
}

// choose finds the servers.
func (m *meant) choose(in *inventory.Inventory) ([]inventory.Server, error) {
	servers, err := config.Choose(in, m.servers, kea.Service(m.service))
	return servers, unknownServer(err)
}

// unknownServer is the error of a name that no server has.
func unknownServer(err error) error {
	var unknown *config.UnknownServerError
	if errors.As(err, &unknown) {
		return WithHint(&NotFoundError{fmt.Sprintf("%s (there are: %s)", unknown, strings.Join(unknown.Servers, ", "))}, "kubectl kea ha status -n "+unknown.Namespace)
	}
	return err
}

// discover finds what is deployed.
func (e *Env) discover(ctx context.Context, k *kube.Client, command string) (*inventory.Inventory, error) {
	in, err := inventory.Discover(ctx, k, k.Namespace, inventory.Options{})
	var unfinished *inventory.UnfinishedError
	switch {
	case errors.Is(err, inventory.ErrNone):
		return nil, elsewhere(ctx, k, inventory.Options{}, "", command, err)
	case errors.As(err, &unfinished) && unfinished.Operation.Continue != "":
		return nil, WithHint(err, unfinished.Operation.Continue)
	}
	return in, err
}

// configChange is how a change of configuration is asked for.
type configChange struct {
	meant
	stack             string
	files, set, unset []string
}

// bind adds the flags.
func (o *configChange) bind(c *cobra.Command) {
	o.meant.bind(c)
	f := c.Flags()
	f.StringVarP(&o.stack, "filename", "f", "", "The configurations that this stack `FILE` makes; - is standard input")
	f.StringArrayVar(&o.files, "file", nil, "A whole new file for one server, with its passwords, as `SERVER=FILE`; can be given several times")
	f.StringArrayVar(&o.set, "set", nil, "A value, as `PATH=VALUE`; JSON, or a text as it is; can be given several times")
	f.StringArrayVar(&o.unset, "unset", nil, "Take out the member or element at this `PATH`; can be given several times")
}

// validate checks the flags.
func (o *configChange) validate() error {
	if err := o.meant.validate(); err != nil {
		return err
	}
	ways := 0
	for _, given := range []bool{o.stack != "", len(o.files) > 0, len(o.set)+len(o.unset) > 0} {
		if given {
			ways++
		}
	}
	switch {
	case ways > 1:
		return usagef("-f, --file, and --set with --unset are three ways to say what changes: choose one")
	case len(o.files) > 0 && len(o.servers)+len(o.service) > 0:
		return usagef("--file names its server itself: leave out --server and --service")
	}
	for _, file := range o.files {
		if server, name, ok := strings.Cut(file, "="); !ok || server == "" || name == "" {
			return usagef("--file %s: it takes SERVER=FILE, as in kea-dhcp-0/dhcp4=kea-dhcp4.conf", file)
		}
	}
	edits, err := o.edits()
	if err != nil {
		return err
	}
	return o.narrow(edits)
}

// narrow leaves the servers of one family where the paths of the edits are that family's alone: the other has no such place.
func (o *configChange) narrow(edits []kea.Edit) error {
	families := map[string][]string{}
	for _, e := range edits {
		family := ""
		switch {
		case strings.HasPrefix(e.Path, "subnet4"):
			family = string(kea.DHCP4)
		case strings.HasPrefix(e.Path, "subnet6"):
			family = string(kea.DHCP6)
		}
		families[family] = append(families[family], e.Path)
	}
	four, six, both := families[string(kea.DHCP4)], families[string(kea.DHCP6)], families[""]
	switch {
	case len(four) > 0 && len(six) > 0:
		return usagef("%s is for dhcp4 and %s for dhcp6, which have a file each: change one after the other", four[0], six[0])
	case len(four)+len(six) == 0:
		return nil
	}
	family, own := string(kea.DHCP4), four
	if len(six) > 0 {
		family, own = string(kea.DHCP6), six
	}
	switch {
	case o.service != "" && o.service != family:
		return usagef("%s is for %s, and --service says %s", own[0], family, o.service)
	case o.service == "" && len(both) > 0:
		return usagef("%s is for %s, and %s for both families: add --service %s, or change one after the other", own[0], family, both[0], family)
	}
	o.service = family
	return nil
}

// edits are those of --set, in their order, then those of --unset.
func (o *configChange) edits() ([]kea.Edit, error) {
	found := []kea.Edit{}
	for _, s := range o.set {
		path, text, ok := cutPath(s)
		if !ok {
			return nil, usagef("--set %s: it takes PATH=VALUE, as in subnet4[id=10].valid-lifetime=3600", path)
		}
		found = append(found, kea.Edit{Path: path, Value: valueOf(text)})
	}
	for _, path := range o.unset {
		if path == "" {
			return nil, usagef("--unset: it takes a path, as in subnet4[id=10].valid-lifetime")
		}
		found = append(found, kea.Edit{Path: path, Remove: true})
	}
	return found, nil
}

// cutPath splits PATH=VALUE; an = in brackets belongs to the path.
func cutPath(text string) (path, value string, ok bool) {
	depth := 0
	for i, c := range text {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '=' && depth <= 0:
			return text[:i], text[i+1:], i > 0
		}
	}
	return text, "", false
}

// valueOf is a value as it is typed: JSON, keeping its order, else a text.
func valueOf(text string) any {
	var out bytes.Buffer
	if json.Compact(&out, []byte(text)) == nil {
		return json.RawMessage(out.Bytes())
	}
	return text
}

// wanted are the files that are asked for, by the names of their servers, or the edits. A stack is read and its namespace
// becomes the client's.
func (o *configChange) wanted(ctx context.Context, k *kube.Client) (config.Change, *v1alpha1.Stack, error) {
	change := config.Change{Texts: map[string]kea.Secret{}}
	if o.stack != "" {
		s, err := o.env.readStack(o.stack)
		if err != nil {
			return change, nil, err
		}
		if err := chooseNamespace(s, k); err != nil {
			return change, nil, err
		}
		k.Namespace = s.Metadata.Namespace
		made, err := configurations(ctx, k, s)
		for _, c := range made {
			change.Texts[c.Server()] = c.Text
		}
		return change, s, err
	}
	for _, file := range o.files {
		server, name, _ := strings.Cut(file, "=")
		text, err := os.ReadFile(name)
		if err != nil {
			return change, nil, fmt.Errorf("read the file for %s: %w", server, err)
		}
		if len(text) == 0 {
			return change, nil, fmt.Errorf("the file for %s is empty: %s", server, name)
		}
		if kea.HidesSecrets(text) {
			return change, nil, WithHint(fmt.Errorf("%s holds <redacted> in the place of secrets: it was printed to be looked at, and is not one to run", name),
				"kubectl kea config render --server "+server+" --show-secrets -n "+k.Namespace)
		}
		change.Texts[server] = kea.NewSecret(string(text))
	}
	var err error
	change.Edits, err = o.edits()
	return change, nil, err
}

// configurations are what a stack's servers are to have, with the addresses that the cluster's Services have.
func configurations(ctx context.Context, k *kube.Client, s *v1alpha1.Stack) ([]stack.Configuration, error) {
	var services corev1.ServiceList
	if err := k.List(ctx, &services, client.InNamespace(s.Metadata.Namespace)); err != nil {
		return nil, fmt.Errorf("list services in namespace %s: %w", s.Metadata.Namespace, err)
	}
	made, known, err := stack.Configurations(s, services.Items)
	if err == nil && !known {
		err = WithHint(errors.New("the addresses of the peers are not known: there are no Services of this stack yet"), "kubectl kea install -f FILE")
	}
	return made, err
}

// named puts the texts under their servers' full names, leaves out those that are not meant, and checks that a stack is the one
// which the servers are of.
func (o *configChange) named(in *inventory.Inventory, change *config.Change, s *v1alpha1.Stack) ([]inventory.Server, error) {
	if len(o.files) > 0 {
		texts := map[string]kea.Secret{}
		for name, text := range change.Texts {
			servers, err := config.Choose(in, []string{name}, "")
			switch {
			case err != nil:
				return nil, unknownServer(err)
			case len(servers) > 1:
				return nil, usagef("--file %s=...: it has several servers, name one: %s or %s", name, servers[0].Name(), servers[1].Name())
			}
			texts[servers[0].Name()] = text
		}
		change.Texts = texts
		return ofTexts(in.Servers, texts), nil
	}
	servers, err := o.choose(in)
	if err != nil || s == nil {
		return servers, err
	}
	meant := map[string]kea.Secret{}
	for _, server := range servers {
		text, ok := change.Texts[server.Name()]
		if !ok {
			continue
		}
		if file, err := in.ConfigFile(server); err == nil && file.Name != s.ConfigMap() {
			return nil, fmt.Errorf("%s has its configuration from %s, and not from configmap %s of stack %s", server.Name(), config.ObjectText(file), s.ConfigMap(), s.Metadata.Name)
		}
		meant[server.Name()] = text
	}
	if len(o.servers) > 0 || o.service != "" {
		change.Texts = meant
	}
	return ofTexts(servers, change.Texts), nil
}

// ofTexts are the servers that have a text.
func ofTexts(servers []inventory.Server, texts map[string]kea.Secret) []inventory.Server {
	return slices.DeleteFunc(slices.Clone(servers), func(s inventory.Server) bool { _, ok := texts[s.Name()]; return !ok })
}
