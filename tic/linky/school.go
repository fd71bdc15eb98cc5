package linky

// school is a building of classrooms and a kitchen: busy on weekdays in term, quiet at night, in the weekend, in August.
type school struct {
	percent int64 // size; 100 is 36 kVA on three phases
	phases  int
	noise   dice
	wander  int64 // in thousandths
}

func newSchool(s *Scenario) *school {
	return &school{percent: int64(s.SubscribedKVA) * 100 / 36, phases: s.Phases, noise: castFor(s.Seed, forNoise, 0)}
}

// live returns the power on each phase at a moment. Hot water is made off peak.
func (b *school) live(now moment, offPeak bool) (loads [3]load) {
	if now.unix%10 == 0 {
		b.wander = min(max(b.wander+b.noise.between(-15, 15), -120), 120)
	}
	watts, motors := b.idle(now)
	if b.open(now) {
		watts, motors = b.lessons(now)
	}
	if offPeak && now.second < 3*3600 {
		watts += 3000
	}
	watts = watts * (1000 + b.wander) / 1000
	for phase, share := range [3]int64{36, 33, 31} {
		into := &loads[phase%b.phases]
		into.active += (watts + motors) * share / 100 * b.percent / 100
		into.reactive += motors * 6 / 10 * share / 100 * b.percent / 100
	}
	return loads
}

// open tells whether there are pupils.
func (b *school) open(now moment) bool {
	term := now.date.month != 8 && (now.date.month != 7 || now.date.day < 5)
	return term && now.weekday != 0 && now.weekday != 6 && now.second >= 7*3600 && now.second < 18*3600
}

// idle is the building by itself: servers, freezers, emergency lights, and heating against the frost.
func (b *school) idle(now moment) (watts, motors int64) {
	frost := monthly{3000, 2500, 1200, 300, 0, 0, 0, 0, 0, 200, 1500, 2800}
	return 700 + frost.at(now.date), 250
}

// lessons are lights, screens and ventilation, with the kitchen around noon and heating in winter.
func (b *school) lessons(now moment) (watts, motors int64) {
	heating := monthly{9000, 8000, 5000, 2000, 500, 0, 0, 0, 200, 2000, 6000, 8500}
	watts, motors = 4500+heating.at(now.date), 1800
	if now.second >= 10*3600 && now.second < 13*3600 {
		watts += 7500
	}
	return watts, motors
}
