package stackfile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func TestLoad(t *testing.T) {
	tests := []struct {
		name, file string
		want       func(*v1alpha1.Stack) // in the stack of all defaults
	}{
		{"nothing", "", func(*v1alpha1.Stack) {}},
		{"comments only", "# nothing\n---\n", func(*v1alpha1.Stack) {}},
		{"null", "null\n", func(*v1alpha1.Stack) {}},
		{"a byte order mark and Windows' ends of lines", "\ufeffkind: Stack\r\nspec:\r\n  kea:\r\n", func(*v1alpha1.Stack) {}},
		{"what states nothing", `
apiVersion:
metadata: {name: ~, namespace: null}
spec:
  kea: {dhcp4: {options: [], config: {}, enabled: }}
  database: {cluster: {storage: , parameters: {}}}
  vlans: []
`, func(*v1alpha1.Stack) {}},
		{"JSON", "{\n\t\"kind\": \"Stack\",\n\t\"spec\": {\"kea\": {\"dhcp4\": {\"leaseTime\": \"1h\", \"enabled\": true}}}\n}\n", func(s *v1alpha1.Stack) {
			s.Spec.Kea.DHCP4.LeaseTime = d(time.Hour)
		}},
		{"texts are what they look like", `
metadata: {namespace: "no"}
spec:
  kea:
    version: 3.0
    nodeSelector: {kea: yes, row: 010, "on": off, rack: 1_000}
  database:
    cluster: {parameters: {jit: off, max_connections: 200, fsync: on, work_mem: 4MB}}
  vlans:
    - id: 10
      name: no
      subnets4:
        - subnet: 10.0.0.0/24
          domain: 163.com
          reservations: [{mac: 02:00:00:00:00:01, hostname: true}, {mac: 10:20:30:40:50:59, hostname: 0x1}]
`, func(s *v1alpha1.Stack) {
			s.Metadata.Namespace = "no"
			s.Spec.Kea.NodeSelector = map[string]string{"kea": "yes", "row": "010", "on": "off", "rack": "1_000"}
			for name, value := range map[string]string{"jit": "off", "max_connections": "200", "fsync": "on", "work_mem": "4MB"} {
				s.Spec.Database.Cluster.Parameters[name] = value
			}
			s.Spec.VLANs = []v1alpha1.VLAN{{ID: 10, Name: "no", Subnets4: []v1alpha1.Subnet{{
				ID: 10, Subnet: "10.0.0.0/24", Domain: "163.com",
				Reservations: []v1alpha1.Reservation{{MAC: "02:00:00:00:00:01", Hostname: "true"}, {MAC: "10:20:30:40:50:59", Hostname: "0x1"}},
			}}}}
		}},
		{"Kubernetes' own types", `
spec:
  kea:
    tolerations: [{key: dedicated, operator: Exists, effect: NoExecute, tolerationSeconds: 60}]
    agentResources: {limits: {memory: 64Mi}, requests: {cpu: 0.1, memory: 1e6}}
  database:
    cluster: {storage: {size: 2Gi, storageClass: fast}, walStorage: {size: 512Mi}}
`, func(s *v1alpha1.Stack) {
			s.Spec.Kea.Tolerations = []corev1.Toleration{{
				Key: "dedicated", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: new(int64(60)),
			}}
			s.Spec.Kea.AgentResources = corev1.ResourceRequirements{
				Limits:   corev1.ResourceList{"memory": resource.MustParse("64Mi")},
				Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("1e6")},
			}
			s.Spec.Database.Cluster.Storage = v1alpha1.Storage{Size: resource.MustParse("2Gi"), StorageClass: "fast"}
			s.Spec.Database.Cluster.WALStorage.Size = resource.MustParse("512Mi")
		}},
		{"Kea's own configuration", `
spec:
  kea:
    dhcp4:
      config:
        renew-timer: 900
        calculate-tee-times: true
        t1-percent: 0.5
        server-tag: "007"
        max-valid-lifetime: null
        client-classes: [{name: voip, test: "option[60].hex == 'voip'"}, [], {}]
      hooks: [{library: libdhcp_flex_option.so, parameters: {options: [{code: 67, add: "'x'"}]}}]
`, func(s *v1alpha1.Stack) {
			s.Spec.Kea.DHCP4.Config = map[string]any{
				"renew-timer": int64(900), "calculate-tee-times": true, "t1-percent": 0.5, "server-tag": "007", "max-valid-lifetime": nil,
				"client-classes": []any{map[string]any{"name": "voip", "test": "option[60].hex == 'voip'"}, []any{}, map[string]any{}},
			}
			s.Spec.Kea.DHCP4.Hooks = []v1alpha1.Hook{{Library: "libdhcp_flex_option.so", Parameters: map[string]any{
				"options": []any{map[string]any{"code": int64(67), "add": "'x'"}},
			}}}
		}},
		{"anchors, aliases and merges", `
spec:
  kea:
    dhcp4: &daemon
      leaseTime: &long 48h
      options: [&ntp {name: ntp-servers, data: 10.0.0.1}]
    dhcp6:
      <<: *daemon
      preferredLifetime: *long
      options: [{<<: [{code: 31}, {code: 56, data: x}], data: "2001:db8::1"}]
`, func(s *v1alpha1.Stack) {
			s.Spec.Kea.DHCP4.LeaseTime, s.Spec.Kea.DHCP6.LeaseTime = d(48*time.Hour), d(48*time.Hour)
			s.Spec.Kea.DHCP6.PreferredLifetime = d(48 * time.Hour)
			s.Spec.Kea.DHCP4.Options = []v1alpha1.Option{{Name: "ntp-servers", Data: "10.0.0.1"}}
			s.Spec.Kea.DHCP6.Options = []v1alpha1.Option{{Code: 31, Data: "2001:db8::1"}}
		}},
		{"zeros that mean something", `
spec:
  highAvailability: {maxUnackedClients: 0}
  database: {cluster: {smartShutdownTimeout: 0}}
`, func(s *v1alpha1.Stack) {
			s.Spec.HighAvailability.MaxUnackedClients, s.Spec.Database.Cluster.SmartShutdownTimeout = new(0), new(int32(0))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := whole()
			tt.want(want)
			if diff := cmp.Diff(want, load(t, tt.file)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What could be read is there although something else is wrong.
func TestLoadGoesOn(t *testing.T) {
	s, findings := Load([]byte("spec:\n  kea: {version: 2.6, logSeverity: [x]}\n  exposure: {type: multus, networks: [lan]}\n"))
	if len(findings) != 1 || findings[0] != (Finding{"spec.kea.logSeverity", 2, "is a list; expected text"}) {
		t.Errorf("%q", findings)
	}
	got := []any{s.Spec.Kea.Version, s.Spec.Kea.LogSeverity, s.Spec.Exposure.Interfaces, s.Metadata.Name}
	if diff := cmp.Diff([]any{"2.6", "INFO", []string{"net1"}, "kea-dhcp"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLoadIsBounded(t *testing.T) {
	bomb := "spec:\n  kea:\n    dhcp4:\n      config:\n        a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("        a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	deep := "spec: {kea: {dhcp4: {config: {a: " + strings.Repeat("[", 120) + strings.Repeat("]", 120) + "}}}}\n"
	merges := "spec:\n  kea:\n    dhcp4:\n      config:\n        a0: &a0 {x: 1}\n"
	for i := range 12 {
		merges += fmt.Sprintf("        a%d: &a%d {<<: [%s*a%d]}\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	for name, tt := range map[string]struct{ file, want string }{
		"wide":   {bomb, "line 1: the file unfolds to more than 200000 values: use fewer aliases"},
		"merged": {merges, "line 1: the file unfolds to more than 200000 values: use fewer aliases"},
		"deep":   {deep, "line 1: spec.kea.dhcp4.config.a" + strings.Repeat("[0]", 95) + ": lies more than 100 levels deep"},
	} {
		t.Run(name, func(t *testing.T) {
			_, findings := Load([]byte(tt.file))
			if len(findings) != 1 || findings[0].String() != tt.want {
				t.Errorf("%d findings, %v", len(findings), findings)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(Printed()))
	for _, seed := range []string{
		"spec: &a {kea: *a}", "- [", "a: &a\n  <<: *a", "? {}\n: x", "\xff", "spec: {vlans: [{id: 10, subnets4: [{subnet: 0.0.0.0/0, pools: [0.0.0.0-255.255.255.255]}]}]}",
		"spec: {vlans: [{id: 10, subnets6: [{subnet: '::/0', pools: ['::-ffff::'], prefixPools: [{prefix: '::/0', delegated: 0}]}]}]}",
		"spec: {vlans: [{id: 1, subnets4: [{subnet: 10.0.0.0/24, reservations: [{mac: \"'\", clientID: \"'\", duid: 00, address: 10.0.0.1}]}]}]}",
		"spec: {highAvailability: {mode: none, peerAddresses: [x]}, exposure: {addresses: [y]}}", "spec: {kea: {dhcp4: {leaseTime: 9223372036854775807ns}}}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, findings := Load(data)
		lines := 1 + strings.Count(string(data), "\n") + strings.Count(string(data), "\r") + strings.Count(string(data), "\u0085") + 2*strings.Count(string(data), "\u2028") + 2*strings.Count(string(data), "\u2029")
		for i, f := range findings {
			if f.Line < 1 || f.Line > lines || f.Text == "" {
				t.Errorf("finding %d of %d lines: %v", i, lines, f)
			}
			if i > 0 && f.Line < findings[i-1].Line {
				t.Errorf("finding %d stands before its predecessor: %v", i, f)
			}
		}
	})
}
