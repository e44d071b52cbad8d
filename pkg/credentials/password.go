package credentials

import (
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/kea"
)

// minPassword is the length below which a password is refused.
const minPassword = 12

// newPassword makes one of 130 random bits. Letters and digits: a quote or a space breaks Kea's connection string.
func newPassword() kea.Secret { return kea.NewSecret(rand.Text()) }

// CheckPassword says why a password cannot be taken. Kea pastes it unquoted into a connection string, and a service file has
// no way to quote.
func CheckPassword(password kea.Secret) error {
	text := password.Reveal()
	if len(text) < minPassword {
		return fmt.Errorf("the password has %d characters; it takes %d or more", len(text), minPassword)
	}
	for _, r := range text {
		if r <= ' ' || r > '~' || strings.ContainsRune("'\"\\`", r) {
			return fmt.Errorf("the password may hold letters, digits and punctuation of ASCII, but no blank, quote or backslash")
		}
	}
	return nil
}
