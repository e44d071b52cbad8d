package timing

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine names the machine that times were taken on.
func Machine() string {
	cpuinfo, _ := os.ReadFile("/proc/cpuinfo") // absent outside of Linux
	return fmt.Sprintf("%s, %d cores, %s/%s", processor(string(cpuinfo)), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}

func processor(cpuinfo string) string {
	for line := range strings.Lines(cpuinfo) {
		name, value, ok := strings.Cut(line, ":")
		if ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown processor"
}
