package logs

import (
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
)

// about says of one log what its lines do not.
func about(l inventory.Log, in *inventory.Inventory, previous bool) []Note {
	found := []Note{}
	add := func(text, next string) { found = append(found, Note{l.Name(), text, next}) }
	again := fmt.Sprintf("kubectl kea logs %s -n %s --previous", l.Name(), l.Namespace)
	switch {
	case !l.State.Exists:
		add("has no pod", fmt.Sprintf("kubectl kea status -n %s", l.Namespace))
	case previous && l.State.LastExit == "":
		add("has no log before this one: its container has not restarted", "")
	case previous:
	case !l.State.Running && l.State.LastExit != "":
		add("does not run: "+stopped(l.State)+"; what it wrote last is shown", again)
	case !l.State.Running && strings.HasPrefix(l.State.Reason, "Init:"):
		add("does not run: "+l.State.Reason, fmt.Sprintf("kubectl -n %s logs %s --all-containers", l.Namespace, l.Pod))
	case !l.State.Running:
		add("does not run: "+l.State.Reason, fmt.Sprintf("kubectl -n %s describe pod %s", l.Namespace, l.Pod))
	case l.State.LastExit != "":
		times := "once"
		if l.State.Restarts > 1 {
			times = fmt.Sprintf("%d times", l.State.Restarts)
		}
		add("has restarted "+times+", it ended with "+l.State.LastExit, again)
	}
	return append(found, elsewhere(l, in)...)
}

// stopped is why a container does not run, and how it ended.
func stopped(s inventory.PodState) string {
	if s.LastExit == "" || strings.HasPrefix(s.LastExit, s.Reason) {
		return max(s.LastExit, s.Reason)
	}
	return s.Reason + ", last: " + s.LastExit
}

// elsewhere says which loggers of the daemons in a container write where a log cannot be read from outside.
func elsewhere(l inventory.Log, in *inventory.Inventory) []Note {
	found := []Note{}
	for _, s := range in.Servers {
		if s.Pod != l.Pod || s.Container != l.Container || s.File == nil {
			continue
		}
		for _, o := range s.File.LogOutputs() {
			text := fmt.Sprintf("logger %s writes to %s", o.Logger, o.Output)
			if !s.File.LogsToOutput() {
				text += ", and nothing to its container's output"
			}
			next := ""
			if strings.HasPrefix(o.Output, "/") {
				next = fmt.Sprintf("kubectl -n %s exec %s -c %s -- tail -n 100 %s", l.Namespace, l.Pod, l.Container, o.Output)
			}
			found = append(found, Note{s.Name(), text, next})
		}
	}
	return found
}
