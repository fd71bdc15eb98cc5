package buffer_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/buffer"
)

// TestFinalRollUps has readings come late, once and again, into an hour whose readings have gone: what was rolled up of them
// stays as it was, whatever other series say then, and a series that says something there for the first time is rolled up
// with all that comes.
func TestFinalRollUps(t *testing.T) {
	t.Parallel()
	type late struct {
		name   string
		minute int
		n      int
	}
	for _, row := range []struct {
		name  string
		late  []late
		other int // readings of the other series in the end
	}{
		{"one, and another", []late{{"gone", 5, 1}, {"gone", 15, 1}}, 0},
		{"the same three times", []late{{"gone", 5, 1}, {"gone", 5, 1}, {"gone", 5, 1}}, 0},
		{"more than were there", []late{{"gone", 5, 1}, {"gone", 3, 5}, {"gone", 4, 5}}, 0},
		{"another series before", []late{{"other", 5, 1}, {"gone", 15, 1}, {"gone", 25, 1}}, 1},
		{"another series behind", []late{{"gone", 5, 1}, {"other", 15, 1}, {"gone", 25, 1}}, 1},
		{"another series in parts", []late{{"gone", 5, 1}, {"other", 5, 2}, {"other", 25, 1}, {"gone", 35, 1}, {"other", 35, 1}}, 4},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := newRolled(t, noon.Add(2*time.Hour))
			r.say("gone", "V", noon, 6, func(i int) float64 { return float64(100 * i) })
			want := r.periods("gone", buffer.TenMinutes, noon, noon.Add(time.Hour))
			r.rollUp()
			r.clock = r.clock.AddDate(0, 0, 2*366+1)
			if err := r.b.Trim(); err != nil || r.b.Stats().Packs != 0 {
				t.Fatalf("%+v, %v", r.b.Stats(), err)
			}
			check := func(when string) {
				t.Helper()
				got := r.periods("gone", buffer.TenMinutes, noon, noon.Add(time.Hour))
				if diff := cmp.Diff(want, got, samePeriod); diff != "" {
					t.Errorf("%s (-want +got):\n%s", when, diff)
				}
			}
			for i, late := range row.late {
				r.say(late.name, "V", noon.Add(time.Duration(late.minute)*time.Minute), late.n, same(float64(9000+i)))
				check("as it has come")
				r.rollUp()
				check("rolled up")
			}
			if hours, days := r.b.Open(); hours+days != 0 {
				t.Errorf("%d hours and %d days are open", hours, days)
			}
			got := 0
			for _, p := range r.periods("other", buffer.TenMinutes, noon, noon.Add(time.Hour)) {
				got += p.Count
			}
			if got != row.other {
				t.Errorf("the other series has %d readings, want %d", got, row.other)
			}
		})
	}
}

// TestLateHistory reads what has come late into an hour whose roll-ups are final, though no block has it.
func TestLateHistory(t *testing.T) {
	t.Parallel()
	r := newRolled(t, noon.Add(2*time.Hour))
	r.say("gone", "V", noon, 6, same(100))
	r.rollUp()
	r.clock = r.clock.AddDate(0, 0, 2*366+1)
	if err := r.b.Trim(); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		r.say("gone", "V", noon.Add(time.Duration(i)*time.Minute), 1, same(float64(i)))
		r.say("other", "V", noon, 1, same(1))
		r.rollUp()
		p, _, err := r.b.History(t.Context(), record("gone", noon, 0).Name, noon, noon.Add(time.Hour), 9)
		if len(p) != i+1 || err != nil {
			t.Errorf("%d late readings are read, want %d, %v", len(p), i+1, err)
		}
	}
}
