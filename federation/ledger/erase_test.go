package ledger

import (
	"errors"
	"os"
	"syscall"
	"testing"
	"time"
)

// TestEraseAmidFailure has nothing more opened, and what is open not closed, from the moment the first entry is read: what was
// erased is told, and what is recorded later is in the ledger. No other test runs meanwhile.
func TestEraseAmidFailure(t *testing.T) {
	for _, test := range []struct {
		name  string
		fails func(t *testing.T, l *Ledger)
		err   error
	}{
		{"no file can be opened", openNoMore, syscall.EMFILE},
		{"the old file cannot be closed", func(t *testing.T, l *Ledger) { must(t, l.file.Close()) }, os.ErrClosed},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			l := filled(t, dir, 3)
			t.Run("erase", func(t *testing.T) { // ends before the ledger is looked at
				begun := false
				n, err := l.Erase(noon.Add(time.Hour), "page", func(e Entry) bool {
					if !begun {
						begun = true
						test.fails(t, l)
					}
					return e.Count == 101
				})
				if n != 1 || !errors.Is(err, test.err) {
					t.Errorf("erased %d, %v", n, err)
				}
			})
			if n, err := l.Append(sent(4)); n != 4 || err != nil {
				t.Errorf("entry %d, %v", n, err)
			}
			if report, err := Verify(dir, l.PublicKey()); err != nil || report.Size != 5 || report.Erased != 1 {
				t.Errorf("%+v, %v", report, err)
			}
			must(t, l.Close())
		})
	}
}

// openNoMore has the process open no more files until the test ends.
func openNoMore(t *testing.T, _ *Ledger) {
	t.Helper()
	var was syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was))
	must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 1, Max: was.Max}))
	t.Cleanup(func() { must(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was)) })
}
