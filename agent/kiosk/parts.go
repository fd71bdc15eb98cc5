package kiosk

import (
	"image/color"
	"math"
	"strings"
)

// hero is the one number, under which way it goes and over what it is a part of.
func (l *layout) hero(h *Hero, bar *Bar, in frame) {
	if h == nil {
		return
	}
	u, c := l.unit, l.colour.tones[h.Tone]
	l.arrow(h.Arrow, Point{in.left + 4*u, in.top + 4*u}, 4*u, c)
	l.text(Text{X: in.left + 10*u, Y: in.top + 6.3*u, Size: 6.5 * u, Bold: true, Colour: c, Say: h.Word}, in.width()-10*u)
	base := in.top + 9*u
	if h.Number != "" {
		number := Text{X: in.left, Size: min(heroText*u, in.height()*0.75), Bold: true, Colour: c, Say: h.Number}
		unit := Text{Size: 8 * u, Bold: true, Colour: c, Say: h.Unit}
		base += number.Size * 0.78
		number.Y, unit.Y = base, base
		unit.X = in.left + l.text(number, in.width()-l.measure(unit)-2*u) + 2*u
		l.put(unit)
		if strings.Contains(h.Number, ",") { // its tail hangs below
			base += number.Size * 0.12
		}
	}
	said := h.Caption
	if bar != nil {
		l.bar(*bar, frame{in.left, base + 3*u, in.right, base + 5*u}, h.Tone)
		base += 4.5 * u
		said = strings.Join(filled(bar.Text, h.Caption), " · ")
	}
	l.text(Text{X: in.left, Y: base + 7*u, Size: smallText * u, Colour: l.colour.muted, Say: said}, in.width())
}

// filled are the texts that say something.
func filled(texts ...string) []string {
	var some []string
	for _, t := range texts {
		if t != "" {
			some = append(some, t)
		}
	}
	return some
}

// arrow is a disc with the way in it.
func (l *layout) arrow(a Arrow, at Point, r float64, c color.RGBA) {
	l.put(Disc{at.X, at.Y, r, c})
	stroke := func(points ...Point) {
		for i, p := range points {
			points[i] = Point{at.X + p.X*r, at.Y + p.Y*r}
		}
		l.put(Stroke{Points: points, Width: 0.2 * r, Colour: l.colour.card})
	}
	switch a {
	case Down, Up:
		way := 1.0
		if a == Up {
			way = -1
		}
		stroke(Point{0, -0.5 * way}, Point{0, 0.5 * way})
		stroke(Point{-0.4, 0.1 * way}, Point{0, 0.5 * way}, Point{0.4, 0.1 * way})
	case Waiting:
		stroke(Point{0, -0.5}, Point{0, 0}, Point{0.3, 0.3})
	default:
		stroke(Point{-0.4, -0.2}, Point{0.4, -0.2})
		stroke(Point{-0.4, 0.2}, Point{0.4, 0.2})
	}
}

func (l *layout) bar(b Bar, in frame, tone Tone) {
	if b.Alert {
		tone = Alert
	}
	round := in.height() / 2
	l.put(Box{in.left, in.top, in.width(), in.height(), round, l.colour.line})
	l.put(Box{in.left, in.top, max(in.height(), in.width()*min(max(b.Fill, 0), 1)), in.height(), round, l.colour.tones[tone]})
}

// tiles stand below each other, or beside each other where there is more width than height.
func (l *layout) tiles(tiles []Tile, in frame) {
	u, n := l.unit, float64(len(tiles))
	if n == 0 {
		return
	}
	gap := 2 * u
	across := in.width() > in.height()*1.4
	w, h := in.width(), min((in.height()-gap*(n-1))/n, 24*u)
	if across {
		w, h = (in.width()-gap*(n-1))/n, min(in.height(), 30*u)
	}
	for i, t := range tiles {
		x, y := in.left, in.top+float64(i)*(h+gap)
		if across {
			x, y = in.left+float64(i)*(w+gap), in.top
		}
		l.put(Box{x, y, w, h, 2 * u, l.colour.card})
		l.put(Box{x, y + 3*u, 0.8 * u, h - 6*u, 0.4 * u, l.colour.tones[t.Tone]})
		inner := w - 6*u
		middle := y + h/2
		l.text(Text{X: x + 3*u, Y: middle - 1.2*u, Size: smallText * u, Colour: l.colour.muted, Say: t.Label}, inner)
		l.text(Text{X: x + 3*u, Y: middle + 6.2*u, Size: tileText * u, Bold: true, Colour: l.colour.tones[t.Tone], Say: t.Value}, inner)
	}
}

