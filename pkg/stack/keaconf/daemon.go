package keaconf

import (
	"path"
	"time"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// Addresses are what only a cluster knows of a stack, in the servers' order.
type Addresses struct {
	// Peers are the ClusterIPs of the servers' HA Services.
	Peers []string
	// Identifiers are the addresses by which DHCPv4 clients know the servers; "" leaves the option out, Kea then takes
	// the address of the interface.
	Identifiers []string
}

// Daemon returns the configuration file of one server's daemon.
func Daemon(s *v1alpha1.Stack, server int, service kea.Service, a Addresses) ([]byte, error) {
	f := file{stack: s, server: server, service: service, addresses: a, daemon: s.Spec.Kea.DHCP4}
	if service == kea.DHCP6 {
		f.daemon = s.Spec.Kea.DHCP6
	}
	section, err := f.section()
	if err != nil {
		return nil, err
	}
	d := kea.Document{DHCP4: section}
	if service == kea.DHCP6 {
		d = kea.Document{DHCP6: section}
	}
	return finish(d)
}

// file is one daemon's configuration file in the making.
type file struct {
	stack     *v1alpha1.Stack
	server    int
	service   kea.Service
	addresses Addresses
	daemon    v1alpha1.Daemon // of the stack's two the one of this service
}

func (f file) is6() bool { return f.service == kea.DHCP6 }

func (f file) name() string { return f.stack.Servers()[f.server] }

func (f file) highAvailability() bool {
	return f.stack.Spec.HighAvailability.Mode != v1alpha1.NoHA
}

func (f file) section() (*kea.DHCPDocument, error) {
	d := &kea.DHCPDocument{
		InterfacesConfig: f.interfaces(),
		LeaseDatabase:    f.leaseDatabase(),
		HostsDatabase:    f.hostsDatabase(),
		ValidLifetime:    seconds(f.daemon.LeaseTime.Duration),
		MaxValidLifetime: seconds(f.daemon.MaxLeaseTime.Duration),
		OptionData:       f.options(),
		Loggers:          loggers("kea-"+string(f.service), f.stack.Spec.Kea.LogSeverity),
	}
	f.controlSockets(d)
	f.allocators(d)
	if f.is6() {
		d.ServerID = f.serverID()
		d.PreferredLifetime = seconds(f.daemon.PreferredLifetime.Duration)
	}
	var err error
	if d.HooksLibraries, err = f.hooks(); err != nil {
		return nil, err
	}
	if err := f.vlans(d); err != nil {
		return nil, err
	}
	return d, merge(d, f.daemon.Config)
}

// controlSockets: a control agent wants the one socket up to 2.6; from 3.0 on the daemon speaks HTTP itself, inside the
// pod only, because nothing asks for a password there.
func (f file) controlSockets(d *kea.DHCPDocument) {
	unix := socket(f.stack, f.service)
	if f.stack.HasAgent() {
		d.ControlSocket = &unix
		return
	}
	port := f.stack.Spec.HighAvailability.Ports.Control4
	if f.is6() {
		port = f.stack.Spec.HighAvailability.Ports.Control6
	}
	d.ControlSockets = []kea.ControlSocketEntry{unix, {SocketType: "http", SocketAddress: localhost, SocketPort: port}}
}

// localhost is where commands are taken: whoever may reach it from outside may enter the pod.
const localhost = "127.0.0.1"

func socket(s *v1alpha1.Stack, service kea.Service) kea.ControlSocketEntry {
	name := map[kea.Service]string{kea.DHCP4: "kea4.sock", kea.DHCP6: "kea6.sock"}[service]
	return kea.ControlSocketEntry{SocketType: "unix", SocketName: path.Join(s.Spec.Kea.Paths.Run, name)}
}

// loggers writes to the container's log. What Kea says of each lease and packet drowns the rest.
func loggers(name, severity string) []kea.Logger {
	quiet := "WARN"
	if severity == "ERROR" {
		quiet = severity
	}
	stdout := []kea.LoggerOutput{{Output: "stdout"}}
	loggers := []kea.Logger{{Name: name, Severity: severity, OutputOptions: stdout}}
	// A line a packet, and a line for each question of a probe, would hide the others.
	for _, of := range []string{"leases", "packets", "commands", "lease-cmds-hooks", "stat-cmds-hooks"} {
		loggers = append(loggers, kea.Logger{Name: name + "." + of, Severity: quiet, OutputOptions: stdout})
	}
	return loggers
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func milliseconds(d time.Duration) int { return int(d / time.Millisecond) }
