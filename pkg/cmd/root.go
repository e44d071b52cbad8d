package cmd

import (
	"sync"

	"github.com/spf13/cobra"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// The groups of the help, in its order.
const (
	groupLook  = "look"
	groupSafe  = "safe"
	groupSetUp = "setup"
	groupOther = "other"
)

// NewRoot is the whole command tree. Every command is listed here.
func NewRoot(env *Env) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-kea",
		Short: "Operate ISC Kea DHCP whose leases live in CloudNativePG",
		Long: `kubectl kea looks after ISC Kea DHCP servers on Kubernetes whose leases live in
a PostgreSQL cluster run by the CloudNativePG operator.`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl kea"},
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.ErrOut)
	env.tracing = &sync.Mutex{}
	kubeFlags := bindGlobals(root, env)
	if env.Kube == nil {
		env.Kube = sync.OnceValues(func() (*kube.Client, error) {
			return kube.New(kubeFlags, kube.Options{UserAgent: "kubectl-kea/" + env.Version, Observe: env.observeKube()})
		})
	}

	root.AddCommand(
		newStatusCmd(env),
		newHACmd(env),
		newLogsCmd(env),
		newProbeCmd(env),
		newLeasesCmd(env),
		newVLANsCmd(env),
		newBackupCmd(env),
		newRestoreCmd(env),
		newCredentialsCmd(env),
		newConfigCmd(env),
		newInstallCmd(env),
		newUninstallCmd(env),
		newVersionCmd(env),
		newOptionsCmd(env),
	)
	addCompletion(root, env)
	arrange(root, env)
	return root
}
