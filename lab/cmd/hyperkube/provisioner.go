package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// provisionerName is the StorageClass provisioner that this program serves: one folder a claim, volumes of type
// local (not hostPath: the kubelet applies fsGroup only to local volumes).
const provisionerName = "kealab/hostdir"

type provisioner struct {
	kube      kubernetes.Interface
	dir, node string
}

func provisionerMain() {
	flags := flag.NewFlagSet("provisioner", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig of the cluster")
	dir := flags.String("dir", "", "folder that holds one folder a volume")
	node := flags.String("node", "kealab", "name of the only node")
	_ = flags.Parse(os.Args[1:])
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p := &provisioner{kube: kubernetes.NewForConfigOrDie(config), dir: *dir, node: *node}
	// Polling a handful of objects is simpler than informers and costs nothing here; errors are retried at the next round.
	for ; ; time.Sleep(300 * time.Millisecond) {
		if err := p.round(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
}

func (p *provisioner) round(ctx context.Context) error {
	fromCache := metav1.ListOptions{ResourceVersion: "0"}
	classes, err := p.kube.StorageV1().StorageClasses().List(ctx, fromCache)
	if err != nil {
		return err
	}
	mine := map[string]storagev1.StorageClass{}
	for _, class := range classes.Items {
		if class.Provisioner == provisionerName {
			mine[class.Name] = class
		}
	}
	claims, err := p.kube.CoreV1().PersistentVolumeClaims("").List(ctx, fromCache)
	if err != nil {
		return err
	}
	for _, claim := range claims.Items {
		if claim.Spec.VolumeName != "" || claim.Spec.StorageClassName == nil || claim.DeletionTimestamp != nil {
			continue
		}
		if class, ok := mine[*claim.Spec.StorageClassName]; ok && consumerChosen(class, claim) {
			if err := p.provision(ctx, class, claim); err != nil {
				return err
			}
		}
	}
	volumes, err := p.kube.CoreV1().PersistentVolumes().List(ctx, fromCache)
	if err != nil {
		return err
	}
	for _, volume := range volumes.Items {
		if volume.Annotations["pv.kubernetes.io/provisioned-by"] == provisionerName && volume.DeletionTimestamp == nil &&
			volume.Status.Phase == corev1.VolumeReleased && volume.Spec.PersistentVolumeReclaimPolicy == corev1.PersistentVolumeReclaimDelete {
			if err := os.RemoveAll(filepath.Join(p.dir, volume.Name)); err != nil {
				return err
			}
			if err := p.kube.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{}); err != nil {
				return err
			}
			fmt.Println("deleted", volume.Name)
		}
	}
	return nil
}

func consumerChosen(class storagev1.StorageClass, claim corev1.PersistentVolumeClaim) bool {
	waits := class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
	return !waits || claim.Annotations["volume.kubernetes.io/selected-node"] != ""
}

func (p *provisioner) provision(ctx context.Context, class storagev1.StorageClass, claim corev1.PersistentVolumeClaim) error {
	name := "pvc-" + string(claim.UID)
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	if err := os.Chmod(path, 0o777); err != nil { // the umask took bits from MkdirAll
		return err
	}
	reclaim := corev1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		reclaim = *class.ReclaimPolicy
	}
	_, err := p.kube.CoreV1().PersistentVolumes().Create(ctx, &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": provisionerName}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:                   claim.Spec.AccessModes,
			VolumeMode:                    claim.Spec.VolumeMode,
			StorageClassName:              class.Name,
			PersistentVolumeReclaimPolicy: reclaim,
			ClaimRef: &corev1.ObjectReference{
				Kind: "PersistentVolumeClaim", APIVersion: "v1",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{{
				MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key:      corev1.LabelHostname,
					Operator: corev1.NodeSelectorOpIn, Values: []string{p.node},
				}},
			}}}},
		},
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	if err == nil {
		fmt.Println("provisioned", claim.Namespace+"/"+claim.Name, path)
	}
	return err
}
