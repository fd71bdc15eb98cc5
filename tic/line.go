package tic

// The characters of the bus, the same in both modes but for the separator.
const (
	stx = 0x02 // a frame begins
	etx = 0x03 // a frame ends
	eot = 0x04 // the meter interrupts itself, 02E §1.5.2
	ht  = 0x09
	lf  = 0x0A // a group begins
	cr  = 0x0D // a group ends
	sp  = 0x20
)

// shape is where the separators of a line are.
type shape struct {
	tabs  [maxTabs]uint8 // its first HT
	ntabs uint8          // how many HT it has, maxTabs+1 for more than a group can have
	junk  uint8          // characters no line has: controls other than HT, and DEL
}

const (
	maxTabs     = 3  // label HT horodate HT value HT checksum
	horodateLen = 13 // SAAMMJJhhmmss
)

// shapeOf returns the shape of a line of at most maxLine bytes.
func shapeOf(line []byte) (s shape) {
	for i, c := range line {
		switch c &= 0x7F; {
		case c >= sp && c < 0x7F:
		case c != ht:
			s.junk++
		case s.ntabs < maxTabs:
			s.tabs[s.ntabs] = uint8(i)
			s.ntabs++
		default:
			s.ntabs = maxTabs + 1
		}
	}
	return s
}

// trim drops control characters at the end. They are a damaged CR: a checksum is never one.
func (s *shape) trim(line []byte) []byte {
	for n := len(line) - 1; s.junk > 0 && n >= 0; n-- {
		if c := line[n] & 0x7F; c >= sp || c == ht {
			break
		}
		line = line[:n]
		s.junk--
	}
	return line
}

// mode is told by the separator. A historic line never holds an HT, a standard one may hold spaces.
func (s *shape) mode() Mode {
	if s.ntabs > 0 {
		return Standard
	}
	return Historic
}

// cut is where a line is cut into a group: label [:label], horodate [label+1:dated], value [value:end].
type cut struct {
	label, dated, value, end uint8 // dated is 0 without a horodate
}

// cuts finds the separators of a line, and reports whether they are where the grammar wants them.
func (s *shape) cuts(line []byte) (cut, bool) {
	end := len(line) - 2
	if s.ntabs > 0 {
		return s.cutStandard(end)
	}
	first := firstSpace(line)
	ok := first > 0 && first+1 < end && line[end]&0x7F == sp
	return cut{label: uint8(first), value: uint8(first + 1), end: uint8(end)}, ok
}

// cutStandard cuts at the HT, of which the last stands before the checksum. Only a dated group, DATE, may have no value.
func (s *shape) cutStandard(end int) (cut, bool) {
	first, second := s.tabs[0], s.tabs[1]
	switch s.ntabs {
	case 2:
		return cut{label: first, value: first + 1, end: uint8(end)}, first > 0 && int(second) == end && int(first)+1 < end
	case maxTabs:
		ok := first > 0 && int(s.tabs[2]) == end && second-first-1 == horodateLen
		return cut{label: first, dated: second, value: second + 1, end: uint8(end)}, ok
	}
	return cut{}, false
}

// of makes the group of a cut line.
func (c cut) of(line []byte) Group {
	g := Group{Label: line[:c.label:c.label], Value: line[c.value:c.end:c.end]}
	if c.dated > 0 {
		g.Horodate = line[c.label+1 : c.dated : c.dated]
	}
	return g
}

// labelled reports whether a name could be a label of any meter, parity bits gone: letters, digits, + and -, from a
// letter on, and at the end lower case and underscore, as industrial meters have it (EAP_s, DEBUTp). A capital or a digit
// after lower case is a digit whose bit 6 is wrong, which no sum shows.
func labelled(name []byte) bool {
	small := false
	for i, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c == '_':
			small = true
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '-':
			if small {
				return false
			}
		default:
			return false
		}
		if i == 0 && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
