package cnpg

import (
	"errors"
	"fmt"
	"slices"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var (
	errReplicaCluster = errors.New("it follows another cluster (spec.replica), and so would the new one")
	errNoArchive      = errors.New("it has no archive to recover from")
	errNoStore        = errors.New("its spec does not say any more where the in-tree archive is")
)

// spec is the source's with what a recovery changes.
func (r Recovery) spec(cluster *cnpgv1.Cluster, source *unstructured.Unstructured) (map[string]any, error) {
	if replica := cluster.Spec.ReplicaCluster; replica != nil && (replica.Enabled == nil || *replica.Enabled) {
		return nil, errReplicaCluster
	}
	spec, _, err := unstructured.NestedMap(source.Object, "spec") // a deep copy
	if err != nil {
		return nil, err
	}
	if spec == nil {
		spec = map[string]any{}
	}
	from, err := r.external(spec)
	if err != nil {
		return nil, err
	}
	spec["bootstrap"] = map[string]any{"recovery": r.bootstrap(cluster)}
	spec["externalClusters"] = append(otherExternals(spec), from)
	ownFolder(spec)
	r.certificates(spec, cluster)
	if r.Instances > 0 {
		spec["instances"] = int64(r.Instances)
	}
	if r.Throwaway {
		throwAway(spec)
	}
	return spec, nil
}

// bootstrap is the recovery section. What CNPG would take by default is written out: the new cluster's defaults are not
// the source's.
func (r Recovery) bootstrap(cluster *cnpgv1.Cluster) map[string]any {
	database, owner := ownDatabase(cluster)
	section := map[string]any{
		"source": RecoverySource, "database": database, "owner": owner,
		"secret": map[string]any{"name": ConnectionSecret(cluster)},
	}
	if target := r.Target.section(); len(target) > 0 {
		section["recoveryTarget"] = target
	}
	return section
}

// targetTime is how PostgreSQL reads a time without any doubt: with its zone as a number, to the microsecond.
const targetTime = "2006-01-02 15:04:05.000000-07"

// section is the target in CNPG's words.
func (t RecoveryTarget) section() map[string]any {
	section := map[string]any{}
	if !t.Time.IsZero() {
		section["targetTime"] = t.Time.UTC().Format(targetTime)
	}
	if t.LSN > 0 {
		section["targetLSN"] = t.LSN.String()
	}
	if t.BackupID != "" {
		section["backupID"] = t.BackupID
	}
	if t.Immediate {
		section["targetImmediate"] = true
	}
	if t.Timeline != "" {
		section["targetTLI"] = t.Timeline
	}
	return section
}

// external is the entry of externalClusters that leads to the archive.
func (r Recovery) external(spec map[string]any) (map[string]any, error) {
	entry := map[string]any{"name": RecoverySource}
	switch r.From.Method {
	case MethodPlugin:
		entry["plugin"] = map[string]any{
			"name":       BarmanPlugin,
			"parameters": map[string]any{"barmanObjectName": r.From.Store, "serverName": r.From.ServerName},
		}
	case MethodInTree:
		store := inTreeStore(spec, r.From.ServerName)
		if store == nil {
			return nil, errNoStore
		}
		store["serverName"] = r.From.ServerName
		entry["barmanObjectStore"] = store
	case MethodNone:
		return nil, errNoArchive
	default:
		return nil, fmt.Errorf("recovering from method %s is not supported", r.From.Method)
	}
	return entry, nil
}

// inTreeStore is a copy of the in-tree archive's configuration: where the source archives to, or where it came from itself.
func inTreeStore(spec map[string]any, server string) map[string]any {
	for _, entry := range entries(spec, "externalClusters") {
		store, ok, _ := unstructured.NestedMap(entry, "barmanObjectStore")
		if ok && store["serverName"] == server {
			return store
		}
	}
	store, _, _ := unstructured.NestedMap(spec, "backup", "barmanObjectStore")
	return store
}

// otherExternals are the entries of externalClusters without the one that an earlier recovery left.
func otherExternals(spec map[string]any) []any {
	kept := []any{}
	for _, entry := range entries(spec, "externalClusters") {
		if entry["name"] != RecoverySource {
			kept = append(kept, entry)
		}
	}
	return kept
}

// ownFolder lets the archive's folder be named after the new cluster: two clusters that write into one destroy each
// other's archive.
func ownFolder(spec map[string]any) {
	for _, plugin := range entries(spec, "plugins") {
		if plugin["name"] != BarmanPlugin {
			continue
		}
		if parameters, ok := plugin["parameters"].(map[string]any); ok {
			delete(parameters, "serverName")
		}
	}
	unstructured.RemoveNestedField(spec, "backup", "barmanObjectStore", "serverName")
}

// certificates makes a server certificate that Kea trusts already, good for the names that Kea uses.
func (r Recovery) certificates(spec map[string]any, cluster *cnpgv1.Cluster) {
	section, _, _ := unstructured.NestedMap(spec, "certificates")
	if section == nil {
		section = map[string]any{}
	}
	switch {
	case r.CASecret != "":
		section["serverCASecret"] = r.CASecret
	case section["serverCASecret"] == nil && section["serverTLSSecret"] == nil:
		section["serverCASecret"] = ServerCASecret(cluster)
	}
	names, _, _ := unstructured.NestedStringSlice(section, "serverAltDNSNames")
	for _, name := range r.DNSNames {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		section["serverAltDNSNames"] = anys(names)
	}
	spec["certificates"] = section
}

// entries are the objects of a list in a map. Changing one changes the map.
func entries(m map[string]any, field string) []map[string]any {
	list, _ := m[field].([]any)
	found := make([]map[string]any, 0, len(list))
	for _, item := range list {
		if object, ok := item.(map[string]any); ok {
			found = append(found, object)
		}
	}
	return found
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, text := range texts {
		list[i] = text
	}
	return list
}
