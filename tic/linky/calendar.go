package linky

import "fmt"

// Calendar is what a supplier may program into a meter: any offer, of up to ten indexes.
type Calendar struct {
	Name  string   // NGTF, up to 16 characters; "" when none was programmed, and the label is absent
	Rates []string // LTARF of supplier's indexes 1 to 10, up to 16 characters each; "" when none was programmed
	Days  []Day    // day profiles 0 to 9; NJOURF is the place in this list
	Week  [7]int   // the profile of Sunday, Monday, … Saturday
	Peaks []Peak   // mobile peaks 1 to 3

	colours bool // Tempo: days are blue, white or red, drawn as that contract does
}

// Day is a day profile: up to eleven switches in order of time, the first one at midnight. Each holds until the next.
type Day []Switch

// Switch is a block of a day profile, 54E §6.2.3.17.
type Switch struct {
	Minute  int     // of the day
	Index   int     // supplier's index that counts from then on, 1 to 10
	Contact Contact // what becomes of the dry contact
	Virtual uint8   // virtual contacts 1 to 7 that are closed, bit 0 for contact 1
}

// Contact is what a switch does with the dry contact, as the upper two bits of a block code it.
type Contact uint8

// The orders. ByTempo leaves it to an object of the meter that closes the contact off peak, on odd indexes.
const (
	Keep Contact = iota
	ByTempo
	Open
	Closed
)

// Peak is a kind of day that is announced the evening before, at eight, and replaces the day profile for a while.
type Peak struct {
	Day      Day // PPOINTE
	From, To int // minutes since the midnight before it; a peak may last into the next day
	Notice   int // minutes before From in which STGE and PEJP give notice
	Percent  int // share of the weekdays from November to March that have it; Tempo draws its own
}

const (
	minutesPerDay = 24 * 60
	announcement  = 20 * 60 // the minute of the day after which tomorrow's peak is known
)

// check says what no meter can hold.
func (c *Calendar) check() error {
	switch {
	case len(c.Rates) < 1 || len(c.Rates) > 10:
		return fmt.Errorf("a calendar has 1 to 10 rates, not %d", len(c.Rates))
	case len(c.Days) < 1 || len(c.Days) > 10:
		return fmt.Errorf("a calendar has 1 to 10 day profiles, not %d", len(c.Days))
	case len(c.Peaks) > 3:
		return fmt.Errorf("a calendar has up to 3 mobile peaks, not %d", len(c.Peaks))
	}
	for _, name := range append([]string{c.Name}, c.Rates...) {
		if err := checkText("name", name, 16); err != nil {
			return err
		}
	}
	return c.checkDays()
}

func (c *Calendar) checkDays() error {
	for weekday, profile := range c.Week {
		if profile < 0 || profile >= len(c.Days) {
			return fmt.Errorf("day %d of the week has profile %d: there are profiles 0 to %d", weekday, profile, len(c.Days)-1)
		}
	}
	for i, day := range c.Days {
		if err := day.check(len(c.Rates)); err != nil {
			return fmt.Errorf("day profile %d: %w", i, err)
		}
	}
	for i, peak := range c.Peaks {
		if err := peak.check(len(c.Rates)); err != nil {
			return fmt.Errorf("mobile peak %d: %w", i+1, err)
		}
	}
	return nil
}

func (d Day) check(rates int) error {
	if len(d) < 1 || len(d) > 11 || d[0].Minute != 0 {
		return fmt.Errorf("a profile has 1 to 11 switches, the first at midnight")
	}
	before := -1
	for _, s := range d {
		switch {
		case s.Minute <= before || s.Minute >= minutesPerDay:
			return fmt.Errorf("minute %d is not after minute %d, or not in the day", s.Minute, before)
		case s.Index < 1 || s.Index > rates:
			return fmt.Errorf("index %d has no rate: there are %d", s.Index, rates)
		case s.Contact > Closed || s.Virtual > 0x7F:
			return fmt.Errorf("there is no contact order %d, %#02x", s.Contact, s.Virtual)
		}
		before = s.Minute
	}
	return nil
}

func (p *Peak) check(rates int) error {
	switch {
	case p.From < 0 || p.From >= minutesPerDay || p.To <= p.From || p.To > p.From+minutesPerDay:
		return fmt.Errorf("it starts within its day and lasts up to 24 hours, not from minute %d to %d", p.From, p.To)
	case p.Notice < 0 || p.Notice > p.From+minutesPerDay-announcement:
		return fmt.Errorf("it is announced at 20:00 on the eve: a notice of %d minutes is too long", p.Notice)
	case p.Percent < 0 || p.Percent > 100:
		return fmt.Errorf("%d percent of the days", p.Percent)
	}
	return p.Day.check(rates)
}

// at returns what the profile says of a minute.
func (d Day) at(minute int) (index int, closed bool, virtual uint8) {
	for _, s := range d {
		if s.Minute > minute {
			break
		}
		index, virtual = s.Index, s.Virtual
		switch s.Contact {
		case ByTempo:
			closed = s.Index%2 == 1
		case Open, Closed:
			closed = s.Contact == Closed
		}
	}
	return index, closed, virtual
}

// closes tells whether the profile ever closes the dry contact.
func (d Day) closes() bool {
	for _, s := range d {
		if _, closed, _ := d.at(s.Minute); closed {
			return true
		}
	}
	return false
}

// appendTo appends PJOURF+1 or PPOINTE: eleven blocks of an hour, a minute and four hexadecimal digits, of which the
// upper two bits command the dry contact, bits 10 to 4 the virtual ones, and the lower four give the supplier's index.
//
//	Example: "0000C001 06308002 2230C001 NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE NONUTILE"
func (d Day) appendTo(dst []byte) []byte {
	for i := range 11 {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if i >= len(d) {
			dst = append(dst, "NONUTILE"...)
			continue
		}
		s := &d[i]
		dst = appendPadded(dst, 2, int64(s.Minute/60))
		dst = appendPadded(dst, 2, int64(s.Minute%60))
		dst = appendHex(dst, 4, uint32(s.Contact)<<14|uint32(s.Virtual)<<4|uint32(s.Index))
	}
	return dst
}

// peakOn draws the mobile peak that starts on a local day, 0 for none.
func (c *Calendar) peakOn(seed uint64, day int64) int {
	if c.colours {
		return colourOf(seed, day) - blue
	}
	date, weekday := dateOf(day)
	if len(c.Peaks) == 0 || !highSeason(date.month) || weekday == 0 || weekday == 6 {
		return 0
	}
	d := castFor(seed, forColour, day)
	drawn := int(d.below(100))
	for i, peak := range c.Peaks {
		if drawn < peak.Percent {
			return i + 1
		}
		drawn -= peak.Percent
	}
	return 0
}
