package linky

import (
	"slices"
	"testing"
	"time"
)

// dayOf returns the mean power, in W, that the whole home draws in each hour of a local day.
func dayOf(t *testing.T, s Scenario, year int, month time.Month, day int) (hours [24]int64) {
	t.Helper()
	s = s.completed()
	home := newHousehold(&s)
	var c legalTime
	start := startOfDay(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
	for unix := start - secondsPerDay; unix < start+secondsPerDay; unix++ {
		now := c.at(unix)
		current := s.Contract.calendar(nil).tariffAt(s.Seed, now)
		loads := home.live(now, current.offPeak)
		if unix >= start {
			hours[now.second/3600] += loads[0].active + loads[1].active + loads[2].active
		}
	}
	for hour := range hours {
		hours[hour] /= 3600
	}
	return hours
}

// sunOf returns the mean power of the panels, in W, of each hour of a local day.
func sunOf(s Scenario, year int, month time.Month, day int) (hours [24]int64) {
	s = s.completed()
	solar := newRoof(&s)
	var c legalTime
	start := startOfDay(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
	for unix := start; unix < start+secondsPerDay; unix += 5 {
		now := c.at(unix)
		hours[now.second/3600] += solar.shine(now)
	}
	for hour := range hours {
		hours[hour] /= 720
	}
	return hours
}

// TestHousehold holds the shape of a day: the evening above the small hours, the water heater only off peak.
func TestHousehold(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		hours := dayOf(t, Scenario{Seed: seed, Contract: PeakOffPeak}, 2026, time.July, 7)
		if hours[19] < 2*hours[4] {
			t.Errorf("seed %d: %d W in the evening, %d W at four in the morning; want at least twice as much", seed, hours[19], hours[4])
		}
		if hours[23] < 2000 {
			t.Errorf("seed %d: %d W after 23:00, want the water heater's 2200 W", seed, hours[23])
		}
		if hours[4] > 400 || hours[15] > 800 {
			t.Errorf("seed %d: %d W at four and %d W at 15:00 in July, want a quiet home", seed, hours[4], hours[15])
		}
	}
}

func TestSeasons(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		winter := dayOf(t, Scenario{Seed: seed}, 2026, time.January, 13)
		summer := dayOf(t, Scenario{Seed: seed}, 2026, time.July, 14)
		if total(winter) < total(summer)*3/2 {
			t.Errorf("seed %d: %d Wh on a day of January, %d in July; want half as much again", seed, total(winter), total(summer))
		}
	}
}

func total(hours [24]int64) (sum int64) {
	for _, watts := range hours {
		sum += watts
	}
	return sum
}

// TestSun holds the panels to daylight, to their power, and to the seasons.
func TestSun(t *testing.T) {
	t.Parallel()
	var winter, summer int64
	for seed := range uint64(4) {
		s := Scenario{Seed: seed, Producer: true}
		june, december := sunOf(s, 2026, time.June, 20), sunOf(s, 2026, time.December, 20)
		for _, hour := range []int{0, 3, 23} {
			if june[hour] != 0 || december[hour] != 0 {
				t.Errorf("seed %d: the sun shines at %d h", seed, hour)
			}
		}
		if june[13] == 0 || june[13] > 3000 || december[7] != 0 || december[18] != 0 {
			t.Errorf("seed %d: %d W at noon in June, %d and %d W at the ends of a day of December", seed, june[13], december[7], december[18])
		}
		winter, summer = winter+total(december), summer+total(june)
	}
	if summer < 3*winter {
		t.Errorf("%d Wh in June, %d in December; want at least three times as much", summer/4, winter/4)
	}
	if total(sunOf(Scenario{}, 2026, time.June, 20)) != 0 {
		t.Error("a home without panels produces")
	}
}

// TestPhases holds that a home on three phases uses all of them, and one on one phase only that.
func TestPhases(t *testing.T) {
	t.Parallel()
	for _, phases := range []int{1, 3} {
		s := Scenario{Phases: phases}.completed()
		home := newHousehold(&s)
		var c legalTime
		used := map[int]bool{}
		for unix := int64(defaultStart); unix < defaultStart+secondsPerDay; unix += 10 {
			for phase, l := range home.live(c.at(unix), false) {
				if l.active > 0 {
					used[phase] = true
				}
			}
		}
		if len(used) != phases {
			t.Errorf("a home on %d phase(s) uses %d", phases, len(used))
		}
	}
}

// TestDayDependsOnDate holds that the plan of a day is the same however many days were lived before it.
func TestDayDependsOnDate(t *testing.T) {
	t.Parallel()
	s := Scenario{Seed: 4}.completed()
	one, other := newHousehold(&s), newHousehold(&s)
	var c legalTime
	for unix := int64(defaultStart - 30*secondsPerDay); unix < defaultStart; unix += secondsPerDay {
		one.live(c.at(unix), false)
	}
	one.live(c.at(defaultStart), false)
	other.live(c.at(defaultStart), false)
	if !slices.Equal(one.chores[:one.planned], other.chores[:other.planned]) || one.heating != other.heating {
		t.Error("the plan of a day depends on the days before it")
	}
}
