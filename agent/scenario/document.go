package scenario

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"releve/tic"
	"releve/tic/linky"
)

// document is what a file may hold, as it stands there; reference.toml explains it.
type document struct {
	Title     string       `toml:"title"`
	Meter     rawMeter     `toml:"meter"`
	Home      rawHome      `toml:"home"`
	Calendar  *rawCalendar `toml:"calendar"`
	Condition rawCondition `toml:"condition"`
	Change    []rawChange  `toml:"change"`
	Damage    []rawDamage  `toml:"damage"`
}

type rawMeter struct {
	Mode         string `toml:"mode"`
	Model        string `toml:"model"`
	Contract     string `toml:"contract"`
	Phases       int    `toml:"phases"`
	Power        int    `toml:"power"`
	Producer     bool   `toml:"producer"`
	Seed         uint64 `toml:"seed"`
	Start        string `toml:"start"`
	Curve        string `toml:"curve"`
	Unnamed      bool   `toml:"unnamed"`
	TempoProgram int    `toml:"tempo_program"`
}

type rawHome struct {
	Kind     string `toml:"kind"`
	Overload bool   `toml:"overload"`
	Car      int    `toml:"car"`
}

type rawDamage struct {
	Kind string   `toml:"kind"`
	Rate *float64 `toml:"rate"`
	From string   `toml:"from"`
	To   string   `toml:"to"`
}

// scenario is the document in the words of package linky.
func (d *document) scenario() (linky.Scenario, error) {
	s := linky.Scenario{
		Phases: d.Meter.Phases, SubscribedKVA: d.Meter.Power, Producer: d.Meter.Producer, Seed: d.Meter.Seed,
		Unnamed: d.Meter.Unnamed, TempoProgram: d.Meter.TempoProgram, Overload: d.Home.Overload, CarWatts: d.Home.Car,
	}
	for _, read := range []func(*linky.Scenario) error{
		d.readMeter, d.readTimes, d.readHome, d.readCalendar, d.readCondition, d.readChanges, d.readDamage,
	} {
		if err := read(&s); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (d *document) readMeter(s *linky.Scenario) (err error) {
	if s.Mode, err = Mode(d.Meter.Mode); err != nil {
		return fmt.Errorf("meter.mode: %w", err)
	}
	if s.Model, err = Model(d.Meter.Model); err != nil {
		return fmt.Errorf("meter.model: %w", err)
	}
	if s.Contract, err = contract(d.Meter.Contract); err != nil {
		return fmt.Errorf("meter.contract: %w", err)
	}
	return nil
}

func (d *document) readTimes(s *linky.Scenario) (err error) {
	if s.Start, err = instant(d.Meter.Start); err != nil {
		return fmt.Errorf("meter.start: %w", err)
	}
	if d.Meter.Curve == "off" {
		s.NoCurve = true
		return nil
	}
	if s.CurvePeriod, err = span(d.Meter.Curve); err != nil {
		return fmt.Errorf("meter.curve: %w", err)
	}
	return nil
}

func (d *document) readHome(s *linky.Scenario) error {
	switch d.Home.Kind {
	case "", "family":
	case "school":
		s.School = true
	default:
		return fmt.Errorf("home.kind: %q is not one of family, school", d.Home.Kind)
	}
	return nil
}

func (d *document) readDamage(s *linky.Scenario) error {
	for i, raw := range d.Damage {
		damage, err := raw.damage()
		if err != nil {
			return fmt.Errorf("damage %d: %w", i+1, err)
		}
		s.Damage = append(s.Damage, damage)
	}
	return nil
}

func (r rawDamage) damage() (d linky.Damage, err error) {
	if d.Kind, err = linky.ParseKind(r.Kind); err != nil {
		return d, err
	}
	if d.From, err = span(r.From); err != nil {
		return d, fmt.Errorf("from: %w", err)
	}
	if d.To, err = span(r.To); err != nil {
		return d, fmt.Errorf("to: %w", err)
	}
	d.Rate = 1
	if r.Rate != nil {
		d.Rate = *r.Rate
	}
	return d, nil
}

// Mode reads historic or standard; "" is tic.Auto, which leaves it to the model.
func Mode(word string) (tic.Mode, error) {
	return choose(word, tic.Auto, map[string]tic.Mode{"historic": tic.Historic, "standard": tic.Standard}, "standard, historic")
}

// Model reads the name of a generation of meters; "" is a Linky.
func Model(word string) (linky.Model, error) {
	return choose(word, linky.Linky, map[string]linky.Model{
		"linky": linky.Linky, "pilot": linky.Pilot, "electronic": linky.Electronic, "plain": linky.Plain, "pme-pmi": linky.Industrial,
	}, "linky, pilot, electronic, plain, pme-pmi")
}

// Contract reads the name of an offer; "" is base.
func Contract(word string) (linky.Contract, error) {
	return choose(word, linky.Base, map[string]linky.Contract{
		"base": linky.Base, "hc": linky.PeakOffPeak, "tempo": linky.Tempo, "ejp": linky.EJP, "hc-we": linky.Weekend,
	}, "base, hc, tempo, ejp, hc-we")
}

// contract also knows the offer that the file itself describes.
func contract(word string) (linky.Contract, error) {
	if word == "calendar" {
		return linky.Custom, nil
	}
	c, err := Contract(word)
	if err != nil {
		return c, fmt.Errorf("%w, calendar", err)
	}
	return c, nil
}

// choose looks a word up; "" is none.
func choose[T any](word string, none T, words map[string]T, names string) (T, error) {
	if word == "" {
		return none, nil
	}
	if chosen, ok := words[word]; ok {
		return chosen, nil
	}
	return none, fmt.Errorf("%q is not one of %s", word, names)
}

// instant reads an RFC 3339 time; "" is the zero time.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, fmt.Errorf("%q is not a time like 2026-01-15T18:30:00+01:00", text)
	}
	return at, nil
}

// span reads a length of time; "" is 0.
func span(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		return 0, fmt.Errorf("%q is not a length of time like 90s, 10m or 1h30m", text)
	}
	return d, nil
}

// Damages reads the damage of a command line, KIND or KIND=RATE each, from the start and for ever.
func Damages(words []string) ([]linky.Damage, error) {
	var all []linky.Damage
	for _, word := range words {
		kind, rate, has := strings.Cut(word, "=")
		raw := rawDamage{Kind: kind}
		if has {
			share, err := strconv.ParseFloat(rate, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %q is not a share from 0 to 1", kind, rate)
			}
			raw.Rate = &share
		}
		damage, err := raw.damage()
		if err != nil {
			return nil, err
		}
		all = append(all, damage)
	}
	return all, nil
}
