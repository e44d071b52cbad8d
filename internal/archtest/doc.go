// Package archtest proves that the packages keep to their floors: who may
// import whom, which libraries stay where, and what never ships. The rules are
// in rules.go; a test applies them to the module as it stands.
package archtest
