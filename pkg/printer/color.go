package printer

import (
	"fmt"
	"strings"
)

// ColorMode is the value of --color.
type ColorMode string

// The three modes.
const (
	ColorAuto   ColorMode = "auto"
	ColorAlways ColorMode = "always"
	ColorNever  ColorMode = "never"
)

// String makes a ColorMode a flag value.
func (m *ColorMode) String() string { return string(*m) }

// Type names the values in a command's help.
func (m *ColorMode) Type() string { return "auto|always|never" }

// Set parses a mode.
func (m *ColorMode) Set(s string) error {
	switch mode := ColorMode(strings.ToLower(s)); mode {
	case ColorAuto, ColorAlways, ColorNever:
		*m = mode
		return nil
	}
	return fmt.Errorf("%q is none of auto, always, never", s)
}

// Color decides whether output is coloured. The flag beats NO_COLOR, that
// beats CLICOLOR_FORCE, that beats TERM=dumb; else it is whether output is a
// terminal.
func Color(mode ColorMode, terminal bool, getenv func(string) string) bool {
	switch mode {
	case ColorAlways:
		return true
	case ColorNever:
		return false
	case ColorAuto:
	}
	switch force := getenv("CLICOLOR_FORCE"); {
	case getenv("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	case getenv("TERM") == "dumb":
		return false
	}
	return terminal
}
