package kiosk

import (
	"image"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestNight(t *testing.T) {
	t.Parallel()
	hours := func(s Show) string {
		line := ""
		for hour := range 24 {
			mark := "."
			if s.Night(time.Date(2026, 12, 21, hour, 30, 0, 0, time.UTC)) {
				mark = "#"
			}
			line += mark
		}
		return line
	}
	for _, row := range []struct {
		show Show
		want string
	}{
		{Show{}, "#######..............###"},
		{Show{Dusk: 1, Dawn: 5}, ".####..................."},
		{Show{Sky: &Sky{48.857, 2.352}}, "########........########"},
	} {
		if got := hours(row.show); got != row.want {
			t.Errorf("%+v: got %s, want %s", row.show, got, row.want)
		}
	}
}

func TestTurn(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	turns := func(view string, forward int, every time.Duration) []int {
		var all []int
		for n := range 5 {
			all = append(all, Show{Every: every}.Turn(slides(), view, forward, began.Add(time.Duration(n)*10*time.Second)))
		}
		return all
	}
	got := [][]int{turns("", 0, 0), turns("", 1, 0), turns("", 0, 10*time.Second), turns("synchro", 7, 0), turns("nothing", -1, 0)}
	want := [][]int{{0, 0, 1, 1, 2}, {1, 1, 2, 2, 0}, {0, 1, 2, 0, 1}, {1, 1, 1, 1, 1}, {2, 2, 0, 0, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (Show{}).Turn(nil, "now", 0, began); got != 0 {
		t.Errorf("without slides: %d", got)
	}
}

// A screen moves every five minutes, and over 45 of them its marks have been everywhere around their place.
func TestShift(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	seen := map[image.Point]int{}
	for minute := range 45 {
		seen[shift(began.Add(time.Duration(minute)*time.Minute), 3)]++
	}
	want := map[image.Point]int{}
	for _, x := range []int{-3, 0, 3} {
		for _, y := range []int{-3, 0, 3} {
			want[image.Pt(x, y)] = 5
		}
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("minutes a place (-want +got):\n%s", diff)
	}
}
