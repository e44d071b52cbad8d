package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/remotecommand"
)

// shell answers exec requests over websockets as the kubelet does: the first byte of a message is its stream.
func shell(t *testing.T, run func(ws *websocket.Conn, command []string)) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{Subprotocols: []string{remotecommand.StreamProtocolV5Name}}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		run(ws, r.URL.Query()["command"])
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	}
}

func say(ws *websocket.Conn, stream byte, text []byte) {
	_ = ws.WriteMessage(websocket.BinaryMessage, append([]byte{stream}, text...))
}

func exited(ws *websocket.Conn, code int) {
	status := metav1.Status{Status: metav1.StatusSuccess}
	if code != 0 {
		status = metav1.Status{Status: metav1.StatusFailure, Reason: remotecommand.NonZeroExitCodeReason, Details: &metav1.StatusDetails{
			Causes: []metav1.StatusCause{{Type: remotecommand.ExitCodeCauseType, Message: fmt.Sprint(code)}},
		}}
	}
	say(ws, 3, mustJSON(status))
}

func TestExec(t *testing.T) {
	f := newFakeCluster(t)
	f.other = shell(t, func(ws *websocket.Conn, command []string) {
		_, in, _ := ws.ReadMessage()
		say(ws, 1, []byte(strings.Join(command, " ")+" "+string(in[1:])))
		say(ws, 2, []byte("warning"))
		exited(ws, 0)
	})
	var calls []Call
	c := f.client(t, Options{Observe: func(call Call) { calls = append(calls, call) }})
	var out, errs bytes.Buffer
	err := c.Exec(t.Context(), "dhcp", "db-1", "postgres", []string{"psql", "-c", "secret"}, strings.NewReader("input"), &out, &errs)
	if err != nil || out.String() != "psql -c secret input" || errs.String() != "warning" {
		t.Errorf("%q, %q, %v", out.String(), errs.String(), err)
	}
	if len(calls) != 1 || calls[0].What != "dhcp/db-1/postgres psql" || calls[0].Verb != "exec" {
		t.Errorf("observed %+v", calls)
	}
}

func TestExecExitCode(t *testing.T) {
	f := newFakeCluster(t)
	f.other = shell(t, func(ws *websocket.Conn, _ []string) { exited(ws, 7) })
	var call Call
	c := f.client(t, Options{Observe: func(c Call) { call = c }})
	err := c.Exec(t.Context(), "dhcp", "db-1", "postgres", []string{"psql", "secret"}, nil, nil, nil)
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 7 || err.Error() != "psql in container postgres of pod dhcp/db-1 exited with code 7" {
		t.Errorf("got %v", err)
	}
	if call.Code != 7 || call.Err != nil {
		t.Errorf("observed %+v", call)
	}
}

func TestExecNoProgram(t *testing.T) {
	f := newFakeCluster(t)
	f.other = shell(t, func(ws *websocket.Conn, _ []string) {
		say(ws, 3, mustJSON(metav1.Status{Status: metav1.StatusFailure, Message: `Internal error occurred: failed to start exec "8b07": ` +
			`OCI runtime exec failed: exec failed: unable to start container process: exec: "psql": executable file not found in $PATH: unknown`}))
	})
	err := f.client(t, Options{}).Exec(t.Context(), "dhcp", "db-1", "postgres", []string{"psql"}, nil, nil, nil)
	if want := `exec psql in container postgres of pod dhcp/db-1: exec: "psql": executable file not found in $PATH`; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestExecRefused(t *testing.T) {
	tests := []struct {
		name    string
		status  metav1.Status
		problem Problem
		text    string
	}{
		{
			"forbidden",
			metav1.Status{
				Code: 403, Reason: metav1.StatusReasonForbidden,
				Message: `pods "db-1" is forbidden: User "ann" cannot VERB resource "pods/exec" in API group "" in the namespace "dhcp"`,
			},
			ProblemForbidden, `cannot create resource "pods/exec"`,
		},
		{
			"no such container",
			metav1.Status{Code: 400, Reason: metav1.StatusReasonBadRequest, Message: "container other is not valid for pod db-1"},
			ProblemOther, "container other is not valid for pod db-1",
		},
		{"no such pod", metav1.Status{
			Code: 404, Reason: metav1.StatusReasonNotFound, Message: `pods "db-1" not found`,
			Details: &metav1.StatusDetails{Name: "db-1", Kind: "pods"},
		}, ProblemNotFound, `pods "db-1" not found`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeCluster(t)
			f.other = func(w http.ResponseWriter, r *http.Request) {
				status := test.status
				verb := map[string]string{http.MethodGet: "get", http.MethodPost: "create"}[r.Method]
				status.Message = strings.Replace(status.Message, "VERB", verb, 1)
				writeStatus(w, status)
			}
			err := f.client(t, Options{}).Exec(t.Context(), "dhcp", "db-1", "other", []string{"psql"}, nil, nil, nil)
			e := Explain(err)
			if e == nil || e.Problem != test.problem || !strings.Contains(err.Error(), test.text) {
				t.Errorf("%v explained as %+v", err, e)
			}
		})
	}
}

func TestExecHeedsContext(t *testing.T) {
	f := newFakeCluster(t)
	done := make(chan struct{})
	defer close(done)
	f.other = shell(t, func(*websocket.Conn, []string) { <-done })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := f.client(t, Options{}).Exec(ctx, "dhcp", "db-1", "postgres", []string{"sleep", "100"}, nil, &bytes.Buffer{}, nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestExecNothing(t *testing.T) {
	if err := newFakeCluster(t).client(t, Options{}).Exec(t.Context(), "dhcp", "db-1", "postgres", nil, nil, nil, nil); err == nil {
		t.Error("no command was accepted")
	}
}
