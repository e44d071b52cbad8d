package printer

import "testing"

func environment(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestColor(t *testing.T) {
	type env = map[string]string
	for _, tt := range []struct {
		name     string
		mode     ColorMode
		terminal bool
		env      env
		want     bool
	}{
		{"terminal", ColorAuto, true, nil, true},
		{"pipe", ColorAuto, false, nil, false},
		{"never on a terminal", ColorNever, true, nil, false},
		{"always into a pipe", ColorAlways, false, nil, true},
		{"flag beats NO_COLOR", ColorAlways, false, env{"NO_COLOR": "1"}, true},
		{"flag beats CLICOLOR_FORCE", ColorNever, true, env{"CLICOLOR_FORCE": "1"}, false},
		{"flag beats a dumb terminal", ColorAlways, true, env{"TERM": "dumb"}, true},
		{"NO_COLOR", ColorAuto, true, env{"NO_COLOR": "1"}, false},
		{"NO_COLOR of any value", ColorAuto, true, env{"NO_COLOR": "0"}, false},
		{"empty NO_COLOR is none", ColorAuto, true, env{"NO_COLOR": ""}, true},
		{"NO_COLOR beats CLICOLOR_FORCE", ColorAuto, false, env{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false},
		{"CLICOLOR_FORCE into a pipe", ColorAuto, false, env{"CLICOLOR_FORCE": "1"}, true},
		{"CLICOLOR_FORCE beats a dumb terminal", ColorAuto, true, env{"CLICOLOR_FORCE": "1", "TERM": "dumb"}, true},
		{"CLICOLOR_FORCE=0 is none", ColorAuto, false, env{"CLICOLOR_FORCE": "0"}, false},
		{"dumb terminal", ColorAuto, true, env{"TERM": "dumb"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Color(tt.mode, tt.terminal, environment(tt.env)); got != tt.want {
				t.Errorf("Color(%s, %v, %v) = %v, want %v", tt.mode, tt.terminal, tt.env, got, tt.want)
			}
		})
	}
}

func TestColorModeFlag(t *testing.T) {
	mode := ColorAuto
	if err := mode.Set("Never"); err != nil || mode != ColorNever {
		t.Errorf("Set(Never) = %v, mode %q", err, mode)
	}
	if err := mode.Set("sometimes"); err == nil || mode != ColorNever {
		t.Errorf("Set(sometimes) = %v, mode %q: want an error and no change", err, mode)
	}
}

func TestASCIIOnly(t *testing.T) {
	type env = map[string]string
	for _, tt := range []struct {
		name string
		env  env
		want bool
	}{
		{"UTF-8", env{"LANG": "de_DE.UTF-8"}, false},
		{"another spelling", env{"LANG": "C.utf8"}, false},
		{"C", env{"LANG": "C"}, true},
		{"LC_ALL beats LANG", env{"LC_ALL": "C", "LANG": "en_US.UTF-8"}, true},
		{"LC_CTYPE beats LANG", env{"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ASCIIOnly(environment(tt.env)); got != tt.want {
				t.Errorf("ASCIIOnly(%v) = %v, want %v", tt.env, got, tt.want)
			}
		})
	}
}
