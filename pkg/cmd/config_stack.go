package cmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/stackfile"
)

// readStack reads and checks a stack file; - is standard input.
func (e *Env) readStack(file string) (*v1alpha1.Stack, error) {
	if file == "" {
		return nil, WithHint(usagef("which stack? -f is missing"), "kubectl kea install --print-defaults > stack.yaml")
	}
	var data []byte
	var err error
	if file == "-" {
		data, err = io.ReadAll(e.In)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, fmt.Errorf("read the stack file: %w", err)
	}
	s, findings := stackfile.Load(data)
	if len(findings) == 0 {
		return s, nil
	}
	name := file
	if name == "-" {
		name = "standard input"
	}
	texts := []string{fmt.Sprintf("%s in %s; nothing was changed", count(len(findings), "mistake"), name)}
	for _, f := range findings {
		texts = append(texts, f.String())
	}
	return nil, errors.New(strings.Join(texts, "\n"))
}

// chooseNamespace: the file's, which -n may not contradict, else the command line's.
func chooseNamespace(s *v1alpha1.Stack, k *kube.Client) error {
	stated := s.Metadata.Namespace
	switch {
	case stated == "":
		s.Metadata.Namespace = k.Namespace
	case k.NamespaceChosen && stated != k.Namespace:
		return usagef("-n says %s, the stack file says metadata.namespace: %s", k.Namespace, stated)
	}
	return nil
}
