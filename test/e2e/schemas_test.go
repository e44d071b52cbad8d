//go:build e2e

package e2e

import (
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/kubectl-kea/kubectl-kea/pkg/kube"
)

// schemas are the versions of Kea whose schema the tests make, oldest first: 13.0, 22.2 and 29.0.
func schemas() []string { return []string{"2.2", "2.6", "3.0"} }

// schemaScripts returns the folder with a Kea version's own scripts for the database (pgsql/dhcpdb_create.pgsql, the
// upgrades, admin-utils.sh): from the lab's pods, and those of 2.2 from Debian bookworm's package.
func schemaScripts(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	from := map[string][]string{"2.6": {"network", "kea-dhcp-0"}, "3.0": {"campus", "kea-0"}}[version]
	if from == nil {
		return filepath.Join(debianPackage(t, "kea-admin", version, dir), "usr", "share", "kea", "scripts")
	}
	archive := exec.Command(world.kubectl, "-n", from[0], "exec", from[1], "-c", "dhcp4", "--", "tar", "c", "-C", "/usr/share/kea", "scripts")
	unpack := exec.Command("tar", "x", "-C", dir)
	var err error
	if unpack.Stdin, err = archive.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := archive.Start(); err != nil {
		t.Fatal(err)
	}
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("unpack the scripts of Kea %s: %v\n%s", version, err, out)
	}
	if err := archive.Wait(); err != nil {
		t.Fatalf("read the scripts of Kea %s: %v", version, err)
	}
	return filepath.Join(dir, "scripts")
}

// debianPackage unpacks a package of this system's distribution. The package stays in the user's cache.
func debianPackage(t *testing.T, name, version, dir string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache = filepath.Join(cache, "kubectl-kea-e2e")
	pattern := filepath.Join(cache, name+"_"+version+"*.deb")
	found, _ := filepath.Glob(pattern)
	if len(found) == 0 {
		if err := os.MkdirAll(cache, 0o755); err != nil {
			t.Fatal(err)
		}
		download := exec.Command("apt-get", "download", "-q", name+"="+version+"*")
		download.Dir = cache
		if out, err := download.CombinedOutput(); err != nil {
			t.Skipf("no package %s of Kea %s here (Debian bookworm has it): %v\n%s", name, version, err, out)
		}
		found, _ = filepath.Glob(pattern)
	}
	if len(found) == 0 {
		t.Fatalf("apt-get download left no %s", pattern)
	}
	if out, err := exec.Command("dpkg-deb", "-x", found[0], dir).CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", found[0], err, out)
	}
	return dir
}

// scratchDatabase makes a database that kea owns, empty, in the cluster of namespace network, and drops it at the end.
func scratchDatabase(t *testing.T, name string) {
	t.Helper()
	drop := "drop database if exists " + name + " with (force)"
	psql(t, "network", "kea-database", "postgres", drop)
	psql(t, "network", "kea-database", "postgres", "create database "+name+" owner kea")
	t.Cleanup(func() { psql(t, "network", "kea-database", "postgres", drop) })
}

// schemaDatabase makes a scratch database with the schema of a Kea version, as Kea's role makes it.
func schemaDatabase(t *testing.T, name, version string) {
	t.Helper()
	scripts := schemaScripts(t, version)
	scratchDatabase(t, name)
	create, err := os.Open(filepath.Join(scripts, "pgsql", "dhcpdb_create.pgsql"))
	if err != nil {
		t.Fatal(err)
	}
	defer create.Close()
	loadSQL(t, name, create)
}

// loadSQL runs a script as Kea's role in a database of namespace network.
func loadSQL(t *testing.T, database string, script io.Reader) {
	t.Helper()
	load := exec.Command(world.kubectl, "-n", "network", "exec", "-i", primaryOf(t, "network", "kea-database"), "-c", "postgres", "--",
		"env", "PGOPTIONS=-c role=kea -c client_min_messages=warning", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", database)
	load.Stdin = script
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("run a script in %s: %v\n%s", database, err, out)
	}
}

func primaryOf(t *testing.T, namespace, cluster string) string {
	t.Helper()
	return kubectl(t, "-n", namespace, "get", "clusters.postgresql.cnpg.io", cluster, "-o", "jsonpath={.status.currentPrimary}")
}

// forwarded listens on this machine for the port of a pod until the test ends, and returns host:port. Unlike kubectl
// port-forward it outlives a connection that is reset.
func forwarded(t *testing.T, namespace, pod string, port int) string {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := kube.NewForConfig(config, kube.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := client.DialPod(t.Context(), namespace, pod, port)
			if err != nil {
				_ = near.Close()
				continue
			}
			join := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				_ = to.Close()
			}
			go join(far, near)
			go join(near, far)
		}
	}()
	return listener.Addr().String()
}

// keaDSN is how Kea's role of namespace network reaches a database at an address.
func keaDSN(t *testing.T, address, database string) string {
	t.Helper()
	password := kubectl(t, "-n", "network", "get", "secret", "kea-db-credentials", "-o", "go-template={{.data.password | base64decode}}")
	world.secrets.learn(password)
	return (&url.URL{Scheme: "postgres", User: url.UserPassword("kea", password), Host: address, Path: "/" + database}).String()
}

// TestDatabasePackages runs the tests of the packages that speak SQL against every schema, made by Kea's own scripts.
func TestDatabasePackages(t *testing.T) {
	claims(t, "campus", "network")
	packages := []string{"keadb", "leases"}
	binaries := map[string]string{}
	for _, pkg := range packages {
		binaries[pkg] = filepath.Join(t.TempDir(), pkg+".test")
		if err := stream(world.root, "go", "test", "-tags", "e2e", "-c", "-o", binaries[pkg], "./pkg/"+pkg); err != nil {
			t.Fatalf("build the tests of pkg/%s: %v", pkg, err)
		}
	}
	address := forwarded(t, "network", primaryOf(t, "network", "kea-database"), 5432)
	ca := filepath.Join(t.TempDir(), "ca.crt")
	authority := kubectl(t, "-n", "network", "get", "secret", "kea-db-ca", "-o", `go-template={{index .data "ca.crt" | base64decode}}`)
	if err := os.WriteFile(ca, []byte(authority), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, version := range schemas() {
		t.Run(version, func(t *testing.T) {
			name := "scratch_e2e_" + strings.ReplaceAll(version, ".", "")
			schemaDatabase(t, name, version)
			schemaDatabase(t, name+"_other", version)
			for _, pkg := range packages {
				t.Run(pkg, func(t *testing.T) {
					if fill, err := os.Open(filepath.Join(world.root, "pkg", pkg, "testdata", "sql_leases.sql")); err == nil {
						defer fill.Close()
						loadSQL(t, name, fill)
					}
					cmd := exec.Command(binaries[pkg], "-test.v", "-test.timeout=5m")
					cmd.Dir = filepath.Join(world.root, "pkg", pkg)
					cmd.Env = append(os.Environ(), "KEADB_TEST_DSN="+keaDSN(t, address, name), "KEADB_TEST_OTHER="+name+"_other", "KEADB_TEST_CA="+ca, "KEADB_TEST_SERVERNAME=kea-database")
					out, err := cmd.CombinedOutput()
					silent(t, "the tests of pkg/"+pkg, string(out))
					if err != nil {
						t.Errorf("%v\n%s", err, out)
					}
				})
			}
		})
	}
}
