package stack

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const (
	warnSecrets = "Secrets are printed without passwords and keys: `kubectl kea install` makes them once, in the cluster"
	warnPeers   = "the addresses of the peers are not known: state them in spec.highAvailability.peerAddresses, or install once; placeholders stand for them, and Kea does not start with those"
	secretsWord = "# Without what is secret: `kubectl kea install` makes that once, in the cluster, and never changes it.\n"
	onceWord    = "# Created once: operations of kubectl kea change it, so whatever applies this from git must leave it alone.\n"
)

func TestManifests(t *testing.T) {
	peers := []corev1.Service{}
	for i, name := range []string{"kea-dhcp-0", "kea-dhcp-1"} {
		address := []string{"10.90.0.10", "10.90.0.11"}[i]
		peers = append(peers, corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.ServiceSpec{ClusterIP: address, ClusterIPs: []string{address}}})
	}
	for name, tt := range map[string]struct {
		text     string
		services []corev1.Service
		warnings []string
		secrets  int
		once     int
	}{
		"without a cluster":          {office, nil, []string{warnSecrets, warnPeers}, 3, 1},
		"with its Services":          {office, peers, []string{warnSecrets}, 3, 1},
		"stated addresses":           {with("  highAvailability: {peerAddresses: [10.90.0.20, 10.90.0.21]}"), nil, []string{warnSecrets}, 3, 1},
		"memfile, one server":        {with("  database: {type: memfile}\n  highAvailability: {mode: none}"), nil, []string{}, 0, 0},
		"memfile, without a cluster": {with("  database: {type: memfile}"), nil, []string{warnPeers}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p, warnings, err := Manifests(load(t, tt.text), tt.services)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.warnings, warnings); diff != "" {
				t.Error(diff)
			}
			text := p.YAML()
			if got := strings.Count(text, "<ClusterIP of service "); (got > 0) != slices.Contains(tt.warnings, warnPeers) {
				t.Errorf("%d placeholders, warnings %q", got, warnings)
			}
			if s, o := strings.Count(text, secretsWord), strings.Count(text, onceWord); s != tt.secrets || o != tt.once {
				t.Errorf("%d words about Secrets, %d about what is created once", s, o)
			}
			names := []string{}
			for n, document := range strings.Split(text, "---\n") {
				var o struct {
					Kind     string            `json:"kind"`
					Metadata metav1.ObjectMeta `json:"metadata"`
					Data     map[string]any    `json:"data"`
				}
				if err := yaml.Unmarshal([]byte(document), &o); err != nil {
					t.Fatal(err)
				}
				names = append(names, strings.ToLower(o.Kind)+"/"+o.Metadata.Name)
				if o.Metadata.Namespace != "network" {
					t.Errorf("%s is in namespace %q", names[n], o.Metadata.Namespace)
				}
				if o.Kind != "Secret" {
					continue
				}
				if !strings.HasPrefix(document, secretsWord) {
					t.Errorf("%s has no word about its data", names[n])
				}
				delete(o.Data, "username")
				if len(o.Data) > 0 {
					t.Errorf("%s has data", names[n])
				}
			}
			if diff := cmp.Diff(p.Names(), names); diff != "" {
				t.Error(diff)
			}
			list := p.List()
			if list.Kind != "List" || list.APIVersion != "v1" || len(list.Items) != len(names) {
				t.Errorf("%s %s of %d", list.APIVersion, list.Kind, len(list.Items))
			}
		})
	}
}

// What install applies is what is printed, in the same order.
func TestManifestsAreWhatInstallApplies(t *testing.T) {
	p, _, err := Manifests(load(t, office), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{}
	for _, o := range officeObjects() {
		o, _, _ = strings.Cut(o, ":")
		kind, name, _ := strings.Cut(o, " ")
		want = append(want, strings.ToLower(kind)+"/"+name)
	}
	if diff := cmp.Diff(want, p.Names()); diff != "" {
		t.Error(diff)
	}
}

func TestWordBeforeTheDatabasesService(t *testing.T) {
	p, _, err := Manifests(load(t, office), nil)
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(p.YAML(), "---\n") {
		isIt := strings.Contains(document, "kind: Service\n") && strings.Contains(document, "\n  name: kea-database\n")
		if strings.HasPrefix(document, onceWord) != isIt {
			t.Errorf("a word about what is created once:\n%.200s", document)
		}
	}
}
