package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/manifest"
)

// The keys of the Secrets.
const (
	keyUsername    = "username"
	keyPassword    = "password"
	keyServiceFile = manifest.LoginFile
	keyCACert      = manifest.CAFile
	keyCAKey       = "ca.key"
)

// caTime is how long our CA is good for. CNPG renews the servers' certificates that it signs, every 90 days; nothing
// renews the CA itself.
const caTime = 10 * 365 * 24 * time.Hour

// secretData completes the data of one of the stack's Secrets: what is there stays, what is missing is made. ok is false
// for a Secret that is not one of them. caCert is our CA's certificate, which the viewer's Secret holds too: the CA's own
// Secret has a key that is not for everybody. What cannot be completed is an error: half of a certificate and key.
func secretData(s *v1alpha1.Stack, name string, have map[string][]byte, caCert string, now time.Time) (added map[string][]byte, ok bool, err error) {
	added = map[string][]byte{}
	put := func(key, value string) {
		if len(have[key]) == 0 {
			added[key] = []byte(value)
		}
	}
	db := s.Spec.Database
	switch name {
	case db.CredentialsSecret, db.ViewerSecret:
		user := db.Owner
		if name == db.ViewerSecret {
			user = db.ViewerRole
		}
		password := string(have[keyPassword])
		if password == "" {
			password = rand.Text() // letters and digits: a quote or a space breaks Kea's connection string
		}
		put(keyUsername, user)
		put(keyPassword, password)
		if name == db.CredentialsSecret {
			put(keyServiceFile, ServiceFile(user, password))
		} else {
			put(keyCACert, caCert)
		}
	case db.CASecret:
		cert, key := len(have[keyCACert]) > 0, len(have[keyCAKey]) > 0
		if cert != key {
			return nil, true, fmt.Errorf("secret %s holds only one of %s and %s", name, keyCACert, keyCAKey)
		}
		if cert {
			return added, true, nil
		}
		certPEM, keyPEM, err := newCA(s.Metadata.Name+" database CA of namespace "+s.Metadata.Namespace, now)
		if err != nil {
			return nil, true, err
		}
		put(keyCACert, certPEM)
		put(keyCAKey, keyPEM)
	default:
		return nil, false, nil
	}
	return added, true, nil
}

// ServiceFile is libpq's service file with one section, from which Kea's daemons and kea-admin take user and password.
func ServiceFile(user, password string) string {
	return fmt.Sprintf("[%s]\nuser=%s\npassword=%s\n", manifest.LoginSection, user, password)
}

// newCA makes a certificate authority. CNPG takes the key in SEC1 form only.
func newCA(commonName string, now time.Time) (certPEM, keyPEM string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", fmt.Errorf("make the CA's key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return "", "", fmt.Errorf("make the CA's serial number: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: short(commonName)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(caTime),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", "", fmt.Errorf("make the CA's certificate: %w", err)
	}
	sec1, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return "", "", fmt.Errorf("write the CA's key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})), nil
}

// short cuts a common name to the 64 characters that X.509 allows.
func short(name string) string {
	if len(name) > 64 {
		return name[:64]
	}
	return name
}
