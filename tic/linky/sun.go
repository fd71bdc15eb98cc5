package linky

// roof is the solar plant of a producer: one inverter on phase 1.
type roof struct {
	seed  uint64
	watts int64 // at the best of the year
	sky   dice
	clear int64 // share of the light that passes the clouds now, in thousandths

	day           int64 // the day that everything below was drawn for
	sunrise, noon int64 // seconds of the UTC day
	best          int64 // at noon of this day, in thousandths of watts
	low, high     int64 // between which the clouds of the day move clear
}

// newRoof gives a producer 3 kW of panels, or what the subscription lets through when it is less.
func newRoof(s *Scenario) roof {
	r := roof{seed: s.Seed, sky: castFor(s.Seed, forSky, 0), clear: 600, day: -1}
	if s.Producer {
		r.watts = min(3000, 1000*int64(s.SubscribedKVA))
	}
	return r
}

// shine returns the watts that the inverter injects at a moment.
func (r *roof) shine(now moment) int64 {
	if r.watts == 0 {
		return 0
	}
	if now.day != r.day {
		r.dawn(now)
	}
	if now.unix%5 == 0 {
		r.clear = min(max(r.clear+r.sky.between(-25, 25), r.low), r.high)
	}
	fromNoon, half := now.unix%secondsPerDay-r.noon, r.noon-r.sunrise
	height := 1000 - 1000*fromNoon*fromNoon/(half*half)
	if height <= 0 {
		return 0
	}
	return r.watts * r.best / 1000 * height / 1000 * r.clear / 1000
}

// dawn reads the almanac (Paris, minutes of the UTC day) and draws the weather.
func (r *roof) dawn(now moment) {
	sunrise := monthly{458, 417, 363, 298, 246, 226, 242, 282, 327, 371, 421, 456}
	sunset := monthly{980, 1029, 1073, 1120, 1164, 1195, 1188, 1146, 1084, 1022, 972, 954}
	best := monthly{350, 480, 650, 800, 880, 900, 900, 850, 720, 560, 400, 310}

	r.day, r.best = now.day, best.at(now.date)
	r.sunrise = sunrise.at(now.date) * 60
	r.noon = (r.sunrise + sunset.at(now.date)*60) / 2
	d := castFor(r.seed, forSky, now.day)
	switch d.below(3) {
	case 0:
		r.low, r.high = 880, 1000
	case 1:
		r.low, r.high = 200, 1000
	default:
		r.low, r.high = 120, 380
	}
}
