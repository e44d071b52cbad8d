package credentials

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/kubectl-kea/kubectl-kea/pkg/inventory"
	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
	"github.com/kubectl-kea/kubectl-kea/pkg/rollout"
)

// sourceConfiguration is how an inventory calls a password that stands in Kea's configuration.
const sourceConfiguration = "the configuration"

// access is what a server logs in with. It is never printed.
type access struct{ role, password string }

// place is a server's configuration file, as far as it holds the login.
type place struct {
	server inventory.Server
	file   inventory.ConfigFile
	config kea.Config
	// at are the databases that are logged in to: "lease-database".
	at []string
}

// object is what the file comes from.
func (p place) object() rollout.Object {
	return rollout.Object{Kind: p.file.Kind, Name: p.file.Name, Key: p.file.Key}
}

// with is the file with another login, and every other byte as it is.
func (p place) with(a access) (string, error) {
	edits := []kea.Edit{}
	for _, at := range p.at {
		edits = append(edits, kea.Edit{Path: at + ".user", Value: a.role}, kea.Edit{Path: at + ".password", Value: kea.NewSecret(a.password)})
	}
	text, err := kea.EditConfig([]byte(p.file.Text.Reveal()), edits)
	return string(text), err
}

// Why a file's login cannot be changed.
var (
	errElsewhere = errors.New("has its password neither in the file nor anywhere that this command could change")
	errNoLogin   = errors.New("its file logs in to no such database")
)

// findPlace finds where a server's login stands.
func findPlace(in *inventory.Inventory, s inventory.Server, c *configured) (place, error) {
	file, err := in.ConfigFile(s)
	if err != nil {
		return place{}, err
	}
	p := place{server: s, file: file, at: []string{}}
	if p.config, err = kea.ParseConfig([]byte(file.Text.Reveal())); err != nil {
		return place{}, fmt.Errorf("%s: %w", p.object(), err)
	}
	for _, d := range p.config.Databases() {
		switch {
		case !c.mine(d) && d.User == c.from.name:
			return place{}, fmt.Errorf("%s has the role too, at %s, which leads to no Service of the cluster", d.Path, d.Host)
		case !c.mine(d):
		case d.PasswordInclude != "":
			return place{}, fmt.Errorf("%s includes its password from %s, which this command does not change", d.Path, d.PasswordInclude)
		case !d.PasswordSet:
			return place{}, fmt.Errorf("%s %w", d.Path, errElsewhere)
		default:
			p.at = append(p.at, d.Path)
		}
	}
	if len(p.at) == 0 {
		return place{}, errNoLogin
	}
	return p, nil
}

// hash is the one of the file in a container that is up to date.
func (p place) hash() string {
	sum := sha256.Sum256([]byte(p.file.Text.Reveal()))
	return hex.EncodeToString(sum[:])
}

// runs reports whether a configuration has a login in all databases that are mine, and has one at all. A password that is
// included is not looked at.
func runs(config kea.Config, mine func(kea.Database) bool, a access) bool {
	all := slices.DeleteFunc(config.Databases(), func(d kea.Database) bool { return !mine(d) })
	return len(all) > 0 && !slices.ContainsFunc(all, func(d kea.Database) bool {
		return d.User != a.role || d.PasswordInclude == "" && d.Password.Reveal() != a.password
	})
}
