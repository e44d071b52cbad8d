package kea

import (
	"encoding/json"
	"math/big"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPoolSize(t *testing.T) {
	tests := map[string]string{ // pool: size, "" for no pool
		"10.0.0.1 - 10.0.0.1":     "1",
		"10.0.0.1-10.0.0.10":      "10",
		" 10.0.0.0/30 ":           "4",
		"10.0.0.77/24":            "256",
		"0.0.0.0/0":               "4294967296",
		"2001:db8::-2001:db8::ff": "256",
		"2001:db8::/64":           "18446744073709551616",
		"2001:db8::/32":           "79228162514264337593543950336",
		"::/0":                    "340282366920938463463374607431768211455", // one less: the largest Count
		"10.0.0.2-10.0.0.1":       "",
		"10.0.0.1-2001:db8::1":    "",
		"10.0.0.1":                "",
		"@POOL@":                  "",
		"fe80::1%eth0-fe80::2":    "",
		"10.0.0.1-x":              "",
	}
	for text, want := range tests {
		p, ok := ParsePool(text)
		if ok != (want != "") || ok && p.Size().String() != want {
			t.Errorf("%q: %v with %s addresses, want %q", text, p, p.Size(), want)
		}
	}
	if n := (Pool{}).Size(); !n.IsZero() {
		t.Errorf("no pool holds %s addresses", n)
	}
	p, _ := ParsePool("10.0.0.1-10.0.0.10")
	for a, want := range map[string]bool{"10.0.0.1": true, "10.0.0.10": true, "10.0.0.11": false, "10.0.0.0": false, "::1": false} {
		if p.Contains(netip.MustParseAddr(a)) != want {
			t.Errorf("%s contains %s: %v", p, a, !want)
		}
	}
}

func TestPDPoolSize(t *testing.T) {
	for _, tt := range []struct {
		prefix string
		length int
		want   string
	}{
		{"2001:db8::/48", 56, "256"},
		{"2001:db8::/48", 48, "1"},
		{"2001:db8::/16", 128, "5192296858534827628530496329220096"},
		{"::/0", 128, "340282366920938463463374607431768211455"},
		{"2001:db8::/48", 40, "0"},
		{"2001:db8::/48", 129, "0"},
	} {
		p := PDPool{Prefix: netip.MustParsePrefix(tt.prefix), DelegatedLen: tt.length}
		if got := p.Size().String(); got != tt.want {
			t.Errorf("%s by %d: %s, want %s", tt.prefix, tt.length, got, tt.want)
		}
	}
}

func TestCount(t *testing.T) {
	two64 := powerOfTwo(64)
	for _, tt := range []struct {
		got  Count
		want string
	}{
		{CountOf(1).Add(CountOf(2)), "3"},
		{CountOf(1<<64 - 1).Add(CountOf(1)), "18446744073709551616"},
		{two64.Sub(CountOf(1)), "18446744073709551615"},
		{two64.Sub(two64).Sub(CountOf(1)), "0"},
		{maxCount().Add(CountOf(1)), "340282366920938463463374607431768211455"},
		{countOfBig(big.NewInt(-1)), "0"},
		{countOfBig(new(big.Int).Lsh(big.NewInt(1), 200)), "340282366920938463463374607431768211455"},
		{countOfBig(two64.Big()), "18446744073709551616"},
	} {
		if tt.got.String() != tt.want || tt.got.Big().String() != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
	if two64.Cmp(CountOf(5)) != 1 || CountOf(5).Cmp(two64) != -1 || two64.Cmp(two64) != 0 || CountOf(1).Cmp(CountOf(2)) != -1 {
		t.Error("Cmp is wrong")
	}
	if two64.Float64() != 18446744073709551616.0 {
		t.Errorf("Float64 is %v", two64.Float64())
	}
	if _, ok := two64.Uint64(); ok {
		t.Error("2^64 does not fit")
	}
}

func TestCountJSON(t *testing.T) {
	counts := []Count{{}, CountOf(241), CountOf(maxExact), CountOf(maxExact + 1), powerOfTwo(64)}
	const want = `[0,241,9007199254740992,"9007199254740993","18446744073709551616"]`
	text := mustJSON(t, counts)
	if text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	var back []Count
	if err := json.Unmarshal([]byte(text), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(counts, back); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		`1e3`: "1000", `1.9`: "1", `1e400`: "340282366920938463463374607431768211455", `null`: "0",
		`1e999999999`: "error", `-1`: "error", `"x"`: "error", `""`: "error", `"Inf"`: "error", `true`: "error",
	} {
		var c Count
		got := "error"
		if json.Unmarshal([]byte(text), &c) == nil {
			got = c.String()
		}
		if got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}
