package credentials

import (
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// everywhere has the login in every place that Kea knows.
const everywhere = `// by hand
{"Dhcp4": {
  "lease-database": {"type": "postgresql", "host": "db", "name": "kea", "user": "kea", "password": "former-password"}, # one
  "hosts-databases": [
    {"type": "postgresql", "host": "db", "name": "kea", "user": "kea", "password": "former-password"},
    {"type": "postgresql", "host": "db", "name": "kea", "user": "reader", "password": "another-password"}
  ],
  "config-control": {"config-databases": [{"type": "postgresql", "host": "db", "name": "kea", "user": "kea", "password": "former-password"}]},
  "hooks-libraries": [{"library": "/x/libdhcp_legal_log.so", "parameters":
    {"type": "postgresql", "host": "db", "name": "kea", "user": "kea", "password": "former-password"}}],
  <?include "/etc/kea/subnets.json"?>
}}
`

func TestPlaceWith(t *testing.T) {
	config, err := kea.ParseConfig([]byte(everywhere))
	if err != nil {
		t.Fatal(err)
	}
	mine := func(d kea.Database) bool { return d.User == "kea" || d.User == "kea_b" }
	p := place{file: inventory.ConfigFile{Text: kea.NewSecret(everywhere)}, config: config}
	for _, d := range config.Databases() {
		if mine(d) {
			p.at = append(p.at, d.Path)
		}
	}
	if len(p.at) != 4 {
		t.Fatalf("the login stands at %q", p.at)
	}
	for name, after := range map[string]access{"the same role": {"kea", "a-newer-password"}, "another role": {"kea_b", "a-newer-password"}} {
		got, err := p.with(after)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ReplaceAll(strings.ReplaceAll(everywhere, "former-password", after.password), `"user": "kea"`, `"user": "`+after.role+`"`)
		if got != want {
			t.Errorf("%s:\n%s", name, got)
		}
		changed, err := kea.ParseConfig([]byte(got))
		if err != nil {
			t.Fatal(err)
		}
		if !runs(changed, mine, after) || runs(config, mine, after) || runs(changed, mine, access{"kea", "former-password"}) {
			t.Errorf("%s: runs is wrong", name)
		}
	}
	if runs(config, func(kea.Database) bool { return false }, access{"kea", "former-password"}) {
		t.Error("who has no such login runs none")
	}
}
