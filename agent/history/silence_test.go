package history_test

import (
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"releve/agent/history"
)

// TestSilences hears a meter that draws 60 W in stretches of any length, with silences of any length between. Whatever the
// step, points and what belongs to none are together what the index says, and ten minutes that are whole are what it grew by
// between the last readings before their ends, which are at most ten minutes old.
func TestSilences(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 3, 29, 0, 0, 0, 0, paris(t)) // of 23 hours
	begin, end := day.AddDate(0, 0, -1), day.AddDate(0, 0, 2)
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 1))
		s := newStore(t, end)
		index := drawing(begin, 1000)
		var heard []time.Time
		for at := begin; at.Before(end); {
			next := at.Add(time.Duration(1+random.IntN(240)) * time.Minute)
			if next.After(end) {
				next = end
			}
			s.hear(drawn, "Wh", at, next, index)
			for ; at.Before(next); at = at.Add(time.Minute) {
				heard = append(heard, at)
			}
			at = next.Add(time.Duration(random.IntN(1+random.IntN(200))) * time.Minute)
		}
		var totals []float64
		for _, step := range []history.Step{history.TenMinutes, history.HalfHour, history.Hour, history.Daily} {
			line := s.ask(history.Question{Calendar: history.Day, At: day, Step: step}).Lines[0]
			sum := line.Unplaced
			for _, p := range line.Points {
				if p.Value == nil {
					if p.Whole {
						t.Errorf("seed %d, %s: a gap that is whole at %s", seed, step, p.From)
					}
					continue
				}
				sum += *p.Value
				grew := inForce(heard, p.To).Sub(inForce(heard, p.From)).Minutes()
				late := max(p.From.Sub(inForce(heard, p.From)), p.To.Sub(inForce(heard, p.To)))
				if p.Whole && step == history.TenMinutes && (*p.Value != grew || late > 10*time.Minute) {
					t.Errorf("seed %d, %s: %g at %s, of %g, heard %s before", seed, step, *p.Value, p.From, grew, late)
				}
			}
			if line.Total == nil || *line.Total != sum {
				t.Fatalf("seed %d, %s: total %s is no sum of %g", seed, step, told(line.Total), sum)
			}
			totals = append(totals, sum)
		}
		for _, total := range totals[1:] {
			if total != totals[0] {
				t.Errorf("seed %d: totals by step are %v", seed, totals)
			}
		}
	}
}

// inForce is when the index was read that is in force at an instant.
func inForce(heard []time.Time, at time.Time) time.Time {
	n := sort.Search(len(heard), func(i int) bool { return heard[i].After(at) })
	return heard[max(n-1, 0)]
}
