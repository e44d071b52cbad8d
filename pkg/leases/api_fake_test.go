package leases

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// fakeKea is a server that keeps leases and answers for them as Kea 2.6 does.
type fakeKea struct {
	mu       sync.Mutex
	service  kea.Service
	leases   map[string]map[string]any // by address and type
	now      time.Time
	asked    []string // commands, with what was asked for
	fail     func(command string) string
	lookups6 bool // also by hardware address, as later versions
}

// newFakeKea starts a server that has the leases; its time is testNow.
func newFakeKea(t *testing.T, s kea.Service, leases ...*Lease) (*fakeKea, *kea.Client) {
	t.Helper()
	f := &fakeKea{service: s, leases: map[string]map[string]any{}, now: testNow()}
	f.put(leases...)
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, kea.NewClient(kea.Options{URL: server.URL})
}

func (f *fakeKea) put(leases ...*Lease) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, l := range leases {
		states := map[State]int{Active: 0, Expired: 0, Declined: 1, Reclaimed: 2, Released: 3, Registered: 4}
		w := map[string]any{
			"ip-address": l.Address.String(), "cltt": l.LastSeen.Unix(), "valid-lft": l.ValidLifetime, "subnet-id": l.SubnetID,
			"hostname": l.Hostname, "fqdn-fwd": l.FQDNForward, "fqdn-rev": l.FQDNReverse, "state": states[l.State],
		}
		for key, id := range map[string]Octets{"hw-address": l.HWAddress, "client-id": l.ClientID, "duid": l.DUID} {
			if len(id) > 0 {
				w[key] = id.String()
			}
		}
		if l.Service == kea.DHCP6 {
			w["type"], w["iaid"], w["preferred-lft"] = l.Type, l.IAID, l.PreferredLifetime
			if l.Type == PD {
				w["prefix-len"] = l.Length
			}
		}
		if len(l.UserContext) > 0 {
			w["user-context"] = l.UserContext
		}
		f.leases[l.Address.String()+string(l.Type)] = w
	}
}

// commands returns what was asked for since the last time.
func (f *fakeKea) commands() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked := f.asked
	f.asked = nil
	return asked
}

func (f *fakeKea) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Command   string
		Arguments map[string]any
	}
	_ = json.NewDecoder(r.Body).Decode(&request)
	f.mu.Lock()
	defer f.mu.Unlock()
	arguments, _ := json.Marshal(request.Arguments)
	f.asked = append(f.asked, strings.TrimSuffix(request.Command+" "+string(arguments), " null"))
	w.Header().Set("Date", f.now.UTC().Format(http.TimeFormat))
	answer := map[string]any{"result": 0}
	if f.fail != nil {
		if text := f.fail(request.Command); text != "" {
			_ = json.NewEncoder(w).Encode([]any{map[string]any{"result": 1, "text": text}})
			return
		}
	}
	version := "lease4-"
	if f.service == kea.DHCP6 {
		version = "lease6-"
	}
	verb, isLease := strings.CutPrefix(request.Command, version)
	switch {
	case request.Command == "version-get":
	case !isLease:
		answer["result"] = 2
	case verb == "get":
		f.get(request.Arguments, answer)
	case verb == "get-page":
		f.page(request.Arguments, answer)
	case verb == "del":
		f.del(request.Arguments, answer)
	case strings.HasPrefix(verb, "get-by-") && (f.lookups6 || f.service == kea.DHCP4 || verb != "get-by-hw-address"):
		by := strings.TrimPrefix(verb, "get-by-")
		f.found(answer, func(l map[string]any) bool {
			text, _ := l[by].(string)
			return strings.EqualFold(text, request.Arguments[by].(string))
		}, 1<<30)
	default:
		answer["result"] = 2
	}
	_ = json.NewEncoder(w).Encode([]any{answer})
}

func (f *fakeKea) key(arguments map[string]any) string {
	t := cmp.Or(arguments["type"], any("IA_NA"))
	if f.service == kea.DHCP4 {
		t = "V4"
	}
	return fmt.Sprint(arguments["ip-address"], t)
}

func (f *fakeKea) get(arguments, answer map[string]any) {
	l, ok := f.leases[f.key(arguments)]
	if !ok {
		answer["result"], answer["text"] = 3, "Lease not found."
		return
	}
	answer["arguments"] = l
}

func (f *fakeKea) del(arguments, answer map[string]any) {
	if _, ok := f.leases[f.key(arguments)]; !ok {
		answer["result"], answer["text"] = 3, "IPv4 lease not found."
		return
	}
	delete(f.leases, f.key(arguments))
}

func (f *fakeKea) page(arguments, answer map[string]any) {
	from, _ := netip.ParseAddr(arguments["from"].(string))
	f.found(answer, func(l map[string]any) bool { return from.Less(netip.MustParseAddr(l["ip-address"].(string))) }, int(arguments["limit"].(float64)))
}

func (f *fakeKea) found(answer map[string]any, take func(map[string]any) bool, limit int) {
	out := []map[string]any{}
	for _, l := range f.leases {
		if take(l) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int {
		return netip.MustParseAddr(a["ip-address"].(string)).Compare(netip.MustParseAddr(b["ip-address"].(string)))
	})
	out = out[:min(len(out), limit)]
	answer["arguments"] = map[string]any{"leases": out, "count": len(out)}
	if len(out) == 0 {
		answer["result"] = 3
	}
}
