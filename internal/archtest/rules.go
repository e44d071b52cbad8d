package archtest

// floor is where a package lives. It may import packages of lower floors only,
// and its own subpackages.
type floor struct {
	level    int
	packages []string
}

// floors is the house, from the roof down. Paths are relative to the module.
func floors() []floor {
	return []floor{
		{6, []string{"cmd/kubectl-kea"}},
		{5, []string{"pkg/cmd"}},
		{4, []string{"pkg/status", "pkg/restore", "pkg/credentials", "pkg/stack", "pkg/check"}},
		{3, []string{"pkg/rollout", "pkg/probe", "pkg/config"}},
		{2, []string{"pkg/ha", "pkg/leases", "pkg/backup", "pkg/database", "pkg/logs", "pkg/operation"}},
		{1, []string{"pkg/inventory"}},
		{0, []string{"pkg/problem", "pkg/kea", "pkg/keadb", "pkg/kube", "pkg/cnpg", "pkg/printer", "pkg/spelling", "api"}},
		{-1, []string{"pkg/marks"}}, // names only, which all of them leave in a cluster
	}
}

// workshops are packages that build, check and try the house. They may import
// all of it; nothing in it imports them.
func workshops() []string { return []string{"hack", "internal/archtest", "test"} }

// library is a library that stays in a few rooms of the house.
type library struct {
	path string // it and all below it
	only []string
}

func libraries() []library {
	commandLine := []string{"pkg/cmd", "pkg/printer", "cmd/kubectl-kea"}
	return []library{
		{"github.com/spf13/cobra", commandLine},
		{"github.com/spf13/pflag", commandLine},
		{"charm.land/lipgloss", commandLine},
		{"github.com/charmbracelet", commandLine},
		{"github.com/jackc/pgx", []string{"pkg/keadb"}},
	}
}

// ban is a library that a package does not reach, not even through others.
type ban struct{ in, path string }

func bans() []ban {
	var out []ban
	for _, in := range []string{"pkg/kea", "pkg/keadb", "pkg/printer"} {
		for _, path := range []string{"k8s.io/client-go", "sigs.k8s.io/controller-runtime", "k8s.io/cli-runtime", "k8s.io/kubectl"} {
			out = append(out, ban{in, path})
		}
	}
	return out
}

// standardOnly are the packages that import the standard library only.
func standardOnly() []string { return []string{"pkg/kea"} }

// testOnly are packages that shipped code does not import.
func testOnly() []string {
	return []string{
		"testing", "net/http/httptest", "github.com/google/go-cmp", "github.com/stretchr/testify",
		"k8s.io/client-go/testing", "k8s.io/client-go/kubernetes/fake", "sigs.k8s.io/controller-runtime/pkg/client/fake",
		"sigs.k8s.io/controller-runtime/pkg/envtest",
	}
}

// vague are names that say nothing about what a package is.
func vague() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "misc", "models", "shared", "types"}
}

// exits is the one package that may end the process.
const exits = "cmd/kubectl-kea"
