package timing

import (
	"fmt"
	"os"

	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
)

// Show prints what was measured and returns the program's exit code: 1 when it cannot be printed, or is not fine.
func Show(p printer.Page, fine bool) int {
	if err := p.Write(os.Stdout, printer.Canvas{ASCII: printer.ASCIIOnly(os.Getenv)}); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	if !fine {
		return 1
	}
	return 0
}
