package cluster

import "context"

// DatabaseReady says whether a CNPG cluster calls itself healthy with all its instances ready.
func (c *Cluster) DatabaseReady(ctx context.Context, namespace, name string) bool {
	var database struct {
		Spec   struct{ Instances int }
		Status struct {
			Phase          string
			ReadyInstances int
		}
	}
	err := c.get(ctx, "/apis/postgresql.cnpg.io/v1/namespaces/"+namespace+"/clusters/"+name, &database)
	return err == nil && database.Status.Phase == "Cluster in healthy state" && database.Status.ReadyInstances == database.Spec.Instances
}

// BackupCompleted says whether a CNPG Backup is complete.
func (c *Cluster) BackupCompleted(ctx context.Context, namespace, name string) bool {
	var backup struct{ Status struct{ Phase string } }
	err := c.get(ctx, "/apis/postgresql.cnpg.io/v1/namespaces/"+namespace+"/backups/"+name, &backup)
	return err == nil && backup.Status.Phase == "completed"
}
