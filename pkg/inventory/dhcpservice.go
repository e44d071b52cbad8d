package inventory

import (
	"cmp"
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

// DHCPService is a DHCPv4Service or DHCPv6Service object, as far as it tells a subnet's VLAN.
type DHCPService struct {
	Kind, Name  string
	Service     kea.Service
	VLAN        int // 0: its vlanRef leads to no number
	First, Last netip.Addr
}

// DHCPServices reads the DHCPv4Service and DHCPv6Service objects of the namespace, by kind and name, and the VLAN objects
// that they refer to. Where the files of all servers say the VLAN of every subnet they are of no use, and not read. An API
// server without these kinds has none. Permission: list dhcpv4services, dhcpv6services (network.fos1.io), vlans
// (networking.fos1.io).
func (in *Inventory) DHCPServices(ctx context.Context, r client.Reader) ([]DHCPService, []problem.Unread) {
	if !in.someWithoutVLAN() {
		return nil, nil
	}
	lists := map[schema.GroupVersionKind]*unstructured.UnstructuredList{}
	for _, k := range []schema.GroupVersionKind{dhcpServiceKind("DHCPv4Service"), dhcpServiceKind("DHCPv6Service"), vlanKind()} {
		l := &unstructured.UnstructuredList{}
		l.SetGroupVersionKind(k.GroupVersion().WithKind(k.Kind + "List"))
		lists[k] = l
	}
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		unread []problem.Unread
	)
	for k, l := range lists {
		wait.Go(func() {
			if err := r.List(ctx, l, client.InNamespace(in.Namespace)); err != nil && !kube.IsNotInstalled(err) {
				mu.Lock()
				unread = append(unread, problem.Unread{Source: strings.ToLower(k.Kind) + "s." + k.Group, Error: err.Error(), Err: err})
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	numbers := map[string]int{}
	for _, v := range lists[vlanKind()].Items {
		if id, ok, _ := unstructured.NestedInt64(v.Object, "spec", "id"); ok && validVLAN(int(id)) {
			numbers[v.GetName()] = int(id)
		}
	}
	found := []DHCPService{}
	for kind, service := range map[string]kea.Service{"DHCPv4Service": kea.DHCP4, "DHCPv6Service": kea.DHCP6} {
		for _, o := range lists[dhcpServiceKind(kind)].Items {
			if d, ok := dhcpService(o, service, numbers); ok {
				found = append(found, d)
			}
		}
	}
	slices.SortFunc(found, func(a, b DHCPService) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	slices.SortFunc(unread, func(a, b problem.Unread) int { return cmp.Compare(a.Source, b.Source) })
	return found, unread
}

// someWithoutVLAN: a subnet's VLAN is not known from the files alone.
func (in *Inventory) someWithoutVLAN() bool {
	return slices.ContainsFunc(in.Servers, func(s Server) bool {
		return s.File == nil || slices.ContainsFunc(s.File.Subnets, func(n kea.Subnet) bool { return VLANOf(n).ID == 0 })
	})
}

func dhcpServiceKind(kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "network.fos1.io", Version: "v1", Kind: kind}
}

func vlanKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "networking.fos1.io", Version: "v1", Kind: "VLAN"}
}

// dhcpService reads one object; false when it has no range.
func dhcpService(o unstructured.Unstructured, service kea.Service, numbers map[string]int) (DHCPService, bool) {
	d := DHCPService{Kind: o.GetKind(), Name: o.GetName(), Service: service}
	address := func(field string) netip.Addr {
		text, _, _ := unstructured.NestedString(o.Object, "spec", "range", field)
		a, _ := netip.ParseAddr(text)
		return a
	}
	d.First, d.Last = address("start"), address("end")
	ref, _, _ := unstructured.NestedString(o.Object, "spec", "vlanRef")
	d.VLAN = numbers[ref]
	if m := regexp.MustCompile(`(?i)(?:^|\D)(\d{1,4})$`).FindStringSubmatch(ref); d.VLAN == 0 && m != nil {
		if id, err := strconv.Atoi(m[1]); err == nil && validVLAN(id) {
			d.VLAN = id
		}
	}
	return d, d.First.IsValid() && d.Last.IsValid()
}
