package cmd

import (
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/client-go/tools/clientcmd"
)

// kubeFlags are kubectl's connection flags. They are bound by client-go itself:
// the ready-made set of cli-runtime has kustomize behind it, which would double
// the size of the binary.
type kubeFlags struct {
	kubeconfig string
	overrides  clientcmd.ConfigOverrides
}

// bind adds the flags. Only the few that are used every day show in the help;
// `kubectl kea options` lists all.
func (f *kubeFlags) bind(flags *pflag.FlagSet) {
	own := pflag.NewFlagSet("kube", pflag.ContinueOnError)
	own.StringVar(&f.kubeconfig, "kubeconfig", "", "Path to the kubeconfig file to use")
	clientcmd.BindOverrideFlags(&f.overrides, own, clientcmd.RecommendedConfigOverrideFlags(""))
	describe := map[string]string{
		"context":   "The kubeconfig context to use",
		"namespace": "The namespace to look at",
		"as":        "The user to impersonate",
	}
	own.VisitAll(func(flag *pflag.Flag) {
		if usage, ok := describe[flag.Name]; ok {
			flag.Usage = usage
		}
		flag.Hidden = !slices.Contains([]string{"kubeconfig", "context", "namespace", "as"}, flag.Name)
	})
	flags.AddFlagSet(own)
}

// ToRawKubeConfigLoader implements kube.Flags.
func (f *kubeFlags) ToRawKubeConfigLoader() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &f.overrides)
}

// completeContext offers the names of the kubeconfig's contexts.
func (f *kubeFlags) completeContext(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	config, err := f.ToRawKubeConfigLoader().RawConfig()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []cobra.Completion
	for name := range config.Contexts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, cobra.ShellCompDirectiveNoFileComp
}

// inNamespace is -n as it was given, for the command that an error suggests; "" where it was not.
func inNamespace(c *cobra.Command) string {
	if f := c.Flag("namespace"); f != nil && f.Changed {
		return " -n " + f.Value.String()
	}
	return ""
}
