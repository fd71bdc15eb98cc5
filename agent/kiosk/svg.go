package kiosk

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"strconv"
)

// outline writes SVG.
type outline struct{ bytes.Buffer }

// SVG returns the sheet as one element, sized by who shows it. It has no style of its own: fonts are those of the page,
// which calls them Go.
func (s Sheet) SVG() []byte {
	o := &outline{}
	fmt.Fprintf(o, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s"><rect width="%[1]d" height="%[2]d" fill="%[4]s"/><g transform="translate(%[5]d %[6]d)">`,
		s.Width, s.Height, html.EscapeString(s.Spoken), webColour(s.Paper), s.Shift.X, s.Shift.Y)
	for _, m := range s.Marks {
		m.svg(o)
	}
	o.WriteString("</g></svg>")
	return o.Bytes()
}

func webColour(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// short writes a coordinate to a tenth of a pixel.
func short(v float64) string {
	text := strconv.FormatFloat(v, 'f', 1, 64)
	if text[len(text)-2:] == ".0" {
		return text[:len(text)-2]
	}
	return text
}

func (b Box) svg(o *outline) {
	fmt.Fprintf(o, `<rect x="%s" y="%s" width="%s" height="%s" rx="%s" fill="%s"/>`, short(b.X), short(b.Y), short(b.W), short(b.H), short(b.Round), webColour(b.Colour))
}

func (d Disc) svg(o *outline) {
	fmt.Fprintf(o, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, short(d.X), short(d.Y), short(d.R), webColour(d.Colour))
}

func (a Area) svg(o *outline) {
	fmt.Fprintf(o, `<path d="%sz" fill="%s"/>`, way(a.Points), webColour(a.Colour))
}

func (s Stroke) svg(o *outline) {
	fmt.Fprintf(o, `<path d="%s" fill="none" stroke="%s" stroke-width="%s" stroke-linecap="round" stroke-linejoin="round"/>`, way(s.Points), webColour(s.Colour), short(s.Width))
}

func way(points []Point) string {
	var b bytes.Buffer
	for i, p := range points {
		step := byte('L')
		if i == 0 {
			step = 'M'
		}
		b.WriteByte(step)
		b.WriteString(short(p.X) + " " + short(p.Y))
	}
	return b.String()
}

func (t Text) svg(o *outline) {
	anchor, weight := "", ""
	switch t.Anchor {
	case Middle:
		anchor = ` text-anchor="middle"`
	case End:
		anchor = ` text-anchor="end"`
	}
	if t.Bold {
		weight = ` font-weight="700"`
	}
	fmt.Fprintf(o, `<text x="%s" y="%s" font-size="%s" fill="%s"%s%s>%s</text>`, short(t.X), short(t.Y), short(t.Size), webColour(t.Colour), anchor, weight, html.EscapeString(drawable(t.Say)))
}

func (l Logo) svg(o *outline) {
	fmt.Fprintf(o, `<image href="%s" x="%d" y="%d" width="%d" height="%d" preserveAspectRatio="xMinYMid"/>`,
		html.EscapeString(l.Address), l.Box.Min.X, l.Box.Min.Y, l.Box.Dx(), l.Box.Dy())
}
