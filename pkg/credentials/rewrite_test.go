package credentials

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func TestRewrite(t *testing.T) {
	const from, to = "first-pass:w%rd", "second:pass/w@rd?"
	data := func(pairs ...string) map[string][]byte {
		found := map[string][]byte{}
		for i := 0; i < len(pairs); i += 2 {
			found[pairs[i]] = []byte(pairs[i+1])
		}
		return found
	}
	for name, tt := range map[string]struct {
		have, want map[string][]byte
		err        string
	}{
		"made by install": {
			data("username", "kea", "password", from, "pg_service.conf", "[kea]\nuser=kea\npassword="+from+"\n"),
			data("password", to, "pg_service.conf", "[kea]\nuser=kea\npassword="+to+"\n"), "",
		},
		"made by CNPG": {
			data("username", "kea", "user", "kea", "password", from, "pgpass", "kea-rw:5432:kea:kea:first-pass\\:w%rd\n",
				"uri", "postgresql://kea:first-pass%3Aw%25rd@kea-rw.network:5432/kea", "jdbc-uri", "jdbc:postgresql://kea-rw.network:5432/kea?password=first-pass%3Aw%25rd&user=kea"),
			data("password", to, "pgpass", "kea-rw:5432:kea:kea:second\\:pass/w@rd?\n",
				"uri", "postgresql://kea:second%3Apass%2Fw%40rd%3F@kea-rw.network:5432/kea", "jdbc-uri", "jdbc:postgresql://kea-rw.network:5432/kea?password=second%3Apass%2Fw%40rd%3F&user=kea"), "",
		},
		"a colon that is not escaped": {data("pgpass", "*:*:*:kea:"+from), data("pgpass", "*:*:*:kea:second\\:pass/w@rd?"), ""},
		"included by Kea":             {data("kea.json", "\""+from+"\"\n"), data("kea.json", "\""+to+"\"\n"), ""},
		"a line of its own":           {data("password", from+"\n"), data("password", to+"\n"), ""},
		"a section of another role":   {data("f", "[a]\nuser=kea\npassword="+from+"\n[b]\nuser=viewer\npassword=other\n"), data("f", "[a]\nuser=kea\npassword="+to+"\n[b]\nuser=viewer\npassword=other\n"), ""},
		"nowhere":                     {data("password", "other"), nil, "no key of it holds the password"},
		"a form that is not known":    {data("password", from, "kea.conf", "password => "+from), nil, "key kea.conf holds the password in a form that is not known"},
		"another role's":              {data("password", from, "f", "[b]\nuser=viewer\npassword="+from+"\n"), nil, "key f holds the password in a form that is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rewrite(tt.have, "kea", from, to)
			if text := ""; err != nil && err.Error() != tt.err || err == nil && tt.err != text {
				t.Fatalf("error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if back, err := rewrite(got, "kea", to, from); tt.err == "" && (err != nil || len(back) != len(got)) {
				t.Errorf("the way back: %v", err)
			}
		})
	}
}

func TestCheckPassword(t *testing.T) {
	for text, ok := range map[string]bool{
		"abcdefghijkl": true, "a:b/c@d?e#f%g": true, "short": false, "": false,
		"with a blank in it": false, `with"a-quote-in`: false, "with'a-quote-in": false, `with\a-backslash`: false, "with-an-ümlaut": false, "two-lines-of\nit": false,
	} {
		if err := CheckPassword(kea.NewSecret(text)); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		} else if err != nil && text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error repeats %q", text)
		}
	}
	if a, b := newPassword(), newPassword(); a.Equal(b) || CheckPassword(a) != nil {
		t.Error("made passwords")
	}
}
