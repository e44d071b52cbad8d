package printer

import "testing"

func TestEscape(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "laptop-7.example.net", "laptop-7.example.net"},
		{"other scripts stay", "büro-Ж-事務所", "büro-Ж-事務所"},
		{"decomposed accents stay", "cafe\u0301", "cafe\u0301"},
		{"emoji stay", "printer 🖨", "printer 🖨"},
		{"colour", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"title and bell", "\x1b]0;owned\a", `\x1b]0;owned\a`},
		{"eight bit control sequence", "\u009b2J", `\u009b2J`},
		{"raw eight bit byte", "\x9b2J", `\x9b2J`},
		{"invalid UTF-8", "caf\xe9", `caf\xe9`},
		{"cut UTF-8", "a\xe4\xba", `a\xe4\xba`},
		{"replacement character stays", "a\ufffdb", "a\ufffdb"},
		{"line breaks", "a\r\nb\u2028c\u0085d", `a\r\nb\u2028c\u0085d`},
		{"tab, backspace, null, delete", "a\tb\bc\x00d\x7f", `a\tb\bc\x00d\x7f`},
		{"right-to-left override", "txt\u202egpj.exe", `txt\u202egpj.exe`},
		{"isolates and marks", "\u2066a\u2069\u200f\u061c", `\u2066a\u2069\u200f\u061c`},
		{"zero width", "a\u200bb\u2060c\ufeffd\u00ad", `a\u200bb\u2060c\ufeffd\u00ad`},
		{"blanks that pass for letters", "a\u3164b\u2800c\u00a0d", `a\u3164b\u2800c\u00a0d`},
		{"tag characters", "a\U000e0041", `a\U000e0041`},
		{"variation selector", "\u2764\ufe0f", "\u2764" + `\ufe0f`},
		{"pile of marks", "a\u0300\u0301\u0302\u0303\u0304b", "a\u0300\u0301\u0302" + `\u0303\u0304b`},
		{"backslash is itself", `EXAMPLE\anna`, `EXAMPLE\anna`},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Escape(tt.in); got != tt.want {
				t.Errorf("Escape(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		for _, r := range got {
			if !visible(r) {
				t.Fatalf("Escape(%q) = %q shows %U", s, got, r)
			}
		}
		if again := Escape(got); again != got {
			t.Fatalf("Escape is not stable: %q, then %q", got, again)
		}
	})
}
