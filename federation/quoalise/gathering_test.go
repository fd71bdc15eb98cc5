package quoalise

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/senml"
)

// disk notes what is written together, and refuses packs with a value in them.
type disk struct {
	mu      sync.Mutex // guards everything below
	writes  [][]float64
	refuses float64
	breaks  float64
	took    time.Duration
}

var errFull = errors.New("disk full")

func (d *disk) take(_ context.Context, p senml.Pack) error {
	time.Sleep(d.took)
	var values []float64
	for _, r := range p {
		v, _ := r.Value.Number()
		values = append(values, v)
		switch v {
		case d.refuses:
			return errFull
		case d.breaks:
			panic("boom")
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes = append(d.writes, values)
	return nil
}

// fates are what pushes were settled with, by their value; each once.
type fates struct {
	mu  sync.Mutex // guards all
	all map[float64]string
}

// push makes a push of one record whose value tells it.
func (f *fates) push(ctx context.Context, value float64) push {
	return push{ctx, senml.Pack{record(power, value, 1_700_000_000)}, func(err error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		fate, _, _ := strings.Cut(text(err), "\n")
		if before, twice := f.all[value]; twice {
			fate = before + " and " + fate
		}
		f.all[value] = fate
	}}
}

// What comes together is taken together, in order, and settled only then; what waits is bounded in time and number; one
// that cannot be taken spoils none of the others.
func TestGathering(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		quiet  time.Duration
		pauses []time.Duration // before each push
		disk   *disk
		writes string
		fates  map[float64]string
	}{
		{"at once", 0, []time.Duration{0, 0, 0}, &disk{}, "[[1] [2] [3]]", map[float64]string{1: "", 2: "", 3: ""}},
		{"together", 100, []time.Duration{0, 99, 99}, &disk{}, "[[1 2 3]]", map[float64]string{1: "", 2: "", 3: ""}},
		{"apart", 100, []time.Duration{0, 99, 101}, &disk{}, "[[1 2] [3]]", map[float64]string{1: "", 2: "", 3: ""}},
		{"never quiet", 2000, []time.Duration{0, 1500, 1500, 1500, 1500}, &disk{}, "[[1 2 3 4] [5]]", map[float64]string{1: "", 2: "", 3: "", 4: "", 5: ""}},
		{"while a write takes long", 100, []time.Duration{0, 150, 20}, &disk{took: time.Minute}, "[[1] [2 3]]", map[float64]string{1: "", 2: "", 3: ""}},
		{"one is refused", 100, []time.Duration{0, 0, 0}, &disk{refuses: 2}, "[[1] [3]]", map[float64]string{1: "", 2: "disk full", 3: ""}},
		{"one breaks who takes it", 100, []time.Duration{0, 0, 0}, &disk{breaks: 2}, "[[1] [3]]", map[float64]string{1: "", 2: "take what was pushed: panic: boom", 3: ""}},
		{"it is refused alone", 100, []time.Duration{0, 500}, &disk{refuses: 1}, "[[2]]", map[float64]string{1: "disk full", 2: ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fates{all: map[float64]string{}}
				g := newGathering(tt.quiet*time.Millisecond, tt.disk.take)
				for i, pause := range tt.pauses {
					time.Sleep(pause * time.Millisecond)
					g.add(f.push(t.Context(), float64(i+1)))
				}
				time.Sleep(time.Hour)
				synctest.Wait()
				if diff := cmp.Diff(tt.writes, fmt.Sprint(tt.disk.writes)); diff != "" {
					t.Errorf("writes (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.fates, f.all); diff != "" {
					t.Errorf("settled (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A provider that never pauses is taken from in packs, and what waits does not grow.
func TestGatheringIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, d := &fates{all: map[float64]string{}}, &disk{}
		g := newGathering(time.Second, d.take)
		for i := range 2*gatherPushes + 1 {
			g.add(f.push(t.Context(), float64(i+1)))
		}
		if len(d.writes) != 2 || len(d.writes[0]) != gatherPushes || len(f.all) != 2*gatherPushes {
			t.Errorf("%d writes, %d settled", len(d.writes), len(f.all))
		}
		all := slices.Repeat(senml.Pack{record(power, 1, 1_700_000_000)}, gatherRecords)
		g.add(push{t.Context(), all, func(error) {}})
		if len(d.writes) != 3 || len(d.writes[2]) != gatherRecords+1 {
			t.Errorf("%d writes after many records", len(d.writes))
		}
		time.Sleep(time.Hour)
		synctest.Wait()
	})
}

// Of a link that is gone nothing more is taken: its sender sends it again.
func TestGatheringOfLostLink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, d := &fates{all: map[float64]string{}}, &disk{}
		g := newGathering(time.Second, d.take)
		ctx, lose := context.WithCancel(t.Context())
		g.add(f.push(ctx, 1))
		lose()
		g.add(f.push(t.Context(), 2))
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff(map[float64]string{1: "context canceled", 2: ""}, f.all); diff != "" || fmt.Sprint(d.writes) != "[[2]]" {
			t.Errorf("writes %v, settled (-want +got):\n%s", d.writes, diff)
		}
	})
}

// What a household pushes costs as few writes as it has rounds, or a few more where a shaper draws them out: each write
// wears a card.
func TestGatheringCountsWrites(t *testing.T) {
	t.Parallel()
	const rounds, series, every = 60, 40, time.Minute
	for _, tt := range []struct {
		name  string
		apart time.Duration // the messages of a round
		wants int           // writes
	}{
		{"at once", 0, rounds},
		{"drawn out", 100 * time.Millisecond, rounds},
		{"under a stock shaper", 190 * time.Millisecond, 2 * rounds},
		{"slower than is waited for", time.Second, rounds * series},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d, settled := &disk{refuses: -1, breaks: -1}, 0
				g := newGathering(200*time.Millisecond, d.take)
				for round := range rounds {
					for one := range series {
						g.add(push{context.Background(), senml.Pack{record(power, float64(round*series+one), 1_700_000_000)}, func(err error) {
							if err == nil {
								settled++
							}
						}})
						time.Sleep(tt.apart)
					}
					time.Sleep(every - series*tt.apart)
				}
				synctest.Wait()
				records := slices.Concat(d.writes...)
				if len(d.writes) != tt.wants || len(records) != rounds*series || !slices.IsSorted(records) || settled != rounds*series {
					t.Errorf("%d writes of %d records, want %d; %d were settled", len(d.writes), len(records), tt.wants, settled)
				}
			})
		})
	}
}
