package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A reader reads again what has changed, and nothing else.
func TestReader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := NewReader(dir)
	if _, err := r.Take(); err == nil {
		t.Error("there is no ledger, and it is read")
	}
	l := filled(t, dir, 3)
	taken := func(isSame bool, before *Snapshot) *Snapshot {
		t.Helper()
		s, err := r.Take()
		must(t, err)
		if (s == before) != isSame {
			t.Errorf("what was read before is taken: %v, want %v", s == before, isSame)
		}
		got, err := s.Entries()
		must(t, err)
		if diff := cmp.Diff(contents(t, dir), got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		return s
	}
	first := taken(false, nil)
	taken(true, first)
	_, err := l.Append(sent(3))
	must(t, err)
	second := taken(false, first)
	taken(true, second)
}
