package scenario

import (
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/image"
)

const folder = "../../scenarios"

func all(t *testing.T) []Scenario {
	t.Helper()
	scenarios, err := List(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(scenarios) == 0 {
		t.Fatal("no scenarios")
	}
	return scenarios
}

func TestScenarios(t *testing.T) {
	names, namespaces, relays := map[string]bool{}, map[string]bool{}, map[string]bool{}
	once := func(seen map[string]bool, s Scenario, what, value string) {
		if value == "" || seen[value] {
			t.Errorf("%s: %s %q is missing or another scenario's", s.Name, what, value)
		}
		seen[value] = true
	}
	for _, s := range all(t) {
		once(names, s, "name", s.Name)
		once(namespaces, s, "namespace", s.Namespace)
		if s.Name != filepath.Base(s.dir) {
			t.Errorf("%s lies in folder %s", s.Name, s.dir)
		}
		if s.Description == "" || len(s.Stages) == 0 || len(s.Load.Pods) == 0 || len(s.Load.VLANs) == 0 {
			t.Errorf("%s lacks something: %+v", s.Name, s)
		}
		for _, stage := range s.Stages {
			if (stage.Apply == "") == (stage.Install == "") {
				t.Errorf("%s: a stage applies or installs: %+v", s.Name, stage)
			}
			if _, err := os.Stat(filepath.Join(s.dir, stage.Apply+stage.Install)); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
			for _, object := range stage.Wait {
				if kind, name, ok := strings.Cut(object, "/"); !ok || name == "" || waits()[kind] == nil {
					t.Errorf("%s waits for %q; it may wait for %v", s.Name, object, slices.Sorted(maps.Keys(waits())))
				}
			}
			if stage.Timeout != "" {
				if _, err := time.ParseDuration(stage.Timeout); err != nil {
					t.Errorf("%s: %v", s.Name, err)
				}
			}
		}
		for _, vlan := range s.Load.VLANs {
			// All scenarios may run at once, and all relays are addresses of the one node.
			if vlan.Relay4 != "" {
				once(relays, s, "relay", vlan.Relay4)
				if a, err := netip.ParseAddr(vlan.Relay4); err != nil || !a.Is4() {
					t.Errorf("%s: relay %s: %v", s.Name, vlan.Relay4, err)
				}
			}
			if vlan.Relay6 != "" {
				once(relays, s, "relay", vlan.Relay6)
				if a, err := netip.ParseAddr(vlan.Relay6); err != nil || !a.Is6() {
					t.Errorf("%s: relay %s: %v", s.Name, vlan.Relay6, err)
				}
			}
			if vlan.Relay4 == "" && vlan.Relay6 == "" {
				t.Errorf("%s: VLAN %d has no relay", s.Name, vlan.VLAN)
			}
		}
	}
}

func TestManifests(t *testing.T) {
	lab := []string{image.PostgreSQL, image.Kea26, image.Kea30}
	separator := regexp.MustCompile(`(?m)^---\s*$`)
	for _, s := range all(t) {
		files, err := filepath.Glob(filepath.Join(s.dir, "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		applied := []string{"scenario.yaml"}
		for _, stage := range s.Stages {
			applied = append(applied, stage.Apply+stage.Install)
		}
		objects := map[string]bool{}
		for _, file := range files {
			if !slices.Contains(applied, filepath.Base(file)) {
				t.Errorf("%s is in no stage", file)
			}
			if filepath.Base(file) == "scenario.yaml" {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, doc := range separator.Split(string(data), -1) {
				var object struct {
					APIVersion string
					Kind       string
					Metadata   struct{ Name, Namespace string }
				}
				if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
					t.Errorf("%s, document %d: %v", file, i, err)
					continue
				}
				if object.APIVersion == "" || object.Kind == "" || object.Metadata.Name == "" {
					t.Errorf("%s, document %d is no object", file, i)
				}
				// `scenario down` deletes the namespace, and with it everything that is in it.
				if (object.Kind != "Namespace" || object.Metadata.Name != s.Namespace) && object.Metadata.Namespace != s.Namespace {
					t.Errorf("%s: %s %s is in namespace %q", file, object.Kind, object.Metadata.Name, object.Metadata.Namespace)
				}
				objects[strings.ToLower(object.Kind)+"/"+object.Metadata.Name] = true
			}
			for _, m := range regexp.MustCompile(`(?m)\b(?:image(?:Name)?|all): ([^\s,}]+)`).FindAllStringSubmatch(string(data), -1) {
				if !slices.Contains(lab, m[1]) {
					t.Errorf("%s: image %s is none of the lab's, and there is no registry", file, m[1])
				}
			}
		}
		for _, stage := range s.Stages {
			for _, object := range stage.Wait {
				if !objects[object] {
					t.Errorf("%s waits for %s, which it does not have", s.Name, object)
				}
			}
		}
	}
}

func TestFind(t *testing.T) {
	s, err := Find(folder, "hot-standby")
	if err != nil || s.Namespace != "network" || len(s.Load.VLANs) != 3 {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = Find(folder, "cold-standby")
	if err == nil || !strings.Contains(err.Error(), "branch, foreign, handmade, hot-standby, large, load-balancing") {
		t.Errorf("error %v does not tell what there is", err)
	}
}

func TestListRefusesAWrongKey(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "x", "scenario.yaml"), []byte("name: x\nstage: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := List(dir); err == nil || !strings.Contains(err.Error(), `"stage"`) {
		t.Errorf("error %v", err)
	}
}

func TestListOfNothing(t *testing.T) {
	if got, err := List(t.TempDir()); err != nil || len(got) > 0 {
		t.Errorf("%v, %v", got, err)
	}
}
