package stackfile

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/api/kea/v1alpha1"
)

func (c *checker) database() {
	const at = "spec.database"
	d := &c.stack.Spec.Database
	if !c.oneOf(at+".type", d.Type, v1alpha1.PostgreSQL, v1alpha1.Memfile) {
		return
	}
	c.databaseNames(at, d)
	c.cluster(at+".cluster", &d.Cluster)
	c.backup(at+".backup", d)
	c.reconnect(at+".reconnect", &d.Reconnect)
	if err := cronError(d.Maintenance.Schedule, 5); err != nil {
		c.add(at+".maintenance.schedule", "%v", err)
	}
	c.days(at+".maintenance.logRetention", d.Maintenance.LogRetention)
	c.days(at+".auditRetention", d.AuditRetention)
	if d.AuditEnabled && d.Type == v1alpha1.Memfile {
		c.add(at+".auditEnabled", "asks for a history of leases, but type: memfile has no database to keep it in; take it out")
	}
	c.wholeSeconds(at+".memfile.lfcInterval", d.Memfile.LFCInterval)
	c.storage(at+".memfile.storage", d.Memfile.Storage)
}

// days checks a number of days such as 30d.
func (c *checker) days(at, value string) {
	if !regexp.MustCompile(`^[1-9][0-9]{0,4}d$`).MatchString(value) {
		c.add(at, "is %s; expected days, as in 30d", quoted(value))
	}
}

func (c *checker) databaseNames(at string, d *v1alpha1.Database) {
	c.identifier(at+".name", d.Name, "postgres", "template0", "template1")
	c.identifier(at+".owner", d.Owner, "postgres", "streaming_replica", "cnpg_pooler_pgbouncer")
	c.identifier(at+".viewerRole", d.ViewerRole, "postgres", "streaming_replica", "cnpg_pooler_pgbouncer")
	c.distinct("the two roles", [2]string{at + ".owner", d.Owner}, [2]string{at + ".viewerRole", d.ViewerRole})

	c.serviceName(at+".service", d.Service, maxLabel)
	c.serviceName(at+".cluster.name", d.Cluster.Name, maxClusterName)
	for _, suffix := range []string{"-rw", "-ro", "-r"} {
		if d.Service == d.Cluster.Name+suffix {
			c.add(at+".service", "is %s, which CNPG makes for the cluster and which goes away with it: take another, as kea-database", quoted(d.Service))
		}
	}
	if regexp.MustCompile(`^` + regexp.QuoteMeta(c.stack.Metadata.Name) + `(-[0-9]+(-dhcp)?)?$`).MatchString(d.Service) {
		c.add(at+".service", "is %s, which is a name of the servers' own Services: take another", quoted(d.Service))
	}

	secrets := [][2]string{
		{at + ".credentialsSecret", d.CredentialsSecret},
		{at + ".viewerSecret", d.ViewerSecret},
		{at + ".caSecret", d.CASecret},
		{at + ".backup.credentialsSecret", d.Backup.CredentialsSecret},
	}
	if d.Backup.EndpointCASecret != "" {
		// It may well be the Secret of the credentials.
		c.objectName(at+".backup.endpointCASecret", d.Backup.EndpointCASecret)
	}
	for _, s := range secrets {
		c.objectName(s[0], s[1])
		for _, suffix := range []string{"-app", "-superuser", "-ca", "-server", "-replication"} {
			if s[1] == d.Cluster.Name+suffix {
				c.add(s[0], "is %s, which CNPG makes for the cluster itself: take another", quoted(s[1]))
			}
		}
	}
	c.distinct("the Secrets", secrets...)
}

