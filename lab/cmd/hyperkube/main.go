// Command hyperkube is one multi-call binary with every Kubernetes daemon that the lab runs, so that client-go,
// grpc and the rest are compiled and linked once. The program is picked by argv[0] or by the first argument.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kubeproxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	programs := map[string]func(){
		"kube-apiserver":          func() { exec(apiserver.NewAPIServerCommand()) },
		"kube-controller-manager": func() { exec(controllermanager.NewControllerManagerCommand()) },
		"kube-scheduler":          func() { exec(scheduler.NewSchedulerCommand()) },
		"kubelet":                 func() { exec(kubelet.NewKubeletCommand(context.Background())) },
		"kube-proxy":              func() { exec(kubeproxy.NewProxyCommand()) },
		"etcd":                    func() { etcdmain.Main(os.Args) },
		"coredns":                 corednsMain,
		"provisioner":             provisionerMain,
	}
	run, ok := programs[filepath.Base(os.Args[0])]
	if !ok && len(os.Args) > 1 {
		os.Args = os.Args[1:]
		run, ok = programs[os.Args[0]]
	}
	if !ok {
		fmt.Fprintln(os.Stderr, "usage: hyperkube PROGRAM ... (kube-apiserver, kube-controller-manager, kube-scheduler, kubelet, kube-proxy, etcd, coredns, provisioner)")
		os.Exit(2)
	}
	run()
}

func exec(command *cobra.Command) { os.Exit(cli.Run(command)) }
