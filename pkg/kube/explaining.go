package kube

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// explaining makes every error of a client one that a person can read, and every write one of FieldManager that is finished.
func explaining(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			return explained(c.Get(ctx, key, obj, opts...))
		},
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			return explained(c.List(ctx, list, opts...))
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			return written(ctx, func(ctx context.Context) error { return owned(c).Create(ctx, obj, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			return written(ctx, func(ctx context.Context) error { return c.Delete(ctx, obj, opts...) })
		},
		DeleteAllOf: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteAllOfOption) error {
			return written(ctx, func(ctx context.Context) error { return c.DeleteAllOf(ctx, obj, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			return written(ctx, func(ctx context.Context) error { return owned(c).Update(ctx, obj, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, patch client.Patch, opts ...client.PatchOption) error {
			return written(ctx, func(ctx context.Context) error { return owned(c).Patch(ctx, obj, patch, opts...) })
		},
		Apply: func(ctx context.Context, c client.WithWatch, obj runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			return written(ctx, func(ctx context.Context) error { return owned(c).Apply(ctx, obj, opts...) })
		},
		Watch: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
			w, err := c.Watch(ctx, list, opts...)
			return w, explained(err)
		},
		SubResource: func(c client.WithWatch, subresource string) client.SubResourceClient {
			return owned(c).SubResource(subresource)
		},
	})
}

// owned is a client whose writes are FieldManager's. A call's own options still win.
func owned(c client.Client) client.Client { return client.WithFieldOwner(c, marks.FieldManager) }

// written does a write to its end.
func written(ctx context.Context, do func(ctx context.Context) error) error {
	ctx, done := finish(ctx)
	defer done()
	return explained(do(ctx))
}

// explained is Explain for an error that is returned on.
func explained(err error) error {
	if e := Explain(err); e != nil {
		return e
	}
	return err
}
