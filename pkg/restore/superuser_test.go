package restore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shell is a psql that notes what it is told and answers from a list.
type shell struct {
	noPods
	command []string
	said    []string
	answers map[string]string
	fails   string // a statement that it ends at
}

func (s *shell) Exec(_ context.Context, _, _, container string, command []string, stdin io.Reader, stdout, stderr io.Writer) error {
	s.command = append([]string{container}, command...)
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		line := lines.Text()
		if text, ok := strings.CutPrefix(line, `\echo `); ok {
			fmt.Fprintln(stdout, text)
			continue
		}
		s.said = append(s.said, line)
		if s.fails != "" && strings.Contains(line, s.fails) {
			fmt.Fprintln(stderr, "ERROR:  must be superuser")
			return errors.New("exit status 3")
		}
		fmt.Fprint(stdout, s.answers[line])
	}
	return nil
}

func TestSuperuser(t *testing.T) {
	const (
		switchWAL = "select pg_walfile_name(pg_switch_wal());"
		archived  = `select coalesce(last_archived_wal collate "C" >= '000000010000000000000007', false) from pg_stat_archiver;`
	)
	pods := &shell{answers: map[string]string{switchWAL: "000000010000000000000007\n", archived: "t\n"}}
	s := openSuperuser(t.Context(), pods, "network", "kea-database-1")
	segment, err := s.archiveCommit(t.Context())
	if err != nil || segment != "000000010000000000000007" {
		t.Fatalf("segment %q, %v", segment, err)
	}
	if done, err := s.archived(t.Context(), segment); !done || err != nil {
		t.Errorf("archived %v, %v", done, err)
	}
	for _, do := range []func(context.Context, string) error{s.bar, s.admit} {
		if err := do(t.Context(), `k"ea`); err != nil {
			t.Error(err)
		}
	}
	s.close()
	if diff := cmp.Diff([]string{
		"select pg_logical_emit_message(true, 'kubectl-kea', 'restore');", switchWAL, archived,
		`alter role "k""ea" nologin;`, `alter role "k""ea" login;`,
	}, pods.said); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"postgres", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "postgres"}, pods.command); diff != "" {
		t.Error(diff)
	}
}

// A base backup that waits gets its checkpoint at once; where none waits, there is none.
func TestHurry(t *testing.T) {
	const look = "select pid from pg_stat_progress_basebackup where phase = 'waiting for checkpoint to finish';"
	for waits, want := range map[string][]string{"": {look}, "225\n": {look, "checkpoint;"}} {
		pods := &shell{answers: map[string]string{look: waits}}
		s := openSuperuser(t.Context(), pods, "network", "kea-database-1")
		ctx, cancel := context.WithTimeout(t.Context(), hurryTime/4)
		s.hurry(ctx)
		cancel()
		s.close()
		if diff := cmp.Diff(want, pods.said); diff != "" {
			t.Error(diff)
		}
	}
	refused := openSuperuser(t.Context(), &shell{fails: "pg_stat"}, "network", "kea-database-1")
	defer refused.close()
	refused.hurry(t.Context()) // it returns
}

// What psql says is the error, and every statement after it gets it too.
func TestSuperuserFails(t *testing.T) {
	s := openSuperuser(t.Context(), &shell{fails: "nologin"}, "network", "kea-database-1")
	defer s.close()
	for range 2 {
		if err := s.bar(t.Context(), "kea"); err == nil || !strings.Contains(err.Error(), "bar the role kea: ERROR:  must be superuser") {
			t.Error(err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	hangs := openSuperuser(t.Context(), &deaf{}, "network", "kea-database-1")
	defer hangs.close()
	if err := hangs.bar(ended, "kea"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// deaf never answers.
type deaf struct{ noPods }

func (deaf) Exec(ctx context.Context, _, _, _ string, _ []string, _ io.Reader, _, _ io.Writer) error {
	<-ctx.Done()
	return ctx.Err()
}
