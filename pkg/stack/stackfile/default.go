package stackfile

import (
	"cmp"
	"maps"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

// Default fills every field that is not set. What is set stays, so a second call changes nothing. The namespace stays
// empty: it is the command line's.
func Default(s *v1alpha1.Stack) {
	or(&s.APIVersion, v1alpha1.APIVersion)
	or(&s.Kind, v1alpha1.Kind)
	or(&s.Metadata.Name, "kea-dhcp")
	defaultVLANs(s.Spec.VLANs)
	defaultExposure(&s.Spec.Exposure)
	defaultKea(s)
	defaultHA(&s.Spec.HighAvailability)
	defaultDatabase(&s.Spec.Database)
	orNew(&s.Spec.NetworkPolicy.Enabled, true)
}

// or sets what is not set.
func or[T comparable](field *T, value T) { *field = cmp.Or(*field, value) }

func orNew[T any](field **T, value T) {
	if *field == nil {
		*field = new(value)
	}
}

func orTime(field *metav1.Duration, value time.Duration) {
	if field.Duration == 0 {
		field.Duration = value
	}
}

func orSize(field *resource.Quantity, value string) {
	if field.IsZero() {
		*field = resource.MustParse(value)
	}
}

// isc is where ISC publishes its images, one per daemon.
const isc = "docker.cloudsmith.io/isc/docker/"

// patch is the release of a generation whose images are the default.
func patch(version string) string {
	if version == "2.6" {
		return "2.6.3"
	}
	return "3.0.1"
}

func defaultKea(s *v1alpha1.Stack) {
	k := &s.Spec.Kea
	or(&k.Version, "3.0")
	or(&k.Images.DHCP4, cmp.Or(k.Images.All, isc+"kea-dhcp4:"+patch(k.Version)))
	or(&k.Images.DHCP6, cmp.Or(k.Images.All, isc+"kea-dhcp6:"+patch(k.Version)))
	or(&k.Images.CtrlAgent, cmp.Or(k.Images.All, isc+"kea-ctrl-agent:"+patch(k.Version)))
	or(&k.Images.Admin, k.Images.DHCP4)
	or(&k.ImagePullPolicy, corev1.PullIfNotPresent)

	// ISC's images are Alpine's, an image with everything in it is mostly made of Debian packages.
	hooks := "/usr/lib/kea/hooks"
	if k.Images.All != "" {
		hooks = "/usr/lib/x86_64-linux-gnu/kea/hooks"
	}
	or(&k.Paths.Hooks, hooks)
	or(&k.Paths.Scripts, "/usr/share/kea/scripts")
	or(&k.Paths.Run, "/run/kea")
	or(&k.Paths.Data, "/var/lib/kea")

	orNew(&k.DHCP4.Enabled, true)
	orNew(&k.DHCP6.Enabled, hasSubnets6(s))
	allocator := defaultAllocator(s)
	defaultDaemon(&k.DHCP4, allocator)
	defaultDaemon(&k.DHCP6, allocator)
	orTime(&k.DHCP6.PreferredLifetime, (k.DHCP6.LeaseTime.Duration / 2).Truncate(time.Second))

	or(&k.LogSeverity, "INFO")
	spread := "preferred"
	if s.Spec.Exposure.Type == v1alpha1.HostNetwork {
		spread = "required" // two servers cannot share a node's ports
	}
	or(&k.AntiAffinity, spread)
}

func hasSubnets6(s *v1alpha1.Stack) bool {
	for _, v := range s.Spec.VLANs {
		if len(v.Subnets6) > 0 {
			return true
		}
	}
	return false
}

// defaultAllocator: Kea's own default, iterative, asks the database about every address in use before it finds a free one after
// each start and takeover, while clients wait; and after a restore it hands out those first that the database has forgotten.
func defaultAllocator(s *v1alpha1.Stack) string {
	if s.Spec.Database.Type == v1alpha1.Memfile {
		return "iterative" // leases are in the server's memory, where a look takes no time
	}
	return "random"
}

func defaultDaemon(d *v1alpha1.Daemon, allocator string) {
	orTime(&d.LeaseTime, 24*time.Hour)
	orTime(&d.MaxLeaseTime, max(7*24*time.Hour, d.LeaseTime.Duration))
	or(&d.Allocator, allocator)
}

func defaultHA(h *v1alpha1.HighAvailability) {
	or(&h.Mode, v1alpha1.HotStandby)
	orTime(&h.HeartbeatDelay, 10*time.Second)
	orTime(&h.MaxResponseDelay, 10*time.Second)
	orTime(&h.MaxAckDelay, 5*time.Second)
	orNew(&h.MaxUnackedClients, 5)
	or(&h.Ports.HA4, 8010)
	or(&h.Ports.HA6, 8011)
	or(&h.Ports.Control4, 8004)
	or(&h.Ports.Control6, 8006)
	or(&h.Ports.Agent, 8000)
}

func defaultExposure(e *v1alpha1.Exposure) {
	or(&e.Type, v1alpha1.PerPodLoadBalancer)
	if len(e.Interfaces) > 0 {
		return
	}
	switch e.Type {
	case v1alpha1.HostNetwork:
		e.Interfaces = []string{"*"}
	case v1alpha1.Multus:
		e.Interfaces = []string{"net1"}
	default:
		e.Interfaces = []string{"eth0"}
	}
}

func defaultDatabase(d *v1alpha1.Database) {
	or(&d.Type, v1alpha1.PostgreSQL)
	or(&d.Name, "kea")
	or(&d.Owner, "kea")
	or(&d.Service, "kea-database")
	or(&d.CredentialsSecret, "kea-db-credentials")
	or(&d.ViewerSecret, "kea-db-viewer")
	or(&d.ViewerRole, "kea_viewer")
	or(&d.CASecret, "kea-db-ca")
	or(&d.AuditRetention, "30d")
	defaultCluster(&d.Cluster)
	defaultBackup(&d.Backup)
	// Tries times Wait outlasts a failover of PostgreSQL; after it Kea exits and is restarted.
	or(&d.Reconnect.Tries, 60)
	orTime(&d.Reconnect.Wait, time.Second)
	orTime(&d.Reconnect.ConnectTimeout, 5*time.Second)
	orNew(&d.Maintenance.Enabled, true)
	or(&d.Maintenance.Schedule, "30 3 * * *")
	or(&d.Maintenance.LogRetention, "30d")
	orSize(&d.Memfile.Storage.Size, "1Gi")
	orTime(&d.Memfile.LFCInterval, time.Hour)
}

func defaultCluster(c *v1alpha1.Cluster) {
	or(&c.Name, "kea-database")
	or(&c.Instances, 3)
	orSize(&c.Storage.Size, "1Gi")
	orNew(&c.SmartShutdownTimeout, 2)
	all := parameters()
	maps.Copy(all, c.Parameters)
	c.Parameters = all
}

// parameters are PostgreSQL's settings. Kea's statements are short: compiling them costs more than running them.
func parameters() map[string]string {
	return map[string]string{
		"max_connections":              "100",
		"shared_buffers":               "256MB",
		"effective_cache_size":         "768MB",
		"maintenance_work_mem":         "64MB",
		"checkpoint_completion_target": "0.9",
		"wal_buffers":                  "16MB",
		"default_statistics_target":    "100",
		"random_page_cost":             "1.1",
		"work_mem":                     "4MB",
		"jit":                          "off",
	}
}

func defaultBackup(b *v1alpha1.Backup) {
	method := v1alpha1.NoBackup
	if b.DestinationPath != "" {
		method = v1alpha1.BackupPlugin
	}
	or(&b.Method, method)
	or(&b.CredentialsSecret, "backup-creds")
	or(&b.AccessKeyIDKey, "ACCESS_KEY_ID")
	or(&b.SecretKeyKey, "ACCESS_SECRET_KEY")
	or(&b.Retention, "30d")
	or(&b.Schedule, "0 0 2 * * *")
	or(&b.Compression, "gzip")
	or(&b.MaxParallel, 2)
	or(&b.ObjectStore, "kea-backups")
}

func defaultVLANs(vlans []v1alpha1.VLAN) {
	for i := range vlans {
		v := &vlans[i]
		if v.ID != 0 {
			or(&v.Name, "vlan"+strconv.Itoa(v.ID))
		}
		for _, subnets := range [][]v1alpha1.Subnet{v.Subnets4, v.Subnets6} {
			if len(subnets) > 0 {
				or(&subnets[0].ID, v.ID)
			}
		}
	}
}
