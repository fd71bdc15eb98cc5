package chart

import (
	"html"
	"html/template"
	"strconv"
	"strings"
)

// The plot is what lies between the highest value and the line below the lowest, in percent of the drawing; under it are the
// words of the axis.
const (
	plotTop    = 8.0
	plotHeight = 80.0
)

// pen writes the text of a drawing.
type pen struct{ strings.Builder }

// put writes pieces one after the other; numbers keep two decimals at most.
func (p *pen) put(pieces ...any) {
	for _, piece := range pieces {
		switch v := piece.(type) {
		case string:
			p.WriteString(v)
		case float64:
			p.WriteString(number(v))
		}
	}
}

func number(v float64) string {
	text := strconv.FormatFloat(v, 'f', 2, 64)
	if text = strings.TrimRight(strings.TrimRight(text, "0"), "."); text == "-0" || text == "" {
		return "0"
	}
	return text
}

// text escapes words.
func text(words string) string { return html.EscapeString(words) }

// open begins a drawing that a screen reader reads as one sentence.
func (p *pen) open(class, name string) {
	p.put(`<svg class="`, class, `" role="img" aria-label="`, text(name), `">`)
}

func (p *pen) close() template.HTML {
	p.put("</svg>")
	return template.HTML(p.String()) // of numbers, of classes of our own and of escaped words
}

// y is a share of the plot in percent of the drawing.
func y(share float64) float64 { return plotTop + plotHeight*share }

// scale draws, left of the plot, what the lines of a scale stand for, and above them in which unit.
func (p *pen) scale(s Scale, label func(float64) string, unit string) {
	p.put(`<svg class="values" aria-hidden="true">`)
	for _, mark := range s.marks() {
		p.put(`<text data-value="`, mark, `" x="100%" y="`, y(s.share(mark)), `%" dx="-6" dy="4" text-anchor="end">`, text(label(mark)), `</text>`)
	}
	p.put(`<text class="of" x="100%" y="0" dx="-6" dy="6" text-anchor="end">`, text(unit), `</text></svg>`)
}

// grid draws the lines of a scale.
func (p *pen) grid(s Scale) {
	for _, mark := range s.marks() {
		class := "grid"
		if mark == 0 {
			class = "grid zero"
		}
		p.put(`<line class="`, class, `" x1="0" x2="100%" y1="`, y(s.share(mark)), `%" y2="`, y(s.share(mark)), `%"/>`)
	}
}

// guides draws a line up from each word of the axis.
func (p *pen) guides(a Axis) {
	for _, tick := range a.Ticks {
		p.put(`<line class="guide" x1="`, 100*a.share(tick.At), `%" x2="`, 100*a.share(tick.At), `%" y1="`, plotTop, `%" y2="`, plotTop+plotHeight, `%"/>`)
	}
}

// words writes what stands below the axis.
func (p *pen) words(a Axis) {
	p.put(`<g class="ticks">`)
	for _, tick := range a.Ticks {
		class, anchor, at := "", "middle", a.share(tick.At)
		if tick.Fine {
			class = ` class="fine"`
		}
		switch {
		case at < 0.02:
			anchor = "start"
		case at > 0.98:
			anchor = "end"
		}
		p.put(`<text`, class, ` x="`, 100*at, `%" y="100%" dy="-4" text-anchor="`, anchor, `">`, text(tick.Label), `</text>`)
	}
	p.put(`</g>`)
}

// bands tints stretches of the plot.
func (p *pen) bands(a Axis, bands []Band) {
	for _, b := range bands {
		from, to := a.share(b.From), a.share(b.To)
		if to <= from {
			continue
		}
		p.put(`<rect class="band `, b.Class, `" x="`, 100*from, `%" width="`, 100*(to-from), `%" y="`, plotTop, `%" height="`, plotHeight, `%">`,
			`<title>`, text(b.Label), `</title></rect>`)
	}
}
