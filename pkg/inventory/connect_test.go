package inventory

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// deadWays lead to ports of this machine where nothing listens.
type deadWays struct{}

func (deadWays) PodTransport(string, string, int) *http.Transport { return &http.Transport{} }

func (deadWays) PodProxyTransport(string, string, int, string) http.RoundTripper {
	return &http.Transport{}
}

func TestEveryWayThatFailedIsNamedOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	c := NewConnector(deadWays{}, nil)
	defer c.Close()
	_, _, err = c.Connect(t.Context(), Server{Pod: "127.0.0.1", Service: kea.DHCP4, Endpoints: []Endpoint{
		{Via: "own HTTP socket", Port: port}, {Via: "control agent", Port: port},
	}})
	if !errors.Is(err, kea.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
	for _, via := range []string{"own HTTP socket", "control agent"} {
		if n := strings.Count(err.Error(), via+" on port"); n != 1 {
			t.Errorf("%s is named %d times: %v", via, n, err)
		}
	}
}
