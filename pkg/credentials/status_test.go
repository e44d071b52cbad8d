package credentials

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
	"github.com/kubectl-kea/kubectl-kea/pkg/problem"
)

const hidden = "hidden-password"

func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// healthy is a pair of which everything agrees.
func healthy() facts {
	cluster := &cnpgv1.Cluster{ObjectMeta: metav1.ObjectMeta{Namespace: "network", Name: "kea-database"}}
	cluster.Spec.Bootstrap = &cnpgv1.BootstrapConfiguration{InitDB: &cnpgv1.BootstrapInitDB{Database: "kea", Owner: "kea", Secret: &cnpgv1.LocalObjectReference{Name: "login"}}}
	cluster.Status.Certificates.Expirations = map[string]string{"kea-database-server": "2027-02-20 12:00:00 +0000 UTC"}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "network", Name: "login", Labels: map[string]string{cnpg.LabelReload: "true"},
			Annotations: map[string]string{annotationRotated: "2026-11-20T12:00:00Z", annotationRotatedBy: "ann@desk: kubectl kea credentials rotate -n network"},
		},
		Data: map[string][]byte{"username": []byte("kea"), "password": []byte(hidden), "pg_service.conf": []byte("[kea]\nuser=kea\npassword=" + hidden + "\n")},
	}
	u := use{
		database: inventory.Database{
			Host: "kea-database", Name: "kea", User: "kea", Port: 5432, Cluster: cluster, Target: &cnpg.Target{Role: cnpg.RolePrimary},
			Password: kea.NewSecret(hidden), PasswordSource: "secret login, key pg_service.conf", CredentialSecret: "login",
		},
		secret: secret, role: &keadb.Role{Name: "kea", Now: noon()},
	}
	for i, pod := range []string{"kea-dhcp-0", "kea-dhcp-1"} {
		address := netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})
		u.holders = append(u.holders, holder{
			server: inventory.Server{Pod: pod, Container: "dhcp4", Service: kea.DHCP4, State: inventory.PodState{Running: true, IPs: []netip.Addr{address}}},
			credential: inventory.Credential{
				Password: kea.NewSecret(hidden), Source: "secret login, key pg_service.conf", Secret: "login",
				File: inventory.CredentialFile{Pod: pod, Container: "dhcp4", Path: "/srv/kea/db/pg_service.conf", Kind: "secret", Name: "login", Key: "pg_service.conf"},
			},
			file: &mounted{hash: hashOf(secret, "pg_service.conf"), mode: 0o400},
		})
		u.role.Sessions = append(u.role.Sessions, keadb.RoleSession{Database: "kea", ClientAddr: address, BackendStart: noon().Add(-time.Hour), TLS: true})
	}
	return facts{in: &inventory.Inventory{Namespace: "network"}, uses: []use{u}}
}

func TestReport(t *testing.T) {
	since := noon().Add(-time.Hour)
	holderOf := func(pod string) Holder {
		return Holder{Pod: pod, Servers: []string{"dhcp4"}, File: "/srv/kea/db/pg_service.conf", FileIs: Agrees, Sessions: 1, Since: &since}
	}
	want := Report{
		Namespace: "network", Time: noon(), Operations: []inventory.Operation{}, Problems: []problem.Problem{}, Unread: []problem.Unread{},
		Certificates: []cnpg.Certificate{{Secret: "kea-database-server", Expires: time.Date(2027, 2, 20, 12, 0, 0, 0, time.UTC)}},
		Credentials: []Credential{{
			Role: "kea", Database: "kea", Host: "kea-database", Cluster: "kea-database", Source: "secret login, key pg_service.conf", Secret: "login",
			Rotated: &Rotated{Time: noon().Add(-48 * time.Hour), By: "ann@desk: kubectl kea credentials rotate -n network"},
			Login:   Agrees, Holders: []Holder{holderOf("kea-dhcp-0"), holderOf("kea-dhcp-1")}, Others: []Other{},
		}},
	}
	if diff := cmp.Diff(want, healthy().report(noon())); diff != "" {
		t.Error(diff)
	}
}

func TestReportProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(f *facts, u *use)
		want   []string
	}{
		"the database has another": {func(_ *facts, u *use) { u.role, u.loginErr = nil, keadb.ErrAuth }, []string{"critical password-refused secret login"}},
		"a pod has another file":   {func(_ *facts, u *use) { u.holders[1].file.hash = "00" }, []string{"critical file-differs pod kea-dhcp-1"}},
		"keys differ":              {func(_ *facts, u *use) { u.secret.Data["password"] = []byte("another-password") }, []string{"critical keys-differ secret login"}},
		"a pass file for all": {func(_ *facts, u *use) {
			u.holders[0].credential.File.PassFile, u.holders[0].file.mode = true, 0o640
		}, []string{"critical pass-file-open kea-dhcp-0/dhcp4"}},
		"a superuser": {func(_ *facts, u *use) { u.role.Superuser = true }, []string{"warning superuser role kea of cluster kea-database"}},
		"a stranger": {func(_ *facts, u *use) {
			u.role.Sessions = append(u.role.Sessions, keadb.RoleSession{Database: "other", ClientAddr: netip.MustParseAddr("10.0.0.9"), TLS: true})
		}, []string{"warning shared-role role kea of cluster kea-database"}},
		"in the clear": {func(_ *facts, u *use) { u.role.Sessions[1].TLS = false }, []string{"warning no-tls pod kea-dhcp-1"}},
		"in a ConfigMap": {func(_ *facts, u *use) {
			for i := range u.holders {
				u.holders[i].credential.Source, u.holders[i].server.FileSource = "the configuration", "configmap kea, key kea-dhcp4.conf"
			}
		}, []string{"warning password-in-configmap configmap kea, key kea-dhcp4.conf"}},
		"no label": {func(_ *facts, u *use) { u.secret.Labels = nil }, []string{"info no-reload-label secret login"}},
		"a certificate ends": {func(_ *facts, u *use) {
			u.database.Cluster.Status.Certificates.Expirations["kea-database-server"] = "2026-11-24 12:00:00 +0000 UTC"
		}, []string{"warning certificate-ends secret kea-database-server"}},
		"a certificate has ended": {func(_ *facts, u *use) {
			u.database.Cluster.Status.Certificates.Expirations["kea-database-server"] = "2026-11-21 12:00:00 +0000 UTC"
		}, []string{"critical certificate-expired secret kea-database-server"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			tt.change(&f, &f.uses[0])
			got := []string{}
			for _, p := range f.report(noon()).Problems {
				got = append(got, string(p.Severity)+" "+p.Code+" "+p.Subject)
				if strings.Contains(p.Text+p.Next, hidden) {
					t.Errorf("it shows the password: %+v", p)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	label := func(key string) func(*facts, *use) {
		return func(_ *facts, u *use) { u.secret.Labels[key] = "x" }
	}
	owner := func(kind string) func(*facts, *use) {
		return func(_ *facts, u *use) {
			u.secret.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: "x"}}
		}
	}
	for name, tt := range map[string]struct {
		change func(f *facts, u *use)
		want   []string
	}{
		"nothing":          {func(*facts, *use) {}, []string{}},
		"CNPG's own":       {owner("Cluster"), []string{}},
		"External Secrets": {owner("ExternalSecret"), []string{"written-by-others"}},
		"Sealed Secrets":   {owner("SealedSecret"), []string{"written-by-others"}},
		"anybody":          {owner("VaultStaticSecret"), []string{"written-by-others"}},
		"Argo CD":          {label("argocd.argoproj.io/instance"), []string{"written-by-others"}},
		"Flux":             {label("kustomize.toolkit.fluxcd.io/name"), []string{"written-by-others"}},
		"immutable":        {func(_ *facts, u *use) { u.secret.Immutable = new(true) }, []string{"immutable"}},
		"another user":     {func(_ *facts, u *use) { u.secret.Data["username"] = []byte("app") }, []string{"another-user"}},
		"role not known":   {func(_ *facts, u *use) { u.database.Cluster.Spec.Bootstrap.InitDB.Owner = "app" }, []string{"role-not-known"}},
		"another Secret":   {func(_ *facts, u *use) { u.database.Cluster.Spec.Bootstrap.InitDB.Secret.Name = "app" }, []string{"another-secret"}},
		"managed": {func(_ *facts, u *use) {
			u.database.Cluster.Spec.Bootstrap.InitDB.Owner = "app"
			u.database.Cluster.Spec.Managed = &cnpgv1.ManagedConfiguration{Roles: []cnpgv1.RoleConfiguration{{Name: "kea", PasswordSecret: &cnpgv1.LocalObjectReference{Name: "login"}}}}
		}, []string{}},
		"in the configuration": {func(_ *facts, u *use) { u.secret = nil }, []string{"no-secret"}},
		"no cluster":           {func(_ *facts, u *use) { u.database.Cluster = nil }, []string{"no-cluster"}},
		"a subPath":            {func(_ *facts, u *use) { u.holders[0].credential.File.Frozen = true }, []string{"frozen-file"}},
		"another deployment": {func(_ *facts, u *use) {
			other := u.holders[1]
			other.server.Pod, other.server.State.IPs = "campus-0", []netip.Addr{netip.MustParseAddr("10.0.0.3")}
			u.holders = append(u.holders, other)
		}, []string{"several-deployments"}},
		"one address": {func(_ *facts, u *use) {
			u.holders[1].server.State.IPs = u.holders[0].server.State.IPs
			u.role.Sessions = u.role.Sessions[:1]
		}, []string{"same-address"}},
		"a stranger": {func(_ *facts, u *use) {
			u.role.Sessions = append(u.role.Sessions, keadb.RoleSession{ClientAddr: netip.MustParseAddr("10.0.0.9")})
		}, []string{"shared-role"}},
		"the database has another": {func(_ *facts, u *use) { u.role, u.loginErr = nil, keadb.ErrAuth }, []string{"password-refused"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy()
			tt.change(&f, &f.uses[0])
			if c := f.uses[0].database.Cluster; c != nil {
				f.uses[0].roles = dbRoles(c, nil)
			}
			p := Plan{Namespace: "network", Role: "kea", Cluster: "kea-database", Secret: "login", use: f.uses[0]}
			got := []string{}
			for _, found := range p.refusals(f, f.uses) {
				got = append(got, found.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
