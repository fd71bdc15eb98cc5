package buffer

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"releve/buffer/journal"
	"releve/senml"
)

// TestJournalOfDamagedStore wants the packs of the last hour although their database is set aside, and once each
// although what brings them in is itself cut short.
func TestJournalOfDamagedStore(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "buffer")
	b := newStore(t, dir)
	for i := range 3 {
		if _, err := b.Put(senml.Pack{{Name: "n", Time: 1772366400 + float64(i), Value: senml.NumberValue(float64(i))}}); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadFile(filepath.Join(dir, journal.File))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	err = errors.Join(os.Truncate(filepath.Join(dir, "MANIFEST"), 3), os.WriteFile(filepath.Join(dir, journal.File), left, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		b = newStore(t, dir)
		records, more, err := b.History(t.Context(), "n", time.Unix(1772366400, 0), time.Unix(1772366500, 0), 99)
		if len(records) != 3 || more || err != nil {
			t.Errorf("round %d: %d records, %v, %v, want 3", round, len(records), more, err)
		}
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func newStore(t *testing.T, dir string) *Buffer {
	t.Helper()
	b, err := Open(Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}
