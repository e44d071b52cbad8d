//go:build tools

// Package tools names the programs that the lab builds but does not import, so that go.mod keeps them.
package tools

import (
	_ "github.com/cloudnative-pg/cloudnative-pg/cmd/manager"
	_ "github.com/cloudnative-pg/plugin-barman-cloud/cmd/manager"
	_ "github.com/johannesboyne/gofakes3/cmd/gofakes3"
	_ "k8s.io/kubernetes/cmd/kubectl"
)
