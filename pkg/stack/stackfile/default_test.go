package stackfile

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func d(x time.Duration) metav1.Duration { return metav1.Duration{Duration: x} }

// whole is the stack of all defaults.
func whole() *v1alpha1.Stack {
	return &v1alpha1.Stack{
		APIVersion: "kea.fos1.io/v1alpha1",
		Kind:       "Stack",
		Metadata:   v1alpha1.Metadata{Name: "kea-dhcp"},
		Spec: v1alpha1.Spec{
			Kea: v1alpha1.Kea{
				Version: "3.0",
				Images: v1alpha1.Images{
					DHCP4:     "docker.cloudsmith.io/isc/docker/kea-dhcp4:3.0.1",
					DHCP6:     "docker.cloudsmith.io/isc/docker/kea-dhcp6:3.0.1",
					CtrlAgent: "docker.cloudsmith.io/isc/docker/kea-ctrl-agent:3.0.1",
					Admin:     "docker.cloudsmith.io/isc/docker/kea-dhcp4:3.0.1",
				},
				ImagePullPolicy: corev1.PullIfNotPresent,
				Paths: v1alpha1.Paths{
					Hooks: "/usr/lib/kea/hooks", Scripts: "/usr/share/kea/scripts", Run: "/run/kea", Data: "/var/lib/kea",
				},
				DHCP4: v1alpha1.Daemon{
					Enabled: new(true), LeaseTime: d(86400 * time.Second), MaxLeaseTime: d(604800 * time.Second), Allocator: "random",
				},
				DHCP6: v1alpha1.Daemon{
					Enabled: new(false), LeaseTime: d(86400 * time.Second), MaxLeaseTime: d(604800 * time.Second),
					PreferredLifetime: d(43200 * time.Second), Allocator: "random",
				},
				LogSeverity:  "INFO",
				AntiAffinity: "preferred",
			},
			HighAvailability: v1alpha1.HighAvailability{
				Mode:           "hot-standby",
				HeartbeatDelay: d(10 * time.Second), MaxResponseDelay: d(10 * time.Second), MaxAckDelay: d(5 * time.Second),
				MaxUnackedClients: new(5),
				Ports:             v1alpha1.Ports{HA4: 8010, HA6: 8011, Control4: 8004, Control6: 8006, Agent: 8000},
			},
			Exposure: v1alpha1.Exposure{Type: "perPodLoadBalancer", Interfaces: []string{"eth0"}},
			Database: v1alpha1.Database{
				Type: "postgresql", Name: "kea", Owner: "kea", Service: "kea-database",
				CredentialsSecret: "kea-db-credentials", ViewerSecret: "kea-db-viewer", ViewerRole: "kea_viewer", CASecret: "kea-db-ca", AuditRetention: "30d",
				Cluster: v1alpha1.Cluster{
					Name: "kea-database", Instances: 3,
					Storage: v1alpha1.Storage{Size: resource.MustParse("1Gi")},
					Parameters: map[string]string{
						"max_connections": "100", "shared_buffers": "256MB", "effective_cache_size": "768MB", "maintenance_work_mem": "64MB",
						"checkpoint_completion_target": "0.9", "wal_buffers": "16MB", "default_statistics_target": "100",
						"random_page_cost": "1.1", "work_mem": "4MB", "jit": "off",
					},
					SmartShutdownTimeout: new(int32(2)),
				},
				Backup: v1alpha1.Backup{
					Method: "none", CredentialsSecret: "backup-creds", AccessKeyIDKey: "ACCESS_KEY_ID", SecretKeyKey: "ACCESS_SECRET_KEY",
					Retention: "30d", Schedule: "0 0 2 * * *", Compression: "gzip", MaxParallel: 2, ObjectStore: "kea-backups",
				},
				Reconnect:   v1alpha1.Reconnect{Tries: 60, Wait: d(time.Second), ConnectTimeout: d(5 * time.Second)},
				Maintenance: v1alpha1.Maintenance{Enabled: new(true), Schedule: "30 3 * * *", LogRetention: "30d"},
				Memfile:     v1alpha1.MemfileDisk{Storage: v1alpha1.Storage{Size: resource.MustParse("1Gi")}, LFCInterval: d(time.Hour)},
			},
			NetworkPolicy: v1alpha1.NetworkPolicy{Enabled: new(true)},
		},
	}
}

