package rollout

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// What a rollout notes on the Secret that it keeps.
const (
	// annotationBegun and annotationReloaded name the servers that may have, and that have proven to run, the new
	// configuration.
	annotationBegun    = marks.Domain + "/begun"
	annotationReloaded = marks.Domain + "/reloaded"
	// annotationBackwards: the change is being taken back.
	annotationBackwards = marks.Domain + "/taken-back"

	keptKey  = "rollout.json.gz"
	keptMost = 900 << 10 // of the megabyte that a Secret holds
)

// KeptName is the Secret that holds what a rollout replaces, until it is done. It is the way back, and its presence says that
// a rollout is unfinished. It has no owner: nothing but a rollout may remove it.
func KeptName(deployment string) string { return deployment + "-before-rollout" }

// kept is what a rollout leaves in the cluster while it is under way.
type kept struct {
	record
	secret *corev1.Secret
}

// record is the content of the kept Secret.
type record struct {
	Texts []texts      `json:"texts"`
	Files []FileChange `json:"files"`
	Moves []Move       `json:"moves"`
}

// texts are a Change in the clear, for the kept Secret and nowhere else.
type texts struct {
	Object Object `json:"object"`
	Before string `json:"before"`
	After  string `json:"after"`
}

func (k *kept) name() string { return "secret " + k.secret.Name }

// changes are those of the kept rollout.
func (k *kept) changes() []Change {
	found := []Change{}
	for _, t := range k.Texts {
		found = append(found, Change{t.Object, kea.NewSecret(t.Before), kea.NewSecret(t.After)})
	}
	return found
}

func (k *kept) backwards() bool { return k.secret.Annotations[annotationBackwards] != "" }

// has reports whether a server is noted.
func (k *kept) has(annotation, server string) bool {
	return slices.Contains(strings.Split(k.secret.Annotations[annotation], ","), server)
}

// findKept reads what an earlier run left; nil for nothing. Who may not look is told of the missing permission elsewhere.
func findKept(ctx context.Context, r client.Reader, namespace, deployment string) (*kept, error) {
	var s corev1.Secret
	err := r.Get(ctx, client.ObjectKey{Namespace: namespace, Name: KeptName(deployment)}, &s)
	switch {
	case apierrors.IsNotFound(err), kube.IsForbidden(err):
		return nil, nil //nolint:nilnil // there is none, and that is no error
	case err != nil:
		return nil, fmt.Errorf("read secret %s: %w", KeptName(deployment), err)
	}
	k := &kept{secret: &s}
	if k.record, err = unpack(s.Data[keptKey]); err != nil {
		return nil, fmt.Errorf("secret %s holds no rollout that can be read", s.Name)
	}
	return k, nil
}

// record is what a plan keeps.
func (p *Plan) record() record {
	r := record{Files: p.Files, Moves: p.Moves}
	for _, change := range p.changes {
		r.Texts = append(r.Texts, texts{change.Object, change.Before.Reveal(), change.After.Reveal()})
	}
	return r
}

// keep writes down what is replaced and by what.
func keep(ctx context.Context, c client.Client, p *Plan) (*kept, error) {
	r := p.record()
	data, err := pack(r)
	if err != nil {
		return nil, err
	}
	s := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: p.Namespace, Name: KeptName(p.Deployment),
			Labels: map[string]string{marks.LabelDeployment: p.Deployment, marks.LabelComponent: "operation", marks.LabelManagedBy: marks.FieldManager},
		},
		Type: corev1.SecretTypeOpaque, Data: map[string][]byte{keptKey: data},
	}
	err = c.Create(ctx, s, client.FieldOwner(marks.FieldManager))
	switch {
	case apierrors.IsAlreadyExists(err):
		return nil, fmt.Errorf("secret %s has come into being just now: run the command again", s.Name)
	case err != nil:
		return nil, fmt.Errorf("create secret %s: %w", s.Name, discreet(err))
	}
	return &kept{record: r, secret: s}, nil
}

// note adds a server to an annotation of the kept Secret, or sets one.
func (k *kept) note(ctx context.Context, c client.Client, annotation, server string) error {
	if k.has(annotation, server) {
		return nil
	}
	text := server
	if have := k.secret.Annotations[annotation]; have != "" {
		text = have + "," + server
	}
	if err := kube.Annotate(ctx, c, k.secret, map[string]string{annotation: text}, client.FieldOwner(marks.FieldManager)); err != nil {
		return fmt.Errorf("annotate secret %s: %w", k.secret.Name, err)
	}
	return nil
}

// forget deletes what was kept.
func (k *kept) forget(ctx context.Context, c client.Client) error {
	if err := c.Delete(ctx, k.secret); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("delete secret %s: %w", k.secret.Name, err)
	}
	return nil
}

func pack(r record) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(w).Encode(r), w.Close()); err != nil {
		return nil, err
	}
	if out.Len() > keptMost {
		return nil, errTooLarge
	}
	return out.Bytes(), nil
}

func unpack(data []byte) (record, error) {
	var r record
	in, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return r, err
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}
