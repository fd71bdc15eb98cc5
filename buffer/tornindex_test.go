package buffer_test

import (
	"errors"
	"maps"
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

// TestLongIndexIsNotTorn cuts the power while the index of a pack is written, whose entries are so long that Badger keeps
// them in another file than their keys: the keys are on the disk, the entries not. What the hour had before is in them, too,
// also of a pack that has gone and of which its block tells.
func TestLongIndexIsNotTorn(t *testing.T) {
	t.Parallel()
	hour := noon.Add(-time.Hour)
	gone, stays := manySeries(hour, 2), manySeries(hour.Add(time.Minute), 5)
	late := noise(rand.NewChaCha8([32]byte{}), hour.Add(3*time.Minute), 120_000)
	for name, last := range map[string][]senml.Pack{
		"by the journal": {manySeries(hour.Add(2*time.Minute), 3), manySeries(hour.Add(4*time.Minute), 7)},
		"at once":        {append(manySeries(hour.Add(2*time.Minute), 3), late...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := noon
			o := buffer.Options{Dir: filepath.Join(t.TempDir(), "buffer"), MaxAge: time.Hour}.WithClock(func() time.Time { return clock })
			b := open(t, o)
			put(t, b, manySeries(noon.Add(-3*time.Hour), 1)) // of another hour: their ids
			put(t, b, gone)
			clock = clock.Add(50 * time.Minute)
			put(t, b, stays)
			clock = clock.Add(20 * time.Minute)
			if err := errors.Join(b.Trim(), b.Close()); err != nil {
				t.Fatal(err)
			}
			var before, synced, written disk
			b = open(t, o.WithWatch(func(point string) {
				switch point {
				case "written":
					before, written = synced, takeDisk(t, o.Dir)
				case "synced":
					synced = takeDisk(t, o.Dir)
				}
			}))
			synced = takeDisk(t, o.Dir)
			for _, p := range last {
				put(t, b, p)
			}
			if err := b.Fold(); err != nil {
				t.Fatal(err)
			}
			for _, torn := range withoutValues(before, written) {
				o.Dir = torn.lay(t)
				b := open(t, o)
				if s := b.Stats(); len(s.SetAside) > 0 || s.Corrupt > 0 || int(s.Packs) != 1+len(last) {
					t.Errorf("%+v", s)
				}
				for i, want := range map[int]senml.Pack{2: {gone[1]}, 3: {last[0][1]}, 5: {stays[1]}, 6: {gone[3], last[0][2]}} {
					records, _, err := b.History(t.Context(), seriesOf(i), hour, noon, math.MaxInt32)
					if diff := cmp.Diff(want, senml.Pack(records), sameValue); diff != "" || err != nil {
						t.Errorf("series %d (-want +got), %v:\n%s", i, err, diff)
					}
				}
				if _, err := b.Verify(t.Context(), func(problem string) { t.Error(problem) }); err != nil {
					t.Error(err)
				}
				if err := b.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// withoutValues are disks on which everything is as it was written, but for the value logs: each lacks one of the blocks that
// have come since, or has no other.
func withoutValues(before, written disk) (all []disk) {
	const block = 512
	for name, now := range written {
		old := before[name].data
		if !strings.HasSuffix(name, ".vlog") || len(old) == len(now.data) {
			continue
		}
		for at := len(old) / block * block; at < len(now.data); at += block {
			end := min(at+block, len(now.data))
			lacks, alone := slices.Clone(now.data), make([]byte, len(now.data))
			clear(lacks[max(at, len(old)):end])
			copy(alone, old)
			copy(alone[at:end], now.data[at:end])
			for _, data := range [][]byte{lacks, alone} {
				torn := maps.Clone(written)
				torn[name] = file{data, now.size}
				all = append(all, torn)
			}
		}
	}
	return all
}
