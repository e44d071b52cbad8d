package archtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTheHouse(t *testing.T) {
	graph, err := Load(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := graph[Module+"/pkg/cmd"]; !ok {
		t.Fatal("the graph lacks pkg/cmd: nothing was proved")
	}
	exits, err := Exits(graph)
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range append(Check(graph), exits...) {
		t.Error(broken)
	}
}

// house is a small sound house that each case below breaks in one way.
func house() Graph {
	g := Graph{}
	for path, imports := range map[string][]string{
		Module + "/cmd/kubectl-kea":             {Module + "/pkg/cmd", "charm.land/lipgloss/v2", "os"},
		Module + "/pkg/cmd":                     {Module + "/pkg/status", Module + "/pkg/printer", "github.com/spf13/cobra"},
		Module + "/pkg/status":                  {Module + "/pkg/ha", Module + "/pkg/inventory"},
		Module + "/pkg/ha":                      {Module + "/pkg/ha/state", Module + "/pkg/inventory", Module + "/pkg/kea"},
		Module + "/pkg/ha/state":                {"strings"},
		Module + "/pkg/inventory":               {Module + "/pkg/kube"},
		Module + "/pkg/kube":                    {"k8s.io/client-go/rest"},
		Module + "/pkg/kea":                     {"encoding/json", Module + "/pkg/kea/config"},
		Module + "/pkg/kea/config":              {"encoding/json"},
		Module + "/pkg/keadb":                   {"github.com/jackc/pgx/v5"},
		Module + "/pkg/printer":                 {"charm.land/lipgloss/v2", "k8s.io/apimachinery/pkg/util/duration"},
		Module + "/hack/docs":                   {Module + "/pkg/cmd", "testing"},
		"k8s.io/apimachinery/pkg/util/duration": {"time"},
		"k8s.io/client-go/rest":                 nil,
		"charm.land/lipgloss/v2":                nil,
		"github.com/spf13/cobra":                nil,
		"github.com/jackc/pgx/v5":               nil,
	} {
		g[path] = Package{ImportPath: path, Name: filepath.Base(path), Imports: imports}
	}
	for _, path := range []string{"os", "time", "strings", "encoding/json", "testing"} {
		g[path] = Package{ImportPath: path, Standard: true}
	}
	return g
}

func TestASoundHousePasses(t *testing.T) {
	if broken := Check(house()); len(broken) > 0 {
		t.Errorf("a sound house breaks rules: %q", broken)
	}
}

func TestEachRuleIsEnforced(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to string
		want     string
	}{
		{"upwards", "pkg/ha", Module + "/pkg/status", "pkg/ha (floor 2) imports pkg/status (floor 4)"},
		{"sideways", "pkg/ha", Module + "/pkg/leases", "pkg/ha (floor 2) imports pkg/leases (floor 2)"},
		{"adapters know each other", "pkg/kube", Module + "/pkg/kea", "pkg/kube (floor 0) imports pkg/kea (floor 0)"},
		{"a subpackage is of its floor", "pkg/kea/config", Module + "/pkg/inventory", "pkg/kea/config (floor 0) imports pkg/inventory (floor 1)"},
		{"the command line from below", "pkg/status", Module + "/pkg/cmd", "pkg/status (floor 4) imports pkg/cmd (floor 5)"},
		{"a workshop from the house", "pkg/status", Module + "/hack/docs", "pkg/status imports hack/docs, which is a workshop"},
		{"a package without a floor", "pkg/magic", "os", "pkg/magic has no floor: give it one in internal/archtest/rules.go"},
		{"cobra in the domain", "pkg/ha", "github.com/spf13/cobra", "pkg/ha imports github.com/spf13/cobra, which stays in pkg/cmd, pkg/printer, cmd/kubectl-kea"},
		{"lipgloss of any version", "pkg/status", "charm.land/lipgloss/v2/table", "pkg/status imports charm.land/lipgloss/v2/table, which stays in pkg/cmd, pkg/printer, cmd/kubectl-kea"},
		{"SQL outside its adapter", "pkg/status", "github.com/jackc/pgx/v5", "pkg/status imports github.com/jackc/pgx/v5, which stays in pkg/keadb"},
		{"client-go in the kit", "pkg/printer", "k8s.io/client-go/rest", "pkg/printer reaches k8s.io/client-go: " + Module + "/pkg/printer -> k8s.io/client-go/rest"},
		{"a library where only the standard is", "pkg/kea", "k8s.io/apimachinery/pkg/util/duration", "pkg/kea imports k8s.io/apimachinery/pkg/util/duration, which is not in the standard library"},
		{"test code shipped", "pkg/kube", "net/http/httptest", "pkg/kube imports net/http/httptest, which is for tests"},
		{"a vague name", "pkg/ha/util", "os", "pkg/ha/util is called util, which says nothing about it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := house()
			p := g[Module+"/"+tt.from]
			p.Name = filepath.Base(tt.from)
			p.Imports = append(p.Imports, tt.to)
			g[Module+"/"+tt.from] = p
			if _, known := g[tt.to]; !known {
				g[tt.to] = Package{ImportPath: tt.to, Name: filepath.Base(tt.to)}
			}
			if got := Check(g); !slices.Contains(got, tt.want) {
				t.Errorf("got %q, want it to hold %q", got, tt.want)
			}
		})
	}
}

func TestABanHoldsThroughOthers(t *testing.T) {
	g := house()
	between := g["k8s.io/apimachinery/pkg/util/duration"]
	between.Imports = []string{"k8s.io/client-go/rest"}
	g["k8s.io/apimachinery/pkg/util/duration"] = between
	want := "pkg/printer reaches k8s.io/client-go: " + strings.Join([]string{
		Module + "/pkg/printer", "k8s.io/apimachinery/pkg/util/duration", "k8s.io/client-go/rest",
	}, " -> ")
	if got := Check(g); !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.go")
	source := "package x\n\nimport (\n\t\"log\"\n\t\"os\"\n)\n\nfunc f() {\n\tos.Exit(3)\n\tlog.Println()\n\tlog.Fatalf(\"\")\n}\n"
	if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	g := Graph{}
	for _, path := range []string{"pkg/ha", "cmd/kubectl-kea", "hack/docs"} {
		g[Module+"/"+path] = Package{ImportPath: Module + "/" + path, GoFiles: []string{file}}
	}
	got, err := Exits(g)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"pkg/ha:9 ends the process; only cmd/kubectl-kea may", "pkg/ha:11 ends the process; only cmd/kubectl-kea may"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