func (c *checker) cluster(at string, k *v1alpha1.Cluster) {
	if k.Image != "" {
		c.image(at+".image", k.Image)
	}
	c.storage(at+".storage", k.Storage)
	c.storage(at+".walStorage", k.WALStorage)
	if k.WALStorage.StorageClass != "" && k.WALStorage.Size.IsZero() {
		c.add(at+".walStorage", "has a class but no size: state its size, or take it out")
	}
	for name := range k.Parameters {
		if !regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`).MatchString(name) {
			c.add(member(at+".parameters", name), "is no name of a PostgreSQL parameter")
		}
	}
	c.resources(at+".resources", k.Resources)
	if t := *k.SmartShutdownTimeout; t < 0 {
		c.add(at+".smartShutdownTimeout", "is %d; expected 0 or more seconds", t)
	}
}

func (c *checker) storage(at string, s v1alpha1.Storage) {
	if s.StorageClass != "" {
		c.objectName(at+".storageClass", s.StorageClass)
	}
}

func (c *checker) backup(at string, d *v1alpha1.Database) {
	b := &d.Backup
	if !c.oneOf(at+".method", b.Method, v1alpha1.BackupPlugin, v1alpha1.BackupInTree, v1alpha1.NoBackup) {
		return
	}
	switch {
	case b.Method == v1alpha1.NoBackup:
	case d.Type == v1alpha1.Memfile:
		c.add(firstGiven(c, at+".method", at+".destinationPath"), "asks for backups, but type: memfile has no database to back up: leases are in the servers' files; take it out")
	case b.DestinationPath == "" && !c.bad(at+".destinationPath"):
		c.add(at+".method", "is %s, which needs a destinationPath, as in s3://BUCKET/FOLDER/", b.Method)
	}
	if b.DestinationPath != "" && !regexp.MustCompile(`^s3://[A-Za-z0-9][A-Za-z0-9._-]*(/[^\s?#]*)?$`).MatchString(b.DestinationPath) {
		c.add(at+".destinationPath", "is %s; expected s3://BUCKET/FOLDER/", quoted(b.DestinationPath))
	}
	if u, err := url.Parse(b.EndpointURL); b.EndpointURL != "" {
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			c.add(at+".endpointURL", "is %s; expected an address, as in https://s3.example.com", redactedURL(b.EndpointURL))
		case u.User != nil:
			c.add(at+".endpointURL", "holds a user or a password, which belong into the Secret of credentialsSecret")
		}
	}
	for name, key := range map[string]string{"accessKeyIDKey": b.AccessKeyIDKey, "secretAccessKeyKey": b.SecretKeyKey, "regionKey": b.RegionKey} {
		if key != "" && !regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`).MatchString(key) {
			c.add(at+"."+name, "is no key of a Secret; expected letters, digits, dashes, underscores and dots")
		}
	}
	if !regexp.MustCompile(`^[1-9][0-9]{0,4}[dwm]$`).MatchString(b.Retention) {
		c.add(at+".retention", "is %s; expected days, weeks or months, as in 30d, 4w or 6m", quoted(b.Retention))
	}
	if err := cronError(b.Schedule, 6); err != nil {
		c.add(at+".schedule", "%v", err)
	}
	// What both base backups and WAL files can have.
	c.oneOf(at+".compression", b.Compression, "gzip", "bzip2", "lz4", "snappy")
	c.objectName(at+".objectStore", b.ObjectStore)
	if b.ServerName != "" {
		c.objectName(at+".serverName", b.ServerName)
	}
}

// firstGiven is the first path that the file states.
func firstGiven(c *checker, paths ...string) string {
	for _, p := range paths {
		if c.given(p) {
			return p
		}
	}
	return paths[0]
}

// redactedURL is a text that should have been a URL, unless there may be a password in it.
func redactedURL(s string) string {
	if strings.Contains(s, "@") {
		return "no address"
	}
	return quoted(s)
}

func (c *checker) reconnect(at string, r *v1alpha1.Reconnect) {
	c.wholeMilliseconds(at+".wait", r.Wait)
	c.wholeSeconds(at+".connectTimeout", r.ConnectTimeout)
	if r.Tries > maxUnits {
		c.add(at+".tries", "is %d; Kea takes %d at most", r.Tries, int64(maxUnits))
	}
}