// lines are sentences, each with its figure before it.
func (l *layout) lines(lines []Line, in frame) {
	u := l.unit
	if len(lines) == 0 {
		return
	}
	step := min(in.height()/float64(len(lines)), 20*u)
	widest := 0.0
	for _, line := range lines {
		widest = max(widest, l.measure(Text{Size: 12 * u, Bold: true, Say: line.Figure}))
	}
	widest = min(widest, in.width()*0.4)
	room, size := in.width()-widest-3*u, 7*u
	for _, line := range lines { // one size for all
		if long := l.measure(Text{Size: size, Say: line.Text}); long > room {
			size = max(smallText*u, size*room/long)
		}
	}
	for i, line := range lines {
		base := in.top + float64(i)*step + step*0.5 + 4*u
		l.text(Text{X: in.left + widest, Y: base, Size: 12 * u, Bold: true, Anchor: End, Colour: l.colour.tones[Drawn], Say: line.Figure}, widest)
		l.text(Text{X: in.left + widest + 3*u, Y: base, Size: size, Colour: l.colour.text, Say: line.Text}, room)
	}
}

// curve is drawn on a card, what goes up over a line and what goes down under it.
func (l *layout) curve(c Curve, in frame) {
	u := l.unit
	l.put(Box{in.left, in.top, in.width(), in.height(), 2 * u, l.colour.card})
	plot := frame{in.left + 3*u, in.top + 3*u, in.right - 3*u, in.bottom - 7*u}
	if c.Top != "" {
		plot.top += 4 * u
	}
	over, under := highest(c.Above), highest(c.Below)
	if over+under == 0 {
		over = 1
	}
	scale := plot.height() / (over + under)
	zero := plot.top + over*scale
	for _, half := range []struct {
		values []float64
		scale  float64
		tone   Tone
	}{{c.Above, -scale, c.AboveTone}, {c.Below, scale, c.BelowTone}} {
		colour := l.colour.tones[half.tone]
		for _, run := range runs(half.values, plot, zero, half.scale) {
			ground := append(append([]Point{{run[0].X, zero}}, run...), Point{run[len(run)-1].X, zero})
			l.put(Area{ground, pale(colour, l.colour.card)})
			l.put(Stroke{run, 0.6 * u, colour})
		}
	}
	l.put(Stroke{[]Point{{plot.left, zero}, {plot.right, zero}}, 0.25 * u, l.colour.line})
	label := Text{Y: in.bottom - 1.8*u, Size: smallText * u, Colour: l.colour.muted}
	for _, end := range []struct {
		x      float64
		anchor Anchor
		say    string
	}{{plot.left, Start, c.From}, {plot.right, End, c.To}} {
		label.X, label.Anchor, label.Say = end.x, end.anchor, end.say
		l.text(label, plot.width()/2)
	}
	l.text(Text{X: plot.left, Y: in.top + 5*u, Size: smallText * u, Colour: l.colour.muted, Say: c.Top}, plot.width())
}

// flat tells a value that is nothing among nothing: the line of zero says that already.
func flat(values []float64, i int) bool {
	return values[i] <= 0 && (i == 0 || !(values[i-1] > 0)) && (i == len(values)-1 || !(values[i+1] > 0))
}

func highest(values []float64) float64 {
	top := 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			top = max(top, v)
		}
	}
	return top
}

// runs are the pieces of a curve between its gaps, as points of the sheet.
func runs(values []float64, plot frame, zero, scale float64) [][]Point {
	var all [][]Point
	var run []Point
	for i, v := range values {
		if !math.IsNaN(v) && !flat(values, i) {
			x := plot.left
			if len(values) > 1 {
				x += plot.width() * float64(i) / float64(len(values)-1)
			}
			run = append(run, Point{x, zero + max(v, 0)*scale})
			continue
		}
		if len(run) > 0 {
			all, run = append(all, run), nil
		}
	}
	if len(run) > 0 {
		all = append(all, run)
	}
	return all
}
