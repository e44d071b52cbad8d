package stack

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecretData(t *testing.T) {
	s := load(t, office)
	made := func(name string, have map[string][]byte) map[string]string {
		t.Helper()
		added, ok, err := secretData(s, name, have, "CA", today())
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		texts := map[string]string{}
		for key, value := range added {
			texts[key] = string(value)
		}
		return texts
	}
	fresh := made("kea-db-credentials", nil)
	if !regexp.MustCompile(`^[A-Z0-9]{26,}$`).MatchString(fresh["password"]) {
		t.Error("the password is not of letters and digits, 26 or more")
	}
	if diff := cmp.Diff(map[string]string{
		"username": "kea", "password": fresh["password"], "pg_service.conf": "[kea]\nuser=kea\npassword=" + fresh["password"] + "\n",
	}, fresh); diff != "" {
		t.Error("the owner's Secret is not as it should be") // the difference would show the password
	}
	if again := made("kea-db-credentials", nil); again["password"] == fresh["password"] {
		t.Error("two passwords are the same")
	}
	for name, tt := range map[string]struct {
		secret string
		have   map[string][]byte
		want   map[string]string
	}{
		"complete":             {"kea-db-credentials", map[string][]byte{"username": {1}, "password": {1}, "pg_service.conf": {1}}, map[string]string{}},
		"prepared by somebody": {"kea-db-credentials", map[string][]byte{"username": []byte("kea"), "password": []byte("x")}, map[string]string{"pg_service.conf": "[kea]\nuser=kea\npassword=x\n"}},
		"the viewer's":         {"kea-db-viewer", map[string][]byte{"password": []byte("y")}, map[string]string{"username": "kea_viewer", "ca.crt": "CA"}},
		"a CA that is there":   {"kea-db-ca", map[string][]byte{"ca.crt": {1}, "ca.key": {1}}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, made(tt.secret, tt.have)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, ok, err := secretData(s, "somebody-elses", nil, "", today()); ok || err != nil {
		t.Errorf("another Secret: %v, %v", ok, err)
	}
	if _, _, err := secretData(s, "kea-db-ca", map[string][]byte{"ca.crt": {1}}, "", today()); err == nil || err.Error() != "secret kea-db-ca holds only one of ca.crt and ca.key" {
		t.Errorf("half a CA: %v", err)
	}
}

func TestCA(t *testing.T) {
	added, _, err := secretData(load(t, office), "kea-db-ca", nil, "", today())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ca.crt", "ca.key"}, slices.Sorted(maps.Keys(added))); diff != "" {
		t.Fatal(diff)
	}
	certBlock, _ := pem.Decode(added["ca.crt"])
	keyBlock, _ := pem.Decode(added["ca.key"])
	if keyBlock.Type != "EC PRIVATE KEY" { // CNPG takes no other form
		t.Errorf("the key is a %q", keyBlock.Type)
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if public, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !key.PublicKey.Equal(public) {
		t.Error("key and certificate do not belong together")
	}
	if !cert.IsCA || cert.CheckSignatureFrom(cert) != nil || cert.NotAfter.Year() != 2036 || cert.Subject.CommonName != "kea-dhcp database CA of namespace network" {
		t.Errorf("the certificate: CA %v, until %s, %s", cert.IsCA, cert.NotAfter, cert.Subject)
	}
}
