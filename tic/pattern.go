package tic

import "encoding/binary"

// pattern is a line as the table of labels predicts it, all of it but the values:
//
//	LF label separator [horodate HT] value separator checksum CR
//
// A line that looks like it needs no search for its separators and its end. The places of cut are counted from the label,
// one less than from LF.
type pattern struct {
	key, mask uint64 // the first eight characters of label and separator, as bits to be compared
	keep      uint64 // the digits among the eight characters before the last separator
	name      string
	kind      Kind
	mode      Mode
	entry     uint8
	separator byte
	nine      bool // the number has a ninth digit
	cut
}

// patterns goes with labels.
var patterns = predict()

func predict() []pattern {
	all := make([]pattern, len(labels))
	for i, l := range labels {
		all[i] = l.pattern(uint8(i + 1))
	}
	return all
}

// pattern returns what a line of the label looks like.
func (l *Label) pattern(entry uint8) pattern {
	p := pattern{name: l.Name, kind: l.Kind, mode: Standard, entry: entry, separator: ht, nine: l.Kind == Digits && l.Width == 9}
	if l.Modes == InHistoric {
		p.mode, p.separator = Historic, sp
	}
	p.label = uint8(len(l.Name))
	p.value = p.label + 1
	if l.Horodate {
		p.dated = p.label + 1 + horodateLen
		p.value = p.dated + 1
	}
	p.end = p.value + uint8(l.Width)
	start := append([]byte(l.Name), p.separator)
	start = start[:min(len(start), 8)]
	p.key, p.mask = short(start), ^uint64(0)>>(8*(8-len(start)))
	p.keep = ^uint64(0) << (8 * (8 - min(l.Width, 8)))
	return p
}

// shortestLine is the length of the shortest line of the table, PEJP, with its LF and its CR.
const shortestLine = 11

// recognise takes the line at the front when it is a good one that looks as its label says, and returns its length with
// LF and CR, or 0. It never refuses: any doubt is left to closeLine, which judges such a line the same, but slower.
func (d *Decoder) recognise(front []byte) int {
	if len(front) < shortestLine || front[0] != lf || d.memory.here == maxGroups {
		return 0
	}
	// Most often it is the label that had this place in the frame before.
	p := &patterns[d.memory.places[d.memory.here].guess]
	if !p.begins(front) {
		if p = find(front); p == nil {
			return 0
		}
	}
	size := int(p.end) + 4
	if len(front) < size || d.full(size) || d.frame.Mode != p.mode && d.frame.Mode != Auto {
		return 0
	}
	line := front[:size]
	census := take(line[1 : size-1])
	if !guarded(line[1:size-1], census.sum, p.mode) || !d.parity.trusts(line[1:size-1], census.high) {
		return 0
	}
	clean := line
	if census.high != 0 || line[size-1] != cr {
		clean = strip(d.clean[:], line)
	}
	if !p.admits(clean) {
		return 0
	}
	d.length += size
	d.keep(line, p, census.high == 0)
	d.begun = false // CR ended it
	return size
}

// keep makes a recognised line the next one of the frame.
func (d *Decoder) keep(line []byte, p *pattern, plain bool) {
	known := d.memory.renew(line, p.entry, plain)
	if known == nil {
		known = &place{cut: p.cut, mode: p.mode, entry: p.entry, plain: plain}
		d.memory.put(line, known)
	}
	d.join(known)
}

// find returns the pattern of the label at the front, nil when it has none.
func find(front []byte) *pattern {
	name := front[1:]
	for n := shortest; n <= longest && n < len(name); n++ {
		if c := name[n] & 0x7F; c != ht && c != sp {
			continue
		}
		if i := index(name[:n]); i >= 0 && patterns[i].begins(front) {
			return &patterns[i]
		}
		break
	}
	return nil
}

// begins reports whether the front, of at least shortestLine bytes, has the label and the separator after it.
func (p *pattern) begins(front []byte) bool {
	if binary.LittleEndian.Uint64(front[1:])&sevenBits&p.mask != p.key {
		return false
	}
	n := int(p.label)
	return n < 8 || front[n]&0x7F == p.name[n-1] && front[n+1]&0x7F == p.separator
}

// admits reports whether all that the label leaves open is as it must be: separators and end, horodate, value.
func (p *pattern) admits(line []byte) bool {
	if line[p.end+1] != p.separator || line[p.end+3] != cr {
		return false
	}
	if p.dated > 0 && (line[p.dated+1] != ht || !dates(line[p.label+2:p.dated+1])) {
		return false
	}
	if p.kind == Digits {
		return p.digits(line)
	}
	return labels[p.entry-1].admits(line[p.value+1 : p.end+1])
}

// digits reports whether the two to nine characters before the last separator are digits.
func (p *pattern) digits(line []byte) bool {
	w := (binary.LittleEndian.Uint64(line[p.end-7:]) ^ '0'*lanes) & p.keep
	return (w|(w+overNine))&topBits == 0 && (!p.nine || line[p.end-8]^'0' <= 9)
}
