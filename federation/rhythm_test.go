package federation_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Wherever a delivery waits, the end of ctx ends it at once, without an error and without an acknowledgement.
func TestRunEndsWithContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		packs  [][]float64
		answer func(context.Context, int) error
		acks   []uint64
	}{
		{"waiting for a pack", nil, nil, nil},
		{"waiting for the recipient", [][]float64{{1}}, stall, nil},
		{"waiting for the next attempt", [][]float64{{1}}, func(context.Context, int) error { return errAway }, nil},
		{"waiting for the next turn", [][]float64{{1}}, nil, []uint64{1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cursor := newTape(tt.packs...)
				d := delivery(&peer{answer: tt.answer}, cursor, open)
				d.Rhythm = time.Hour
				stop := start(d)
				time.Sleep(time.Minute)
				synctest.Wait()
				before := time.Now()
				if err := stop(); err != nil {
					t.Error(err)
				}
				if took := time.Since(before); took != 0 {
					t.Errorf("it went on for %s", took)
				}
				same(t, "acknowledged", tt.acks, cursor.acks())
			})
		})
	}
}

// What was acknowledged while ctx ended is not sent again by the next start.
func TestAcknowledgementAtTheEndIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cursor := newTape([]float64{1})
		d := delivery(&peer{answer: func(context.Context, int) error { cancel(); return nil }}, cursor, open)
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
		same(t, "acknowledged", []uint64{1}, cursor.acks())
		if n := d.Stats().Records; n != 1 {
			t.Errorf("%d records counted", n)
		}
	})
}

func TestRhythm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cursor, recipient := newTape(), &peer{}
		d := delivery(recipient, cursor, open)
		d.Rhythm = 10 * time.Second
		stop := start(d)
		cursor.put(0)
		time.Sleep(500 * time.Millisecond) // between two ticks, so that no pack comes in the instant of a turn
		for n := range 24 {
			cursor.put(float64(n + 1))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		want := [][]float64{{0}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {11, 12, 13, 14, 15, 16, 17, 18, 19, 20}}
		same(t, "turns", want, recipient.attempts())
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// The waits between attempts grow, with a bound: a recipient that is away for a day is not asked more than every
// few minutes, and one that is back does not wait for hours.
func TestRetriesSlowDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		recipient := &peer{answer: func(context.Context, int) error { return errAway }}
		d := delivery(recipient, newTape([]float64{1}), open)
		stop := start(d)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := len(recipient.attempts()); n < 24*8 || n > 24*25 {
			t.Errorf("%d attempts in a day", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// A backlog does not wait between its turns, and none of them is so large that much is sent again when it fails.
func TestBacklogGoesWithoutRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var packs [][]float64
		for n := range 270 {
			packs = append(packs, make([]float64, 1))
			packs[n][0] = float64(n)
		}
		packs = append(packs, make([]float64, 12_000), make([]float64, 4_000), make([]float64, 1_001))
		cursor, recipient := newTape(packs...), &peer{}
		d := delivery(recipient, cursor, open)
		d.Rhythm = time.Hour
		stop := start(d)
		synctest.Wait()
		var turns []int
		for _, attempt := range recipient.attempts() {
			turns = append(turns, len(attempt))
		}
		// 60 packs, four times, what is left of one record each, then one pack too large for any turn, and two that are not one turn.
		same(t, "records of the turns", []int{60, 60, 60, 60, 30, 12_000, 4_000, 1_001}, turns)
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
