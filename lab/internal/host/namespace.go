package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/step"
)

// Host is the lab's hold on this machine: one network namespace without uplink, and one process (the holder) in its own
// pid and mount namespaces from which every daemon descends. Ending the holder ends everything and drops every mount.
type Host struct {
	Paths
	Network
}

// New takes hold of a machine; it changes nothing.
func New(p Paths) *Host { return &Host{Paths: p, Network: DefaultNetwork()} }

func (h *Host) netns() string { return "/run/netns/" + h.Name }

// CreateNetwork makes the namespace: loopback, and the node's address on a veth pair whose both ends stay inside
// (not every kernel has the dummy device). There is no default route, so nothing can leave.
func (h *Host) CreateNetwork(ctx context.Context, log io.Writer) error {
	if !isNamespace(h.netns()) {
		// Where /run is no tmpfs, a restart of the machine leaves the name without the namespace.
		if err := os.Remove(h.netns()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := step.Command(ctx, log, "/", nil, "ip", "netns", "add", h.Name); err != nil {
			return err
		}
	}
	script := fmt.Sprintf(`set -e
ip link set lo up
ip link show node0 >/dev/null 2>&1 || ip link add node0 type veth peer name node0p
ip link set node0p up
ip addr replace %s/24 dev node0
ip link set node0 up
# A ClusterIP needs some route before kube-proxy's DNAT sees the packet.
ip route replace %s dev node0
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables; fi
ip -br addr; ip route`, h.NodeIP, h.ServiceCIDR)
	return step.Command(ctx, log, "/", nil, "nsenter", "--net="+h.netns(), "sh", "-c", script)
}

// isNamespace says whether a name below /run/netns stands for a namespace (nsfs) rather than for nothing.
func isNamespace(path string) bool {
	const nsfs = 0x6e736673
	var fs syscall.Statfs_t
	return syscall.Statfs(path, &fs) == nil && fs.Type == nsfs
}

// StartHolder starts the process that owns the lab, unless it runs. /run, /var/lib and /var/log are private inside, so
// that containerd, the kubelet and runc leave nothing on the host.
func (h *Host) StartHolder(ctx context.Context) error {
	if h.Running() {
		return nil
	}
	if err := h.createCgroups(); err != nil {
		return err
	}
	if err := os.MkdirAll(h.Run(), 0o755); err != nil {
		return err
	}
	script := fmt.Sprintf(h.holderMark()+`
for d in /run /var/log; do mount -t tmpfs -o mode=755 tmpfs $d; done
# The state may lie below /var/lib: carry it over the tmpfs that hides that.
mkdir /run/state; `+h.bindState()+`
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir -p %[1]s; mount --move /run/state %[1]s
mount --make-rshared /
while :; do sleep 3600 & wait; done`, h.State)
	args := []string{
		"--net=" + h.netns(), "unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private",
		"--mount-proc", "bash", "-ec", script,
	}
	pid, err := h.detach("holder", "nsenter", args...)
	if err != nil {
		return err
	}
	if err := os.WriteFile(h.pidFile("unshare"), []byte(strconv.Itoa(pid)), 0o644); err != nil {
		return err
	}
	// An interrupt does not break this off: whoever starts a holder must know it.
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		child, ok := onlyChild(pid)
		if !ok {
			continue
		}
		if err := os.WriteFile(h.pidFile("holder"), []byte(strconv.Itoa(child)), 0o644); err != nil {
			return err
		}
		// The holder's mounts are done when it waits in its sleep; its children before that are mount and mkdir.
		if waiting, ok := onlyChild(child); ok && commandName(waiting) == "sleep" {
			return ctx.Err()
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	log := filepath.Join(h.Logs(), "holder.log")
	return fmt.Errorf("the holder process did not start; the end of %s:\n%s", log, step.Tail(log, 10))
}

// Running says whether the holder lives.
func (h *Host) Running() bool { return h.Lives("holder") && h.Lives("unshare") }

// Remains says whether the state is that of a lab that did not go down but died, with the machine or with its holder.
func (h *Host) Remains() bool {
	_, err := os.Stat(h.pidFile("unshare"))
	return err == nil && !h.Running()
}

// Enter is the command line that runs a command inside the lab's namespaces. The working directory becomes /.
func (h *Host) Enter(command ...string) []string {
	return append([]string{"nsenter", "-t", strconv.Itoa(h.readPid("holder")), "--net", "--mount", "--pid", "--uts", "--ipc", "--"}, command...)
}

// InNetwork is the command line that runs a command in the lab's network alone, with the host's files.
func (h *Host) InNetwork(command ...string) []string {
	return append([]string{"nsenter", "--net=" + h.netns(), "--"}, command...)
}

// Start starts a daemon inside the lab, unless one of that name runs; its log is Logs()/NAME.log.
func (h *Host) Start(name string, files []*os.File, command ...string) error {
	if h.Lives(name) {
		return nil
	}
	argv := h.Enter(command...)
	pid, err := h.detachWith(name, files, argv[0], argv[1:]...)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	return os.WriteFile(h.pidFile(name), []byte(strconv.Itoa(pid)), 0o644)
}

// Daemons are the daemons that were started, by name, and whether each lives.
func (h *Host) Daemons() map[string]bool {
	found := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(h.Run(), "*.pid"))
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pid")
		found[name] = h.Lives(name)
	}
	return found
}

func (h *Host) detach(name, program string, args ...string) (int, error) {
	return h.detachWith(name, nil, program, args...)
}

// detachWith starts a process in a session of its own that outlives us, with its output in a log.
func (h *Host) detachWith(name string, files []*os.File, program string, args ...string) (int, error) {
	if err := os.MkdirAll(h.Logs(), 0o755); err != nil {
		return 0, err
	}
	log, err := os.Create(filepath.Join(h.Logs(), name+".log"))
	if err != nil {
		return 0, err
	}
	defer log.Close()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = "/", log, log, files
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Env = append(os.Environ(), "PATH="+h.Bin()+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	pid := cmd.Process.Pid
	// The kernel lets us know of the new program a moment before it shows its command line, by which it is known.
	for deadline := time.Now().Add(time.Second); len(commandLine(pid)) == 0 && alive(pid) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	return pid, cmd.Process.Release()
}
