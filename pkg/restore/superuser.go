package restore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kubectl-kea/kubectl-kea/pkg/cnpg"
	"github.com/kubectl-kea/kubectl-kea/pkg/keadb"
)

// superuser is a session of psql as postgres in a primary's pod, for the few statements that need it: to have a later
// commit archived, and to open and close a role's way in. It is opened before it is needed: to start one takes longer than
// all the statements.
type superuser struct {
	in     *io.PipeWriter
	out    *bufio.Reader
	errors *bytes.Buffer
	ended  chan struct{}
	stop   context.CancelFunc
}

// endOfAnswer is what psql writes after the answer of a statement.
const endOfAnswer = "kubectl-kea: done"

// openSuperuser starts psql in the pod of a primary. Permission: create pods/exec.
func openSuperuser(ctx context.Context, pods Pods, namespace, pod string) *superuser {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	stdin, in := io.Pipe()
	out, stdout := io.Pipe()
	s := &superuser{in: in, out: bufio.NewReader(out), errors: &bytes.Buffer{}, ended: make(chan struct{}), stop: stop}
	go func() {
		defer close(s.ended)
		// Nothing of a session that is gone is done: psql runs a statement only when its line has come in whole.
		command := []string{"psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "postgres"}
		err := pods.Exec(ctx, namespace, pod, cnpg.PostgresContainer, command, stdin, stdout, s.errors)
		if text := strings.TrimSpace(s.errors.String()); text != "" && err != nil {
			err = errors.New(text)
		}
		if err == nil {
			err = io.EOF
		}
		_ = stdout.CloseWithError(err)
		_ = stdin.CloseWithError(err)
	}()
	return s
}

// do runs one statement, in a transaction of its own, and returns the lines of its answer.
func (s *superuser) do(ctx context.Context, doing, statement string) ([]string, error) {
	type answer struct {
		lines []string
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		if _, err := fmt.Fprintf(s.in, "%s;\n\\echo %s\n", statement, endOfAnswer); err != nil {
			answers <- answer{nil, err}
			return
		}
		lines := []string{}
		for {
			line, err := s.out.ReadString('\n')
			if err != nil {
				answers <- answer{nil, err}
				return
			}
			if line = strings.TrimRight(line, "\n"); line == endOfAnswer {
				answers <- answer{lines, nil}
				return
			}
			lines = append(lines, line)
		}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	case a := <-answers:
		if a.err != nil {
			return nil, fmt.Errorf("%s: %w", doing, a.err)
		}
		return a.lines, nil
	}
}

// close ends the session. It is safe on nil.
func (s *superuser) close() {
	if s == nil {
		return
	}
	_ = s.in.Close()
	s.stop()
	<-s.ended
}

// bar keeps a role from logging in; sessions that it has stay.
func (s *superuser) bar(ctx context.Context, role string) error {
	_, err := s.do(ctx, "bar the role "+role, "alter role "+keadb.QuoteName(role)+" nologin")
	return err
}

// admit lets a role log in.
func (s *superuser) admit(ctx context.Context, role string) error {
	_, err := s.do(ctx, "let the role "+role+" log in", "alter role "+keadb.QuoteName(role)+" login")
	return err
}

// archiveCommit writes a commit that changes nothing and has the log up to it archived; it returns the name of the segment
// that holds it. The two are transactions of their own: in one, the commit would land in the next segment.
func (s *superuser) archiveCommit(ctx context.Context) (segment string, err error) {
	if _, err := s.do(ctx, "write a later commit", "select pg_logical_emit_message(true, 'kubectl-kea', 'restore')"); err != nil {
		return "", err
	}
	lines, err := s.do(ctx, "switch the write-ahead log", "select pg_walfile_name(pg_switch_wal())")
	if err != nil || len(lines) != 1 {
		return "", errors.Join(err, unexpected(len(lines), 1))
	}
	return lines[0], nil
}

// archived reports whether a segment has been archived.
func (s *superuser) archived(ctx context.Context, segment string) (bool, error) {
	lines, err := s.do(ctx, "look at the archive", fmt.Sprintf("select coalesce(last_archived_wal collate \"C\" >= '%s', false) from pg_stat_archiver", segment))
	if err != nil || len(lines) != 1 {
		return false, errors.Join(err, unexpected(len(lines), 1))
	}
	return lines[0] == "t", nil
}

func unexpected(got, want int) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%d lines of an answer, not %d", got, want)
}
