package cnpg

import (
	"cmp"
	"strconv"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"
)

// bootstrapMethod says how the cluster came to its data.
func bootstrapMethod(cluster *cnpgv1.Cluster) string {
	b := cluster.Spec.Bootstrap
	switch {
	case b != nil && b.Recovery != nil:
		return "recovery"
	case b != nil && b.PgBaseBackup != nil:
		return "pg_basebackup"
	}
	return "initdb"
}

// ConnectionSecret is the name of the Secret with the owner's password, the one CNPG itself follows: the bootstrap
// section's own (recovery before pg_basebackup before initdb), else <cluster>-app.
func ConnectionSecret(cluster *cnpgv1.Cluster) string {
	if b := cluster.Spec.Bootstrap; b != nil {
		switch {
		case b.Recovery != nil && b.Recovery.Secret != nil && b.Recovery.Secret.Name != "":
			return b.Recovery.Secret.Name
		case b.PgBaseBackup != nil && b.PgBaseBackup.Secret != nil && b.PgBaseBackup.Secret.Name != "":
			return b.PgBaseBackup.Secret.Name
		case b.InitDB != nil && b.InitDB.Secret != nil && b.InitDB.Secret.Name != "":
			return b.InitDB.Secret.Name
		}
	}
	return cluster.Name + "-app"
}

// ServerCASecret is the name of the Secret whose ca.crt verifies the server certificate. Made by CNPG it also holds the
// CA's key.
func ServerCASecret(cluster *cnpgv1.Cluster) string {
	name := cluster.Status.Certificates.ServerCASecret
	if c := cluster.Spec.Certificates; c != nil {
		name = cmp.Or(c.ServerCASecret, name)
	}
	return cmp.Or(name, cluster.Name+"-ca")
}

// ownDatabase is the application's database and its owner, with CNPG's defaults.
func ownDatabase(cluster *cnpgv1.Cluster) (database, owner string) {
	if b := cluster.Spec.Bootstrap; b != nil {
		switch {
		case b.Recovery != nil:
			database, owner = b.Recovery.Database, b.Recovery.Owner
		case b.PgBaseBackup != nil:
			database, owner = b.PgBaseBackup.Database, b.PgBaseBackup.Owner
		case b.InitDB != nil:
			database, owner = b.InitDB.Database, b.InitDB.Owner
		}
	}
	database = cmp.Or(database, "app")
	return database, cmp.Or(owner, database)
}

// postgresMajor is the major version of the data directory, of the image catalogue, or of the image's tag; 0 if unknown.
func postgresMajor(cluster *cnpgv1.Cluster) int {
	if info := cluster.Status.PGDataImageInfo; info != nil && info.MajorVersion > 0 {
		return info.MajorVersion
	}
	if ref := cluster.Spec.ImageCatalogRef; ref != nil {
		return ref.Major
	}
	return majorOfImage(cmp.Or(cluster.Status.Image, cluster.Spec.ImageName))
}

// majorOfImage reads registry/postgresql:17.5-bookworm@sha256:... as 17.
func majorOfImage(image string) int {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndex(image, "/")+1:]
	_, tag, ok := strings.Cut(name, ":")
	if !ok {
		return 0
	}
	end := strings.IndexFunc(tag, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		tag = tag[:end]
	}
	major, err := strconv.Atoi(tag)
	if err != nil {
		return 0
	}
	return major
}
