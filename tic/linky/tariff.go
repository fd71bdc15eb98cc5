package linky

// Colours of a Tempo day, as the status register codes them (54E §6.2.3.14, bits 24–27).
const (
	noColour = iota
	blue
	white
	red
)

// tariff is what the calendar says of one moment.
type tariff struct {
	supplier    int   // index that counts, 1 to 10
	distributor int   // index that counts, 1 to 4
	closed      bool  // the dry contact
	virtual     uint8 // the virtual contacts, bit 0 for contact 1
	offPeak     bool  // the water heater may run
	profile     int   // day profile of today
	next        int   // day profile of tomorrow

	today    int     // colour of the Tempo day in progress; noColour on other contracts
	tomorrow int     // colour of the next Tempo day once it is announced
	running  int     // number of the mobile peak in progress, 0 for none
	pending  int     // number of the one that is announced
	notice   int     // the same, once the notice is given
	peaks    [3]span // of peaks 1 to 3 that are announced or in progress
}

// span is when a mobile peak starts and ends: minutes of local time since 1970. It is zero when there is nothing to say.
type span struct{ from, to int64 }

// tariffAt applies a calendar to a moment. Of two peaks of one number in a row, the announced one hides the one in
// progress: a meter has one pair of labels for each.
func (c *Calendar) tariffAt(seed uint64, now moment) tariff {
	minute := int(now.second / 60)
	t := tariff{profile: c.Week[now.weekday], next: c.Week[(now.weekday+1)%7]}
	t.peaksAt(c, seed, now.day, minute)
	day := c.Days[t.profile]
	if t.running > 0 {
		day = c.Peaks[t.running-1].Day
	}
	t.supplier, t.closed, t.virtual = day.at(minute)
	// Without a contact that closes, the owner's own timer runs the heater at night.
	t.offPeak = t.closed || !day.closes() && minute >= 1*60 && minute < 6*60
	t.distributor = c.distributor(&t, now.date.month)
	return t
}

// peaksAt finds the mobile peaks around a minute of a local day: yesterday's may still run, tomorrow's be known.
func (t *tariff) peaksAt(c *Calendar, seed uint64, day int64, minute int) {
	if len(c.Peaks) == 0 {
		return
	}
	announced := c.colours && (minute >= announcement || minute < 6*60)
	for start := day - 1; start <= day+1; start++ {
		number := c.peakOn(seed, start)
		if number == 0 {
			continue
		}
		peak := &c.Peaks[number-1]
		into := minute + int(day-start)*minutesPerDay // since the midnight before the peak
		switch {
		case into >= peak.To || into < announcement-minutesPerDay:
			continue
		case into >= peak.From:
			t.running = number
		default:
			t.pending = number
			if into >= peak.From-peak.Notice {
				t.notice = number
			}
		}
		t.peaks[number-1] = span{start*minutesPerDay + int64(peak.From), start*minutesPerDay + int64(peak.To)}
	}
	if c.colours {
		t.today = blue + t.running
	}
	if announced {
		t.tomorrow = blue + t.pending
	}
}

// distributor is the distributor's index: on Base there is one, on peak and off-peak hours there are two, and on every
// other offer four, off peak then peak of the low season, then of the high season.
func (c *Calendar) distributor(t *tariff, month int16) int {
	if len(c.Rates) <= 2 && len(c.Peaks) == 0 {
		return t.supplier
	}
	index := 2
	if t.offPeak {
		index = 1
	}
	if highSeason(month) {
		index += 2
	}
	return index
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
