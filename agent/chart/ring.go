package chart

import "html/template"

// ringLength is the way around a ring of radius 42 (2π·42).
const ringLength = 263.89

// Ring draws a share, 0 to 1, as a part of a circle; more than the whole is the whole.
func Ring(name, class string, share float64) template.HTML {
	var p pen
	share = min(max(share, 0), 1)
	p.put(`<svg class="ring" viewBox="0 0 100 100" role="img" aria-label="`, text(name), `"><circle class="track" cx="50" cy="50" r="42"/>`)
	if share > 0 {
		p.put(`<circle class="part `, class, `" cx="50" cy="50" r="42" transform="rotate(-90 50 50)" stroke-dasharray="`, ringLength*share, " ", ringLength, `"/>`)
	}
	return p.close()
}
