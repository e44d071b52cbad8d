package kea

// ControlSocket is a socket on which a daemon takes commands.
type ControlSocket struct {
	Type    string // "unix", "http", "https"
	Path    string // of a unix socket
	Address string // of http and https; Kea's default filled in: 127.0.0.1
	Port    int    // of http and https; Kea's default filled in: 8000
	TLS     TLSFiles
	Auth    APIAuth
}

// TLSFiles names the files of a TLS endpoint, as paths inside the container.
type TLSFiles struct {
	TrustAnchor  string
	CertFile     string
	KeyFile      string
	CertRequired bool // clients need a certificate; Kea's default filled in: true
}

// Enabled reports whether the endpoint speaks TLS.
func (t TLSFiles) Enabled() bool { return t.CertFile != "" }

// APIAuth is the authentication that an endpoint asks for.
type APIAuth struct {
	Type      string // "basic", or "" for none
	Realm     string
	Directory string // that relative file names start from
	Clients   []APIClient
}

// APIClient is a user of the API: each part stands in the configuration or in a file inside the container.
type APIClient struct {
	User, UserFile string
	Password       Secret
	PasswordFile   string
}
