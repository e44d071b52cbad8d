package cluster

import (
	"context"
	"net/netip"
)

// Pod is a pod that runs or is about to, by its addresses. An address is not valid when the pod has none of its family.
type Pod struct {
	Name string
	V4   netip.Addr
	V6   netip.Addr
}

// Pods are a namespace's pods that have not ended. Those being deleted are among them: until they are gone they answer.
func (a *API) Pods(ctx context.Context, namespace string) ([]Pod, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Status   struct {
				Phase  string
				PodIPs []struct{ IP string }
			}
		}
	}
	// Version 0 is the API server's own cache: this is asked several times a second.
	if err := a.Get(ctx, "/api/v1/namespaces/"+namespace+"/pods?resourceVersion=0", &list); err != nil {
		return nil, err
	}
	pods := []Pod{}
	for _, item := range list.Items {
		if item.Status.Phase == "Succeeded" || item.Status.Phase == "Failed" {
			continue // such a pod keeps its address in its status, but somebody else may have it by now
		}
		pod := Pod{Name: item.Metadata.Name}
		for _, address := range item.Status.PodIPs {
			parsed, err := netip.ParseAddr(address.IP)
			switch {
			case err != nil:
			case parsed.Is4():
				pod.V4 = parsed
			default:
				pod.V6 = parsed
			}
		}
		pods = append(pods, pod)
	}
	return pods, nil
}