func TestDefault(t *testing.T) {
	tests := []struct {
		name string
		set  func(*v1alpha1.Stack) // in an empty stack
		want func(*v1alpha1.Stack) // in the stack of all defaults
	}{
		{"an empty stack", func(*v1alpha1.Stack) {}, func(*v1alpha1.Stack) {}},
		{
			"the older generation",
			func(s *v1alpha1.Stack) { s.Spec.Kea.Version = "2.6" },
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.Version = "2.6"
				s.Spec.Kea.Images = v1alpha1.Images{
					DHCP4:     "docker.cloudsmith.io/isc/docker/kea-dhcp4:2.6.3",
					DHCP6:     "docker.cloudsmith.io/isc/docker/kea-dhcp6:2.6.3",
					CtrlAgent: "docker.cloudsmith.io/isc/docker/kea-ctrl-agent:2.6.3",
					Admin:     "docker.cloudsmith.io/isc/docker/kea-dhcp4:2.6.3",
				}
			},
		},
		{
			"one image with everything, but another for the database",
			func(s *v1alpha1.Stack) { s.Spec.Kea.Images = v1alpha1.Images{All: "r/kea:1", Admin: "r/admin:1"} },
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.Images = v1alpha1.Images{All: "r/kea:1", DHCP4: "r/kea:1", DHCP6: "r/kea:1", CtrlAgent: "r/kea:1", Admin: "r/admin:1"}
				s.Spec.Kea.Paths.Hooks = "/usr/lib/x86_64-linux-gnu/kea/hooks"
			},
		},
		{
			"an image of one's own for dhcp4 looks after the database too",
			func(s *v1alpha1.Stack) { s.Spec.Kea.Images.DHCP4 = "r/dhcp4:1" },
			func(s *v1alpha1.Stack) { s.Spec.Kea.Images.DHCP4, s.Spec.Kea.Images.Admin = "r/dhcp4:1", "r/dhcp4:1" },
		},
		{
			"a lease time above the longest, and an odd one",
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.DHCP4.LeaseTime, s.Spec.Kea.DHCP6.LeaseTime = d(1000*time.Hour), d(15*time.Second)
			},
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.DHCP4.LeaseTime, s.Spec.Kea.DHCP4.MaxLeaseTime = d(1000*time.Hour), d(1000*time.Hour)
				s.Spec.Kea.DHCP6.LeaseTime, s.Spec.Kea.DHCP6.PreferredLifetime = d(15*time.Second), d(7*time.Second)
			},
		},
		{
			"leases in files",
			func(s *v1alpha1.Stack) { s.Spec.Database.Type = v1alpha1.Memfile },
			func(s *v1alpha1.Stack) {
				s.Spec.Database.Type = v1alpha1.Memfile
				s.Spec.Kea.DHCP4.Allocator, s.Spec.Kea.DHCP6.Allocator = "iterative", "iterative"
			},
		},
		{
			"the host's network",
			func(s *v1alpha1.Stack) { s.Spec.Exposure.Type = v1alpha1.HostNetwork },
			func(s *v1alpha1.Stack) {
				s.Spec.Exposure.Type, s.Spec.Exposure.Interfaces = v1alpha1.HostNetwork, []string{"*"}
				s.Spec.Kea.AntiAffinity = "required"
			},
		},
		{
			"multus",
			func(s *v1alpha1.Stack) { s.Spec.Exposure.Type = v1alpha1.Multus },
			func(s *v1alpha1.Stack) {
				s.Spec.Exposure.Type, s.Spec.Exposure.Interfaces = v1alpha1.Multus, []string{"net1"}
			},
		},
		{
			"a destination for backups",
			func(s *v1alpha1.Stack) { s.Spec.Database.Backup.DestinationPath = "s3://b/" },
			func(s *v1alpha1.Stack) {
				s.Spec.Database.Backup.DestinationPath, s.Spec.Database.Backup.Method = "s3://b/", v1alpha1.BackupPlugin
			},
		},
		{
			"backups that are switched off",
			func(s *v1alpha1.Stack) {
				s.Spec.Database.Backup.DestinationPath, s.Spec.Database.Backup.Method = "s3://b/", v1alpha1.NoBackup
			},
			func(s *v1alpha1.Stack) { s.Spec.Database.Backup.DestinationPath = "s3://b/" },
		},
		{
			"parameters on top of ours",
			func(s *v1alpha1.Stack) {
				s.Spec.Database.Cluster.Parameters = map[string]string{"jit": "on", "log_min_duration_statement": "200"}
			},
			func(s *v1alpha1.Stack) {
				s.Spec.Database.Cluster.Parameters["jit"] = "on"
				s.Spec.Database.Cluster.Parameters["log_min_duration_statement"] = "200"
			},
		},
		{
			"what is switched off or zero on purpose",
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.DHCP4.Enabled, s.Spec.NetworkPolicy.Enabled, s.Spec.Database.Maintenance.Enabled = new(false), new(false), new(false)
				s.Spec.HighAvailability.MaxUnackedClients, s.Spec.Database.Cluster.SmartShutdownTimeout = new(0), new(int32(0))
			},
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.DHCP4.Enabled, s.Spec.NetworkPolicy.Enabled, s.Spec.Database.Maintenance.Enabled = new(false), new(false), new(false)
				s.Spec.HighAvailability.MaxUnackedClients, s.Spec.Database.Cluster.SmartShutdownTimeout = new(0), new(int32(0))
			},
		},
		{
			"VLANs",
			func(s *v1alpha1.Stack) {
				s.Spec.VLANs = []v1alpha1.VLAN{
					{ID: 10, Subnets4: []v1alpha1.Subnet{{}, {}}, Subnets6: []v1alpha1.Subnet{{}}},
					{ID: 20, Name: "guests", Subnets4: []v1alpha1.Subnet{{ID: 7}}},
					{Subnets4: []v1alpha1.Subnet{{}}},
				}
			},
			func(s *v1alpha1.Stack) {
				s.Spec.Kea.DHCP6.Enabled = new(true)
				s.Spec.VLANs = []v1alpha1.VLAN{
					{ID: 10, Name: "vlan10", Subnets4: []v1alpha1.Subnet{{ID: 10}, {}}, Subnets6: []v1alpha1.Subnet{{ID: 10}}},
					{ID: 20, Name: "guests", Subnets4: []v1alpha1.Subnet{{ID: 7}}},
					{Subnets4: []v1alpha1.Subnet{{}}},
				}
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := whole()
			tt.want(want)
			got := new(v1alpha1.Stack)
			tt.set(got)
			for _, pass := range []string{"first", "second"} {
				Default(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s time (-want +got):\n%s", pass, diff)
				}
			}
		})
	}
}
