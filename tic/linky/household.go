package linky

// load is the electric power on one phase: W, and var (positive when inductive).
type load struct{ active, reactive int64 }

// household is the home behind the meter: what is switched on, second by second.
type household struct {
	seed    uint64
	percent int64  // size of the home; 100 is a family on 6 kVA
	wired   [3]int // phase of each socket
	noise   dice
	wander  int64 // slow drift of the base load, in percent
	base    int64 // the base load of these ten seconds, in watts

	day     int64 // the day that everything below was planned for
	heating int64 // share of the time heaters run, in thousandths
	chores  [maxChores]chore
	planned int // chores in use

	tank    int64 // heat that the water heater owes, in joules
	morning bool  // hot water of the morning was drawn
	evening bool
}

const maxChores = 12

// chore is an appliance in use: a thermostat switches watts on for `on` seconds of every `cycle`.
type chore struct {
	from, to  int64 // seconds of the local day
	watts     int64
	on, cycle int64
	socket    int
}

// newHousehold moves a family in. Its tank lacks one kilowatt-hour.
func newHousehold(s *Scenario) *household {
	h := &household{
		seed: s.Seed, percent: sizeOf(s), day: -1,
		noise: castFor(s.Seed, forNoise, 0), tank: 3_600_000,
	}
	for socket := range h.wired {
		h.wired[socket] = socket % s.Phases
	}
	return h
}

// sizeOf fits a home to its subscription, so that overloads are rare at every size unless the scenario wants them.
func sizeOf(s *Scenario) int64 {
	kva := int64(s.SubscribedKVA)
	percent := 40 + 10*kva
	if kva < 6 {
		percent = kva * 100 / 6
	}
	if s.Phases == 3 {
		percent = percent * 85 / 100
	}
	if s.Overload {
		percent = percent * 3 / 2
	}
	return percent
}

// live returns the power on each phase at a moment.
func (h *household) live(now moment, offPeak bool) (loads [3]load) {
	if now.day != h.day {
		h.plan(now)
	}
	h.runBase(&loads, now)
	h.runFridge(&loads, now)
	h.runHeaters(&loads, now)
	h.runWaterHeater(&loads, now, offPeak)
	h.runChores(&loads, now)
	return loads
}

// add switches an appliance on, on the phase its socket is wired to.
func (h *household) add(loads *[3]load, socket int, active, reactive int64) {
	phase := &loads[h.wired[socket]]
	phase.active += active * h.percent / 100
	phase.reactive += reactive * h.percent / 100
}

// runBase adds what is always there: standby, lights, screens. Small power supplies are slightly capacitive.
func (h *household) runBase(loads *[3]load, now moment) {
	if now.unix%10 == 0 || h.base == 0 {
		h.wander = min(max(h.wander+h.noise.between(-2, 2), -25), 25)
		h.base = baseLoad(now.second) * (100 + h.wander) / 100
	}
	rolled := h.noise.roll()
	for circuit, share := range [3]int64{50, 32, 18} {
		flicker := 97 + int64(rolled>>(8*circuit)&7)
		active := h.base * share * flicker / 10_000
		h.add(loads, circuit, active, -active*15/100)
	}
}

// baseLoad is the day of a home in watts, hour by hour: sleep, breakfast, lunch, evening.
func baseLoad(second int64) int64 {
	hours := [...]int64{
		140, 130, 125, 120, 120, 130, 220, 380, 330, 220, 210, 260,
		360, 320, 230, 220, 240, 320, 430, 520, 560, 520, 380, 220,
	}
	hour, rest := second/3600, second%3600
	return (hours[hour]*(3600-rest) + hours[(hour+1)%24]*rest) / 3600
}

// runFridge adds a compressor: 16 minutes on, 29 off, with the inrush of its motor in the first two seconds.
func (h *household) runFridge(loads *[3]load, now moment) {
	const on, cycle = 16 * 60, 45 * 60
	switch second := (now.unix + int64(h.seed%cycle)) % cycle; {
	case second < 2:
		h.add(loads, 2, 450, 600)
	case second < on:
		h.add(loads, 2, 85, 65)
	}
}

