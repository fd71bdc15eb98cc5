package status

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Spaces of French typography: thin before units and between thousands, so
// that a number never breaks across two lines.
const (
	narrowSpace = "\u202f"
	firmSpace   = "\u00a0"
)

// whole writes a number without decimals, thousands grouped: "12 345", "12,345".
func (c catalogue) whole(v float64) string { return c.decimal(v, 0) }

// decimal writes a number with the given decimals, as the language groups and points it.
func (c catalogue) decimal(v float64, decimals int) string {
	group, point := ",", "."
	if c.language == french {
		group, point = narrowSpace, ","
	}
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	digits, fraction, _ := strings.Cut(text, ".")
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + group + digits[at:]
	}
	if fraction != "" {
		digits += point + fraction
	}
	if v < 0 && strings.Trim(text, "0.") != "" {
		return "−" + digits
	}
	return digits
}

// measured joins a number and its unit so that they stay on one line.
func (c catalogue) measured(number, unit string) string {
	if unit == "" {
		return number
	}
	return number + firmSpace + unit
}

// energy writes watt hours as kilowatt hours with one decimal.
func (c catalogue) energy(e WattHour) string {
	return c.measured(c.decimal(math.Floor(float64(e)/100)/10, 1), "kWh")
}

// index writes a register as the meter's own display does: whole kilowatt hours.
func (c catalogue) index(e WattHour) string {
	return c.measured(c.whole(float64(e/1000)), "kWh")
}

// power writes volt-amperes, without ever calling them watts.
func (c catalogue) power(p VoltAmpere) string {
	return c.measured(c.whole(math.Round(float64(p))), "VA")
}

// kilo writes a subscribed power: "6 kVA", "7,5 kVA".
func (c catalogue) kilo(p VoltAmpere) string {
	decimals := 0
	if math.Mod(math.Round(float64(p)/100), 10) != 0 {
		decimals = 1
	}
	return c.measured(c.decimal(float64(p)/1000, decimals), "kVA")
}

// size writes a number of bytes in the decimal units a disk is sold by.
func (c catalogue) size(bytes int64) string {
	amount, unit := float64(bytes), c.say("unit.byte")
	for _, prefix := range []string{"k", "M", "G"} {
		if amount < 1000 {
			break
		}
		amount, unit = amount/1000, prefix+c.say("unit.byte.short")
	}
	if bytes < 1000 || amount >= 100 {
		return c.measured(c.whole(amount), unit)
	}
	return c.measured(c.decimal(amount, 1), unit)
}

// span writes how long something lasts, in the one unit a person would use.
func (c catalogue) span(d time.Duration) string {
	amount, unit := d.Hours()/24, "unit.day"
	switch {
	case d < time.Minute:
		amount, unit = max(d.Seconds(), 0), "unit.second"
	case d < time.Hour:
		amount, unit = d.Minutes(), "unit.minute"
	case d < 48*time.Hour:
		amount, unit = d.Hours(), "unit.hour"
	}
	return c.measured(c.whole(math.Floor(amount)), c.say(unit))
}

// ago writes how long before now something happened: "il y a 2 s", "2 s ago".
func (c catalogue) ago(now, at time.Time) string { return c.say("ago", c.span(now.Sub(at))) }

// clock writes a time of day, with the date when it is not today's.
func (c catalogue) clock(now, at time.Time) string {
	at = at.In(now.Location())
	if now.YearDay() == at.YearDay() && now.Year() == at.Year() {
		return at.Format("15:04")
	}
	return at.Format(c.say("date.layout")) + firmSpace + at.Format("15:04")
}

// second is clock with the seconds, for what is of today.
func (c catalogue) second(now, at time.Time) string {
	if at = at.In(now.Location()); now.YearDay() == at.YearDay() && now.Year() == at.Year() {
		return at.Format("15:04:05")
	}
	return c.clock(now, at)
}

// reading words a value: a number is pointed as the language does, a switch is yes or no, a state is in the language's
// words, any other text is left alone.
func (c catalogue) reading(r Reading) string {
	switch r.Value {
	case "true":
		return c.say("value.true")
	case "false":
		return c.say("value.false")
	}
	if words, ok := c.lines["word."+r.Value]; ok && r.Unit == "" {
		return words
	}
	v, err := strconv.ParseFloat(r.Value, 64)
	if err != nil || r.Unit == "" {
		return c.measured(r.Value, r.Unit)
	}
	_, fraction, _ := strings.Cut(r.Value, ".")
	return c.measured(c.decimal(v, len(fraction)), r.Unit)
}
