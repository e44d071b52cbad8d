package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority signs the cluster's certificates. They live as long as the state folder does.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(name string) (*authority, error) {
	a := &authority{}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	template := certificate(name, nil)
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	a.pem = encode("CERTIFICATE", der)
	a.cert, err = x509.ParseCertificate(der)
	return a, err
}

func certificate(name string, groups []string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		serial = big.NewInt(time.Now().UnixNano())
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: groups},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
	}
}

// leaf is a certificate and its key, PEM encoded (the key in SEC1 form).
type leaf struct{ cert, key []byte }

// issue makes a certificate for clients and servers; a nil authority signs with the leaf's own key.
func (a *authority) issue(name string, groups, hosts []string) (leaf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return leaf{}, err
	}
	template := certificate(name, groups)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	template.BasicConstraintsValid = true
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	parent, signer := template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return leaf{}, err
	}
	sec1, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return leaf{}, err
	}
	return leaf{encode("CERTIFICATE", der), encode("EC PRIVATE KEY", sec1)}, nil
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writePKI makes every certificate and kubeconfig that the cluster's programs need, unless they are there.
func (c *Cluster) writePKI() error {
	if _, err := os.Stat(c.KubeconfigInside()); err == nil {
		return nil
	}
	if err := os.MkdirAll(c.PKI(), 0o700); err != nil {
		return err
	}
	ca, err := newAuthority("kealab-ca")
	if err != nil {
		return err
	}
	front, err := newAuthority("kealab-front-proxy-ca")
	if err != nil {
		return err
	}
	files := map[string][]byte{"ca.crt": ca.pem, "front-proxy-ca.crt": front.pem}
	if files["ca.key"], err = sec1(ca.key); err != nil {
		return err
	}
	if files["sa.key"], err = sec1(front.key); err != nil { // any key does for service account tokens
		return err
	}
	apiNames := []string{
		c.APIService, c.NodeIP, "127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local",
	}
	certs := []struct {
		file, name    string
		groups, hosts []string
		by            *authority
	}{
		{"apiserver", "kube-apiserver", nil, apiNames, ca},
		{"apiserver-kubelet-client", "kube-apiserver-kubelet-client", []string{"system:masters"}, nil, ca},
		{"front-proxy-client", "front-proxy-client", nil, nil, front},
		{"kubelet-server", c.Name, nil, []string{c.NodeIP, c.Name}, ca},
		{"barman-server", "barman-cloud", nil, []string{"barman-cloud"}, nil},
		{"barman-client", "barman-cloud-client", nil, []string{"barman-cloud-client"}, nil},
	}
	for _, cert := range certs {
		l, err := cert.by.issue(cert.name, cert.groups, cert.hosts)
		if err != nil {
			return err
		}
		files[cert.file+".crt"], files[cert.file+".key"] = l.cert, l.key
	}
	inside := "https://127.0.0.1:6443"
	users := []struct {
		path, server, name string
		groups             []string
	}{
		{filepath.Join(c.PKI(), "controller-manager.kubeconfig"), inside, "system:kube-controller-manager", nil},
		{filepath.Join(c.PKI(), "scheduler.kubeconfig"), inside, "system:kube-scheduler", nil},
		{filepath.Join(c.PKI(), "kubelet.kubeconfig"), inside, "system:node:" + c.Name, []string{"system:nodes"}},
		{filepath.Join(c.PKI(), "kube-proxy.kubeconfig"), inside, "system:kube-proxy", nil},
		{c.Kubeconfig(), "https://" + c.hostAddress, "kealab-admin", []string{"system:masters"}},
		{c.KubeconfigInside(), inside, "kealab-admin", []string{"system:masters"}},
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(c.PKI(), name), data, 0o600); err != nil {
			return err
		}
	}
	for _, user := range users {
		l, err := ca.issue(user.name, user.groups, nil)
		if err != nil {
			return err
		}
		if err := os.WriteFile(user.path, kubeconfig(user.server, user.name, ca.pem, l), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func sec1(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return encode("EC PRIVATE KEY", der), err
}

func kubeconfig(server, user string, ca []byte, l leaf) []byte {
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `apiVersion: v1
kind: Config
clusters:
- name: kealab
  cluster: {server: %q, certificate-authority-data: %s}
users:
- name: %q
  user: {client-certificate-data: %s, client-key-data: %s}
contexts:
- name: kealab
  context: {cluster: kealab, user: %q}
current-context: kealab
`, server, b64(ca), user, b64(l.cert), b64(l.key), user)
}
