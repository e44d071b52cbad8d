package kea

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func unix(n int64) time.Time { return time.Unix(n, 0).UTC() }

func TestLeasePage(t *testing.T) {
	mac := func(last byte) []byte { return []byte{2, 0x4b, 0, 0, 2, last} }
	duid := func(last byte) []byte {
		return append([]byte{0, 1, 0, 1, 0x2c, 0xaa, 0xbb, 0xcc}, mac(last)...)
	}
	loaded := func(last byte) ([]byte, []byte) {
		m := []byte{2, 0xc3, 0xd5, 0x26, 0xc0, last}
		return m, append([]byte{1}, m...)
	}
	four := func(address string, change func(*Lease)) Lease {
		l := Lease{Service: DHCP4, Address: ip(address), HWAddress: mac(ip(address).AsSlice()[3]), SubnetID: 10, CLTT: unix(1795403084), Valid: 3600}
		change(&l)
		return l
	}
	six := func(address string, change func(*Lease)) Lease {
		last := ip(address).AsSlice()[15]
		l := Lease{
			Service: DHCP6, Type: TypeNA, Address: ip(address), DUID: duid(last), IAID: 8, SubnetID: 10,
			CLTT: unix(1795403259), Valid: 3600, Preferred: 3600,
		}
		change(&l)
		return l
	}
	new4 := func(address string, cltt int64, last byte) Lease {
		return four(address, func(l *Lease) { l.HWAddress, l.ClientID = loaded(last); l.SubnetID, l.CLTT = 110, unix(cltt) })
	}
	new6 := func(address string, cltt int64, last byte, iaid, subnet uint32) Lease {
		return six(address, func(l *Lease) {
			l.HWAddress, _ = loaded(last)
			l.DUID = append([]byte{0, 3, 0, 1}, l.HWAddress...)
			l.IAID, l.SubnetID, l.CLTT, l.Preferred = iaid, subnet, unix(cltt), 1800
		})
	}
	tests := map[string]struct {
		service Service
		want    []Lease
	}{
		"lease4-page-2.6": {DHCP4, []Lease{
			four("10.10.201.1", func(l *Lease) {
				l.ClientID, l.Hostname = append([]byte{1}, mac(1)...), "api1.example.org"
				l.UserContext = json.RawMessage(`{ "n": 1, "note": "a, b\\u0007\u00c3\u00a9" }`)
			}),
			four("10.10.201.2", func(l *Lease) { l.State = 1 }),
			four("10.10.201.3", func(l *Lease) { l.Valid = Infinite }),
			four("10.10.201.4", func(l *Lease) { l.State, l.PoolID, l.UserContext = 2, 7, json.RawMessage(`{ "comment": "hello" }`) }),
		}},
		"lease6-page-2.6": {DHCP6, []Lease{
			six("2001:db8:10::201:1", func(l *Lease) {
				l.HWAddress, l.IAID, l.Hostname, l.FQDNForward, l.Preferred = mac(1), 4294967290, "api6.example.org", true, 1800
				l.UserContext = json.RawMessage(`{ "a": [ 1, "x,y" ] }`)
			}),
			six("2001:db8:10::201:2", func(l *Lease) { l.IAID, l.Valid, l.Preferred = 7, Infinite, Infinite }),
			six("2001:db8:10::201:3", func(l *Lease) { l.State = 1 }),
			six("2001:db8:10::201:4", func(l *Lease) { l.Type = TypeTA }),
			new6("2001:db8:20::1:0", 1795403989, 0x61, 3576086625, 20),
		}},
		"lease4-page-3.0": {DHCP4, []Lease{new4("10.110.0.50", 1795403990, 0x5d), new4("10.110.0.51", 1795403991, 0x5f)}},
		"lease6-page-3.0": {DHCP6, []Lease{
			new6("2001:db8:110::1:0", 1795403990, 0x5d, 3576086621, 110), new6("2001:db8:110::1:1", 1795403991, 0x63, 3576086627, 110),
		}},
	}
	for name, tt := range tests {
		got, err := replay(t, name).LeasePage(t.Context(), tt.service, netip.Addr{}, 1000)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if _, err := replay(t, "lease4-page-end-2.6").LeasePage(t.Context(), DHCP4, ip("10.99.0.0"), 4); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
}

func TestLeaseOf(t *testing.T) {
	got, err := replay(t, "lease6-prefix-2.6").LeaseOf(t.Context(), DHCP6, ip("2001:db8:80ff:ff00::"), TypePD)
	if err != nil || got.Type != TypePD || got.PrefixLen != 56 || got.IAID != 77 || !got.Expires().Equal(unix(1795403259+3600)) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := replay(t, "lease-not-found").LeaseOf(t.Context(), DHCP4, ip("10.0.0.1"), ""); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
	if _, err := replay(t, "hash-2.6").LeaseOf(t.Context(), DHCP4, ip("10.0.0.1"), ""); !errors.Is(err, ErrNotKea) {
		t.Errorf("a lease without an address: %v", err)
	}
}

func TestLeasesBy(t *testing.T) {
	for name, want := range map[string]string{"lease4-by-hostname-2.6": "10.10.201.1", "lease4-by-hw-3.0": "10.110.0.50", "lease6-by-duid-3.0": "2001:db8:110::1:0"} {
		s := DHCP4
		if strings.HasPrefix(name, "lease6") {
			s = DHCP6
		}
		got, err := replay(t, name).LeasesBy(t.Context(), s, ByHostname, []byte("x"))
		if err != nil || len(got) != 1 || got[0].Address != ip(want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for _, name := range []string{"lease6-by-hw-2.6", "lease6-by-hw-3.0"} {
		if _, err := replay(t, name).LeasesBy(t.Context(), DHCP6, ByHWAddress, []byte{1}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v, want ErrUnsupported", name, err)
		}
	}
}

// TestLeaseRequests has what is sent, in Kea's own forms.
func TestLeaseRequests(t *testing.T) {
	var body string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body = string(b)
		_, _ = io.WriteString(w, `[{"result":3}]`)
	}))
	defer s.Close()
	c := NewClient(Options{URL: s.URL})
	calls := map[string]func() error{
		`"lease4-get-page","service":["dhcp4"],"arguments":{"from":"start","limit":1000}}`: func() error {
			_, err := c.LeasePage(t.Context(), DHCP4, netip.Addr{}, 1000)
			return err
		},
		`"lease6-get-page","service":["dhcp6"],"arguments":{"from":"2001:db8::1","limit":5}}`: func() error {
			_, err := c.LeasePage(t.Context(), DHCP6, ip("2001:db8::1"), 5)
			return err
		},
		`"lease4-get","service":["dhcp4"],"arguments":{"ip-address":"10.0.0.1"}}`: func() error {
			_, err := c.LeaseOf(t.Context(), DHCP4, ip("10.0.0.1"), TypeNA)
			return err
		},
		`"lease6-get","service":["dhcp6"],"arguments":{"ip-address":"2001:db8::","type":"IA_PD"}}`: func() error {
			_, err := c.LeaseOf(t.Context(), DHCP6, ip("2001:db8::"), TypePD)
			return err
		},
		`"lease4-get-by-hw-address","service":["dhcp4"],"arguments":{"hw-address":"02:0a:ff"}}`: func() error {
			_, err := c.LeasesBy(t.Context(), DHCP4, ByHWAddress, []byte{2, 10, 255})
			return err
		},
		`"lease6-get-by-hostname","service":["dhcp6"],"arguments":{"hostname":"pc"}}`: func() error {
			_, err := c.LeasesBy(t.Context(), DHCP6, ByHostname, []byte("pc"))
			return err
		},
		`"lease4-del","service":["dhcp4"],"arguments":{"ip-address":"10.0.0.1"}}`: func() error {
			return c.DeleteLease(t.Context(), DHCP4, ip("10.0.0.1"), "", false)
		},
		`"lease6-del","service":["dhcp6"],"arguments":{"ip-address":"2001:db8::","type":"IA_PD","update-ddns":true}}`: func() error {
			return c.DeleteLease(t.Context(), DHCP6, ip("2001:db8::"), TypePD, true)
		},
	}
	for want, call := range calls {
		if err := call(); !errors.Is(err, ErrEmpty) || body != `{"command":`+want {
			t.Errorf("sent %s, want %s; %v", body, want, err)
		}
	}
}