// runHeaters adds three electric heaters whose thermostats work in turns of ten minutes.
func (h *household) runHeaters(loads *[3]load, now moment) {
	const cycle = 600
	on := cycle * h.heating / 1000
	if hour := now.second / 3600; hour < 6 || hour >= 23 {
		on = on * 6 / 10 // turned down at night
	}
	for room, watts := range [3]int64{900, 500, 700} {
		if (now.unix+int64(room)*cycle/3)%cycle < on {
			h.add(loads, room, watts, 0)
		}
	}
}

// runWaterHeater refills in the off-peak hours the heat that was drawn in the morning and in the evening.
func (h *household) runWaterHeater(loads *[3]load, now moment, offPeak bool) {
	const watts = 2200
	h.drawHotWater(now)
	if offPeak && h.tank > 0 {
		h.tank -= watts * now.lasts
		h.add(loads, 0, watts, 0)
	}
}

// drawHotWater takes the showers out of the tank, once each a day: 3 kWh at seven, 2 kWh at eight in the evening.
func (h *household) drawHotWater(now moment) {
	if !h.morning && now.second >= 7*3600 {
		h.morning = true
		h.tank += 3 * 3_600_000
	}
	if !h.evening && now.second >= 20*3600 {
		h.evening = true
		h.tank += 2 * 3_600_000
	}
}

// runChores adds the appliances that the plan of the day has on at this second.
func (h *household) runChores(loads *[3]load, now moment) {
	for i := range h.planned {
		c := &h.chores[i]
		if now.second >= c.from && now.second < c.to && (now.second-c.from)%c.cycle < c.on {
			h.add(loads, c.socket, c.watts, 0)
		}
	}
}

// plan draws the day: when the family cooks, washes and heats. It depends on the seed and the date only,
// so a day is the same whatever was simulated before it.
func (h *household) plan(now moment) {
	d := castFor(h.seed, forDay, now.day)
	season := monthly{600, 550, 400, 200, 50, 0, 0, 0, 30, 150, 380, 560}
	h.day, h.planned = now.day, 0
	h.heating = season.at(now.date) * d.between(75, 125) / 100
	h.morning, h.evening = false, false
	weekend := now.weekday == 0 || now.weekday == 6

	h.planCooking(&d, weekend)
	h.planWashing(&d, weekend)
}

// planCooking puts the kettle, the hob and the oven into the day.
func (h *household) planCooking(d *dice, weekend bool) {
	h.use(chore{from: clock(d, 6, 50, 40), watts: 2000, on: 1, cycle: 1}, 3*60)
	h.use(chore{from: clock(d, 16, 0, 60), watts: 2000, on: 1, cycle: 1}, 2*60)
	if weekend || d.percent(40) {
		h.use(chore{from: clock(d, 11, 50, 30), watts: 1800, on: 14, cycle: 20, socket: 1}, d.between(1500, 2400))
	}
	h.use(chore{from: clock(d, 18, 50, 40), watts: 1800, on: 12, cycle: 20, socket: 1}, d.between(1500, 2700))
	if weekend || d.percent(35) {
		h.use(chore{from: clock(d, 18, 40, 40), watts: 1800, on: 35, cycle: 60, socket: 2}, d.between(1800, 3600))
	}
}

// planWashing puts the dishwasher, which heats twice, and the washing machine into the day.
func (h *household) planWashing(d *dice, weekend bool) {
	if d.percent(70) {
		start := clock(d, 20, 45, 30)
		h.use(chore{from: start, watts: 1900, on: 1, cycle: 1, socket: 2}, 15*60)
		h.use(chore{from: start + 50*60, watts: 1900, on: 1, cycle: 1, socket: 2}, 12*60)
	}
	if weekend || d.percent(25) {
		start := clock(d, 9, 30, 120)
		h.use(chore{from: start, watts: 1900, on: 1, cycle: 1, socket: 1}, 18*60)
		h.use(chore{from: start + 18*60, watts: 260, on: 25, cycle: 40, socket: 1}, 55*60)
	}
}

// use puts a chore of that many seconds into the plan; a day has room for all that planning can ask for.
func (h *household) use(c chore, seconds int64) {
	c.to = c.from + seconds
	h.chores[h.planned] = c
	h.planned++
}

// clock is an hour of the day, up to so many minutes late.
func clock(d *dice, hour, minute, late int64) int64 {
	return hour*3600 + minute*60 + d.below(late*60)
}
