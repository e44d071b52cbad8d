package kea

// LogOutput is where a logger writes other than to the daemon's own output, which is what `kubectl logs` shows.
type LogOutput struct {
	Logger string // "kea-dhcp4"
	Output string // a file's path, or syslog
}

// LogOutputs returns where a configuration's loggers write other than to standard output and standard error.
func (c Config) LogOutputs() []LogOutput {
	var found []LogOutput
	for _, logger := range elements(c.Raw, "loggers") {
		name, _ := logger["name"].(string)
		for _, key := range []string{"output-options", "output_options"} { // up to 2.4 it is written with _
			for _, o := range elements(logger, key) {
				if to, _ := o["output"].(string); to != "" && to != "stdout" && to != "stderr" {
					found = append(found, LogOutput{name, to})
				}
			}
		}
	}
	return found
}

// LogsToOutput reports whether anything of a daemon's log reaches its own output: it does unless the daemon's own logger
// has outputs, all of them elsewhere.
func (c Config) LogsToOutput() bool {
	for _, logger := range elements(c.Raw, "loggers") {
		if name, _ := logger["name"].(string); name != "kea-"+string(c.Service) {
			continue
		}
		all, here := 0, false
		for _, key := range []string{"output-options", "output_options"} {
			for _, o := range elements(logger, key) {
				to, _ := o["output"].(string)
				all, here = all+1, here || to == "stdout" || to == "stderr"
			}
		}
		return all == 0 || here
	}
	return true
}
