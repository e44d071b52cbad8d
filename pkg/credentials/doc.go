// Package credentials looks at the login that Kea's servers have for their database, and rotates its password: with the
// servers running, one after the other, each covered by its partner.
package credentials
