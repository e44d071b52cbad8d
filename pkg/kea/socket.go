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
	CertRequired bool // clients need a certificate; Kea's default with TLS filled in: true
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

func (t tree) controlSocket() ControlSocket {
	s := ControlSocket{
		Type:    t.str("socket-type"),
		Path:    t.str("socket-name"),
		Address: t.str("socket-address"),
		Port:    t.integer("socket-port"),
	}
	if s.Type == "unix" {
		return s
	}
	s.TLS, s.Auth = t.tlsFiles(), t.apiAuth()
	if s.Type == "" {
		s.Type = "http"
	}
	if s.Type == "http" && s.TLS.Enabled() {
		s.Type = "https"
	}
	if s.Address == "" {
		s.Address = defaultAPIAddress
	}
	if s.Port == 0 {
		s.Port = defaultAPIPort
	}
	return s
}

// Where a control agent and a daemon's own HTTP socket listen when the configuration does not say.
const (
	defaultAPIAddress = "127.0.0.1"
	defaultAPIPort    = 8000
)

func (t tree) tlsFiles() TLSFiles {
	f := TLSFiles{TrustAnchor: t.str("trust-anchor"), CertFile: t.str("cert-file"), KeyFile: t.str("key-file")}
	f.CertRequired = f.Enabled() && t.unlessFalse("cert-required")
	return f
}

func (t tree) apiAuth() APIAuth {
	if !t.has("authentication") {
		return APIAuth{}
	}
	t = t.object("authentication")
	a := APIAuth{Type: t.str("type"), Realm: t.str("realm"), Directory: t.str("directory")}
	if a.Type == "" {
		a.Type = "basic"
	}
	for _, c := range t.objects("clients") {
		client := APIClient{
			User:         c.str("user"),
			UserFile:     c.str("user-file"),
			PasswordFile: c.str("password-file"),
		}
		client.Password, _ = c.secret("password")
		a.Clients = append(a.Clients, client)
	}
	return a
}
