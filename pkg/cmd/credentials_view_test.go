package cmd

import (
	"fmt"
	"testing"
	"time"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/credentials"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/printer"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// loginReport is a pair of which one pod has a file of its own.
func loginReport() credentials.Report {
	now := noon()
	set, since := now.Add(-48*time.Hour), now.Add(-47*time.Hour)
	return credentials.Report{
		Namespace: "network", Time: now, Worst: problem.Critical,
		Credentials: []credentials.Credential{{
			Role: "kea", Database: "kea", Host: "kea-database", Cluster: "kea-database", Source: "secret kea-db-credentials, key pg_service.conf",
			Secret: "kea-db-credentials", Set: &set, Rotated: &credentials.Rotated{Time: set, By: "ann@desk: kubectl kea credentials rotate -n network"}, Login: credentials.Agrees,
			Holders: []credentials.Holder{
				{Pod: "kea-dhcp-0", Servers: []string{"dhcp4", "dhcp6"}, File: "/srv/kea/db/pg_service.conf", FileIs: credentials.Agrees, Sessions: 8, Since: &since},
				{Pod: "kea-dhcp-1", Servers: []string{"dhcp4", "dhcp6"}, File: "/srv/kea/db/pg_service.conf", FileIs: credentials.Differs, Sessions: 4, Since: &since, WithoutTLS: 2},
			},
			Others: []credentials.Other{{Address: "10.0.0.9", Database: "other", Sessions: 2}},
		}},
		Certificates: []cnpg.Certificate{{Secret: "kea-database-server", Expires: now.Add(5 * 24 * time.Hour)}, {Secret: "kea-db-ca", Expires: now.Add(3600 * 24 * time.Hour)}},
		Problems: []problem.Problem{
			{Severity: problem.Critical, Code: "file-differs", Subject: "pod kea-dhcp-1", Text: "its file /srv/kea/db/pg_service.conf is not what the Secret says: its servers log in with another password", Next: "kubectl -n network annotate pod kea-dhcp-1 kea.fos1.io/nudged-at=now --overwrite"},
		},
	}
}

func TestCredentialsScreens(t *testing.T) {
	shared := []string{"kea-dhcp-0"}
	plan := credentials.Plan{
		Namespace: "network", Role: "kea", Cluster: "kea-database", Secret: "kea-db-credentials", Keys: []string{"password", "pg_service.conf"},
		Turns: []rollout.Turn{
			{Pod: "kea-dhcp-1", Seats: []rollout.Seat{{Server: "kea-dhcp-1/dhcp4", Service: kea.DHCP4, Partner: "kea-dhcp-0/dhcp4", PartnerScopes: shared}}},
			{Pod: "kea-dhcp-0", Seats: []rollout.Seat{{Server: "kea-dhcp-0/dhcp4", Service: kea.DHCP4, Scopes: shared, Partner: "kea-dhcp-1/dhcp4"}}},
		},
	}
	configured := credentials.Plan{
		Namespace: "network", Role: "kea", Cluster: "kea-database", Secret: "kea-database-app", Keys: []string{"password", "pgpass", "uri"},
		Strategy: credentials.Alternating, Why: "CNPG knows role kea_b, which has the same rights", To: "kea_b", ToSecret: "kea-database-kea-b",
		Objects: []string{"secret kea-config"}, Places: []string{"kea-dhcp-0/dhcp4 lease-database", "kea-dhcp-0/dhcp4 hosts-database", "kea-dhcp-1/dhcp4 lease-database"},
		Moves: []rollout.Move{
			{Turn: plan.Turns[0], Way: rollout.WayCovered, Cost: "none: kea-dhcp-0 serves"},
			{Turn: plan.Turns[1], Way: rollout.WayCovered, Cost: "none, or one packet more: kea-dhcp-1 answers its clients meanwhile"},
		},
	}
	for _, width := range []int{80, 140} {
		c := printer.Canvas{Width: width, Wide: width == 140}
		golden(t, fmt.Sprintf("credentials-rotate-configured-%d", width), rotationPlanPage(configured, true, c).Lines(c))
		golden(t, fmt.Sprintf("credentials-status-%d", width), credentialsPage(loginReport(), c, c.Wide).Lines(c))
		golden(t, fmt.Sprintf("credentials-rotate-%d", width), rotationPlanPage(plan, true, c).Lines(c))
	}
}
