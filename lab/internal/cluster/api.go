package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"

	"sigs.k8s.io/yaml"
)

// API asks the lab's API server. A client library would double the driver's build time for a few GETs.
type API struct {
	path string // of the kubeconfig

	once   sync.Once
	client *http.Client
	server string
	err    error
}

// NewAPI makes a client from a kubeconfig of the lab: Kubeconfig() on the host, KubeconfigInside() in the lab's network.
// The file is read at the first question.
func NewAPI(kubeconfig string) *API { return &API{path: kubeconfig} }

// Get decodes the answer of a GET into out, which may be nil.
func (a *API) Get(ctx context.Context, path string, out any) error {
	a.once.Do(a.open)
	if a.err != nil {
		return a.err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.server+path, nil)
	if err != nil {
		return err
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: %s", path, response.Status)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, response.Body)
		return err
	}
	return json.NewDecoder(response.Body).Decode(out)
}

func (a *API) open() {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string `json:"server"`
				CA     []byte `json:"certificate-authority-data"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User struct {
				Cert []byte `json:"client-certificate-data"`
				Key  []byte `json:"client-key-data"`
			} `json:"user"`
		} `json:"users"`
	}
	data, err := os.ReadFile(a.path)
	if err == nil {
		err = yaml.Unmarshal(data, &config)
	}
	if err == nil && (len(config.Clusters) != 1 || len(config.Users) != 1) {
		err = errors.New("not exactly one cluster and one user")
	}
	if err != nil {
		a.err = fmt.Errorf("read kubeconfig %s: %w", a.path, err)
		return
	}
	cert, err := tls.X509KeyPair(config.Users[0].User.Cert, config.Users[0].User.Key)
	if err != nil {
		a.err = fmt.Errorf("read kubeconfig %s: %w", a.path, err)
		return
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(config.Clusters[0].Cluster.CA)
	a.server = config.Clusters[0].Cluster.Server
	a.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{cert}}, ForceAttemptHTTP2: true}}
}

func (c *Cluster) get(ctx context.Context, path string, out any) error {
	return c.api.Get(ctx, path, out)
}

// runQuiet runs a command and says only whether it went well.
func runQuiet(ctx context.Context, log io.Writer, argv []string) bool {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = log, log
	return cmd.Run() == nil
}
