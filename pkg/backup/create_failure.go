package backup

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	cnpgv1 "github.com/cloudnative-pg/api/pkg/api/v1"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
)

// Failure is why a backup failed, in one sentence, and one command that helps.
type Failure struct {
	Text string `json:"text"`
	Next string `json:"next,omitempty"`
	// Said is what the operator, the plugin or its tool said, on one line.
	Said string `json:"said"`
}

// Logs is how the log of a pod is read; *kube.Client does.
type Logs interface {
	PodLogs(ctx context.Context, namespace, pod, container string, follow bool) (io.ReadCloser, error)
}

// Why says why a backup failed. Where the operator has no more to say than how the tool ended, the tool's own words are
// looked for in the log of the pod that it ran in. Permission: get pods/log, without which that is left out.
func Why(ctx context.Context, logs Logs, cluster *cnpgv1.Cluster, b *cnpgv1.Backup) Failure {
	state := cnpg.BackupOf(b)
	said := state.Error
	if toolEnded().MatchString(said) {
		if told := toldByTool(ctx, logs, cluster, state); told != "" {
			said = told
		}
	}
	return explain(said, state.Instance, cluster)
}

// toolEnded is what the plugin says of a tool that failed: nothing else.
func toolEnded() *regexp.Regexp { return regexp.MustCompile(`exit status \d+$`) }

// explain makes a sentence of what was said. What is not known stays in the words of who said it. Pure.
func explain(said, pod string, cluster *cnpgv1.Cluster) Failure {
	said = oneLine(said)
	if pod == "" {
		pod = cluster.Status.CurrentPrimary
	}
	f := Failure{Text: said, Next: logsOf(cluster, pod), Said: said}
	kubectl := "kubectl -n " + cluster.Namespace + " "
	place := "get cluster " + cluster.Name + " -o yaml"
	if store := cnpg.ArchiveOf(cluster).Store; store != "" {
		place = "get objectstore " + store + " -o yaml"
	}
	for _, known := range failures() {
		m := known.said.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		f.Text = known.text
		if len(m) > 1 {
			f.Text = fmt.Sprintf(known.text, m[1])
		}
		switch known.next {
		case nextPlace:
			f.Next = kubectl + place
		case nextSecret:
			f.Next = kubectl + "get secrets"
		case nextPlugin:
			f.Next = "kubectl get pods -A -l app=barman-cloud"
		case nextPrimary:
			f.Next = "kubectl kea backup -n " + cluster.Namespace + " --target primary --wait"
		case nextLogs:
		}
		return f
	}
	if said == "" {
		f.Text = "the operator does not say why"
	}
	return f
}

// next is what helps against a failure.
type next int

const (
	nextLogs    next = iota
	nextPlace        // where the backups go
	nextSecret       // the credentials
	nextPlugin       // the plugin itself
	nextPrimary      // another instance
)

// failure is an error that is known, and what it means.
type failure struct {
	said *regexp.Regexp
	text string // with %s for what the expression caught
	next next
}

// failures are the errors that are known: those of CNPG 1.30, of the plugin's 0.14 and of Barman's tools.
func failures() []failure {
	is := func(said, text string, helps next) failure { return failure{regexp.MustCompile(said), text, helps} }
	return []failure{
		is(`Could not connect to the endpoint URL: "([^"]+)"`, "the object store does not answer at %s", nextPlace),
		is(`\(NoSuchBucket\)`, "the object store has no such bucket", nextPlace),
		is(`\((InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied|403|Forbidden)\)`, "the object store refuses the credentials (%s)", nextSecret),
		is(`(?i)unable to locate credentials|NoCredentials`, "there are no credentials for the object store", nextPlace),
		is(`secrets? "([^"]+)" not found`, "the Secret %s with the credentials of the object store does not exist", nextSecret),
		is(`missing key (\S+), inside secret`, "the Secret with the credentials of the object store has no key %s", nextPlace),
		is(`(?i)certificate verify failed`, "the certificate of the object store is not trusted", nextPlace),
		is(`requested plugin is not available: (\S+)`, "the operator does not know the plugin %s: it is not installed, or not ready", nextPlugin),
		is(`has no backup section|no barmanObjectStore section`, "it asks for the in-tree method, and the cluster has no object store of that kind", nextPlace),
		is(`canceling statement due to conflict with recovery`,
			"the replica that it was taken from gave it up, for it stood in the way of changes from the primary", nextPrimary),
		is(`^exit status (\d+)$`, "Barman's tool ended with status %s, and why stands in its log", nextLogs),
		is(`(?i)no space left on device`, "there is no space left on the device", nextLogs),
	}
}

// longestLog bounds what is read of a log, in lines.
const longestLog = 200_000

// toldByTool is the last error that Barman's tool reported while a backup was made, "" when there is none to be read. The
// operator does not say what the tool called a backup that failed, but makes one at a time.
func toldByTool(ctx context.Context, logs Logs, cluster *cnpgv1.Cluster, b cnpg.Backup) string {
	if b.Instance == "" || b.Started == nil || b.Stopped == nil {
		return ""
	}
	stream, err := logs.PodLogs(ctx, cluster.Namespace, b.Instance, logContainer(cluster), false)
	if err != nil {
		return "" // the reason that the operator gave must do
	}
	defer stream.Close()
	from, to := b.Started.Add(-grain), b.Stopped.Add(grain)
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<20)
	told := ""
	for n := 0; n < longestLog && lines.Scan(); n++ {
		var line struct {
			Logger string    `json:"logger"`
			Time   time.Time `json:"ts"`
			Msg    string    `json:"msg"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Logger != "barman-cloud-backup" || line.Time.Before(from) || line.Time.After(to) {
			continue
		}
		if _, text, found := strings.Cut(line.Msg, "ERROR: "); found {
			told = oneLine(text)
		}
	}
	return told
}

// logContainer is the container that Barman's tools run in.
func logContainer(cluster *cnpgv1.Cluster) string {
	if cnpg.ArchiveOf(cluster).Method == cnpg.MethodPlugin {
		return cnpg.BarmanContainer
	}
	return cnpg.PostgresContainer
}

// logsOf is the command that shows what Barman's tools said in an instance.
func logsOf(cluster *cnpgv1.Cluster, pod string) string {
	return fmt.Sprintf("kubectl -n %s logs %s -c %s --tail=50", cluster.Namespace, pod, logContainer(cluster))
}

// oneLine is a message without its line breaks, and without what a remote call puts before it.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return regexp.MustCompile(`^rpc error: code = \w+ desc = `).ReplaceAllString(text, "")
}
