package linky

// car is an electric car at its charging point: it comes home in the evening of most days and fills up off peak, on
// phase 1, or on all phases of a three-phase home.
type car struct {
	seed   uint64
	watts  int64 // that the charging point gives at most
	limit  int64 // that it leaves to the whole home, so that the subscription holds
	phases int64

	day  int64 // the day that was planned
	home int64 // second of the day at which it comes
	owed int64 // joules that the battery lacks
	trip int64 // joules that the day's driving takes
}

func newCar(s *Scenario) car {
	return car{
		seed: s.Seed, watts: int64(s.CarWatts), limit: int64(s.SubscribedKVA) * 950, phases: int64(s.Phases), day: -1,
	}
}

// charge adds the car to the loads of the home.
func (c *car) charge(loads *[3]load, now moment, offPeak bool) {
	if c.watts == 0 {
		return
	}
	if now.day != c.day {
		c.plan(now)
	}
	if now.second >= c.home && c.trip > 0 {
		c.owed, c.trip = c.owed+c.trip, 0
	}
	if c.owed <= 0 || !offPeak {
		return
	}
	room := c.limit - loads[0].active - loads[1].active - loads[2].active
	watts := min(c.watts, room)
	if watts < 1400 { // less than six amperes: the charger waits (IEC 61851-1)
		return
	}
	c.owed -= watts * now.lasts
	for phase := range c.phases {
		loads[phase].active += watts / c.phases
		loads[phase].reactive -= watts / c.phases / 20
	}
}

// plan draws the day's driving: 4 to 18 kWh on five days of seven.
func (c *car) plan(now moment) {
	d := castFor(c.seed, forCar, now.day)
	c.day, c.home, c.trip = now.day, clock(&d, 17, 30, 120), 0
	if d.percent(70) {
		c.trip = d.between(4, 18) * 3_600_000
	}
}
