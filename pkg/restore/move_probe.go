package restore

import (
	"context"
	"fmt"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/operation"
	"github.com/kubectl-kea/kubectl-kea/pkg/probe"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// Proof is what clients would have got after a move.
type Proof struct {
	// Networks that were asked for an address, and how many of them somebody answered.
	Networks int `json:"networks"`
	Answered int `json:"answered"`
	// Problems are what clients would notice.
	Problems []problem.Problem `json:"problems"`
}

const (
	// probeWait is how long a server may take to answer the last proof; each packet is sent twice.
	probeWait = 2 * time.Second
	// probeTries is how often it is asked while somebody gets no answer: right after the pause all clients ask at once.
	probeTries = 3
	// probeLimit bounds the proof, with the start of its pods: a move is over without it too.
	probeLimit = time.Minute
)

// ask has a short-lived pod ask every server for an address of every network, as clients would. It is the last proof, and one
// that may be lacking: the servers have shown their sessions and their states already.
func (m *move) ask(ctx context.Context, note func(string)) (string, error) {
	limited, cancel := context.WithTimeoutCause(ctx, probeLimit, fmt.Errorf("the probe did not end within %s", probeLimit))
	defer cancel()
	wanted := kube.Permission{Verb: "create", Group: "batch", Resource: "jobs", Namespace: m.p.Namespace}
	missing, err := kube.Missing(ctx, m.Client, []kube.Permission{wanted})
	if err == nil && len(missing) > 0 {
		return "", &operation.Skipped{Reason: "you may not " + wanted.String()}
	}
	for i := 0; i < probeTries && err == nil && (m.proof == nil || len(m.proof.Problems) > 0); i++ {
		var report probe.Report
		if report, err = m.probe(limited, note); err == nil {
			m.proof = proofOf(report)
		}
	}
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case m.proof == nil:
		return "", &operation.Skipped{Reason: err.Error()}
	}
	return fmt.Sprintf("%d of %d networks answered", m.proof.Answered, m.proof.Networks), nil
}

func (m *move) probe(ctx context.Context, note func(string)) (probe.Report, error) {
	src := probe.Source{Client: m.Client, Pods: m.Pods, Connector: m.Connector, Progress: inStep(note), Now: m.Now}
	p, err := probe.Look(ctx, src, m.p.Namespace, inventory.Options{}, inventory.VLANRules{}, probe.Wanted{}, probe.Options{Wait: probeWait}, "")
	if err != nil {
		return probe.Report{}, err
	}
	return p.Run(ctx)
}

// proofOf is what a probe's report says of clients. It is pure.
func proofOf(r probe.Report) *Proof {
	found := &Proof{Networks: len(r.Links), Problems: []problem.Problem{}}
	for _, l := range r.Links {
		if l.Answered > 0 {
			found.Answered++
		}
	}
	for _, p := range r.Problems {
		if p.Severity.AtLeast(problem.Critical) {
			found.Problems = append(found.Problems, p)
		}
	}
	return found
}

// inStep tells of a probe in the line of the step that it is part of.
type inStep func(string)

// Start implements probe.Progress.
func (n inStep) Start(name string) { n(name) }

// Done implements probe.Progress.
func (n inStep) Done(string) {}

// Fail implements probe.Progress.
func (n inStep) Fail(string) {}
