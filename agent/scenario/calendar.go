package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"releve/tic/linky"
)

type rawCalendar struct {
	Name  string    `toml:"name"`
	Rates []string  `toml:"rates"`
	Day   []rawDay  `toml:"day"`
	Peak  []rawPeak `toml:"peak"`
}

type rawDay struct {
	On       []string `toml:"on"`
	Switches []string `toml:"switches"`
}

type rawPeak struct {
	Switches []string `toml:"switches"`
	From     string   `toml:"from"`
	To       string   `toml:"to"`
	Notice   string   `toml:"notice"`
	Percent  int      `toml:"percent"`
}

func (d *document) readCalendar(s *linky.Scenario) error {
	if d.Calendar == nil {
		return nil
	}
	c, err := d.Calendar.calendar()
	if err != nil {
		return fmt.Errorf("calendar: %w", err)
	}
	s.Calendar = c
	return nil
}

func (r *rawCalendar) calendar() (*linky.Calendar, error) {
	c := &linky.Calendar{Name: r.Name, Rates: r.Rates}
	for i, raw := range r.Day {
		day, err := switches(raw.Switches)
		if err != nil {
			return nil, fmt.Errorf("day %d: %w", i, err)
		}
		c.Days = append(c.Days, day)
		if err := raw.schedule(&c.Week, i); err != nil {
			return nil, fmt.Errorf("day %d: %w", i, err)
		}
	}
	for i, raw := range r.Peak {
		peak, err := raw.peak()
		if err != nil {
			return nil, fmt.Errorf("peak %d: %w", i+1, err)
		}
		c.Peaks = append(c.Peaks, peak)
	}
	return c, nil
}

// schedule gives a profile its days of the week. The first profile has those that no other asks for.
func (r *rawDay) schedule(week *[7]int, profile int) error {
	names := []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	for _, name := range r.On {
		day := slices.Index(names, name)
		if day < 0 {
			return fmt.Errorf("on: %q is not a day such as %s", name, names[1])
		}
		week[day] = profile
	}
	return nil
}

func (r *rawPeak) peak() (p linky.Peak, err error) {
	p.Percent = r.Percent
	if p.Day, err = switches(r.Switches); err != nil {
		return p, err
	}
	if p.From, err = minute(r.From); err != nil {
		return p, fmt.Errorf("from: %w", err)
	}
	if p.To, err = minute(r.To); err != nil {
		return p, fmt.Errorf("to: %w", err)
	}
	notice, err := span(r.Notice)
	if err != nil {
		return p, fmt.Errorf("notice: %w", err)
	}
	p.Notice = int(notice.Minutes())
	return p, nil
}

// switches reads a profile.
//
//	Format:  HH:MM INDEX [keep|tempo|open|closed [VIRTUAL,…]]
//	Example: "06:30 2 open", "22:30 1 closed 1,7"
func switches(texts []string) (linky.Day, error) {
	var day linky.Day
	for _, text := range texts {
		s, err := oneSwitch(strings.Fields(text))
		if err != nil {
			return nil, fmt.Errorf("switch %q: %w", text, err)
		}
		day = append(day, s)
	}
	return day, nil
}

func oneSwitch(words []string) (s linky.Switch, err error) {
	if len(words) < 2 || len(words) > 4 {
		return s, fmt.Errorf("write it like 06:30 2 open, or 22:30 1 closed 1,7 with virtual contacts")
	}
	if s.Minute, err = minute(words[0]); err != nil {
		return s, err
	}
	if s.Index, err = strconv.Atoi(words[1]); err != nil {
		return s, fmt.Errorf("%q is not the number of a rate", words[1])
	}
	if len(words) > 2 {
		order := slices.Index([]string{linky.Keep: "keep", linky.ByTempo: "tempo", linky.Open: "open", linky.Closed: "closed"}, words[2])
		if order < 0 {
			return s, fmt.Errorf("%q is not one of keep, tempo, open, closed", words[2])
		}
		s.Contact = linky.Contact(order)
	}
	if len(words) > 3 {
		s.Virtual, err = virtual(words[3])
	}
	return s, err
}

// virtual reads the numbers of virtual contacts that are closed.
func virtual(list string) (bits uint8, err error) {
	for number := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 7 {
			return 0, fmt.Errorf("%q is not a virtual contact from 1 to 7", number)
		}
		bits |= 1 << (n - 1)
	}
	return bits, nil
}

// minute reads an hour of the day, or of the night after it: 25:00 is one in the morning.
func minute(text string) (int, error) {
	hour, rest, found := strings.Cut(text, ":")
	h, errHour := strconv.ParseUint(hour, 10, 8)
	m, errMinute := strconv.ParseUint(rest, 10, 8)
	if !found || errHour != nil || errMinute != nil || h > 48 || m > 59 || len(rest) != 2 {
		return 0, fmt.Errorf("%q is not an hour like 06:30", text)
	}
	return int(h*60 + m), nil
}
