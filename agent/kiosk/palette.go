package kiosk

import "image/color"

// palette is the colours of the day, or of the night.
type palette struct {
	paper, card, line, text, muted color.RGBA
	tones                          [Quiet + 1]color.RGBA
}

func rgb(hex uint32) color.RGBA {
	return color.RGBA{uint8(hex >> 16), uint8(hex >> 8), uint8(hex), 255}
}

// byDay is bright, for a room with windows; each colour has 4.5:1 on paper and card.
func byDay() palette {
	return palette{
		paper: rgb(0xf5f7fa), card: rgb(0xffffff), line: rgb(0xd8dfe6), text: rgb(0x1b1f24), muted: rgb(0x4c5865),
		tones: [...]color.RGBA{Plain: rgb(0x1b1f24), Drawn: rgb(0x0b6e99), Injected: rgb(0x8a6d00), Shared: rgb(0x2e7d32), Alert: rgb(0xb45309), Quiet: rgb(0x4c5865)},
	}
}

// byNight is dim: it lights no bedroom, and can still be read.
func byNight() palette {
	return palette{
		paper: rgb(0x05070a), card: rgb(0x0a0e13), line: rgb(0x1a212a), text: rgb(0xa9b2bc), muted: rgb(0x7f8a96),
		tones: [...]color.RGBA{Plain: rgb(0xa9b2bc), Drawn: rgb(0x4594b4), Injected: rgb(0xb08a14), Shared: rgb(0x4f8f53), Alert: rgb(0xc07a35), Quiet: rgb(0x7f8a96)},
	}
}

// pale is a colour as the ground of what stands on a card: an eighth of it, without transparency.
func pale(c, on color.RGBA) color.RGBA {
	mix := func(a, b uint8) uint8 { return uint8((int(a) + 7*int(b)) / 8) }
	return color.RGBA{mix(c.R, on.R), mix(c.G, on.G), mix(c.B, on.B), 255}
}