// TestOddLeases has what no version writes, and what a client may have sent.
func TestOddLeases(t *testing.T) {
	const body = `[{"arguments":{"leases":[
		{"ip-address":"2001:db8::1","iaid":-6,"valid-lft":-1,"subnet-id":"x","hostname":"\u00c3\u00a9\u00ff","hw-address":"zz","user-context":null,"state":9},
		{"ip-address":"2001:db8::","type":"IA_PD","prefix-len":300,"valid-lft":5000000000,"duid":"0001","hostname":"\u20ac","new":[1]}
	]},"result":0}]`
	got, err := server(t, http.StatusOK, body).LeasePage(t.Context(), DHCP6, netip.Addr{}, 10)
	want := []Lease{
		{
			Service: DHCP6, Type: TypeNA, Address: ip("2001:db8::1"), IAID: 4294967290, Valid: Infinite,
			Hostname: "é\xff", State: 9,
		},
		{Service: DHCP6, Type: TypePD, Address: ip("2001:db8::"), Valid: Infinite, DUID: []byte{0, 1}, Hostname: "€"},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	if !got[0].Expires().IsZero() {
		t.Error("a lease for ever ends")
	}
	for _, bad := range []string{`[{"arguments":{"leases":[{"ip-address":"x"}]},"result":0}]`, `[{"arguments":{"leases":[7]},"result":0}]`} {
		if _, err := server(t, http.StatusOK, bad).LeasePage(t.Context(), DHCP6, netip.Addr{}, 10); !errors.Is(err, ErrNotKea) {
			t.Errorf("%s: %v, want ErrNotKea", bad, err)
		}
	}
}

func TestDeleteLease(t *testing.T) {
	if err := replay(t, "lease4-del-none-2.6").DeleteLease(t.Context(), DHCP4, ip("10.10.201.77"), "", true); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
	if readOnly("lease4-del") {
		t.Error("a deletion would be sent twice")
	}
}

func TestClock(t *testing.T) {
	var date string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Date"] = []string{date}
		_, _ = io.WriteString(w, captured(t, "version-2.6"))
	}))
	defer s.Close()
	for text, want := range map[string]time.Time{
		"Mon, 23 Nov 2026 03:07:14 GMT": time.Date(2026, 11, 23, 3, 7, 14, 0, time.UTC), "": {}, "now": {},
	} {
		date = text
		got, err := NewClient(Options{URL: s.URL}).Clock(t.Context(), DHCP4)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func FuzzLease(f *testing.F) {
	for _, name := range []string{"lease4-page-2.6", "lease6-page-2.6", "lease6-page-3.0"} {
		var page []struct {
			Arguments struct {
				Leases []json.RawMessage
			}
		}
		if err := json.Unmarshal(file(f, "replies/"+name+".json"), &page); err != nil {
			f.Fatal(err)
		}
		for _, l := range page[0].Arguments.Leases {
			f.Add([]byte(l))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var w leaseWire
		if lenient(json.Unmarshal(text, &w)) != nil {
			return
		}
		for _, s := range []Service{DHCP4, DHCP6} {
			l, ok := w.lease(s)
			if ok != l.Address.IsValid() {
				t.Fatalf("%q: %+v, %v", text, l, ok)
			}
			if end := l.Expires(); !end.IsZero() && l.Valid > 0 && !end.After(l.CLTT) {
				t.Fatalf("%q ends %s, seen %s", text, end, l.CLTT)
			}
		}
	})
}
