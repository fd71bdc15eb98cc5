package linky

// Colours of a Tempo day, as the status register codes them (54E §6.2.3.14, bits 24–27).
const (
	noColour = iota
	blue
	white
	red
)

// tariff is what the contract says of one moment.
type tariff struct {
	supplier    int  // index that counts, 1 to 10
	distributor int  // index that counts, 1 to 4
	offPeak     bool // the dry contact is closed and the water heater may run
	today       int  // colour of the Tempo day in progress; noColour on other contracts
	tomorrow    int  // colour of the next Tempo day once it is announced
	tempoDay    int64
}

// announcement is the hour after which a Tempo meter knows tomorrow's colour.
const announcement = 20 * 3600

// tariffAt applies the contract to a moment.
func tariffAt(s *Scenario, now moment) tariff {
	switch s.Contract {
	case PeakOffPeak:
		return twoRates(now)
	case Tempo:
		return tempo(s.Seed, now)
	default:
		// The base contract has no off-peak hours; the owner's own timer runs the heater at night.
		return tariff{supplier: 1, distributor: 1, offPeak: now.second >= 1*3600 && now.second < 6*3600}
	}
}

// twoRates is off peak from 22:30 to 06:30: index 1, and peak the rest of the day: index 2.
func twoRates(now moment) tariff {
	if now.second >= 22*3600+1800 || now.second < 6*3600+1800 {
		return tariff{supplier: 1, distributor: 1, offPeak: true}
	}
	return tariff{supplier: 2, distributor: 2}
}

// tempo counts on indexes 1 to 6: off peak then peak of blue, white and red. The distributor has four,
// off peak then peak of the low season, then of the high season (November to March).
func tempo(seed uint64, now moment) tariff {
	t := tariff{tempoDay: now.day, offPeak: now.second >= 22*3600 || now.second < 6*3600}
	if now.second < 6*3600 {
		t.tempoDay--
	}
	t.today = colourOf(seed, t.tempoDay)
	if now.second >= announcement || now.second < 6*3600 {
		t.tomorrow = colourOf(seed, t.tempoDay+1)
	}
	t.supplier, t.distributor = 2*t.today, 2
	if t.offPeak {
		t.supplier--
		t.distributor--
	}
	if highSeason(now.date.month) {
		t.distributor += 2
	}
	return t
}

// highSeason tells the months in which red days exist.
func highSeason(month int16) bool { return month >= 11 || month <= 3 }

// colourOf draws the colour of a Tempo day: about 22 red days on weekdays of the high season and about 43 white
// days, never a Sunday. The real ones follow the weather; public holidays and the limit of five red days running are left out.
func colourOf(seed uint64, day int64) int {
	date, weekday := dateOf(day)
	d := castFor(seed, forColour, day)
	drawn := d.below(100)
	switch {
	case weekday == 0:
		return blue
	case highSeason(date.month) && weekday <= 5 && drawn < 21:
		return red
	case drawn >= 86:
		return white
	}
	return blue
}

// peak is a mobile peak: a white day is peak 1, a red day is peak 2, and a blue day none.
func peak(colour int) int { return max(colour-blue, 0) }

// peakDay returns the local day on which the announced or running peak of that number starts.
// Of two whites or two reds in a row, the announced one hides the running one: a meter has one pair of labels for each.
func (t *tariff) peakDay(number int) (day int64, known bool) {
	switch number {
	case peak(t.tomorrow):
		return t.tempoDay + 1, true
	case peak(t.today):
		return t.tempoDay, true
	}
	return 0, false
}

// calendarName is NGTF, centred on 16 characters as the meters seen in the field do.
func (c Contract) calendarName() string {
	return [...]string{"      BASE      ", "H PLEINE/CREUSE ", "     TEMPO      "}[c]
}

// rateName is LTARF for the index that counts.
func (c Contract) rateName(supplier int) string {
	switch c {
	case PeakOffPeak:
		return [...]string{"  HEURE  CREUSE ", "  HEURE  PLEINE "}[supplier-1]
	case Tempo:
		return [...]string{
			"    HC  BLEU    ", "    HP  BLEU    ", "   HC  BLANC    ",
			"   HP  BLANC    ", "    HC  ROUGE   ", "    HP  ROUGE   ",
		}[supplier-1]
	default:
		return "      BASE      "
	}
}

// unusedBlocks is eight of the eleven blocks of a day profile.
const unusedBlocks = " NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE"

// dayProfile is PJOURF+1, 54E §6.2.3.17: eleven blocks of an hour, a minute and four hexadecimal digits, of which
// the upper two bits command the dry contact and the lower four give the supplier's index.
func (c Contract) dayProfile() string {
	switch c {
	case PeakOffPeak:
		return "0000C001 06308002 2230C001" + unusedBlocks
	case Tempo:
		return "00004001 06004002 22004001" + unusedBlocks
	default:
		return "00008001 NONUTILE NONUTILE" + unusedBlocks
	}
}

// peakProfile is PPOINTE, the profile of a white or a red day.
func peakProfile(colour int) string {
	if colour == white {
		return "00004003 06004004 22004003" + unusedBlocks
	}
	return "00004005 06004006 22004005" + unusedBlocks
}
