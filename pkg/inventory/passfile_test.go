package inventory

import (
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestPassFile(t *testing.T) {
	const text = "# a comment:5432:kea:kea:no\r\n" +
		"\n" +
		"short:5432:kea\n" +
		`kea-database:5432:kea:kea:a\:b\\c:d` + "\r\n" +
		"kea-database:*:*:kea:any\n" +
		`odd\:host:5432:kea:kea:odd` + "\n" +
		"*:5433:kea:*:other port\n" +
		"last:5432:kea:kea:no newline"
	file := parsePassFile("secret s, key pgpass", text)
	for _, test := range []struct {
		name string
		db   kea.Database
		want string
	}{
		{"escapes, and a colon that is not escaped", kea.Database{Host: "kea-database", Port: 5432, Name: "kea", User: "kea"}, `a:b\c:d`},
		{"no port is 5432", kea.Database{Host: "kea-database", Name: "kea", User: "kea"}, `a:b\c:d`},
		{"a star matches all", kea.Database{Host: "kea-database", Port: 6000, Name: "leases", User: "kea"}, "any"},
		{"an escaped colon in the host", kea.Database{Host: "odd:host", Port: 5432, Name: "kea", User: "kea"}, "odd"},
		{"hosts are compared byte for byte", kea.Database{Host: "kea-database.network", Port: 5432, Name: "kea", User: "kea"}, ""},
		{"also their case", kea.Database{Host: "Kea-Database", Port: 5432, Name: "kea", User: "kea"}, ""},
		{"a star for the host", kea.Database{Host: "x", Port: 5433, Name: "kea", User: "y"}, "other port"},
		{"a comment is no line", kea.Database{Host: "# a comment", Port: 5432, Name: "kea", User: "kea"}, ""},
		{"the end of the file", kea.Database{Host: "last", Port: 5432, Name: "kea", User: "kea"}, "no newline"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ok := file.Password(test.db)
			if got.Reveal() != test.want || ok != (test.want != "") {
				t.Errorf("%q, %v; want %q", got.Reveal(), ok, test.want)
			}
		})
	}
	if !file.Exists() || (PassFile{}).Exists() {
		t.Error("Exists")
	}
}
