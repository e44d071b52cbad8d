//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/ha"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/status"
)

func TestPostgreSQLPrimaryDeleted(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	before := look(t, "network").Databases[0].Cluster.Primary
	kubectl(t, "-n", "network", "delete", "pod", before, "--grace-period=1", "--wait=false")
	until(t, "network", "the failover is seen", time.Minute, func(r status.Report) error {
		if c := r.Databases[0].Cluster; c == nil || c.Healthy {
			return errors.New("the cluster is called healthy")
		}
		if has(r, "critical/no-primary") != nil && has(r, "warning/cluster-unhealthy") != nil {
			return fmt.Errorf("neither no-primary nor cluster-unhealthy in %v", codes(r))
		}
		return nil
	})
	until(t, "network", "recovered by itself", 3*time.Minute, healthy)
	if after := look(t, "network").Databases[0].Cluster.Primary; after == before {
		t.Errorf("the primary is still %s", after)
	}
}

// The database refuses Kea's role: status-get goes on looking healthy, and nobody is served.
func TestDatabaseUnreachableForKea(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	t.Cleanup(func() {
		psql(t, "network", "kea-database", "postgres", "alter role kea login")
		restored(t, "network")
	})
	psql(t, "network", "kea-database", "postgres", "alter role kea nologin")
	psql(t, "network", "kea-database", "postgres", "select count(pg_terminate_backend(pid)) from pg_stat_activity where usename='kea'")
	r := until(t, "network", "the dead database is seen", 40*time.Second, func(r status.Report) error {
		for _, server := range []string{"kea-dhcp-0/dhcp4", "kea-dhcp-0/dhcp6"} {
			if p := peer(r, server); p.LeaseQuery != ha.Broken || !no(p.Serves) {
				return fmt.Errorf("%s: lease query %q", server, p.LeaseQuery)
			}
		}
		return errors.Join(has(r, "critical/no-lease-database"), has(r, "critical/login-refused"))
	})
	if p := peer(r, "kea-dhcp-0/dhcp4"); p.State != kea.StateHotStandby {
		t.Errorf("its HA state is %s; this test is about one that looks healthy", p.State)
	}
	if rel := relationship(r, "dhcp4"); !no(rel.Serving) {
		t.Errorf("serving: %v", rel.Serving)
	}
	if text := plugin(t, "status", "-n", "network"); text.code != 3 || !strings.Contains(text.out, "no (no database)") {
		t.Errorf("exit %d:\n%s", text.code, text.out)
	}
}

// A read-only database answers every query, and Kea refuses every client.
func TestReadOnlyDatabase(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	t.Cleanup(func() {
		psql(t, "network", "kea-database", "postgres", "alter database kea reset default_transaction_read_only")
		restored(t, "network")
	})
	psql(t, "network", "kea-database", "postgres", "alter database kea set default_transaction_read_only=on")
	r := look(t, "network")
	if err := has(r, "critical/database-read-only"); err != nil {
		t.Error(err)
	}
	if p := peer(r, "kea-dhcp-0/dhcp4"); p.LeaseQuery != ha.Works {
		t.Errorf("the lease query: %q; this test is about one that answers", p.LeaseQuery)
	}
}

func TestServiceThatSelectsAReplica(t *testing.T) {
	claims(t, "network")
	restored(t, "network")
	selector := func(role string) {
		kubectl(t, "-n", "network", "patch", "service", "kea-database", "-p", `{"spec":{"selector":{"cnpg.io/instanceRole":"`+role+`"}}}`)
	}
	t.Cleanup(func() {
		selector("primary")
		restored(t, "network")
	})
	selector("replica")
	r := look(t, "network")
	for _, want := range []string{"critical/service-selects-replica", "critical/database-in-recovery"} {
		if err := has(r, want); err != nil {
			t.Error(err)
		}
	}
	if d := r.Databases[0]; d.Role != cnpg.RoleReplica || !d.Look.InRecovery {
		t.Errorf("selects %s, in recovery %v", d.Role, d.Look.InRecovery)
	}
}

// A fenced cluster goes on calling itself healthy.
func TestFencedCluster(t *testing.T) {
	claims(t, "campus")
	restored(t, "campus")
	t.Cleanup(func() {
		kubectl(t, "-n", "campus", "annotate", "clusters.postgresql.cnpg.io", "campus-db", "cnpg.io/fencedInstances-")
		restored(t, "campus")
	})
	kubectl(t, "-n", "campus", "annotate", "clusters.postgresql.cnpg.io", "campus-db", `cnpg.io/fencedInstances=["*"]`, "--overwrite")
	r := until(t, "campus", "the fence and its effect are seen", time.Minute, func(r status.Report) error {
		return errors.Join(has(r, "critical/cluster-fenced"), has(r, "critical/no-lease-database"))
	})
	if c := r.Databases[0].Cluster; c.Phase != "Cluster in healthy state" || c.Serving {
		t.Logf("phase %q, serving %v", c.Phase, c.Serving)
		if c.Serving {
			t.Error("a fenced cluster does not serve")
		}
	}
}
