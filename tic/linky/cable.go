package linky

import (
	"fmt"
	"time"

	"releve/tic"
)

// Cable is what lies between a meter and a program that reads it, with all its damages: receiver and driver included.
// The same seed damages the same frames the same way. It is not safe for concurrent use.
type Cable struct {
	faults    []fault
	unplugged bool
	spare     []byte // the frame before a step
}

// NewCable checks the damages of a cable. Those of the meter itself, Power to Jump, have no effect on it.
func NewCable(seed uint64, damages ...Damage) (*Cable, error) {
	for _, d := range damages {
		if err := d.check(); err != nil {
			return nil, fmt.Errorf("check damage: %w", err)
		}
	}
	_, line := divide(newFaults(seed, damages))
	return &Cable{faults: line}, nil
}

// divide shares damages out between the meter and what comes after it.
func divide(all []fault) (meter, line []fault) {
	for _, f := range all {
		if f.Kind <= Jump {
			meter = append(meter, f)
		} else {
			line = append(line, f)
		}
	}
	return meter, line
}

// Carry appends what the program reads of a frame, or of any other piece of the line after which there is a silence.
// The frame has seven-bit characters; what is read has even parity in bit 7, as set to 8N1, unless damage changed that.
// at is the time since the start, for damages that last a while; mode tells the speed.
func (c *Cable) Carry(dst, frame []byte, at time.Duration, mode tic.Mode) []byte {
	before := len(dst)
	dst = append(dst, frame...)
	EvenParity(dst[before:])
	c.unplugged = false
	for i := range c.faults {
		f := &c.faults[i]
		if !f.in(at) || f.Kind >= Nulls && !f.hits() {
			continue
		}
		c.spare = append(c.spare[:0], dst[before:]...)
		dst = c.step(f, dst[:before], c.spare, mode)
	}
	return dst
}

// Unplugged tells whether the plug was out during the last frame.
func (c *Cable) Unplugged() bool { return c.unplugged }

// step appends what one damage leaves of a frame.
func (c *Cable) step(f *fault, dst, frame []byte, mode tic.Mode) []byte {
	switch f.Kind {
	case LineFeeds, Starts, Returns:
		return f.mistake(dst, frame)
	case Bits:
		return f.flip(dst, frame)
	case Bursts:
		return f.burst(dst, frame)
	case Lost, Doubled:
		return f.count(dst, frame)
	case Nulls:
		return append(append(dst, make([]byte, f.dice.between(1, 16))...), frame...)
	case Noise:
		return f.anything(append(dst, frame...), f.dice.between(1, 12))
	case Baud:
		own := baudOf(mode)
		return resample(dst, frame, own, 9600*1200/own)
	case Stuck:
		return append(dst, 0)
	case Unplug:
		c.unplugged = true
	case Stripped, Cooked:
		return f.drive(dst, frame)
	}
	return dst // Silence
}

// mistake damages a control character: LF and CR lose or gain a bit or two, STX two bits that keep its parity.
func (f *fault) mistake(dst, frame []byte) []byte {
	victim, wrong := byte(lineFeed), []byte{0x0F, 0x0E, 0x0B}
	switch f.Kind {
	case Starts:
		victim, wrong = startOfText|0x80, []byte{0xC3}
	case Returns:
		victim, wrong = carriageReturn|0x80, []byte{0x8C}
	}
	for _, c := range frame {
		if c == victim && f.hits() {
			c = wrong[f.dice.below(int64(len(wrong)))]
		}
		dst = append(dst, c)
	}
	return dst
}

func (f *fault) flip(dst, frame []byte) []byte {
	for _, c := range frame {
		for bit := range 8 {
			if f.hits() {
				c ^= 1 << bit
			}
		}
		dst = append(dst, c)
	}
	return dst
}

func (f *fault) burst(dst, frame []byte) []byte {
	left := int64(0)
	for _, c := range frame {
		if left == 0 && f.hits() {
			left = f.dice.between(2, 8)
		}
		if left > 0 {
			left--
			c = byte(f.dice.roll())
		}
		dst = append(dst, c)
	}
	return dst
}

// count loses characters or doubles them.
func (f *fault) count(dst, frame []byte) []byte {
	for _, c := range frame {
		switch hit := f.hits(); {
		case hit && f.Kind == Lost:
		case hit:
			dst = append(dst, c, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func (f *fault) anything(dst []byte, n int64) []byte {
	for range n {
		dst = append(dst, byte(f.dice.roll()))
	}
	return dst
}

// drive is a driver that was not set to eight raw bits: ISTRIP clears bit 7; ICRNL, ISIG, ICANON and IXON do the rest
// (termios(3)).
func (f *fault) drive(dst, frame []byte) []byte {
	for _, c := range frame {
		c &= 0x7F
		if f.Kind == Cooked {
			switch c {
			case endOfText, endOfTransmission, 0x11, 0x13:
				continue
			case carriageReturn:
				c = lineFeed
			}
		}
		dst = append(dst, c)
	}
	return dst
}
