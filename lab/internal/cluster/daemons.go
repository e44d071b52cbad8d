package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func (c *Cluster) containerdSocket() string { return filepath.Join(c.Run(), "containerd.sock") }

// startContainerd configures and starts Debian's containerd. Without CAP_SYS_RESOURCE an oom_score_adj cannot be
// lowered, so nothing asks for it.
func (c *Cluster) startContainerd(ctx context.Context, log io.Writer) error {
	dir := filepath.Join(c.State, "containerd")
	cni := filepath.Join(c.State, "cni")
	config := fmt.Sprintf(`version = 2
root = "%[1]s/root"
state = "%[1]s/state"
oom_score = 0
[grpc]
  address = "%[2]s"
[plugins."io.containerd.internal.v1.opt"]
  path = "%[1]s/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/kealab/pause:3.10"
  stream_server_address = "127.0.0.1"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "%[3]s/net.d"
`, dir, c.containerdSocket(), cni)
	network := fmt.Sprintf(`{"cniVersion": "0.4.0", "name": %q, "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "%s/ipam", "ranges": [[{"subnet": %q}], [{"subnet": %q}]],
            "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
`, c.Name, cni, c.PodCIDR, c.PodCIDR6)
	if err := writeFiles(map[string]string{filepath.Join(dir, "config.toml"): config, filepath.Join(cni, "net.d", "10-lab.conflist"): network}); err != nil {
		return err
	}
	if err := c.Start("containerd", nil, "containerd", "--config", filepath.Join(dir, "config.toml")); err != nil {
		return err
	}
	return c.await(ctx, log, "containerd", 30*time.Second, []string{"containerd"}, func(ctx context.Context) bool {
		argv := c.Enter("ctr", "-a", c.containerdSocket(), "version")
		return runQuiet(ctx, log, argv)
	})
}

