package cnpg

import (
	"encoding/json"
	"testing"
)

func TestLSN(t *testing.T) {
	tests := []struct {
		text string
		want LSN
		ok   bool
	}{
		{"0/0", 0, true},
		{"16/B374D848", 0x16B374D848, true},
		{"FFFFFFFF/FFFFFFFF", 0xFFFFFFFFFFFFFFFF, true},
		{"0/9000000", 0x9000000, true},
		{"", 0, false},
		{"B374D848", 0, false},
		{"1/2/3", 0, false},
		{"G/0", 0, false},
		{"0/100000000", 0, false},
		{"-1/0", 0, false},
	}
	for _, test := range tests {
		got, err := ParseLSN(test.text)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%q: %d, %v", test.text, got, err)
		}
		if test.ok && got.String() != test.text {
			t.Errorf("%q is written %q", test.text, got)
		}
	}
}

func TestLSNInJSON(t *testing.T) {
	type holder struct {
		A LSN `json:"a"`
		B LSN `json:"b,omitempty"`
	}
	raw, err := json.Marshal(holder{A: 0x16B374D848})
	if err != nil || string(raw) != `{"a":"16/B374D848"}` {
		t.Fatalf("%s, %v", raw, err)
	}
	var back holder
	if err := json.Unmarshal([]byte(`{"a":"16/B374D848","b":""}`), &back); err != nil || back.A != 0x16B374D848 {
		t.Errorf("%+v, %v", back, err)
	}
}
