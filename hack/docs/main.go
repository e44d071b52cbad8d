// Command docs writes the pages that are generated: the command reference from
// the real command tree, the table of exit codes from its constants, and the
// generated parts of the README.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	root := flag.String("root", ".", "the repository")
	flag.Parse()
	if err := write(*root); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
