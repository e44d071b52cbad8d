package stack

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// The oldest versions whose API has what the manifests say.
const (
	oldestCNPG   = "1.26"
	oldestPlugin = "0.5"
)

// preflight looks for what the stack needs and does not make: permissions, operators, storage, Secrets. All questions are
// asked at the same time; a question that may not be asked is no finding.
func preflight(ctx context.Context, src Source, s *v1alpha1.Stack, exists, create bool) ([]problem.Problem, error) {
	wanted := Permissions(s)
	if create {
		wanted = append([]kube.Permission{{Verb: "create", Resource: "namespaces"}}, wanted...)
	}
	checks := []func() ([]problem.Problem, error){
		func() ([]problem.Problem, error) { return permitted(ctx, src.Client, s, wanted) },
		func() ([]problem.Problem, error) { return storageClasses(ctx, src.Client, s) },
	}
	if s.UsesPostgreSQL() {
		checks = append(checks,
			func() ([]problem.Problem, error) { return operator(ctx, src.Client, s) },
			func() ([]problem.Problem, error) { return plugin(ctx, src.Client, s) },
			func() ([]problem.Problem, error) { return backups(ctx, src.Client, s, exists) },
		)
	}
	found := make([][]problem.Problem, len(checks))
	failed := make([]error, len(checks))
	var wait sync.WaitGroup
	for i, check := range checks {
		wait.Go(func() { found[i], failed[i] = check() })
	}
	wait.Wait()
	return slices.Concat(found...), cmp.Or(failed...)
}

// permitted names all permissions that are missing at once.
func permitted(ctx context.Context, c client.Client, s *v1alpha1.Stack, wanted []kube.Permission) ([]problem.Problem, error) {
	missing, err := kube.Missing(ctx, c, wanted)
	if err != nil || len(missing) == 0 {
		return nil, err
	}
	byResource, order := map[string][]string{}, []string{}
	for _, p := range missing {
		_, resource, _ := strings.Cut(p.String(), " ")
		if len(byResource[resource]) == 0 {
			order = append(order, resource)
		}
		byResource[resource] = append(byResource[resource], p.Verb)
	}
	texts := []string{}
	for _, resource := range order {
		texts = append(texts, strings.Join(byResource[resource], ",")+" "+resource)
	}
	return []problem.Problem{problem.NewCritical("missing-permission", "namespace "+s.Metadata.Namespace,
		"you may not: "+strings.Join(texts, "; "), "ask a cluster administrator for a RoleBinding to the ClusterRole admin and the CNPG rights named here")}, nil
}

// storageClasses: a volume without a class of its own takes the default, and stays pending without one.
func storageClasses(ctx context.Context, c client.Client, s *v1alpha1.Stack) ([]problem.Problem, error) {
	var list storagev1.StorageClassList
	switch err := c.List(ctx, &list); {
	case kube.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list storage classes: %w", err)
	}
	names, byDefault := []string{}, false
	for _, class := range list.Items {
		names = append(names, class.Name)
		byDefault = byDefault || class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true" ||
			class.Annotations["storageclass.beta.kubernetes.io/is-default-class"] == "true" // Kubernetes goes by both
	}
	known := "there are " + strings.Join(names, ", ")
	if len(names) == 0 {
		known = "there is none"
	}
	volumes := []struct {
		field string
		v1alpha1.Storage
	}{{"spec.database.memfile.storage", s.Spec.Database.Memfile.Storage}}
	if s.UsesPostgreSQL() {
		volumes[0].field, volumes[0].Storage = "spec.database.cluster.storage", s.Spec.Database.Cluster.Storage
		if !s.Spec.Database.Cluster.WALStorage.Size.IsZero() {
			volumes = append(volumes, volumes[0])
			volumes[1].field, volumes[1].Storage = "spec.database.cluster.walStorage", s.Spec.Database.Cluster.WALStorage
		}
	}
	found := []problem.Problem{}
	for _, v := range volumes {
		switch {
		case v.StorageClass == "" && !byDefault:
			found = append(found, problem.NewCritical("no-storage-class", v.field, "it names no storage class, and the cluster has no default one; "+known, "set "+v.field+".storageClass"))
		case v.StorageClass != "" && !slices.Contains(names, v.StorageClass):
			found = append(found, problem.NewCritical("no-storage-class", v.field, fmt.Sprintf("the storage class %q does not exist; %s", v.StorageClass, known), "set "+v.field+".storageClass"))
		}
	}
	return found, nil
}

