package kiosk

import (
	"image"
	"time"
)

// layout places the parts of a slide. Lengths are in units of a hundredth of the screen's height, as a wide screen has it.
type layout struct {
	show   Show
	sheet  *Sheet
	colour palette
	unit   float64
	edge   float64 // left and right of everything
}

// Sheet draws slide number on of several, on a screen of width × height pixels, at an instant in the screen's time zone.
func (s Show) Sheet(slides []Slide, on int, at time.Time, width, height int) Sheet {
	l := &layout{show: s, colour: byDay(), unit: unit(float64(width), float64(height))}
	if s.Night(at) {
		l.colour = byNight()
	}
	l.edge = 4 * l.unit
	l.sheet = &Sheet{Width: width, Height: height, Paper: l.colour.paper, Shift: shift(at, max(1, int(l.unit/3)))}
	l.head(at)
	if len(slides) > 0 {
		l.sheet.Name, l.sheet.Spoken = slides[on].Name, slides[on].Spoken
		l.slide(slides[on])
	}
	l.foot(len(slides), on)
	return *l.sheet
}

// unit is the measure of everything: a hundredth of the height of a wide screen, and what leaves a tall one as many lines.
func unit(width, height float64) float64 {
	if width > height {
		return min(height, width*10/16) / 100
	}
	return min(width*0.85, height/1.6) / 100
}

// The sizes of text; on a screen 1080 pixels high the smallest is 48.
const (
	smallText = 4.6
	tileText  = 7.5
	heroText  = 30
)

func (l *layout) put(m Mark) { l.sheet.Marks = append(l.sheet.Marks, m) }

func (l *layout) width() float64  { return float64(l.sheet.Width) }
func (l *layout) height() float64 { return float64(l.sheet.Height) }

// wide tells a screen that has room for two columns.
func (l *layout) wide() bool { return l.sheet.Width > l.sheet.Height }

// text writes a line no wider than room: what is longer is smaller, and at last ends in an ellipsis.
func (l *layout) text(t Text, room float64) float64 {
	if t.Say == "" {
		return 0
	}
	least := smallText * l.unit
	for t.Size > least && l.measure(t) > room {
		t.Size = max(least, t.Size*0.95)
	}
	for runes := []rune(t.Say); len(runes) > 1 && l.measure(t) > room; {
		runes = runes[:len(runes)-1]
		t.Say = string(runes) + "…"
	}
	l.put(t)
	return l.measure(t)
}

func (l *layout) measure(t Text) float64 { return l.show.Typeface.width(t.Say, t.Bold, t.Size) }

// head is whose screen it is, and what time.
func (l *layout) head(at time.Time) {
	u, x, base := l.unit, l.edge, 9*l.unit
	if l.show.Logo != nil {
		box := image.Rect(int(x), int(3*u), int(x+16*u), int(11*u))
		l.put(Logo{Box: box, Picture: l.show.Logo, Address: l.show.Address})
		x += float64(fitted(l.show.Logo.Bounds(), box).Dx()) + 3*u
	}
	clock := l.text(Text{X: l.width() - l.edge, Y: base, Size: 6 * u, Bold: true, Anchor: End, Colour: l.colour.text, Say: at.Format("15:04")}, l.width())
	l.text(Text{X: x, Y: base, Size: 5.5 * u, Colour: l.colour.muted, Say: l.show.Title}, l.width()-x-clock-2*l.edge)
}

// foot is which slide it is of how many, and the label.
func (l *layout) foot(count, on int) {
	u, y := l.unit, l.height()-4*l.unit
	dots := 0.0
	if count > 1 {
		dots = 3 * u * float64(count)
		x := l.width() - l.edge - dots + 2*u
		for i := range count {
			c := l.colour.line
			if i == on {
				c = l.colour.tones[Drawn]
			}
			l.put(Disc{x + 3*u*float64(i), y, u, c})
		}
	}
	l.text(Text{X: l.edge, Y: y + 1.6*u, Size: smallText * u, Colour: l.colour.muted, Say: l.show.Label}, l.width()-dots-3*l.edge)
}

// slide fills what is between head and foot.
func (l *layout) slide(s Slide) {
	u := l.unit
	area := frame{l.edge, 14 * u, l.width() - l.edge, l.height() - 8*u}
	l.text(Text{X: area.left, Y: area.top + 5*u, Size: 5.5 * u, Bold: true, Colour: l.colour.text, Say: s.Title}, area.width())
	area.top += 8 * u
	main, side, below := l.divide(s, area)
	if s.Curve != nil {
		l.curve(*s.Curve, below)
	}
	l.tiles(s.Tiles, side)
	l.hero(s.Hero, s.Bar, main)
	l.lines(s.Lines, main)
}

// heroHeight is what the number takes, with all that stands over and under it.
const heroHeight = 46

// divide gives each part its place: the curve what is left below, the tiles the right of a wide screen or the middle of a
// tall one.
func (l *layout) divide(s Slide, area frame) (main, side, below frame) {
	u, gap := l.unit, 2*l.unit
	main, side, below = area, area, area
	leads := s.Hero != nil || len(s.Lines) > 0
	switch {
	case !leads:
		side.bottom = min(area.bottom, area.top+24*u)
		below.top = side.bottom + gap
		return main, side, below
	case l.wide():
		below.top = area.bottom - max(22*u, area.height()*0.3)
		if s.Curve != nil {
			main.bottom = below.top - gap
		}
		side.bottom = main.bottom
		if len(s.Tiles) > 0 {
			side.left = area.left + area.width()*0.66
			main.right = side.left - 3*u
		}
		return main, side, below
	}
	main.bottom = min(area.bottom, area.top+heroHeight*u)
	side.top = main.bottom + gap
	side.bottom = side.top + 24*u
	below.top = side.bottom + gap
	if len(s.Tiles) == 0 && s.Curve == nil {
		main.bottom = area.bottom
	}
	return main, side, below
}

// frame is a part of the sheet.
type frame struct{ left, top, right, bottom float64 }

func (f frame) width() float64  { return f.right - f.left }
func (f frame) height() float64 { return f.bottom - f.top }
