package cnpg

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/marks"
)

// Method is how a cluster is backed up, in CNPG's words.
type Method string

// The methods.
const (
	MethodPlugin   Method = "plugin" // the Barman Cloud plugin
	MethodInTree   Method = "barmanObjectStore"
	MethodSnapshot Method = "volumeSnapshot"
	MethodNone     Method = ""
)

// Archive is one cluster's folder of base backups and write-ahead log.
type Archive struct {
	Method Method `json:"method"`
	// Store is the ObjectStore's name; the plugin's only.
	Store string `json:"store,omitempty"`
	// ServerName is the folder.
	ServerName string `json:"serverName,omitempty"`
}

// ArchiveOf is where a cluster archives to, and how it is backed up.
func ArchiveOf(cluster *cnpgv1.Cluster) Archive {
	if p := barmanPlugin(cluster); p != nil {
		return Archive{Method: MethodPlugin, Store: p.Parameters["barmanObjectName"], ServerName: cmp.Or(p.Parameters["serverName"], cluster.Name)}
	}
	backup := cluster.Spec.Backup
	switch {
	case backup == nil:
		return Archive{}
	case backup.BarmanObjectStore != nil:
		return Archive{Method: MethodInTree, ServerName: cmp.Or(backup.BarmanObjectStore.ServerName, cluster.Name)}
	case backup.VolumeSnapshot != nil:
		return Archive{Method: MethodSnapshot}
	}
	return Archive{}
}

// Ancestor is a cluster that the database lived in before a cutover. Times up to Until are restored from its archive.
type Ancestor struct {
	Cluster string `json:"cluster"`
	Archive
	// Until is when the service moved on to the next one.
	Until time.Time `json:"until"`
}

// Lineage are the clusters that the database lived in before this one, oldest first.
func Lineage(cluster *cnpgv1.Cluster) ([]Ancestor, error) {
	text, ok := cluster.Annotations[marks.AnnotationLineage]
	if !ok {
		return nil, nil
	}
	var found []Ancestor
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		return nil, fmt.Errorf("read annotation %s of cluster %s: %w", marks.AnnotationLineage, cluster.Name, err)
	}
	return found, nil
}
