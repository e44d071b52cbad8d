package kube

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Interrupted while the API server works on it, a write ends with the API server's answer.
func TestAnInterruptedWriteIsFinished(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		interrupt()
		select {
		case <-r.Context().Done():
			t.Error("it was given up")
		case <-time.After(100 * time.Millisecond):
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"apiVersion":"v1","kind":"Secret","metadata":{"namespace":"network","name":"kept","uid":"1"}}`))
	}))
	t.Cleanup(server.Close)
	c, err := NewForConfig(&rest.Config{Host: server.URL}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	secret := corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kept"}}
	if err := c.Create(ctx, &secret); err != nil || secret.UID != "1" {
		t.Errorf("%v, %+v", err, secret)
	}
	// Nothing is begun after it.
	if err := c.Delete(ctx, &secret); !errors.Is(err, context.Canceled) || asked != 1 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}

func TestAWriteThatIsNotAnsweredEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("interrupted")
		ctx, interrupt := context.WithCancelCause(t.Context())
		own, done := finish(ctx)
		defer done()
		interrupt(why)
		start := time.Now()
		<-own.Done()
		if took := time.Since(start); took != finishTime || !errors.Is(context.Cause(own), why) {
			t.Errorf("after %s: %v", took, context.Cause(own))
		}
	})
}
