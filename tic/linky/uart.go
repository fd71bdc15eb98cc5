package linky

// resample returns what a receiver set to one speed makes of characters sent at another, followed by a silence: it looks
// at the line in the middle of each of its own bits, as a UART does, and after a stop bit that is none waits for the line
// to rise. Speeds are in bits per second; characters have eight bits, parity included.
func resample(dst, sent []byte, from, to int64) []byte {
	line := waveform{sent: sent, bit: 2 * to} // in units of which a bit of the receiver has an even number
	bit := 2 * from
	for at := line.falls(0); at >= 0; {
		if line.high(at + bit/2) { // too short for a start bit
			at = line.falls(at + bit/2)
			continue
		}
		var c byte
		for n := range int64(8) {
			if line.high(at + bit*(n+1) + bit/2) {
				c |= 1 << n
			}
		}
		dst = append(dst, c)
		at = line.falls(at + 9*bit + bit/2)
	}
	return dst
}

// waveform is characters as levels of the line over time.
type waveform struct {
	sent []byte
	bit  int64 // how long one lasts
}

// high returns the level at a time: a low start bit, eight bits from the lowest on, a high stop bit; then the line rests high.
func (w *waveform) high(at int64) bool {
	n := at / w.bit
	character, place := n/10, n%10
	switch {
	case character >= int64(len(w.sent)), place == 9:
		return true
	case place == 0:
		return false
	}
	return w.sent[character]>>(place-1)&1 == 1
}

// falls returns the first time, from at on, at which the line goes from high to low; -1 when it never does. The line was
// high before the first character.
func (w *waveform) falls(at int64) int64 {
	before := at == 0 || w.high(at)
	next := (at + w.bit - 1) / w.bit * w.bit
	for ; next < int64(len(w.sent))*10*w.bit; next += w.bit {
		now := w.high(next)
		if before && !now {
			return next
		}
		before = now
	}
	return -1
}
