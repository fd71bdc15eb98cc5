package tic

import "encoding/binary"

// The bus sends seven bits and even parity. Relève reads eight bits without parity, because a Raspberry Pi's
// mini-UART cannot check it and drivers ignore the wish silently: bit 7 then carries the parity. Recorded files, and
// drivers that were set to 7E1 before, have bit 7 always clear. Nothing announces which of the two a line is, so the
// decoder learns it from what it accepts:
//
//   - a line with any bit 7 set must have even parity throughout, whatever was learned;
//   - after learnParity such groups in a row the line is known to carry parity, and a line without any bit 7 must
//     have even parity too (a noise burst may have cleared it);
//   - when then forgetParity lines in a row have right checksums, wrong parity and no bit 7 at all, it is not noise:
//     the driver began to strip it, and the check is off until parity comes back.
type parity struct {
	carried bool
	with    int // accepted groups in a row with a bit 7 set
	without int // lines in a row that only stripping explains
}

const (
	learnParity  = 4
	forgetParity = 8
)

// saw notes some accepted groups; high tells whether each of them had a byte with bit 7 set, or none.
func (p *parity) saw(groups int, high bool) {
	p.without = 0
	if !high {
		p.with = 0
		return
	}
	p.with = min(p.with+groups, learnParity)
	if p.with == learnParity {
		p.carried = true
	}
}

// trusts reports whether the parity of a line is right as far as is known of it.
func (p *parity) trusts(line []byte, high uint64) bool {
	return high == 0 && !p.carried || even(line)
}

// stripped notes a line whose checksum is right and whose only fault is that it has no parity bits, and reports whether
// it is now clear that the driver strips them.
func (p *parity) stripped() bool {
	p.without++
	if p.without < forgetParity {
		return false
	}
	*p = parity{}
	return true
}

// even reports whether each byte of the line has an even number of bits set.
func even(line []byte) bool {
	var odd uint64
	for len(line) >= 8 {
		odd |= oddLanes(binary.LittleEndian.Uint64(line))
		line = line[8:]
	}
	return odd|oddLanes(short(line)) == 0
}

// oddLanes marks bit 0 of each byte with an odd number of bits set.
func oddLanes(w uint64) uint64 {
	w ^= w >> 4
	w ^= w >> 2
	w ^= w >> 1
	return w & lanes
}
