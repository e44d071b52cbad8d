package cmd

import (
	"runtime"
	"testing"
)

func TestVersion(t *testing.T) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	for spec, want := range map[string]string{
		"":                      "kubectl-kea v0.1.0 (" + runtime.Version() + ", " + platform + ")\n",
		"json":                  "{\n    \"version\": \"v0.1.0\",\n    \"goVersion\": \"" + runtime.Version() + "\",\n    \"platform\": \"" + platform + "\"\n}\n",
		"yaml":                  "goVersion: " + runtime.Version() + "\nplatform: " + platform + "\nversion: v0.1.0\n",
		"jsonpath={.version}":   "v0.1.0",
		"jsonpath=version":      "v0.1.0",
		"go-template={{.none}}": "<no value>",
		"custom-columns=V:.version,P:{.platform},N:none": "V        P             N\nv0.1.0   " + platform + "   <none>\n",
	} {
		t.Run(spec, func(t *testing.T) {
			args := []string{"version"}
			if spec != "" {
				args = append(args, "-o", spec)
			}
			same(t, result{out: want}, run(t.Context(), nil, args...))
		})
	}
}
