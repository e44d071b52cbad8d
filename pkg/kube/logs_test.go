package kube

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPodLogs(t *testing.T) {
	f := newFakeCluster(t)
	f.other = func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprintln(w, r.Method, r.RequestURI) }
	var mu sync.Mutex
	var calls []Call
	c := f.client(t, Options{Observe: func(call Call) { mu.Lock(); defer mu.Unlock(); calls = append(calls, call) }})
	for follow, want := range map[bool]string{
		false: "GET /api/v1/namespaces/dhcp/pods/db-1/log?container=postgres\n",
		true:  "GET /api/v1/namespaces/dhcp/pods/db-1/log?container=postgres&follow=true\n",
	} {
		log, err := c.PodLogs(t.Context(), "dhcp", "db-1", "postgres", follow)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(log); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
	if len(calls) != 2 || calls[0].What != "/api/v1/namespaces/dhcp/pods/db-1/log" {
		t.Errorf("%+v", calls)
	}
}

func TestPodLogsRefused(t *testing.T) {
	f := newFakeCluster(t)
	c := f.client(t, Options{})
	for _, test := range []struct {
		status  metav1.Status
		problem Problem
		text    string
	}{
		{
			metav1.Status{
				Code: 403, Reason: metav1.StatusReasonForbidden,
				Message: `pods "db-1" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "dhcp"`,
			},
			ProblemForbidden,
			`read the log of container postgres of pod dhcp/db-1: pods "db-1" is forbidden: User "ann" cannot get resource "pods/log" in API group "" in the namespace "dhcp"`,
		},
		{
			metav1.Status{Code: 400, Reason: metav1.StatusReasonBadRequest, Message: `container "postgres" in pod "db-1" is waiting to start: PodInitializing`},
			ProblemOther,
			`read the log of container postgres of pod dhcp/db-1: container "postgres" in pod "db-1" is waiting to start: PodInitializing`,
		},
	} {
		f.other = func(w http.ResponseWriter, _ *http.Request) { writeStatus(w, test.status) }
		_, err := c.PodLogs(t.Context(), "dhcp", "db-1", "postgres", true)
		if e := Explain(err); e == nil || e.Problem != test.problem || err.Error() != test.text {
			t.Errorf("%v explained as %+v", err, e)
		}
	}
}
