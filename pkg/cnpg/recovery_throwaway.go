package cnpg

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// throwAway makes the spec that of a cluster that is only looked at: one instance that archives nothing, offers nothing
// to others, and needs nothing that is there for more.
func throwAway(spec map[string]any) {
	spec["instances"] = int64(1)
	kept := []any{}
	for _, plugin := range entries(spec, "plugins") {
		if plugin["name"] != BarmanPlugin && plugin["isWALArchiver"] != true {
			kept = append(kept, plugin)
		}
	}
	spec["plugins"] = kept
	if len(kept) == 0 {
		delete(spec, "plugins")
	}
	for _, field := range []string{
		"backup",
		"managed",    // roles want their Secrets, and additional Services have names that are taken
		"monitoring", // nobody is to be woken by it
		"minSyncReplicas", "maxSyncReplicas",
		"primaryUpdateStrategy", // supervised is refused for a single instance
	} {
		delete(spec, field)
	}
	unstructured.RemoveNestedField(spec, "postgresql", "synchronous")
	spec["enablePDB"] = false
}