// operator: CNPG must be installed, and not too old.
func operator(ctx context.Context, c client.Client, s *v1alpha1.Stack) ([]problem.Problem, error) {
	err := c.List(ctx, &cnpgv1.ClusterList{}, client.InNamespace(s.Metadata.Namespace), client.Limit(1))
	if kube.IsNotInstalled(err) {
		return []problem.Problem{problem.NewCritical("no-cnpg", "CloudNativePG", "the operator is not installed in this cluster", "install CloudNativePG "+oldestCNPG+" or newer: https://cloudnative-pg.io/docs")}, nil
	}
	if err != nil && !kube.IsForbidden(err) {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	return tooOld(ctx, c, client.MatchingLabels{"app.kubernetes.io/name": "cloudnative-pg"}, "CloudNativePG", oldestCNPG)
}

// plugin: backups by the Barman Cloud plugin need it.
func plugin(ctx context.Context, c client.Client, s *v1alpha1.Stack) ([]problem.Problem, error) {
	if s.Spec.Database.Backup.Method != v1alpha1.BackupPlugin {
		return nil, nil
	}
	stores := &unstructured.UnstructuredList{}
	stores.SetGroupVersionKind(cnpg.ObjectStoreKind())
	err := c.List(ctx, stores, client.InNamespace(s.Metadata.Namespace), client.Limit(1))
	if kube.IsNotInstalled(err) {
		return []problem.Problem{problem.NewCritical("no-barman-plugin", "Barman Cloud plugin", "spec.database.backup.method is plugin, and the plugin is not installed in this cluster",
			"install the plugin, or set spec.database.backup.method to in-tree (until CNPG 1.30) or none")}, nil
	}
	if err != nil && !kube.IsForbidden(err) {
		return nil, fmt.Errorf("list object stores: %w", err)
	}
	return tooOld(ctx, c, client.MatchingLabels{"app": "barman-cloud"}, "Barman Cloud plugin", oldestPlugin)
}

// tooOld reads an operator's version off its Deployment's image. Who may not look at other namespaces is not told.
func tooOld(ctx context.Context, c client.Client, labels client.MatchingLabels, name, oldest string) ([]problem.Problem, error) {
	var list appsv1.DeploymentList
	switch err := c.List(ctx, &list, labels); {
	case kube.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("list deployments: %w", err)
	}
	for _, d := range list.Items {
		containers := d.Spec.Template.Spec.Containers
		if len(containers) == 0 {
			continue
		}
		version := imageVersion(containers[0].Image) // those after the first are somebody's sidecars
		if version != "" && older(version, oldest) {
			return []problem.Problem{problem.NewCritical("too-old", name, fmt.Sprintf("deployment %s/%s runs version %s; %s or newer is needed", d.Namespace, d.Name, version, oldest), "upgrade it")}, nil
		}
	}
	return nil, nil
}

// imageVersion is the version in an image's tag: "1.30.0" of "…/cloudnative-pg:1.30.0", "" when the tag is none. The
// registry's port and the digest are no tags.
func imageVersion(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return regexp.MustCompile(`^\d+\.\d+(\.\d+)?`).FindString(strings.TrimPrefix(tag, "v"))
}

// older compares two versions by their numbers.
func older(version, than string) bool {
	numbers := func(text string) []int {
		found := []int{}
		for part := range strings.SplitSeq(text, ".") {
			n, _ := strconv.Atoi(part) // the pattern above lets digits through only
			found = append(found, n)
		}
		return found
	}
	return slices.Compare(numbers(version), numbers(than)) < 0
}

// backups: the object store's login is the operator's to give; install does not make it. A namespace that does not exist
// yet cannot have it, and without it the database does not even start.
func backups(ctx context.Context, c client.Client, s *v1alpha1.Stack, exists bool) ([]problem.Problem, error) {
	b := s.Spec.Database.Backup
	if b.Method == v1alpha1.NoBackup {
		return []problem.Problem{{
			Severity: problem.Warning, Code: "no-backup", Subject: "spec.database.backup",
			Text: "no backups are made: a lost database is lost with all leases", Next: "set spec.database.backup.destinationPath",
		}}, nil
	}
	found := []problem.Problem{}
	look := func(name string, keys ...string) error {
		keys = slices.DeleteFunc(keys, func(k string) bool { return k == "" })
		var secret corev1.Secret
		var err error = apierrors.NewNotFound(corev1.Resource("secrets"), name)
		if exists {
			err = c.Get(ctx, client.ObjectKey{Namespace: s.Metadata.Namespace, Name: name}, &secret)
		}
		create := fmt.Sprintf("kubectl -n %s create secret generic %s --from-literal=%s=…", s.Metadata.Namespace, name, strings.Join(keys, "=… --from-literal="))
		if !exists {
			create = "kubectl create namespace " + s.Metadata.Namespace + "; " + create
		}
		switch {
		case apierrors.IsNotFound(err):
			found = append(found, problem.NewCritical("no-backup-secret", "secret "+name, "the object store's Secret does not exist", create))
			return nil
		case kube.IsForbidden(err):
			return nil
		case err != nil:
			return fmt.Errorf("read secret %s: %w", name, err)
		}
		for _, key := range keys {
			if len(secret.Data[key]) == 0 {
				found = append(found, problem.NewCritical("no-backup-secret", "secret "+name, "it has no key "+key, create))
			}
		}
		return nil
	}
	if err := look(b.CredentialsSecret, b.AccessKeyIDKey, b.SecretKeyKey, b.RegionKey); err != nil {
		return nil, err
	}
	if b.EndpointCASecret != "" {
		if err := look(b.EndpointCASecret, "ca.crt"); err != nil {
			return nil, err
		}
	}
	return found, nil
}
