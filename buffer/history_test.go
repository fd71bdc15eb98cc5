package buffer_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
	"releve/senml"
)

// naive is what History must equal: all packs in memory, looked through from one end to the other. What was put
// twice counts once.
type naive []senml.Pack

func (n naive) history(name string, from, to time.Time, limit int) (senml.Pack, bool) {
	var found senml.Pack
	for _, p := range n {
		for _, r := range p {
			at := time.UnixMilli(int64(r.Time*1000 + 0.5))
			if r.Name == name && !at.Before(from) && at.Before(to) {
				found = append(found, r)
			}
		}
	}
	slices.SortStableFunc(found, func(x, y senml.Record) int {
		switch {
		case x.Time < y.Time:
			return -1
		case x.Time > y.Time:
			return 1
		}
		return 0
	})
	for i := len(found) - 1; i > 0; i-- {
		if slices.Contains(found[:i], found[i]) {
			found = slices.Delete(found, i, i+1)
		}
	}
	if len(found) > limit {
		return found[:limit], true
	}
	return found, false
}

// byHour is what is left when packs are trimmed: the records of an hour stay until its last pack goes.
type byHour map[int64]senml.Pack

func (h byHour) put(p senml.Pack) {
	for _, r := range p {
		h[int64(r.Time)/3600] = append(h[int64(r.Time)/3600], r)
	}
}

// trim drops the hours in which none of the packs has a record.
func (h byHour) trim(left []senml.Pack) {
	alive := byHour{}
	for _, p := range left {
		alive.put(p)
	}
	maps.DeleteFunc(h, func(n int64, _ senml.Pack) bool { return alive[n] == nil })
}

func (h byHour) all() (all naive) {
	for _, n := range slices.Sorted(maps.Keys(h)) {
		all = append(all, h[n])
	}
	return all
}

// last is what Series must equal.
func (n naive) last() map[string]senml.Record {
	last := map[string]senml.Record{}
	for _, p := range n {
		for _, r := range p {
			if known, ok := last[r.Name]; !ok || r.Time >= known.Time {
				last[r.Name] = r
			}
		}
	}
	return last
}

// randomPack is a pack of some series from a clock which runs, stands, leaps and goes back.
func randomPack(random *rand.Rand, clock *time.Time) senml.Pack {
	names := []string{"power", "voltage", "energy/1", "energy/10", "energy", "rare/" + string(rune('a'+random.IntN(20)))}
	steps := []time.Duration{time.Second, 0, 17 * time.Minute, -40 * time.Minute, 3 * time.Hour, 250 * time.Millisecond, -time.Second}
	var p senml.Pack
	for range 1 + random.IntN(30) {
		*clock = clock.Add(steps[min(random.IntN(12), random.IntN(len(steps)))%len(steps)])
		p = append(p, record(names[random.IntN(random.IntN(len(names))+1)], *clock, float64(random.IntN(5000))/8))
	}
	return p
}

func TestHistoryIsExact(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		dir, clock := t.TempDir(), noon
		b := open(t, buffer.Options{Dir: dir})
		var all naive
		for range 60 {
			p := randomPack(random, &clock)
			put(t, b, p)
			all = append(all, p)
			if random.IntN(20) == 0 {
				if err := b.Close(); err != nil {
					t.Fatal(err)
				}
				b = open(t, buffer.Options{Dir: dir})
			}
			checkHistory(t, b, all, random)
			checkSeries(t, b, all)
		}
	}
}

func checkHistory(t *testing.T, b *buffer.Buffer, all naive, random *rand.Rand) {
	t.Helper()
	for range 4 {
		pick := all[random.IntN(len(all))]
		one, other := pick[random.IntN(len(pick))], all[random.IntN(len(all))][0]
		from := time.UnixMilli(int64(one.Time * 1000))
		to := time.UnixMilli(int64(other.Time * 1000)).Add(time.Duration(random.IntN(2)) * time.Millisecond)
		limit := 1 + random.IntN(100)
		got, more, err := b.History(t.Context(), one.Name, from, to, limit)
		if err != nil {
			t.Fatal(err)
		}
		want, wantMore := all.history(one.Name, from, to, limit)
		if diff := cmp.Diff(want, got, sameValue); diff != "" || more != wantMore {
			t.Fatalf("%s from %v to %v, limit %d, more %v, want %v (-want +got):\n%s",
				one.Name, from, to, limit, more, wantMore, diff)
		}
	}
}

func checkSeries(t *testing.T, b *buffer.Buffer, all naive) {
	t.Helper()
	got := map[string]senml.Record{}
	for _, s := range b.Series() {
		got[s.Name] = s.Last
	}
	if diff := cmp.Diff(all.last(), got, sameValue); diff != "" {
		t.Fatalf("series after %d packs (-want +got):\n%s", len(all), diff)
	}
}

func TestHistoryBounds(t *testing.T) {
	t.Parallel()
	b := open(t, buffer.Options{Dir: t.TempDir()})
	name := record("power", noon, 0).Name
	put(t, b, senml.Pack{record("power", noon, 1), record("powers", noon, 9), record("power", noon.Add(time.Hour), 3)})
	put(t, b, senml.Pack{record("power", noon.Add(time.Minute), 2), record("power", noon, 1.5)})
	for _, row := range []struct {
		name     string
		series   string
		from, to time.Time
		limit    int
		want     []float64
		more     bool
	}{
		{"all", name, noon, noon.Add(2 * time.Hour), 9, []float64{1, 1.5, 2, 3}, false},
		{"from is in, to is out", name, noon, noon.Add(time.Hour), 9, []float64{1, 1.5, 2}, false},
		{"just to", name, noon, noon.Add(time.Hour + time.Microsecond), 9, []float64{1, 1.5, 2, 3}, false},
		{"just after from", name, noon.Add(time.Millisecond), noon.Add(time.Hour), 9, []float64{2}, false},
		{"exactly the limit", name, noon, noon.Add(2 * time.Hour), 4, []float64{1, 1.5, 2, 3}, false},
		{"more than the limit", name, noon, noon.Add(2 * time.Hour), 3, []float64{1, 1.5, 2}, true},
		{"more within the first hour", name, noon, noon.Add(2 * time.Hour), 1, []float64{1}, true},
		{"no limit is nothing", name, noon, noon.Add(2 * time.Hour), 0, nil, false},
		{"turned round", name, noon.Add(time.Hour), noon, 9, nil, false},
		{"unknown series", name + "/x", noon, noon.Add(2 * time.Hour), 9, nil, false},
		{"the widest range there is", name, time.Time{}, time.Unix(1<<40, 0), 9, []float64{1, 1.5, 2, 3}, false},
	} {
		got, more, err := b.History(t.Context(), row.series, row.from, row.to, row.limit)
		if err != nil {
			t.Fatal(err)
		}
		var values []float64
		for _, r := range got {
			v, _ := r.Value.Number()
			values = append(values, v)
		}
		if diff := cmp.Diff(row.want, values); diff != "" || more != row.more {
			t.Errorf("%s: more %v, want %v (-want +got):\n%s", row.name, more, row.more, diff)
		}
	}
}
