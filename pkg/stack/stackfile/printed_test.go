package stackfile

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func load(t *testing.T, text string) *v1alpha1.Stack {
	t.Helper()
	s, findings := Load([]byte(text))
	for _, f := range findings {
		t.Error(f)
	}
	return s
}

func TestPrintedLoadsToTheDefaults(t *testing.T) {
	if diff := cmp.Diff(whole(), load(t, Printed())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// example is the printed file with its example in force, as the file itself says how.
func example(t *testing.T) string {
	t.Helper()
	before, after, ok := strings.Cut(Printed(), "  vlans: []\n  # An example: take out the line above and the first \"# \" of each line below.\n")
	if !ok {
		t.Fatal("the example has gone")
	}
	return before + regexp.MustCompile(`(?m)^  # `).ReplaceAllString(after, "  ")
}

func TestExampleLoads(t *testing.T) {
	s := load(t, example(t))
	if !s.Has6() {
		t.Error("dhcp6 does not run")
	}
	type size struct{ Pools, PrefixPools, Options, Reservations int }
	count := func(s v1alpha1.Subnet) size {
		return size{len(s.Pools), len(s.PrefixPools), len(s.Options), len(s.Reservations)}
	}
	v := s.Spec.VLANs[0]
	got := []any{v.ID, v.Name, v.Subnets4[0].ID, count(v.Subnets4[0]), v.Subnets6[0].ID, count(v.Subnets6[0])}
	want := []any{10, "users", 10, size{1, 0, 2, 2}, 10, size{1, 1, 0, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A field that is not in the file cannot be found by those who read it.
func TestPrintedShowsEveryField(t *testing.T) {
	var doc any
	if err := yaml.Unmarshal([]byte(example(t)), &doc); err != nil {
		t.Fatal(err)
	}
	// Of the lists, what any element shows is shown.
	var missing []string
	var look func(path string, typ reflect.Type, shown []any)
	look = func(path string, typ reflect.Type, shown []any) {
		for typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if _, own := reflect.New(typ).Interface().(json.Unmarshaler); own || typ.PkgPath() != "" && typ.PkgPath() != reflect.TypeFor[v1alpha1.Stack]().PkgPath() {
			return
		}
		switch typ.Kind() {
		case reflect.Slice:
			var all []any
			for _, v := range shown {
				list, _ := v.([]any)
				all = append(all, list...)
			}
			if typ.Elem().Kind() == reflect.Struct && typ.Elem().PkgPath() == reflect.TypeFor[v1alpha1.Stack]().PkgPath() && len(all) > 0 {
				look(path+"[]", typ.Elem(), all)
			}
		case reflect.Struct:
			for _, f := range fieldsOf(typ) {
				var values []any
				found := false
				for _, v := range shown {
					m, _ := v.(map[string]any)
					value, ok := m[f.name]
					found = found || ok
					values = append(values, value)
				}
				if !found {
					missing = append(missing, path+"."+f.name)
				}
				look(path+"."+f.name, typ.Field(f.index).Type, values)
			}
		default:
		}
	}
	look("", reflect.TypeFor[v1alpha1.Stack](), []any{doc})
	// Fields of the other family, which the file has to leave out.
	elsewhere := []string{
		".spec.kea.dhcp4.preferredLifetime",
		".spec.vlans[].subnets4[].prefixPools",
		".spec.vlans[].subnets4[].reservations[].duid",
		".spec.vlans[].subnets4[].reservations[].addresses",
		".spec.vlans[].subnets4[].reservations[].prefixes",
	}
	var got []string
	for _, m := range missing {
		if !strings.Contains(m, ".subnets6[]") {
			got = append(got, m)
		}
	}
	if diff := cmp.Diff(elsewhere, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, m := range []string{"prefixPools", "reservations[].duid", "reservations[].addresses", "reservations[].prefixes"} {
		if slices.Contains(missing, ".spec.vlans[].subnets6[]."+m) {
			t.Errorf("neither family shows %s", m)
		}
	}
}

func TestPrintedDescribesItsFields(t *testing.T) {
	above, _, _ := strings.Cut(Printed(), "  # An example")
	var silent []string
	for i, line := range strings.Split(above, "\n") {
		if len(line) > 132 {
			t.Errorf("line %d is %d letters wide", i+1, len(line))
		}
		if line != "" && !strings.Contains(line, "#") {
			silent = append(silent, strings.TrimSpace(line))
		}
	}
	// What heads others, what was described a few lines before, and what nobody could say better.
	want := strings.Split(`apiVersion: kea.fos1.io/v1alpha1
kind: Stack
metadata:
spec:
kea:
dhcp4:
enabled: true
dhcp6:
leaseTime: 24h
maxLeaseTime: 168h
options: []
hooks: []
resources: {}
highAvailability:
exposure:
database:
storage:
size:
storageClass:
max_connections: "100"
shared_buffers: 256MB
effective_cache_size: 768MB
maintenance_work_mem: 64MB
checkpoint_completion_target: "0.9"
wal_buffers: 16MB
default_statistics_target: "100"
random_page_cost: "1.1"
work_mem: 4MB
backup:
secretAccessKeyKey: ACCESS_SECRET_KEY
enabled: true
size: 1Gi
networkPolicy:
vlans: []`, "\n")
	if diff := cmp.Diff(want, silent); diff != "" {
		t.Errorf("lines without a comment (-want +got):\n%s", diff)
	}
}

func TestDocumentedExampleLoads(t *testing.T) {
	page, err := os.ReadFile("../../../docs/stack.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1)
	if len(blocks) == 0 {
		t.Fatal("no example")
	}
	for _, b := range blocks {
		load(t, string(b[1]))
	}
}
