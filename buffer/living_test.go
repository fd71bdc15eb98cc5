package buffer_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// TestFreedLogIsDurable frees a value log in which a pack lives, the block of its hour, and what the index says of
// it, all of them long: at no moment does a power cut find these in neither that log nor, durably, the one they were
// moved to. The block has more than the pack: another of the hour has gone.
func TestFreedLogIsDurable(t *testing.T) {
	t.Parallel()
	clock := noon
	dir := filepath.Join(t.TempDir(), "buffer")
	var before []string
	var torn disk // the place of what was moved is durable, it itself not
	o := buffer.Options{Dir: dir, MaxAge: time.Hour}.WithClock(func() time.Time { return clock })
	b := open(t, o)
	put(t, b, manySeries(noon.Add(-3*time.Hour), 1))
	put(t, b, manySeries(noon.Add(-2*time.Hour), 2))
	for range 3 {
		put(t, b, noise(rand.NewChaCha8([32]byte{}), clock, 200_000))
	}
	clock = clock.Add(50 * time.Minute)
	last := put(t, b, manySeries(noon.Add(-time.Hour-time.Minute), 2))
	if err := errors.Join(b.Settle(), b.Close()); err != nil {
		t.Fatal(err)
	}
	moved := 0
	b = open(t, o.WithWatch(func(point string) {
		if point == "moved" {
			moved++
			if diff := cmp.Diff(before, files(t, dir, ".vlog")); diff != "" {
				t.Errorf("a log goes before what lived in it is durable (-before +now):\n%s", diff)
			}
			torn = takeDisk(t, dir)
		}
	}))
	before = files(t, dir, ".vlog")
	clock = clock.Add(20 * time.Minute)
	if err := errors.Join(b.Trim(), b.Reclaim()); err != nil {
		t.Fatal(err)
	}
	if after := files(t, dir, ".vlog"); moved == 0 || len(after) >= len(before) {
		t.Fatalf("%d logs were freed, %q are left of %q", moved, after, before)
	}
	newest := filepath.Base(slices.Max(before))
	torn[newest] = file{torn[newest].data[:20], torn[newest].size} // its head
	o.Dir = torn.lay(t)
	for name, b := range map[string]*buffer.Buffer{"whole": b, "torn": open(t, o)} {
		got := seqs(next(t, cursor(t, b, "c", buffer.Beginning()), 9))
		if diff := cmp.Diff([]buffer.Seq{last}, got); diff != "" || b.Stats().Corrupt > 0 || len(b.Stats().SetAside) > 0 {
			t.Errorf("%s: packs (-want +got):\n%s%+v", name, diff, b.Stats())
		}
		records, _, err := b.History(t.Context(), seriesOf(0), noon.Add(-2*time.Hour), noon, math.MaxInt32)
		want := senml.Pack{manySeries(noon.Add(-2*time.Hour), 2)[0], manySeries(noon.Add(-time.Hour-time.Minute), 2)[0]}
		if diff := cmp.Diff(want, senml.Pack(records), sameValue); diff != "" || err != nil {
			t.Errorf("%s: the history (-want +got), %v:\n%s", name, err, diff)
		}
		if _, err := b.Verify(t.Context(), func(problem string) { t.Errorf("%s: %s", name, problem) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func seriesOf(i int) string { return record(fmt.Sprintf("s%d", i), noon, 0).Name }

// manySeries is a pack of each of 300 series that step leads to, the first with a long unit. A set of their ids is long if
// some are left out.
func manySeries(at time.Time, step int) (p senml.Pack) {
	for i := 0; i < 300; i += step {
		p = append(p, record(fmt.Sprintf("s%d", i), at, float64(i)))
	}
	p[0].Unit = strings.Repeat("W", buffer.MaxUnit)
	return p
}
