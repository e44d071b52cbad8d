package config

import (
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// observed is a server that started today, ran for a time and then loaded its configuration, an hour ago.
func observed(file, live *kea.Config, uptime, reload time.Duration) ha.Observation {
	return ha.Observation{
		Server: inventory.Server{Pod: "kea-dhcp-0", Service: kea.DHCP4, File: file, State: inventory.PodState{Started: noon()}},
		Config: live, Status: &kea.Status{Uptime: uptime, Reload: reload},
	}
}

func TestBehind(t *testing.T) {
	file := parse(t, `{"Dhcp4": {"valid-lifetime": 3600, "max-valid-lifetime": 7200, "subnet4": []}}`)
	alike := parse(t, `{"Dhcp4": {"valid-lifetime": 3600, "max-valid-lifetime": 7200, "subnet4": [], "renew-timer": 900}}`)
	one := parse(t, `{"Dhcp4": {"valid-lifetime": 60, "max-valid-lifetime": 7200, "subnet4": []}}`)
	absent := parse(t, `{"Dhcp4": {"max-valid-lifetime": 7200, "subnet4": []}}`)
	two := parse(t, `{"Dhcp4": {"valid-lifetime": 60, "max-valid-lifetime": 60, "subnet4": []}}`)
	before, after := noon().Add(-time.Hour), noon().Add(3*time.Hour)
	for name, tt := range map[string]struct {
		observation ha.Observation
		changed     time.Time
		want        string
	}{
		"the same":                        {observed(file, alike, time.Hour, time.Hour), before, ""},
		"one difference":                  {observed(file, one, time.Hour, time.Hour), before, "runs an older configuration: valid-lifetime is 60, the file says 3600"},
		"one that is not set":             {observed(file, absent, time.Hour, time.Hour), before, "runs an older configuration: valid-lifetime is not set, the file says 3600"},
		"several":                         {observed(file, two, time.Hour, time.Hour), before, "runs an older configuration: 2 differences, the first at max-valid-lifetime"},
		"a field was taken out of it":     {observed(file, alike, time.Hour, time.Hour), after, "its file is younger than what it runs"},
		"and it was reloaded since":       {observed(file, alike, 4*time.Hour, time.Minute), after, ""},
		"changed just as it loaded":       {observed(file, alike, time.Hour, time.Hour), noon().Add(time.Second), ""},
		"changed two seconds after":       {observed(file, alike, time.Hour, time.Hour), noon().Add(2 * time.Second), "its file is younger than what it runs"},
		"it was not asked for its config": {observed(file, nil, time.Hour, time.Hour), after, ""},
		"its file could not be read":      {observed(nil, alike, time.Hour, time.Hour), after, ""},
		"it was not asked for its status": {ha.Observation{Server: inventory.Server{File: file}, Config: alike}, after, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Behind(tt.observation.Server.File, tt.observation, tt.changed); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLoadedAt(t *testing.T) {
	// It started at three, ran for two hours, and loaded its configuration half an hour ago.
	if got, want := loadedAt(observed(nil, nil, 2*time.Hour, 30*time.Minute)), noon().Add(90*time.Minute+time.Second); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
}
