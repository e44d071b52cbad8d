package kube

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Call is one request that was sent, for -v. It carries no body, no header and no query that could hold a secret.
type Call struct {
	// Verb is an HTTP method, or dial or exec.
	Verb string
	// What is the path of the request with its selectors, or namespace/pod:port of a stream, or
	// namespace/pod/container and the command's first word.
	What string
	// Duration runs until the response's header, until the stream stands, or until the command ends.
	Duration time.Duration
	// Code is the HTTP status, the command's exit code, or 0.
	Code int
	// Err is nil for every answer, also a refusal.
	Err error
}

// Options are the choices of New; the zero value is fine.
type Options struct {
	// UserAgent is sent with every request: kubectl-kea/VERSION. Empty: client-go's.
	UserAgent string
	// Direct makes DialPod connect to the pod's address instead of asking the API server for a port-forward. Only a
	// program inside the cluster's network can do that.
	Direct bool
	// Observe, when set, is called after every request, from several goroutines at once.
	Observe func(Call)
	// Warn, when set, gets the texts of the API server's Warning headers. Nil drops them.
	Warn func(text string)
}

// Client reaches one cluster as one user. It is safe for concurrent use. The embedded client reads from the API server
// (no cache), writes as FieldManager, and returns errors that Explain has worked over: *Error, which still matches
// what apimachinery's errors package asks for.
type Client struct {
	client.WithWatch

	// Namespace is the one the flags or the kubeconfig chose; "default" when neither did.
	Namespace string
	// NamespaceChosen reports whether it was named by a flag.
	NamespaceChosen bool
	// Server is the API server's address, as in the kubeconfig.
	Server string

	http    *http.Client
	base    string // of every path: the server's address without a slash at the end
	streams *upgrader
	direct  bool
	observe func(Call)
}

// Flags are the connection flags of the command line; *genericclioptions.ConfigFlags is one. The narrow interface keeps
// cli-runtime (with kustomize and the table printers behind it) out of programs that do not need it.
type Flags interface {
	ToRawKubeConfigLoader() clientcmd.ClientConfig
}

// New prepares a client from kubectl's flags. No request is sent. Errors: *Error with ProblemConfig when the
// kubeconfig is missing or names no such context.
func New(flags Flags, opt Options) (*Client, error) {
	loader := flags.ToRawKubeConfigLoader()
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, configError(err)
	}
	namespace, chosen, err := loader.Namespace()
	if err != nil {
		return nil, configError(err)
	}
	c, err := NewForConfig(config, opt)
	if err != nil {
		return nil, err
	}
	c.Namespace, c.NamespaceChosen = namespace, chosen
	return c, nil
}

// NewForConfig is New for a configuration that is already loaded, as inside a pod. Its namespace is "default".
func NewForConfig(config *rest.Config, opt Options) (*Client, error) {
	config = rest.CopyConfig(config)
	config.QPS = -1 // the API server's own fairness is enough for a handful of reads
	if opt.UserAgent != "" {
		config.UserAgent = opt.UserAgent
	}
	config.WarningHandlerWithContext = warnings(opt.Warn)

	c := &Client{Namespace: "default", Server: config.Host, direct: opt.Direct, observe: opt.Observe}
	if c.observe == nil {
		c.observe = func(Call) {}
	}
	base, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, configError(err)
	}
	c.base = trimSlash(base.String())
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, configError(err)
	}
	c.http = &http.Client{
		Transport: &edge{next: transport, server: c.Server, observe: c.observe},
		Timeout:   config.Timeout,
	}
	if c.streams, err = newUpgrader(config); err != nil {
		return nil, configError(err)
	}
	api, err := client.NewWithWatch(config, client.Options{HTTPClient: c.http, Scheme: newScheme(), Mapper: newMapper()})
	if err != nil {
		return nil, fmt.Errorf("prepare the Kubernetes client: %w", err)
	}
	c.WithWatch = explaining(api)
	return c, nil
}

// warnings drops the API server's Warning headers or hands them on.
func warnings(warn func(string)) rest.WarningHandlerWithContext {
	if warn == nil {
		return rest.NoWarnings{}
	}
	return warningFunc(warn)
}

type warningFunc func(string)

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext. 299 is the only code in use.
func (f warningFunc) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	if code == 299 && text != "" {
		f(text)
	}
}
