package port

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"releve/tic"
)

func TestTuner(t *testing.T) {
	t.Parallel()
	// A step is what the counters say at a time, in seconds since the port was opened; want is the speed after it.
	type step struct {
		at    int
		count uint64
	}
	for _, test := range []struct {
		name  string
		mode  tic.Mode
		steps []step
		want  []int
	}{
		{"standard meter", tic.Auto, []step{{1, 40}, {2, 80}, {3, 120}}, []int{9600, 9600, 9600}},
		{"historic meter", tic.Auto, []step{{2, 0}, {3, 0}, {4, 11}, {5, 22}}, []int{9600, 1200, 1200, 1200}},
		{"silent line", tic.Auto, []step{{3, 0}, {6, 0}, {8, 0}, {9, 0}}, []int{1200, 9600, 9600, 1200}},
		{"patient once understood", tic.Auto, []step{{1, 5}, {9, 5}, {10, 5}, {11, 5}}, []int{9600, 9600, 9600, 1200}},
		{"impatient again once lost", tic.Auto, []step{{1, 5}, {11, 5}, {14, 5}, {17, 5}}, []int{9600, 1200, 9600, 1200}},
		{"groups keep it", tic.Auto, []step{{1, 5}, {10, 6}, {19, 7}, {28, 8}}, []int{9600, 9600, 9600, 9600}},
		{"mode given", tic.Historic, []step{{3, 0}, {20, 0}}, []int{1200, 1200}},
		{"other mode given", tic.Standard, []step{{3, 0}, {20, 0}}, []int{9600, 9600}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			opened := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
			tuner := newTuner(Config{Mode: test.mode})
			tuner.listen(opened, 0)
			var got []int
			for _, s := range test.steps {
				now := opened.Add(time.Duration(s.at) * time.Second)
				tuner.heard(now, s.count)
				if tuner.lost(now) {
					tuner.next(now)
				}
				got = append(got, tuner.speed())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("speeds (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTunerRemembersOverReopening(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	tuner := newTuner(Config{})
	tuner.listen(now, 0)
	tuner.next(now)
	tuner.heard(now, 11)

	tuner.listen(now.Add(time.Hour), 11)
	if got := tuner.speed(); got != 1200 {
		t.Errorf("speed after reopening is %d, want 1200, which worked", got)
	}
	if tuner.lost(now.Add(time.Hour)) {
		t.Error("lost as soon as it was reopened: the time it was closed was counted as silence")
	}
}
