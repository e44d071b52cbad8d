package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/kubectl-kea/kubectl-kea/lab/internal/image"
)

// applyAddons applies everything that the lab wants in its cluster. The operator's and the plugin's manifests are read
// from their Go modules and changed only where the lab has no image registry and no cert-manager.
func (c *Cluster) applyAddons(ctx context.Context, log io.Writer) error {
	own, err := c.ownManifests()
	if err != nil {
		return err
	}
	cnpg, barman, err := c.moduleManifests(ctx)
	if err != nil {
		return err
	}
	certificates, err := c.barmanCertificates()
	if err != nil {
		return err
	}
	for _, manifests := range []string{own, operatorManifest(cnpg), certificates + barmanManifest(barman)} {
		if err := c.apply(ctx, log, manifests); err != nil {
			return err
		}
	}
	return nil
}

// ownManifests are the lab's own add-ons, with the places of this lab filled in.
func (c *Cluster) ownManifests() (string, error) {
	all := []string{}
	for _, name := range []string{"coredns.yaml", "storageclass.yaml", "s3.yaml"} {
		data, err := os.ReadFile(filepath.Join(c.Source, "manifests", name))
		if err != nil {
			return "", err
		}
		all = append(all, strings.NewReplacer("@BIN@", c.Bin(), "@DNS@", c.DNS).Replace(string(data)))
	}
	return strings.Join(all, "\n---\n"), nil
}

// moduleManifests are the manifests with which the operator and the plugin are installed elsewhere.
func (c *Cluster) moduleManifests(ctx context.Context) (cnpg, barman string, err error) {
	const operator = "github.com/cloudnative-pg/cloudnative-pg"
	version, err := c.ModuleVersion(operator)
	if err != nil {
		return "", "", err
	}
	if cnpg, err = c.moduleFile(ctx, operator, "releases", "cnpg-"+strings.TrimPrefix(version, "v")+".yaml"); err != nil {
		return "", "", err
	}
	barman, err = c.moduleFile(ctx, "github.com/cloudnative-pg/plugin-barman-cloud", "manifest.yaml")
	return cnpg, barman, err
}

// moduleFile reads a file of a module at the version that go.mod pins. The programs may come from the cache while the
// modules they were built from are gone from Go's: then this downloads the one that is wanted.
func (c *Cluster) moduleFile(ctx context.Context, module string, path ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", module)
	cmd.Dir = c.Source
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.Output()
	var found struct{ Dir, Error string }
	if jsonErr := json.Unmarshal(out, &found); jsonErr != nil || found.Dir == "" {
		return "", fmt.Errorf("find module %s: %w", module, errors.Join(err, jsonErr, errors.New(found.Error)))
	}
	data, err := os.ReadFile(filepath.Join(append([]string{found.Dir}, path...)...))
	return string(data), err
}

// operatorManifest puts our image into CNPG's own manifest and lifts its CPU limit, which two cores make painful.
func operatorManifest(text string) string {
	text = regexp.MustCompile(`ghcr\.io/cloudnative-pg/cloudnative-pg:[\w.-]+`).ReplaceAllString(text, image.CNPG)
	text = strings.ReplaceAll(text, "imagePullPolicy: Always", "imagePullPolicy: IfNotPresent")
	return regexp.MustCompile(`(?m)^(\s+limits:\n)\s+cpu: 100m\n`).ReplaceAllString(text, "$1")
}

// barmanManifest drops cert-manager's objects (barmanCertificates replaces them) and puts our images in.
func barmanManifest(text string) string {
	kind := regexp.MustCompile(`(?m)^kind: (\w+)`)
	docs := []string{}
	for doc := range strings.SplitSeq(text, "\n---\n") {
		switch m := kind.FindStringSubmatch(doc); {
		case m == nil, m[1] == "Certificate", m[1] == "Issuer":
			continue
		case m[1] == "Secret":
			doc = regexp.MustCompile(`(?ms)^data:.*?^(\w)`).ReplaceAllString(doc, "stringData: {SIDECAR_IMAGE: \""+image.BarmanSidecar+"\"}\n$1")
		}
		doc = regexp.MustCompile(`image: ghcr.io/cloudnative-pg/plugin-barman-cloud\S*`).ReplaceAllString(doc, "image: "+image.BarmanPlugin)
		docs = append(docs, strings.Replace(doc, "initialDelaySeconds: 10", "initialDelaySeconds: 1", 1))
	}
	return strings.Join(docs, "\n---\n")
}

// barmanCertificates are the two self-signed certificates with which the operator and the plugin know each other.
func (c *Cluster) barmanCertificates() (string, error) {
	out := ""
	for _, end := range []string{"server", "client"} {
		cert, err := os.ReadFile(filepath.Join(c.PKI(), "barman-"+end+".crt"))
		if err != nil {
			return "", err
		}
		key, err := os.ReadFile(filepath.Join(c.PKI(), "barman-"+end+".key"))
		if err != nil {
			return "", err
		}
		out += fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: barman-cloud-%s-tls, namespace: cnpg-system}\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: %q\n  tls.key: %q\n---\n",
			end, cert, key)
	}
	return out, nil
}

// waitAddons waits until everything answers; when it does not, it logs what the cluster knows about that.
func (c *Cluster) waitAddons(ctx context.Context, log io.Writer) error {
	err := c.addonsReady(ctx)
	if err != nil {
		for _, what := range []string{"pods", "events"} {
			cmd := c.Kubectl(ctx, "get", what, "-A")
			cmd.Stdout, cmd.Stderr = log, log
			_ = cmd.Run() // only to explain the error
		}
	}
	return err
}

func (c *Cluster) addonsReady(ctx context.Context) error {
	for _, d := range []string{"kube-system/coredns", "kealab/s3", "cnpg-system/cnpg-controller-manager", "cnpg-system/barman-cloud"} {
		namespace, name, _ := strings.Cut(d, "/")
		err := Until(ctx, "deployment "+d, 3*time.Minute, func(ctx context.Context) bool {
			return c.WorkloadReady(ctx, namespace, "deployments", name)
		})
		if err != nil {
			return err
		}
	}
	// The operator answers its webhook a moment after it is Ready; an apply before that is refused.
	return Until(ctx, "the operator's webhook", time.Minute, func(ctx context.Context) bool {
		cmd := c.Kubectl(ctx, "apply", "--dry-run=server", "-f", "-")
		cmd.Stdin = strings.NewReader("apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: try, namespace: default}\nspec: {instances: 1, storage: {size: 1Gi}}\n")
		return cmd.Run() == nil
	})
}

// WorkloadReady says whether a Deployment or StatefulSet has all its replicas available at its latest generation.
func (c *Cluster) WorkloadReady(ctx context.Context, namespace, resource, name string) bool {
	var workload struct {
		Metadata struct{ Generation int64 }
		Spec     struct{ Replicas int }
		Status   struct {
			ObservedGeneration int64
			AvailableReplicas  int
		}
	}
	err := c.get(ctx, "/apis/apps/v1/namespaces/"+namespace+"/"+resource+"/"+name, &workload)
	return err == nil && workload.Status.ObservedGeneration >= workload.Metadata.Generation && workload.Status.AvailableReplicas == workload.Spec.Replicas
}