// startAPIServer starts etcd, the API server and the way to it from the host.
func (c *Cluster) startAPIServer(ctx context.Context, log io.Writer) error {
	if err := c.writePKI(); err != nil {
		return err
	}
	hyperkube := filepath.Join(c.Bin(), "hyperkube")
	etcd := filepath.Join(c.State, "etcd")
	if err := os.MkdirAll(etcd, 0o700); err != nil {
		return err
	}
	// The lab's data is worth nothing: no fsync.
	err := c.Start("etcd", nil, hyperkube, "etcd", "--name", c.Name, "--data-dir", etcd, "--listen-client-urls=http://127.0.0.1:2379",
		"--advertise-client-urls=http://127.0.0.1:2379", "--listen-peer-urls=http://127.0.0.1:2380",
		"--initial-advertise-peer-urls=http://127.0.0.1:2380", "--initial-cluster="+c.Name+"=http://127.0.0.1:2380", "--unsafe-no-fsync", "--log-level=warn")
	if err != nil {
		return err
	}
	pki := func(name string) string { return filepath.Join(c.PKI(), name) }
	err = c.Start("kube-apiserver", nil, hyperkube, "kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0",
		"--advertise-address="+c.NodeIP, "--secure-port=6443", "--service-cluster-ip-range="+c.ServiceCIDR, "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--allow-privileged=true", "--client-ca-file="+pki("ca.crt"),
		"--tls-cert-file="+pki("apiserver.crt"), "--tls-private-key-file="+pki("apiserver.key"),
		"--kubelet-client-certificate="+pki("apiserver-kubelet-client.crt"), "--kubelet-client-key="+pki("apiserver-kubelet-client.key"),
		"--kubelet-certificate-authority="+pki("ca.crt"), "--kubelet-preferred-address-types=InternalIP",
		"--service-account-key-file="+pki("sa.key"), "--service-account-signing-key-file="+pki("sa.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--requestheader-client-ca-file="+pki("front-proxy-ca.crt"), "--requestheader-allowed-names=front-proxy-client",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-", "--requestheader-group-headers=X-Remote-Group",
		"--requestheader-username-headers=X-Remote-User", "--proxy-client-cert-file="+pki("front-proxy-client.crt"),
		"--proxy-client-key-file="+pki("front-proxy-client.key"), "--cert-dir="+filepath.Join(c.Run(), "apiserver"))
	if err != nil {
		return err
	}
	if err := c.startBridge(); err != nil {
		return err
	}
	return c.await(ctx, log, "the API server", 90*time.Second, []string{"etcd", "kube-apiserver", "bridge"}, func(ctx context.Context) bool {
		return c.get(ctx, "/readyz", nil) == nil
	})
}

// startBridge starts the way from the host's loopback to the API server.
func (c *Cluster) startBridge() error {
	if c.Lives("bridge") {
		return nil
	}
	self, err := c.keepSelf()
	if err != nil {
		return err
	}
	listener, err := c.listenOnHost()
	if err != nil {
		return err
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	defer socket.Close()
	return c.Start("bridge", []*os.File{socket}, self, "bridge", "127.0.0.1:6443")
}

// keepSelf copies this very program to where it outlives `go run`.
func (c *Cluster) keepSelf() (string, error) {
	executable, err := os.Executable()
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(executable)
	if err != nil {
		return "", err
	}
	path := filepath.Join(c.Run(), "lab")
	_ = os.Remove(path) // a running copy cannot be written to
	return path, os.WriteFile(path, data, 0o755)
}

// startNode starts the controllers, the scheduler, the kubelet, kube-proxy and the volume provisioner.
func (c *Cluster) startNode(ctx context.Context, log io.Writer) error {
	hyperkube := filepath.Join(c.Bin(), "hyperkube")
	pki := func(name string) string { return filepath.Join(c.PKI(), name) }
	kubelet := filepath.Join(c.State, "kubelet")
	err := writeFiles(map[string]string{
		filepath.Join(kubelet, "resolv.conf"):     "nameserver 127.0.0.1\n",
		filepath.Join(kubelet, "config.yaml"):     c.kubeletConfig(kubelet),
		filepath.Join(kubelet, "kube-proxy.yaml"): c.proxyConfig(),
		filepath.Join(c.State, "podlogs/.keep"):   "", filepath.Join(c.State, "volumes/.keep"): "",
	})
	if err != nil {
		return err
	}
	auth := func(name string) []string {
		file := pki(name + ".kubeconfig")
		return []string{"--kubeconfig=" + file, "--authentication-kubeconfig=" + file, "--authorization-kubeconfig=" + file, "--bind-address=127.0.0.1", "--leader-elect=false"}
	}
	daemons := []struct {
		name string
		args []string
	}{
		{"kube-controller-manager", append(auth("controller-manager"), "--root-ca-file="+pki("ca.crt"), "--service-account-private-key-file="+pki("sa.key"),
			"--use-service-account-credentials=true", "--cluster-signing-cert-file="+pki("ca.crt"), "--cluster-signing-key-file="+pki("ca.key"),
			"--controllers=*", "--flex-volume-plugin-dir="+filepath.Join(kubelet, "volplugins"))},
		{"kube-scheduler", auth("scheduler")},
		{"kubelet", []string{
			"--config=" + filepath.Join(kubelet, "config.yaml"), "--kubeconfig=" + pki("kubelet.kubeconfig"), "--hostname-override=" + c.Name,
			"--node-ip=" + c.NodeIP, "--root-dir=" + filepath.Join(kubelet, "root"), "--cert-dir=" + filepath.Join(kubelet, "pki"),
		}},
		{"kube-proxy", []string{"--config=" + filepath.Join(kubelet, "kube-proxy.yaml")}},
		{"provisioner", []string{"-kubeconfig", c.KubeconfigInside(), "-dir", filepath.Join(c.State, "volumes"), "-node", c.Name}},
	}
	names := []string{}
	for _, d := range daemons {
		names = append(names, d.name)
		if err := c.Start(d.name, nil, append([]string{hyperkube, d.name}, d.args...)...); err != nil {
			return err
		}
	}
	return c.await(ctx, log, "the node", 90*time.Second, names, func(ctx context.Context) bool {
		var node struct {
			Status struct {
				Conditions []struct{ Type, Status string }
			}
		}
		if c.get(ctx, "/api/v1/nodes/"+c.Name, &node) != nil {
			return false
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				return true
			}
		}
		return false
	})
}

func (c *Cluster) kubeletConfig(dir string) string {
	return strings.NewReplacer("@SOCKET@", c.containerdSocket(), "@PKI@", c.PKI(), "@DNS@", c.DNS, "@DIR@", dir, "@STATE@", c.State, "@NAME@", c.Name).Replace(`apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
failSwapOn: false
cgroupDriver: cgroupfs
cgroupRoot: /@NAME@
cgroupsPerQOS: true
enforceNodeAllocatable: [pods]
containerRuntimeEndpoint: unix://@SOCKET@
address: 0.0.0.0
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: @PKI@/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: @PKI@/kubelet-server.crt
tlsPrivateKeyFile: @PKI@/kubelet-server.key
clusterDomain: cluster.local
clusterDNS: [@DNS@]
resolvConf: @DIR@/resolv.conf
imageGCHighThresholdPercent: 100
imageMinimumGCAge: 0s
evictionHard: {memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%"}
maxPods: 110
podLogsDir: @STATE@/podlogs
volumePluginDir: @DIR@/volplugins
serializeImagePulls: true
registerNode: true
`)
}

func (c *Cluster) proxyConfig() string {
	return fmt.Sprintf(`apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
bindAddress: 0.0.0.0
clientConnection: {kubeconfig: %s}
clusterCIDR: %s
hostnameOverride: %s
conntrack: {maxPerCore: 0, min: 0}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
`, filepath.Join(c.PKI(), "kube-proxy.kubeconfig"), c.PodCIDR, c.Name)
}

// writeFiles writes what has changed: kube-proxy ends itself when its file is written, even with the same bytes.
func writeFiles(files map[string]string) error {
	for path, content := range files {
		if old, err := os.ReadFile(path); err == nil && string(old) == content {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}
