package kube

import (
	"errors"
	"io"
	"net/http"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDialDirect(t *testing.T) {
	f := newFakeCluster(t)
	address := "127.0.0.1"
	f.other = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(mustJSON(corev1.Pod{TypeMeta: metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}, Status: corev1.PodStatus{PodIP: address}}))
	}
	c := f.client(t, Options{Direct: true})
	conn := dial(t, c, listen(t, echo))
	_, _ = conn.Write([]byte("x"))
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Error(err)
	}
	if f.noted() != "" {
		t.Errorf("went through the API server: %s", f.noted())
	}
	_, err := c.DialPod(t.Context(), "dhcp", "kea-0", 1)
	if !errors.Is(err, ErrRefused) || err.Error() != "port 1 of pod dhcp/kea-0: connection refused (nothing listens there)" {
		t.Errorf("refused: %v", err)
	}
	address = ""
	if _, err := c.DialPod(t.Context(), "dhcp", "kea-0", 1); err == nil {
		t.Error("a pod without an address was dialled")
	}
}
