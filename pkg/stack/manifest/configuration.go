package manifest

import (
	_ "embed"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
	"github.com/kubectl-kea/kubectl-kea/pkg/stack/keaconf"
)

// The scripts in the pods.
var (
	//go:embed scripts/prepare.sh
	prepareScript string
	//go:embed scripts/probe.sh
	probeScript string
	//go:embed scripts/maintain.sql
	maintainScript string
)

// The scripts' names in their ConfigMap.
const (
	prepareFile  = "prepare.sh"
	probeFile    = "probe.sh"
	maintainFile = "maintain.sql"
)

// configurationObjects are what is mounted into the pods. Kea's files hold no password, so they are no Secret, and people
// who look may read them.
func configurationObjects(s *v1alpha1.Stack, a keaconf.Addresses) ([]Object, error) {
	files := map[string]string{}
	for i := range s.Servers() {
		for _, d := range daemons(s) {
			text, err := keaconf.Daemon(s, i, d.service, a)
			if err != nil {
				return nil, err
			}
			files[s.ConfigKey(i, string(d.service))] = string(text)
		}
	}
	if s.HasAgent() {
		text, err := keaconf.Agent(s)
		if err != nil {
			return nil, err
		}
		files[s.AgentKey()] = string(text)
	}
	scripts := map[string]string{prepareFile: prepareScript, probeFile: probeScript}
	if s.UsesPostgreSQL() {
		scripts[maintainFile] = maintainScript
	}
	return each(configMap(s, s.ConfigMap(), files), configMap(s, s.ScriptsConfigMap(), scripts)), nil
}

func configMap(s *v1alpha1.Stack, name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{TypeMeta: objectKind("v1", "ConfigMap"), ObjectMeta: meta(s, name, componentServer), Data: data}
}
