package doctor

import (
	"bytes"

	"releve/tic"
)

// Hearing is a line that is listened to for a while, and what is worth telling of it. It decodes; see tic.Decoder for
// what it takes.
type Hearing struct {
	Speed int // in bauds; 0 when the port has none

	decoder *tic.Decoder
	enough  func()
	high    bool // a byte had its top bit set
	base    bool // historic mode with one price, which new offers look like
}

// NewHearing returns a line that calls enough, once or more, when it has heard enough of a healthy meter.
func NewHearing(mode tic.Mode, enough func()) *Hearing {
	h := &Hearing{enough: enough}
	h.decoder = tic.NewDecoder(mode, h.frame)
	return h
}

// Write takes the next bytes.
func (h *Hearing) Write(p []byte) (int, error) {
	h.high = h.high || bytes.ContainsFunc(p, func(r rune) bool { return r > 0x7F })
	n, err := h.decoder.Write(p)
	if c := h.decoder.Counters(); c.Frames >= enoughFrames && c.Groups >= enoughGroups {
		h.enough()
	}
	return n, err
}

// A judgement needs some frames, and lines enough for a share of them to mean something.
const (
	enoughFrames = 3
	enoughGroups = 40
)

// Flush tells that the bytes were interrupted.
func (h *Hearing) Flush() { h.decoder.Flush() }

// Counters is what the decoder has seen.
func (h *Hearing) Counters() tic.Counters { return h.decoder.Counters() }

// frame notes what a frame tells about the offer, and nothing of what it says.
func (h *Hearing) frame(f *tic.Frame) {
	for _, g := range f.Groups {
		if string(g.Label) == "OPTARIF" {
			h.base = string(bytes.TrimSpace(g.Value)) == "BASE"
		}
	}
}

// mode is the one that the meter talks in.
func (h *Hearing) mode() tic.Mode {
	known := h.Counters().Known
	switch {
	case known[tic.Historic] > known[tic.Standard]:
		return tic.Historic
	case known[tic.Standard] > 0:
		return tic.Standard
	}
	return tic.Auto
}

// stripped tells that something between the meter and us takes the parity bit away: bytes with an odd number of bits
// came, all of them without it.
func (h *Hearing) stripped() bool { return h.Counters().Groups > 0 && !h.high }
