package tic

import "encoding/binary"

// fits reports whether a value is as wide as the label wants it. Three things were seen besides, and damage that loses
// a few characters looks like none of them: recordings with edited addresses, a digit more or less; recordings with
// texts that lost all of their padding; indexes of a concentrator, eight digits.
func (l *Label) fits(value []byte) bool {
	n := len(value)
	if n == l.Width {
		return true
	}
	switch {
	case l.Kind == Identity && l.Name != "PRM":
		return n == l.Width-1 || n == l.Width+1
	case l.Kind == Text:
		return n < l.Width && bare(value)
	case l.Modes == InHistoric && l.Unit == WattHour:
		return n == l.Width-1
	}
	return false
}

// bare reports whether a text, not empty, has no padding at either end nor two spaces in a row.
func bare(text []byte) bool {
	before := byte(sp)
	for _, c := range text {
		if c == sp && before == sp {
			return false
		}
		before = c
	}
	return before != sp
}

// admits reports whether a value that fits holds only what the label may say, parity bits gone.
func (l *Label) admits(value []byte) bool {
	var ok bool
	switch l.Kind {
	case Nothing:
		ok = true
	case Digits:
		_, ok = decimal(value)
	case Identity:
		ok = isDigits(value)
	case Text:
		ok = printable(value)
	case DayPlan:
		ok = planned(value)
	case RelayStates:
		_, ok = relays(value)
	case TariffOption:
		_, ok = option(value)
	case TariffPeriod:
		_, ok = period(value)
	case DayColour:
		_, ok = colour(value)
	case HoursGroup: // any letter: an old meter may have one that nobody listed, in every frame
		ok = value[0] >= 'A' && value[0] <= 'Z'
	default:
		_, ok = hexadecimal(value)
	}
	return ok
}

// printable reports whether each byte is a character from space to tilde.
func printable(text []byte) bool {
	for len(text) >= 8 {
		w := binary.LittleEndian.Uint64(text)
		if controls(w)|(w|(w+lanes))&topBits != 0 {
			return false
		}
		text = text[8:]
	}
	for _, c := range text {
		if c < sp || c >= 0x7F {
			return false
		}
	}
	return true
}

// planned reports whether 98 characters are eleven blocks of digits, or unused ones, with a space between.
func planned(plan []byte) bool {
	for i := 0; i < len(plan); i += blockWidth + 1 {
		if i > 0 && plan[i-1] != sp {
			return false
		}
		block := plan[i : i+blockWidth]
		if string(block) == unusedBlock {
			continue
		}
		if _, ok := hexadecimal(block); !ok {
			return false
		}
	}
	return true
}

// dates reports whether thirteen characters are a season and twelve digits. Whether the calendar
// has such a date is for ParseHorodate: a meter whose clock was never set still has values.
func dates(horodate []byte) bool {
	_, _, ok := season(horodate[0])
	return ok && isDigits(horodate[1:])
}
