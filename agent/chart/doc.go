// Package chart draws curves, bars and rings as SVG that needs no script.
//
// In: values with their times, and words for the axes. Out: the text of svg elements (the scale, and right of it the plot), [Table] to say the same in rows,
// and nothing else: it knows no meter, no language and no page, and its colours are classes (drawn, injected, self, before
// …) that the page's style paints.
//
// # How a drawing fits every width
//
// A plot has no viewBox. Bars, lines and words are placed in percent, so that words keep their size on a phone and on a
// television, and the page's style says how high it is. Only paths, which know no percent, lie in a svg of their own that is
// stretched; their strokes are not (vector-effect in the style).
//
// Areas that must differ without colours are filled with the patterns of the page, by the address url(#hatch-CLASS).
package chart
