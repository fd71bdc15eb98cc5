package linky

import (
	"testing"
	"time"
)

// meanAt returns the mean power of a building, in W, over the hour that begins at an instant.
func meanAt(b building, at time.Time) (watts int64) {
	var c legalTime
	for second := range int64(3600) {
		for _, l := range b.live(c.at(at.Unix()+second), false) {
			watts += l.active
		}
	}
	return watts / 3600
}

// TestSchool holds the week of a school: lessons on weekdays, with the kitchen at noon; nights, weekends and August quiet.
func TestSchool(t *testing.T) {
	t.Parallel()
	for _, phases := range []int{1, 3} {
		for seed := range uint64(3) {
			s := Scenario{School: true, Phases: phases, SubscribedKVA: 12 * phases, Seed: seed}.completed()
			hour := func(month time.Month, day, hour int) int64 {
				return meanAt(newSchool(&s), time.Date(2026, month, day, hour-1, 0, 0, 0, time.UTC)) // or one later, in summer
			}
			lessons, kitchen := hour(time.January, 13, 9), hour(time.January, 13, 11)
			if kitchen < lessons+2000*int64(s.SubscribedKVA)/36 {
				t.Errorf("seed %d: %d W in lessons, %d W with the kitchen", seed, lessons, kitchen)
			}
			for name, quiet := range map[string]int64{
				"Sunday": hour(time.January, 18, 11), "night": hour(time.January, 13, 22), "August": hour(time.August, 11, 11),
			} {
				if quiet > lessons/2 || quiet <= 0 {
					t.Errorf("seed %d: %d W, %s, and %d W in lessons", seed, quiet, name, lessons)
				}
			}
			if most := int64(s.SubscribedKVA) * 1000; kitchen > most {
				t.Errorf("seed %d: %d W on %d kVA", seed, kitchen, s.SubscribedKVA)
			}
		}
	}
}

// TestCar follows a car for four weeks: it charges off peak only, never above its power nor past what the home leaves, and
// gets what its driving took, some ten kilowatt-hours on five days of seven.
func TestCar(t *testing.T) {
	t.Parallel()
	s := Scenario{CarWatts: 7400, SubscribedKVA: 9, Seed: 5}.completed()
	c := newCar(&s)
	var legal legalTime
	charged, most := int64(0), int64(0)
	for unix := int64(defaultStart); unix < defaultStart+28*secondsPerDay; unix++ {
		now := legal.at(unix)
		offPeak := now.second < 6*3600
		loads := [3]load{{active: 3000}}
		c.charge(&loads, now, offPeak)
		watts := loads[0].active - 3000
		if watts > 0 && !offPeak || watts < 0 || loads[0].active > 9000 || loads[1] != (load{}) {
			t.Fatalf("%d W on top of 3000 W at second %d", watts, now.second)
		}
		charged, most = charged+watts, max(most, watts)
	}
	if kWh := charged / 3_600_000; kWh < 100 || kWh > 350 || most < 5000 {
		t.Errorf("%d kWh in four weeks, at %d W at most", kWh, most)
	}
	loads := [3]load{{active: 8000}}
	c.owed = 3_600_000
	if c.charge(&loads, legal.at(defaultStart), true); loads[0].active != 8000 {
		t.Errorf("a home that uses all it subscribed to charges at %d W", loads[0].active-8000)
	}
	var none car
	if none.charge(&loads, legal.at(defaultStart), true); loads[0].active != 8000 {
		t.Error("a home without a car charges one")
	}
}
